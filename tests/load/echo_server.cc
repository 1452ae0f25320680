#include "tests/load/echo_server.h"

#include <memory>
#include <vector>

#include "common/rpc/service_main.h"
#include "common/rpc/testing/echo_service.h"

namespace amana::load {
namespace {

// Costs what a cached answer costs a real service: it is asked through the same cache.
class EveryoneOperates final : public rpc::CallerDirectory {
 public:
  explicit EveryoneOperates(OrganisationId organisation) : organisation_(organisation) {}

  absl::StatusOr<Caller> LookUp(const DeviceId& device, Deadline) override {
    return Caller{Role::kOperator, device, organisation_, ""};
  }

 private:
  const OrganisationId organisation_;
};

class EchoApplication final : public rpc::Application {
 public:
  explicit EchoApplication(OrganisationId organisation)
      : source_(organisation), callers_(source_, {}), service_("amana.load.v1.EchoService") {
    rpc::testing::BindEcho(service_);
  }

  std::vector<rpc::Service*> services() override { return {&service_}; }
  rpc::CallerDirectory* callers() override { return &callers_; }

 private:
  EveryoneOperates source_;
  rpc::CachingCallerDirectory callers_;
  rpc::Service service_;
};

}  // namespace

int ServeEcho(int argc, char** argv) {
  std::string organisation_text;
  rpc::ServiceSpec spec{
      .name = "echo",
      .uses_store = false,
      .declare =
          [&](config::Schema& schema) {
            schema.String("organisation", "The callers' organisation.", organisation_text,
                          config::Need::kRequired);
          },
      .build = [&](const rpc::Environment&) -> absl::StatusOr<std::unique_ptr<rpc::Application>> {
        const auto organisation = OrganisationId::Parse(organisation_text);
        if (!organisation.ok()) return organisation.status();
        return std::make_unique<EchoApplication>(*organisation);
      }};
  return rpc::RunService(argc, argv, spec);
}

}  // namespace amana::load
