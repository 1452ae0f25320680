#include "common/base/error.h"

#include <set>

#include "common/base/status_macros.h"
#include "gtest/gtest.h"

namespace amana {
namespace {

TEST(ErrorTest, CarriesItsReasonStatusAndSentence) {
  const absl::Status status = Error(Reason::kCaseNotFound);
  EXPECT_EQ(ReasonOf(status), Reason::kCaseNotFound);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(std::string(status.message()), "There is no such case.");
  EXPECT_EQ(DetailOf(status), ErrorDetail());
}

TEST(ErrorTest, CarriesItsDetail) {
  const ErrorDetail field{.field = "needs[2].code"};
  EXPECT_EQ(DetailOf(Error(Reason::kInvalidField, field)), field);
  const ErrorDetail wait{.retry_after = absl::Milliseconds(250)};
  EXPECT_EQ(DetailOf(Error(Reason::kOverloaded, wait)), wait);
  EXPECT_EQ(ReasonOf(Error(Reason::kOverloaded, wait)), Reason::kOverloaded);
}

TEST(ErrorTest, TheMessageNeverTakesTheField) {
  EXPECT_EQ(Error(Reason::kInvalidField, {.field = "display_name"}).message(),
            Error(Reason::kInvalidField).message());
}

TEST(ErrorTest, SurvivesBeingCopied) {
  const absl::Status first = Error(Reason::kNoCapacity, {.field = "places"});
  const absl::StatusOr<int> second = first;
  EXPECT_EQ(ReasonOf(second.status()), Reason::kNoCapacity);
  EXPECT_EQ(DetailOf(second.status()).field, "places");
}

TEST(ErrorTest, AStatusOfOthersIsUnexpected) {
  EXPECT_EQ(ReasonOf(absl::NotFoundError("from a library")), Reason::kUnexpected);
  EXPECT_EQ(ReasonOf(absl::OkStatus()), Reason::kUnspecified);
  absl::Status odd = absl::InternalError("");
  odd.SetPayload("amana/reason", absl::Cord("\x7f\xff\xff\xff"));
  EXPECT_EQ(ReasonOf(odd), Reason::kUnexpected);
  odd.SetPayload("amana/reason", absl::Cord("x"));
  EXPECT_EQ(ReasonOf(odd), Reason::kUnexpected);
  EXPECT_EQ(DetailOf(odd), ErrorDetail());
}

TEST(ErrorTableTest, IsSortedUniqueAndFilledIn) {
  std::set<std::string_view> names;
  int last = 0;
  for (const ReasonInfo& info : AllReasons()) {
    const int number = static_cast<int>(info.reason);
    EXPECT_GT(number, last) << info.name;
    last = number;
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_NE(info.code, absl::StatusCode::kOk) << info.name;
    EXPECT_TRUE(info.sentence.ends_with('.')) << info.name;
    EXPECT_TRUE(info.caller_does.ends_with('.')) << info.name;
    // Both stand in a Markdown table.
    EXPECT_EQ(info.sentence.find_first_of("|\n"), std::string_view::npos) << info.name;
    EXPECT_EQ(info.caller_does.find_first_of("|\n"), std::string_view::npos) << info.name;
    EXPECT_EQ(ReasonOf(Error(info.reason)), info.reason);
    EXPECT_EQ(ReasonFromNumber(number), info.reason);
  }
}

TEST(ErrorTableTest, UnknownNumbersAreUnexpected) {
  EXPECT_FALSE(ReasonFromNumber(0).has_value());
  EXPECT_FALSE(ReasonFromNumber(99).has_value());
  EXPECT_FALSE(ReasonFromNumber(-1).has_value());
  EXPECT_EQ(InfoOf(static_cast<Reason>(9999)).reason, Reason::kUnexpected);
}

TEST(ErrorDeathTest, NoErrorWithoutAReason) {
  EXPECT_DEATH(static_cast<void>(Error(Reason::kUnspecified)), "without a known reason");
}

absl::StatusOr<int> Half(int n) {
  if (n % 2 != 0) return Error(Reason::kInvalidField);
  return n / 2;
}

absl::StatusOr<int> Quarter(int n) {
  AMANA_ASSIGN_OR_RETURN(const int half, Half(n));
  AMANA_RETURN_IF_ERROR(Half(half).status());
  AMANA_ASSIGN_OR_RETURN(int quarter, Half(half));
  return quarter;
}

TEST(StatusMacrosTest, PassErrorsOn) {
  EXPECT_EQ(*Quarter(12), 3);
  EXPECT_EQ(ReasonOf(Quarter(7).status()), Reason::kInvalidField);
  EXPECT_EQ(ReasonOf(Quarter(6).status()), Reason::kInvalidField);
}

}  // namespace
}  // namespace amana
