#include "common/rpc/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "amana/common/v1/error_reason.pb.h"
#include "amana/options/v1/options.pb.h"
#include "common/base/call_context.h"
#include "common/base/error.h"
#include "google/rpc/status.pb.h"

namespace amana::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ErrorsTest, TheTableIsTheContractsEnum) {
  const auto* contract = common::v1::ErrorReason_descriptor();
  EXPECT_EQ(contract->value_count(), static_cast<int>(AllReasons().size()) + 1);  // UNSPECIFIED
  for (const ReasonInfo& info : AllReasons()) {
    const auto* value = contract->FindValueByNumber(static_cast<int>(info.reason));
    ASSERT_NE(value, nullptr) << info.name;
    EXPECT_EQ(value->name(), "ERROR_REASON_" + std::string(info.name));
  }
}

TEST(ErrorsTest, RolesAreTheContracts) {
  EXPECT_EQ(static_cast<int>(Role::kOperator), options::v1::ROLE_OPERATOR);
  EXPECT_EQ(static_cast<int>(Role::kSupervisor), options::v1::ROLE_SUPERVISOR);
  EXPECT_EQ(static_cast<int>(Role::kCaseWorker), options::v1::ROLE_CASE_WORKER);
  EXPECT_EQ(static_cast<int>(Role::kCentreManager), options::v1::ROLE_CENTRE_MANAGER);
  EXPECT_EQ(static_cast<int>(Role::kNetworkAdministrator), options::v1::ROLE_NETWORK_ADMINISTRATOR);
  EXPECT_EQ(static_cast<int>(Role::kAnalyst), options::v1::ROLE_ANALYST);
  EXPECT_EQ(static_cast<int>(Role::kAuditor), options::v1::ROLE_AUDITOR);
  EXPECT_EQ(static_cast<int>(Role::kOps), options::v1::ROLE_OPS);
  EXPECT_EQ(static_cast<int>(Role::kService), options::v1::ROLE_SERVICE);
  EXPECT_EQ(static_cast<int>(Role::kUnenrolled), options::v1::ROLE_UNENROLLED);
  EXPECT_EQ(options::v1::Role_MAX, options::v1::ROLE_UNENROLLED);
}

TEST(ErrorsTest, EveryReasonComesBack) {
  for (const ReasonInfo& info : AllReasons()) {
    const grpc::Status wire = ToGrpc(Error(info.reason));
    EXPECT_EQ(static_cast<int>(wire.error_code()), static_cast<int>(info.code));
    EXPECT_EQ(wire.error_message(), info.sentence);
    const absl::Status back = FromGrpc(wire);
    EXPECT_EQ(ReasonOf(back), info.reason);
    EXPECT_EQ(back.message(), Error(info.reason).message());
    EXPECT_EQ(DetailOf(back), ErrorDetail());
  }
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
}

TEST(ErrorsTest, DetailsComeBack) {
  const ErrorDetail detail{.field = "card.needs[2]", .retry_after = absl::Milliseconds(1050)};
  const absl::Status back = FromGrpc(ToGrpc(Error(Reason::kInvalidField, detail)));
  EXPECT_EQ(DetailOf(back), detail);
}

TEST(ErrorsTest, TheDetailsAreGooglesStatus) {
  google::rpc::Status status;
  ASSERT_TRUE(status.ParseFromString(ToGrpc(Error(Reason::kCaseNotFound)).error_details()));
  EXPECT_EQ(status.code(), 5);
  ASSERT_EQ(status.details_size(), 1);
  EXPECT_EQ(status.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
}

TEST(ErrorsTest, AForeignErrorTellsNothingOfItsText) {
  const grpc::Status wire = ToGrpc(absl::NotFoundError("her name"), 42);
  EXPECT_EQ(wire.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_THAT(wire.error_message() + wire.error_details(), Not(HasSubstr("her name")));
  EXPECT_THAT(wire.error_details(), HasSubstr("42"));
}

TEST(ErrorsTest, AnswersWithoutOurDetailsGetTheReasonOfTheirCode) {
  const std::pair<grpc::StatusCode, Reason> cases[] = {
      {grpc::StatusCode::CANCELLED, Reason::kCancelled},
      {grpc::StatusCode::DEADLINE_EXCEEDED, Reason::kDeadlinePassed},
      {grpc::StatusCode::UNAVAILABLE, Reason::kServiceUnavailable},
      {grpc::StatusCode::UNIMPLEMENTED, Reason::kMethodUnknown},
      {grpc::StatusCode::RESOURCE_EXHAUSTED, Reason::kOverloaded},
      {grpc::StatusCode::NOT_FOUND, Reason::kUnexpected},
  };
  for (const auto& [code, reason] : cases) {
    EXPECT_EQ(ReasonOf(FromGrpc(grpc::Status(code, "x"))), reason);
    EXPECT_EQ(ReasonOf(FromGrpc(grpc::Status(code, "x", "not a message \xff"))), reason);
  }
}

}  // namespace
}  // namespace amana::rpc
