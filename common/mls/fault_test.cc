#include "common/mls/fault.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

namespace amana::mls {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(AMANA_SOURCE_DIR) / "common" / "mls";

std::string Read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Whether `name` stands in `text` as a whole word.
bool Names(const std::string& text, std::string_view name) {
  for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const size_t end = at + name.size();
    if (end == text.size() || std::isalnum(static_cast<unsigned char>(text[end])) == 0) return true;
  }
  return false;
}

// What a comment says is shown by nobody.
std::string WithoutComments(std::string text) {
  for (size_t at = text.find("//"); at != std::string::npos; at = text.find("//", at)) {
    text.erase(at, text.find('\n', at) - at);
  }
  return text;
}

// The tests of this folder but for this one, by the name of their file.
std::map<std::string, std::string> Tests() {
  std::map<std::string, std::string> tests;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with("_test.cc") && name != "fault_test.cc") {
      tests[name] = WithoutComments(Read(entry.path()));
    }
  }
  return tests;
}

TEST(Faults, ComeBackOutOfAStatus) {
  std::set<uint16_t> numbers;
  std::set<std::string_view> names;
  for (const FaultInfo& row : AllFaults()) {
    EXPECT_TRUE(numbers.insert(static_cast<uint16_t>(row.fault)).second) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    const absl::Status status = Refuse(row.fault);
    EXPECT_EQ(FaultOf(status), row.fault) << row.name;
    EXPECT_EQ(std::string(status.message()), std::string(row.sentence));
  }
  EXPECT_EQ(FaultOf(absl::OkStatus()), Fault::kNone);
  EXPECT_EQ(FaultOf(absl::InternalError("of somebody else")), Fault::kNone);
}

// A rule that no test breaks is one that nobody knows to hold. The README says which test it is:
//
//   | 7.3: the signature of a leaf is valid | `kLeafSignature` | `PathLeafRules.IsSigned` |
TEST(Faults, AreEachSeenByATestAndTold) {
  const std::map<std::string, std::string> tests = Tests();
  const std::string readme = Read(kFolder / "README.md");
  for (const FaultInfo& row : AllFaults()) {
    const std::string code = "Fault::" + std::string(row.name);
    EXPECT_TRUE(std::any_of(tests.begin(), tests.end(),
                            [&](const auto& test) { return Names(test.second, code); }))
        << "no test sees " << code;
    const size_t told = readme.find("| `" + std::string(row.name) + "` |");
    EXPECT_NE(told, std::string::npos) << "README.md does not tell of " << code;
  }
}

// From its name to its last brace; empty if there is none. `full` is "Suite.Test".
std::string BodyOfTest(const std::string& sources, std::string full) {
  const size_t dot = full.find('.');
  if (dot == std::string::npos) return "";
  const size_t begin = sources.find("(" + full.replace(dot, 1, ", ") + ") {");
  return begin == std::string::npos ? ""
                                    : sources.substr(begin, sources.find("\n}", begin) - begin);
}

// What the README names exists: each code, and each `Suite.Test` of its table, which sees that
// code itself.
TEST(Faults, TheReadmeNamesWhatThereIs) {
  std::string sources;
  for (const auto& [name, text] : Tests()) sources += text;
  std::ifstream readme(kFolder / "README.md");
  size_t rows = 0;
  for (std::string line; std::getline(readme, line);) {
    const size_t code = line.find("| `k");
    const size_t test = code == std::string::npos ? code : line.find("| `", code + 1);
    if (test == std::string::npos) continue;
    ++rows;
    const std::string name = line.substr(code + 3, line.find('`', code + 3) - code - 3);
    EXPECT_TRUE(std::any_of(AllFaults().begin(), AllFaults().end(), [&](const FaultInfo& row) {
      return row.name == name;
    })) << line;
    const std::string full = line.substr(test + 3, line.find('`', test + 3) - test - 3);
    EXPECT_TRUE(Names(BodyOfTest(sources, full), "Fault::" + name)) << line;
  }
  EXPECT_GE(rows, AllFaults().size());
}

}  // namespace
}  // namespace amana::mls
