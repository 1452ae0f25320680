#include "common/obs/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <concepts>
#include <string>

namespace amana::obs {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// The rule of this folder, checked by the compiler: what is known only at run time has no way in.
static_assert(!std::constructible_from<Literal, std::string>);
static_assert(!std::constructible_from<Literal, std::string_view>);
static_assert(!std::constructible_from<Literal, const char*>);
static_assert(!std::constructible_from<Name, std::string>);
static_assert(!std::constructible_from<Name, std::string_view>);
static_assert(!std::constructible_from<Name, const char*>);

TEST(LogTest, WritesOneJsonLineWithTypedFields) {
  CapturedLog captured;
  StartLogging("intake", Level::kInfo);
  Log(Level::kWarning, "the \"store\" does not answer",
      {ReasonField(Reason::kStoreUnavailable), CountField("attempt", 3), FlagField("again", true),
       DurationField("waited", absl::Microseconds(1500)),
       MethodField(Name::Register("amana.intake.v1.IntakeService/OpenCase")),
       TraceField(*TraceParent::Parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))});
  EXPECT_THAT(captured.text(), StartsWith(R"({"time":")"));
  EXPECT_THAT(
      captured.text(),
      EndsWith(R"("level":"warning","service":"intake","message":"the \"store\" does not answer",)"
               R"("reason":"STORE_UNAVAILABLE","attempt":3,"again":true,"waited_ms":1.500,)"
               R"("method":"amana.intake.v1.IntakeService/OpenCase",)"
               R"("trace_id":"0af7651916cd43dd8448eb211c80319c"})"
               "\n"));
}

TEST(LogTest, LeavesOutWhatIsBelowTheLevel) {
  CapturedLog captured;
  StartLogging("intake", Level::kWarning);
  Log(Level::kInfo, "quiet");
  Log(Level::kError, "loud");
  StartLogging("amana", Level::kInfo);
  EXPECT_THAT(captured.text(), Not(HasSubstr("quiet")));
  EXPECT_THAT(captured.text(), HasSubstr("loud"));
}

TEST(LogTest, AStatusShowsItsReasonAndNeverItsText) {
  CapturedLog captured;
  Log(Level::kError, "failed", {ReasonField(absl::InternalError("her name"))});
  EXPECT_THAT(captured.text(), HasSubstr("\"reason\":\"UNEXPECTED\""));
  EXPECT_THAT(captured.text(), Not(HasSubstr("her name")));
}

TEST(LogTest, AnEndlessDurationStaysJson) {
  CapturedLog captured;
  Log(Level::kInfo, "waits", {DurationField("left", absl::InfiniteDuration())});
  EXPECT_THAT(captured.text(), HasSubstr("\"left_ms\":86400000.000"));
}

TEST(NameDeathTest, TakesNoTextOfPeople) {
  EXPECT_DEATH(Name::Register("Fatima Z."), "letters, digits");
  EXPECT_DEATH(Name::Register(""), "bounded size");
  EXPECT_DEATH(Name::Register(std::string(97, 'a')), "bounded size");
}

}  // namespace
}  // namespace amana::obs
