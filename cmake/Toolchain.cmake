# Compiler, linker, cache and hardening: one place for every flag the project builds with.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

# Paths are made relative so that another checkout hits the same cache.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

set(AMANA_SANITIZE "" CACHE STRING "Sanitizers for the whole build, as -fsanitize takes them")
if(AMANA_SANITIZE)
  add_compile_options(-fsanitize=${AMANA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${AMANA_SANITIZE})
else()
  # _FORTIFY_SOURCE contradicts the sanitizers' own interceptors, so it stays out of their builds.
  add_compile_options(-D_FORTIFY_SOURCE=2)
endif()

option(AMANA_FUZZ "Everything tells libFuzzer which way it went, and amana_fuzz makes fuzzers (clang only)" OFF)
if(AMANA_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  set(AMANA_FUZZER_LINK -fsanitize=fuzzer)
endif()

add_compile_options(-fstack-protector-strong -fstack-clash-protection -fcf-protection
                    -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
add_link_options(-pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack)

set(AMANA_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  list(APPEND AMANA_WARNINGS -Wthread-safety)
  # A precompiled header with a time stamp in it would never be found in the cache.
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # In C++20, g++ 12 sees std::string("sixteen or more letters") and "a" + std::string() go out of their bounds inside
  # libstdc++, where they don't (GCC bug 105651 and its kin), and empty std::optionals read before they are written.
  list(APPEND AMANA_WARNINGS -Wno-array-bounds -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow
       -Wno-stringop-overread)
endif()
