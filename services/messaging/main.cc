// amana-messaging: sealed handoffs. Where it is put together.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/rpc/outbox_service.h"
#include "common/rpc/service_main.h"
#include "services/messaging/app/attachments.h"
#include "services/messaging/app/delivery.h"
#include "services/messaging/app/handoffs.h"
#include "services/messaging/app/inbox.h"
#include "services/messaging/app/keys.h"
#include "services/messaging/rpc/directory_devices.h"
#include "services/messaging/rpc/intake_client.h"
#include "services/messaging/rpc/messaging_service.h"
#include "services/messaging/rpc/subscriptions.h"
#include "services/messaging/store/file_blob_store.h"

namespace amana::messaging {
namespace {

struct MessagingConfig {
  std::string data_dir;
  int64_t waiting_fetches = 4;
};

class MessagingApplication final : public rpc::Application {
 public:
  MessagingApplication(const rpc::Environment& environment, const MessagingConfig& config,
                       std::unique_ptr<BlobStore> blobs)
      : blobs_(std::move(blobs)),
        identity_(rpc::MakeRemoteCallerDirectory(environment.channel("identity"))),
        callers_(*identity_, {.fresh = absl::Seconds(environment.config.caller_fresh_seconds)}),
        devices_(callers_),
        consents_(MakeIntakeClient(environment.channel("intake"))),
        meters_(environment.metrics),
        deps_{.store = *environment.store,
              .clock = environment.clock,
              .random = environment.random,
              .blobs = *blobs_,
              .consents = *consents_,
              .devices = devices_,
              .bell = bell_,
              .meters = meters_,
              .network = environment.config.network},
        keys_(deps_),
        attachments_(deps_),
        inbox_(deps_, {.max_waiting = static_cast<int>(config.waiting_fetches)}),
        delivery_(deps_, inbox_, attachments_),
        handoffs_(deps_, attachments_, inbox_, delivery_),
        subscriptions_(inbox_, bell_, devices_),
        service_(MakeMessagingService({.keys = keys_,
                                       .attachments = attachments_,
                                       .handoffs = handoffs_,
                                       .inbox = inbox_,
                                       .subscriptions = subscriptions_})),
        outbox_(
            rpc::MakeOutboxService(*environment.store, Reason::kCaseNotFound,
                                   [this](const CallContext& context, std::string_view subject) {
                                     return handoffs_.MayReadHistory(context, subject);
                                   })),
        streams_(environment.metrics.WatchGauge(
            "amana_messaging_streams", "Open streams of messages.", {},
            [this] { return static_cast<double>(subscriptions_.size()); })) {}

  std::vector<rpc::Service*> services() override { return {service_.get(), outbox_.get()}; }
  rpc::CallerDirectory* callers() override { return &callers_; }
  absl::Status RunTimer(const store::DueTimer& timer, Deadline deadline) override {
    return delivery_.RunTimer(timer, deadline);
  }
  void Start() override { subscriptions_.Start(); }
  void Stop() override { subscriptions_.Stop(); }

 private:
  const std::unique_ptr<BlobStore> blobs_;
  const std::unique_ptr<rpc::CallerDirectory> identity_;
  rpc::CachingCallerDirectory callers_;
  DirectoryDevices devices_;
  const std::unique_ptr<Consents> consents_;
  Bell bell_;
  Meters meters_;
  const Deps deps_;
  Keys keys_;
  Attachments attachments_;
  Inbox inbox_;
  Delivery delivery_;
  Handoffs handoffs_;
  Subscriptions subscriptions_;
  const std::unique_ptr<rpc::Service> service_;
  const std::unique_ptr<rpc::Service> outbox_;
  const std::unique_ptr<obs::Metrics::Watch> streams_;
};

}  // namespace
}  // namespace amana::messaging

int main(int argc, char** argv) {
  using namespace amana;  // NOLINT(google-build-using-namespace): the composition root
  messaging::MessagingConfig config;
  rpc::ServiceSpec spec{
      .name = "messaging",
      .declare =
          [&](config::Schema& schema) {
            schema.Path("data_dir", "The service's own folder, for attachments.", config.data_dir,
                        config::Need::kRequired);
            schema.Int("waiting_fetches",
                       "Calls of FetchMessages that may wait for messages at once; each holds a "
                       "worker.",
                       config.waiting_fetches, {.minimum = 0, .maximum = 256});
          },
      .build = [&](const rpc::Environment& environment)
          -> absl::StatusOr<std::unique_ptr<rpc::Application>> {
        AMANA_ASSIGN_OR_RETURN(std::unique_ptr<messaging::BlobStore> blobs,
                               messaging::FileBlobStore::Open(config.data_dir + "/blobs"));
        return std::make_unique<messaging::MessagingApplication>(environment, config,
                                                                 std::move(blobs));
      }};
  return rpc::RunService(argc, argv, spec);
}
