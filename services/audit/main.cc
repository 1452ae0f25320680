// amana-audit: the log. Where it is put together.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/files.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/obs/log.h"
#include "common/rpc/service_main.h"
#include "services/audit/app/follower.h"
#include "services/audit/app/log.h"
#include "services/audit/app/publisher.h"
#include "services/audit/rpc/audit_service.h"
#include "services/audit/rpc/outbox_client.h"
#include "services/audit/store/log_key.h"

namespace amana::audit {
namespace {

struct AuditConfig {
  std::string data_dir;
  std::string log_key_file;
};

class AuditApplication final : public rpc::Application {
 public:
  AuditApplication(std::unique_ptr<Log> log, const rpc::Environment& environment)
      : log_(std::move(log)),
        service_(MakeAuditService(*log_)),
        publisher_(*log_),
        gaps_(FaultCounter(environment, "gap")),
        forks_(FaultCounter(environment, "fork")),
        malformed_(FaultCounter(environment, "malformed")) {
    watches_.push_back(
        environment.metrics.WatchGauge("amana_audit_log_size", "Entries in the log.", {},
                                       [this] { return static_cast<double>(log_->size()); }));
    watches_.push_back(environment.metrics.WatchGauge(
        "amana_audit_checkpoint_age_seconds", "Time since the log was last signed.", {},
        [this] { return absl::ToDoubleSeconds(log_->checkpoint_age()); }));
    for (const char* name : {"identity", "intake", "referral", "messaging"}) {
      outboxes_.push_back(std::make_unique<OutboxClient>(environment.channel(name)));
      followers_.push_back(std::make_unique<Follower>(name, *outboxes_.back(), *log_, Observer()));
    }
  }

  std::vector<rpc::Service*> services() override { return {service_.get()}; }

  void Start() override {
    publisher_.Start();
    for (auto& follower : followers_) follower->Start();
  }

  void Stop() override {
    for (auto& follower : followers_) follower->Stop();
    publisher_.Stop();
  }

 private:
  static obs::Counter& FaultCounter(const rpc::Environment& environment, obs::Name kind) {
    return environment.metrics.AddCounter(
        "amana_audit_stream_faults_total",
        "Outboxes that skipped a number, changed the past or sent no event.", {{"kind", kind}});
  }

  FollowerObserver Observer() {
    return [this](const AppendResult& result) {
      if (result.gaps + result.forks + result.malformed == 0) return;
      gaps_.Increment(result.gaps);
      forks_.Increment(result.forks);
      malformed_.Increment(result.malformed);
      obs::Log(obs::Level::kError, "an outbox contradicts the log",
               {obs::CountField("gaps", static_cast<int64_t>(result.gaps)),
                obs::CountField("forks", static_cast<int64_t>(result.forks)),
                obs::CountField("malformed", static_cast<int64_t>(result.malformed))});
    };
  }

  std::unique_ptr<Log> log_;
  std::unique_ptr<rpc::Service> service_;
  Publisher publisher_;
  obs::Counter& gaps_;
  obs::Counter& forks_;
  obs::Counter& malformed_;
  std::vector<std::unique_ptr<obs::Metrics::Watch>> watches_;
  std::vector<std::unique_ptr<OutboxClient>> outboxes_;
  std::vector<std::unique_ptr<Follower>> followers_;
};

}  // namespace
}  // namespace amana::audit

int main(int argc, char** argv) {
  using namespace amana;  // NOLINT(google-build-using-namespace): the composition root
  audit::AuditConfig config;
  rpc::ServiceSpec spec{
      .name = "audit",
      .uses_store = false,
      .declare =
          [&](config::Schema& schema) {
            schema.Path("data_dir", "The service's own folder, for the log.", config.data_dir,
                        config::Need::kRequired);
            schema.SecretFile("log_key_file", "The log's name and signing key.",
                              config.log_key_file, config::Need::kRequired);
          },
      .build = [&](const rpc::Environment& environment)
          -> absl::StatusOr<std::unique_ptr<rpc::Application>> {
        AMANA_ASSIGN_OR_RETURN(merkle::NoteSigner signer, audit::ReadLogKey(config.log_key_file));
        AMANA_ASSIGN_OR_RETURN(
            std::unique_ptr<audit::Log> log,
            audit::Log::Open(config.data_dir, std::move(signer), environment.clock));
        return std::make_unique<audit::AuditApplication>(std::move(log), environment);
      }};
  return rpc::RunService(argc, argv, spec);
}
