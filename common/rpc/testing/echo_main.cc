// The echo as a service: everything that RunService puts together, and no work.

#include <memory>
#include <vector>

#include "common/rpc/service_main.h"
#include "common/rpc/testing/echo_service.h"

namespace {

class EchoApplication final : public amana::rpc::Application {
 public:
  EchoApplication() : service_("amana.load.v1.EchoService") {
    amana::rpc::testing::BindEcho(service_);
  }
  std::vector<amana::rpc::Service*> services() override { return {&service_}; }

 private:
  amana::rpc::Service service_;
};

absl::StatusOr<std::unique_ptr<amana::rpc::Application>> Build(const amana::rpc::Environment&) {
  return std::make_unique<EchoApplication>();
}

}  // namespace

int main(int argc, char** argv) {
  return amana::rpc::RunService(argc, argv, {.name = "load", .uses_store = false, .build = Build});
}
