#pragma once

// The official test vectors (../shared/vectors/mls, or AMANA_SHARED), one GoogleTest case for each:
//
//   class PskVectors : public VectorTest {};
//   INSTANTIATE_TEST_SUITE_P(, PskVectors, CasesOf("psk_secret.json", {1, 3}), NameOfCase);
//   TEST_P(PskVectors, GiveTheSecret) { EXPECT_EQ(…, hex("psk_secret")); }
//
// Each test suite prints how many cases of which file ran. Without the folder of vectors each file
// is one case that is skipped. With it, a file that is not there, has no case for us or can't be
// read is one case that fails, and a file that no test reads fails vectors_test.cc.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/hex.h"
#include "common/crypto/test_bytes.h"
#include "common/mls/fault.h"
#include "common/mls/test_suite1.h"

namespace amana::mls {

using Json = nlohmann::json;

inline std::string FromHex(std::string_view hex) { return crypto::FromHex(hex); }

// A field of a vector that is hexadecimal; empty if it is null or missing.
inline std::string HexIn(const Json& object, std::string_view field) {
  const auto value = object.find(field);
  if (value == object.end() || value->is_null()) return "";
  return FromHex(value->get_ref<const std::string&>());
}

struct VectorCase {
  std::string file;
  size_t number = 0;           // its place in the file, from 0
  CipherSuiteId suite = 0;     // 0: the file has no suites
  const Json* json = nullptr;  // null: there is nothing to run
  std::string name;            // "Suite3_7"; unique within the file

  friend void PrintTo(const VectorCase& c, std::ostream* out) {
    *out << c.file << " case " << c.number;
  }
};

inline std::filesystem::path VectorFolder() { return crypto::SharedPath("vectors/mls"); }

// By name, each file that was asked for: null if it is not there, discarded if it is no JSON. Read
// once, and kept as long as the process.
inline std::map<std::string, std::unique_ptr<Json>>& VectorFiles() {
  static auto* const kFiles = new std::map<std::string, std::unique_ptr<Json>>;
  return *kFiles;
}

namespace internal {

inline const Json* VectorFile(const std::string& file) {
  auto [place, is_new] = VectorFiles().try_emplace(file);
  if (is_new) {
    std::ifstream in(VectorFolder() / file, std::ios::binary);
    if (in) place->second = std::make_unique<Json>(Json::parse(in, nullptr, false));
  }
  return place->second.get();
}

inline VectorCase CaseAt(const std::string& file, size_t number, const Json& json) {
  VectorCase c{file, number, json.value("cipher_suite", CipherSuiteId{0}), &json, ""};
  const std::string place = std::to_string(number);
  c.name = c.suite == 0 ? "Case" + place : "Suite" + std::to_string(c.suite) + "_" + place;
  return c;
}

}  // namespace internal

// The cases of `json`, which is what `file` says, that are for one of `suites`; all of them if none
// is named.
inline std::vector<VectorCase> CasesIn(const std::string& file, const Json& json,
                                       const std::set<CipherSuiteId>& suites = {}) {
  std::vector<VectorCase> cases;
  for (size_t i = 0; json.is_array() && i < json.size(); ++i) {
    VectorCase c = internal::CaseAt(file, i, json[i]);
    if (suites.empty() || suites.contains(c.suite)) cases.push_back(std::move(c));
  }
  if (cases.empty()) cases.push_back({file, 0, 0, nullptr, "Empty"});
  return cases;
}

// Those of an official file, such as "psk_secret.json" or "interop-passive/commit.json".
inline std::vector<VectorCase> VectorCases(const std::string& file,
                                           const std::set<CipherSuiteId>& suites = {}) {
  const Json* const json = internal::VectorFile(file);
  if (json != nullptr) return CasesIn(file, *json, suites);
  const bool without_vectors = !std::filesystem::is_directory(VectorFolder());
  return {VectorCase{file, 0, 0, nullptr, without_vectors ? "Absent" : "Missing"}};
}

inline auto CasesOf(const std::string& file, const std::set<CipherSuiteId>& suites = {}) {
  return testing::ValuesIn(VectorCases(file, suites));
}

inline std::string NameOfCase(const testing::TestParamInfo<VectorCase>& info) {
  return info.param.name;
}

class VectorTest : public testing::TestWithParam<VectorCase> {
 public:
  static void TearDownTestSuite() {
    for (const auto& [file, numbers] : ran()) {
      std::cout << file << ": " << numbers.size() << " cases run\n";
    }
    ran().clear();
  }

 protected:
  void SetUp() override {
    const VectorCase& c = GetParam();
    if (c.name == "Absent") {
      GTEST_SKIP() << "no test vectors at " << VectorFolder();
    }
    ASSERT_NE(c.json, nullptr) << "no case of " << c.file << " can be run: is it there, and whole?";
    ran()[c.file].insert(c.number);
  }

  const Json& json() const { return *GetParam().json; }
  std::string hex(std::string_view field) const { return HexIn(json(), field); }
  const Suite& suite() const { return SuiteOf(GetParam().suite); }

 private:
  // Which cases the suite that is running has run, by file.
  static std::map<std::string, std::set<size_t>>& ran() {
    static auto* const kRan = new std::map<std::string, std::set<size_t>>;
    return *kRan;
  }
};

// EXPECT_EQ(FaultIn(Decode<Add>(bytes)), Fault::kTruncated)
template <class Result>
Fault FaultIn(const Result& result) {
  if constexpr (requires { result.status(); }) {
    return FaultOf(result.status());
  } else {
    return FaultOf(result);
  }
}

// For failures to be read: kTruncated instead of two bytes.
inline void PrintTo(Fault fault, std::ostream* out) {
  const auto& all = AllFaults();
  const auto row =
      std::find_if(all.begin(), all.end(), [&](const FaultInfo& f) { return f.fault == fault; });
  *out << (row == all.end() ? std::string_view("kNone") : row->name);
}

}  // namespace amana::mls
