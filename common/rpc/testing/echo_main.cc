// The echo as a program of its own: everything that RunService puts together, and no work. Tests of
// RunService start it, and it is bench's floor (tests/load).

#include <memory>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/rpc/service_main.h"
#include "common/rpc/testing/echo_service.h"

namespace amana::rpc::testing {
namespace {

// Costs what a cached answer costs a real service: it is asked through the same cache.
class EveryoneOperates final : public CallerDirectory {
 public:
  explicit EveryoneOperates(OrganisationId organisation) : organisation_(organisation) {}

  absl::StatusOr<Caller> LookUp(const DeviceId& device, Deadline) override {
    return Caller{Role::kOperator, device, organisation_, ""};
  }

 private:
  const OrganisationId organisation_;
};

class EchoApplication final : public Application {
 public:
  explicit EchoApplication(OrganisationId organisation)
      : source_(organisation), callers_(source_, {}), service_("amana.load.v1.EchoService") {
    BindEcho(service_);
  }

  std::vector<Service*> services() override { return {&service_}; }
  CallerDirectory* callers() override { return &callers_; }

 private:
  EveryoneOperates source_;
  CachingCallerDirectory callers_;
  Service service_;
};

int Main(int argc, char** argv) {
  std::string organisation_text;
  const ServiceSpec spec{
      .name = "load",
      .uses_store = false,
      .declare =
          [&](config::Schema& schema) {
            schema.String("organisation", "The organisation whose operator every device is.",
                          organisation_text, config::Need::kRequired);
          },
      .build = [&](const Environment&) -> absl::StatusOr<std::unique_ptr<Application>> {
        AMANA_ASSIGN_OR_RETURN(const OrganisationId organisation,
                               OrganisationId::Parse(organisation_text));
        return std::make_unique<EchoApplication>(organisation);
      }};
  return RunService(argc, argv, spec);
}

}  // namespace
}  // namespace amana::rpc::testing

int main(int argc, char** argv) { return amana::rpc::testing::Main(argc, argv); }
