// amana-referral: the only place where its parts are put together.

#include <memory>
#include <string>
#include <thread>

#include "common/base/error.h"
#include "common/base/files.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/rpc/outbox_service.h"
#include "common/rpc/service_main.h"
#include "services/referral/app/directory.h"
#include "services/referral/app/driver.h"
#include "services/referral/app/ledgers.h"
#include "services/referral/app/referral_rows.h"
#include "services/referral/app/referrals.h"
#include "services/referral/app/snapshot.h"
#include "services/referral/app/timers.h"
#include "services/referral/rpc/directory_service.h"
#include "services/referral/rpc/geography_file.h"
#include "services/referral/rpc/intake_client.h"
#include "services/referral/rpc/metrics.h"
#include "services/referral/rpc/referral_service.h"

namespace amana::referral {
namespace {

constexpr absl::Duration kReloadEvery = absl::Seconds(5);
constexpr absl::Duration kReloadTime = absl::Seconds(5);
constexpr size_t kMaxGeographyBytes = 4 << 20;

struct ReferralConfig {
  std::string geography_file;
  int64_t offer_seconds_p0 = int64_t{5} * 60;
  int64_t offer_seconds_p1 = int64_t{30} * 60;
  int64_t offer_seconds_p2 = int64_t{4} * 60 * 60;
  int64_t offer_working_days_p3 = 2;
  int64_t offers_at_once_p0 = 2;
};

void Declare(ReferralConfig& config, config::Schema& schema) {
  constexpr int64_t kDay = int64_t{24} * 60 * 60;
  schema.Path("geography_file", "Where provinces are (geography.json); without it no distance.",
              config.geography_file);
  schema.Int("offer_seconds_p0", "How long a centre may think in immediate danger.",
             config.offer_seconds_p0, {.minimum = 1, .maximum = kDay});
  schema.Int("offer_seconds_p1", "How long for tonight.", config.offer_seconds_p1,
             {.minimum = 1, .maximum = kDay});
  schema.Int("offer_seconds_p2", "How long within 72 hours.", config.offer_seconds_p2,
             {.minimum = 1, .maximum = 3 * kDay});
  schema.Int("offer_working_days_p3", "How many working days where it can wait.",
             config.offer_working_days_p3, {.minimum = 1, .maximum = 30});
  schema.Int("offers_at_once_p0", "How many centres are asked at once in immediate danger.",
             config.offers_at_once_p0, {.minimum = 1, .maximum = 5});
}

domain::OfferPolicy PolicyOf(const ReferralConfig& config) {
  return {.p0 = absl::Seconds(config.offer_seconds_p0),
          .p1 = absl::Seconds(config.offer_seconds_p1),
          .p2 = absl::Seconds(config.offer_seconds_p2),
          .p3_working_days = static_cast<int>(config.offer_working_days_p3),
          .p0_parallel = static_cast<int>(config.offers_at_once_p0)};
}

absl::StatusOr<domain::Geography> LoadGeography(const std::string& path) {
  if (path.empty()) return domain::Geography();
  AMANA_ASSIGN_OR_RETURN(const std::string json, ReadFile(path, kMaxGeographyBytes));
  return ParseGeography(json);
}

class ReferralApplication final : public rpc::Application {
 public:
  ReferralApplication(const rpc::Environment& env, const ReferralConfig& config,
                      domain::Geography geography)
      : policy_(PolicyOf(config)),
        geography_(std::move(geography)),
        intake_(MakeIntake(env.channel("intake"))),
        metrics_(MakeMetrics(env.metrics)),
        snapshot_(*env.store, env.clock),
        ledgers_(*env.store, env.clock, env.random, snapshot_),
        rows_(*env.store, env.clock, env.random, *metrics_, policy_),
        driver_({.store = *env.store,
                 .clock = env.clock,
                 .random = env.random,
                 .intake = *intake_,
                 .rows = rows_,
                 .ledgers = ledgers_,
                 .policy = policy_}),
        referrals_(*env.store, env.clock, env.random, *intake_, rows_, driver_),
        directory_(*env.store, env.clock, env.random, snapshot_, geography_),
        timers_(referrals_, driver_, ledgers_),
        referral_service_(MakeReferralService(referrals_)),
        directory_service_(MakeDirectoryService(directory_)),
        outbox_service_(
            rpc::MakeOutboxService(*env.store, Reason::kCaseNotFound,
                                   [this](const CallContext& context, std::string_view subject) {
                                     return MayRead(context, subject);
                                   })) {}

