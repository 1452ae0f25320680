# The kinds of target. Everything is included by its path from the repository's root.
include(GoogleTest)

# Precompiled headers: `base` for plain code, `grpc` for what touches gRPC or generated messages, `test` adds GoogleTest.
set(AMANA_PCH_base <array> <atomic> <chrono> <cstdint> <functional> <map> <memory> <optional> <string>
                   <string_view> <unordered_map> <utility> <variant> <vector>
                   <absl/status/status.h> <absl/status/statusor.h> <absl/time/time.h>)
set(AMANA_PCH_grpc ${AMANA_PCH_base} <grpcpp/grpcpp.h> <google/protobuf/message.h>
                   <google/protobuf/descriptor.h>)
set(AMANA_PCH_test ${AMANA_PCH_base} <gmock/gmock.h> <gtest/gtest.h>)

function(amana_configure target pch)
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
  target_compile_options(${target} PRIVATE ${AMANA_WARNINGS})
  if(NOT pch STREQUAL none)
    target_precompile_headers(${target} PRIVATE ${AMANA_PCH_${pch}})
  endif()
endfunction()

# amana_library(NAME t SOURCES … DEPS … [PCH none|base|grpc])
function(amana_library)
  cmake_parse_arguments(A "" "NAME;PCH" "SOURCES;DEPS" ${ARGN})
  if(NOT A_PCH)
    set(A_PCH base)
  endif()
  add_library(${A_NAME} STATIC ${A_SOURCES})
  target_link_libraries(${A_NAME} PUBLIC ${A_DEPS} absl::status absl::statusor absl::time)
  amana_configure(${A_NAME} ${A_PCH})
endfunction()

# What people run: `ninja binaries`.
add_custom_target(binaries)

# amana_binary(NAME t SOURCES … DEPS …): into build/bin.
function(amana_binary)
  cmake_parse_arguments(A "" "NAME" "SOURCES;DEPS" ${ARGN})
  add_executable(${A_NAME} ${A_SOURCES})
  target_link_libraries(${A_NAME} PRIVATE ${A_DEPS})
  amana_configure(${A_NAME} none)
  add_dependencies(binaries ${A_NAME})
endfunction()

# amana_test_program(NAME t SOURCES … DEPS …): what tests and benchmarks start, into build/test; whoever starts it depends
# on it and is told its path, $<TARGET_FILE:t>.
function(amana_test_program)
  cmake_parse_arguments(A "" "NAME" "SOURCES;DEPS" ${ARGN})
  add_executable(${A_NAME} ${A_SOURCES})
  target_link_libraries(${A_NAME} PRIVATE ${A_DEPS})
  amana_configure(${A_NAME} none)
  set_target_properties(${A_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test)
endfunction()

# amana_test(NAME t AREA label SOURCES … DEPS …): one CTest entry a binary, so that `ctest -L label` picks an area.
function(amana_test)
  cmake_parse_arguments(A "" "NAME;AREA" "SOURCES;DEPS" ${ARGN})
  add_executable(${A_NAME} ${A_SOURCES})
  target_link_libraries(${A_NAME} PRIVATE ${A_DEPS} GTest::gmock_main)
  target_compile_definitions(${A_NAME} PRIVATE AMANA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  amana_configure(${A_NAME} test)
  set_target_properties(${A_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test)
  add_test(NAME ${A_NAME} COMMAND ${A_NAME})
  set_tests_properties(${A_NAME} PROPERTIES LABELS ${A_AREA} TIMEOUT 300)
endfunction()

# amana_fuzz(NAME t AREA label SOURCES … DEPS … REGRESSION folder): LLVMFuzzerTestOneInput with libFuzzer around it where
# AMANA_FUZZ is set (scripts/fuzz); everywhere else a test that runs it over the files of the folder.
function(amana_fuzz)
  cmake_parse_arguments(A "" "NAME;AREA;REGRESSION" "SOURCES;DEPS" ${ARGN})
  amana_test_program(NAME ${A_NAME} SOURCES ${A_SOURCES} DEPS ${A_DEPS})
  if(AMANA_FUZZ)
    target_link_options(${A_NAME} PRIVATE ${AMANA_FUZZER_LINK})
  else()
    target_sources(${A_NAME} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.cc)
    add_test(NAME ${A_NAME} COMMAND ${A_NAME} ${A_REGRESSION})
    set_tests_properties(${A_NAME} PROPERTIES LABELS ${A_AREA} TIMEOUT 60)
  endif()
endfunction()

# amana_benchmark(NAME t SOURCES … DEPS …)
function(amana_benchmark)
  cmake_parse_arguments(A "" "NAME" "SOURCES;DEPS" ${ARGN})
  add_executable(${A_NAME} ${A_SOURCES})
  target_link_libraries(${A_NAME} PRIVATE ${A_DEPS} benchmark::benchmark_main)
  amana_configure(${A_NAME} base)
  set_target_properties(${A_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
endfunction()

# amana_private_proto(NAME t PROTO services/x/store/state.proto): messages that never leave the program, such as what a
# service stores. Included by their path from the root.
function(amana_private_proto)
  cmake_parse_arguments(A "" "NAME;PROTO" "" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/private_protos/${A_NAME})
  string(REGEX REPLACE "\\.proto$" "" stem ${A_PROTO})
  file(MAKE_DIRECTORY ${out})
  add_custom_command(
    OUTPUT ${out}/${stem}.pb.cc ${out}/${stem}.pb.h
    COMMAND protobuf::protoc -I ${CMAKE_SOURCE_DIR} -I ${CMAKE_SOURCE_DIR}/protos --cpp_out=${out} ${A_PROTO}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    DEPENDS ${CMAKE_SOURCE_DIR}/${A_PROTO}
    COMMENT "protoc ${A_PROTO}")
  add_library(${A_NAME} STATIC ${out}/${stem}.pb.cc ${out}/${stem}.pb.h)
  target_include_directories(${A_NAME} SYSTEM PUBLIC ${out})
  target_link_libraries(${A_NAME} PUBLIC amana_protos)
endfunction()
