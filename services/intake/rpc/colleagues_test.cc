#include "services/intake/rpc/colleagues.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "services/intake/domain/test_values.h"

namespace amana::intake {
namespace {

class OneAnswer final : public rpc::CallerDirectory {
 public:
  explicit OneAnswer(absl::StatusOr<Caller> answer) : answer_(std::move(answer)) {}
  absl::StatusOr<Caller> LookUp(const DeviceId&, Deadline) override { return answer_; }

 private:
  const absl::StatusOr<Caller> answer_;
};

absl::StatusOr<bool> Ask(absl::StatusOr<Caller> answer) {
  OneAnswer directory(std::move(answer));
  return DirectoryColleagues(directory).TakesCases(domain::IdOf<OrganisationId>('o'),
                                                   domain::IdOf<DeviceId>('a'), Deadline::Never());
}

TEST(Colleagues, RolesThatTakeCases) {
  for (const Role role :
       {Role::kOperator, Role::kSupervisor, Role::kCaseWorker, Role::kCentreManager}) {
    EXPECT_TRUE(*Ask(domain::Person('a', role)));
    EXPECT_FALSE(*Ask(domain::Person('a', role, 'z')));
  }
  for (const Role role : {Role::kUnspecified, Role::kNetworkAdministrator, Role::kAnalyst,
                          Role::kAuditor, Role::kOps, Role::kService, Role::kUnenrolled}) {
    EXPECT_FALSE(*Ask(domain::Person('a', role)));
  }
}

TEST(Colleagues, WhoIsNotApprovedTakesNone) {
  for (const Reason reason : {Reason::kCallerUnknown, Reason::kDeviceRevoked,
                              Reason::kDeviceNotApproved, Reason::kOrganisationClosed}) {
    EXPECT_FALSE(*Ask(Error(reason)));
  }
  // Nobody can say: that is not a no.
  EXPECT_EQ(ReasonOf(Ask(Error(Reason::kServiceUnavailable)).status()),
            Reason::kServiceUnavailable);
}

}  // namespace
}  // namespace amana::intake
