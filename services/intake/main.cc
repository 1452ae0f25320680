// Puts intake together: commands, the services it asks, timers, doors.

#include <memory>
#include <string_view>
#include <vector>

#include "common/rpc/callers.h"
#include "common/rpc/outbox_service.h"
#include "common/rpc/service_main.h"
#include "services/intake/app/call_watch.h"
#include "services/intake/app/timers.h"
#include "services/intake/rpc/colleagues.h"
#include "services/intake/rpc/revocations_client.h"
#include "services/intake/rpc/service.h"

namespace amana::intake {
namespace {

class IntakeApplication final : public rpc::Application {
 public:
  explicit IntakeApplication(const rpc::Environment& env)
      : directory_(rpc::MakeRemoteCallerDirectory(env.channel("identity"))),
        colleagues_(*directory_),
        revocations_(env.channel("referral"), env.channel("messaging")),
        deps_{.store = *env.store, .clock = env.clock, .random = env.random},
        cases_(deps_, colleagues_, revocations_),
        consents_(deps_, revocations_),
        calls_(deps_),
        call_watch_(deps_, env.metrics),
        follow_ups_(deps_),
        intake_(MakeIntakeService(cases_, consents_, calls_, follow_ups_)),
        outbox_(
            rpc::MakeOutboxService(*env.store, Reason::kCaseNotFound,
                                   [this](const CallContext& context, std::string_view subject) {
                                     return cases_.MayReadHistory(context, subject);
                                   })) {}

  std::vector<rpc::Service*> services() override { return {intake_.get(), outbox_.get()}; }

  absl::Status RunTimer(const store::DueTimer& timer, Deadline deadline) override {
    return intake::RunTimer(timer.timer, calls_, cases_, consents_, deadline);
  }

  void Look(Deadline deadline) override { call_watch_.Look(deadline); }

 private:
  const std::unique_ptr<rpc::CallerDirectory> directory_;
  DirectoryColleagues colleagues_;
  RemoteRevocations revocations_;
  const Deps deps_;
  Cases cases_;
  Consents consents_;
  Calls calls_;
  CallWatch call_watch_;
  FollowUps follow_ups_;
  const std::unique_ptr<rpc::Service> intake_;
  const std::unique_ptr<rpc::Service> outbox_;
};

}  // namespace
}  // namespace amana::intake

int main(int argc, char** argv) {
  const amana::rpc::ServiceSpec spec{
      .name = "intake",
      .uses_store = true,
      .build = [](const amana::rpc::Environment& env)
          -> absl::StatusOr<std::unique_ptr<amana::rpc::Application>> {
        return std::make_unique<amana::intake::IntakeApplication>(env);
      },
  };
  return amana::rpc::RunService(argc, argv, spec);
}