  ~ReferralApplication() override { Stop(); }

  std::vector<rpc::Service*> services() override {
    return {referral_service_.get(), directory_service_.get(), outbox_service_.get()};
  }

  absl::Status RunTimer(const store::DueTimer& timer, Deadline deadline) override {
    return timers_.Run(timer, deadline);
  }

  // Ready once the directory is in memory: before that nobody could be matched.
  absl::Status Ready(Deadline deadline) override {
    return snapshot_.Get().ok() ? absl::OkStatus() : snapshot_.Load(deadline);
  }

  void Start() override {
    reloader_ = std::thread([this] { ReloadUntilStopped(); });
  }

  void Stop() override {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      stop_.NotifyAll();
    }
    if (reloader_.joinable()) reloader_.join();
  }

 private:
  // What other replicas changed. A failed reload leaves the last snapshot, whose age is shown.
  void ReloadUntilStopped() {
    MutexLock lock(mutex_);
    while (!stopping_) {
      lock.Unlock();
      static_cast<void>(snapshot_.Load(Deadline::After(kReloadTime)));
      lock.Lock();
      if (!stopping_) stop_.WaitFor(mutex_, kReloadEvery);
    }
  }

  // A case's history belongs to those who refer it; a service's to whoever runs it, and to the
  // network's administrators.
  absl::StatusOr<bool> MayRead(const CallContext& context, std::string_view subject) {
    AMANA_ASSIGN_OR_RETURN(const CaseId case_id, CaseId::FromBytes(subject));
    AMANA_ASSIGN_OR_RETURN(const bool owns, referrals_.OwnsReferralOf(context, case_id));
    if (owns) return true;
    AMANA_ASSIGN_OR_RETURN(const auto place, ServiceAtLocationId::FromBytes(subject));
    if (context.caller.role == Role::kNetworkAdministrator) {
      AMANA_ASSIGN_OR_RETURN(const auto snapshot, snapshot_.Get());
      return snapshot->entries.contains(place);
    }
    return directory_.IsRunBy(place, context.caller.organisation, context.deadline);
  }

  const domain::OfferPolicy policy_;
  const domain::Geography geography_;
  const std::unique_ptr<IntakePort> intake_;
  const std::unique_ptr<ReferralMetrics> metrics_;
  DirectorySnapshot snapshot_;
  Ledgers ledgers_;
  ReferralRows rows_;
  Driver driver_;
  Referrals referrals_;
  Directory directory_;
  Timers timers_;
  const std::unique_ptr<rpc::Service> referral_service_;
  const std::unique_ptr<rpc::Service> directory_service_;
  const std::unique_ptr<rpc::Service> outbox_service_;

  Mutex mutex_;
  CondVar stop_;
  bool stopping_ AMANA_GUARDED_BY(mutex_) = false;
  std::thread reloader_;
};

}  // namespace
}  // namespace amana::referral

int main(int argc, char** argv) {
  using namespace amana;  // NOLINT(google-build-using-namespace)
  referral::ReferralConfig config;
  const rpc::ServiceSpec spec{
      .name = "referral",
      .declare = [&](config::Schema& schema) { referral::Declare(config, schema); },
      .build =
          [&](const rpc::Environment& env) -> absl::StatusOr<std::unique_ptr<rpc::Application>> {
        AMANA_ASSIGN_OR_RETURN(referral::domain::Geography geography,
                               referral::LoadGeography(config.geography_file));
        return std::make_unique<referral::ReferralApplication>(env, config, std::move(geography));
      }};
  return rpc::RunService(argc, argv, spec);
}
