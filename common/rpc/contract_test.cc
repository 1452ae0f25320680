// A contract that is not whole does not start.

#include <gtest/gtest.h>

#include "common/obs/metrics.h"
#include "common/rpc/server.h"
#include "common/rpc/testing/broken.pb.h"
#include "common/rpc/testing/echo.pb.h"
#include "common/rpc/testing/echo_service.h"

namespace amana::rpc {
namespace {

namespace pb = amana::rpc::testing::v1;

TEST(ContractDeathTest, AMethodNeedsAWholeRule) {
  pb::DoRequest::default_instance();  // links the contracts in
  EXPECT_DEATH(Service("amana.rpc.testing.v1.NoRuleService"), "a method has a rule");
  EXPECT_DEATH(Service("amana.rpc.testing.v1.NoRolesService"), "names who may call");
  EXPECT_DEATH(Service("amana.rpc.testing.v1.NoScopeService"), "has a scope");
  EXPECT_DEATH(Service("amana.rpc.testing.v1.NoServicesService"), "comes with service names");
  EXPECT_DEATH(Service("amana.rpc.testing.v1.NoRequestIdService"), "bytes request_id = 1");
  EXPECT_DEATH(Service("amana.rpc.testing.v1.NoSuchService"), "linked into the program");
}

TEST(ContractDeathTest, HandlersFitTheirMethods) {
  namespace load = amana::load::v1;
  auto nothing = [](const CallContext&, const auto&) -> absl::StatusOr<std::string> { return ""; };
  Service service("amana.load.v1.EchoService");
  EXPECT_DEATH((service.Unary<load::EchoRequest, load::EchoResponse>("Echa", nothing)),
               "a method of the service");
  EXPECT_DEATH((service.Unary<load::EchoRequest, load::ChangeResponse>("Echo", nothing)),
               "types of its method");
  EXPECT_DEATH((service.Unary<load::WatchRequest, load::WatchResponse>("Watch", nothing)),
               "without streams");
  testing::BindEcho(service);
  EXPECT_DEATH((service.Unary<load::EchoRequest, load::EchoResponse>("Echo", nothing)),
               "bound once");
}

}  // namespace
}  // namespace amana::rpc
