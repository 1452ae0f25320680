#include "common/rpc/spiffe.h"

#include <gtest/gtest.h>

#include "common/base/error.h"

namespace amana::rpc {
namespace {

constexpr char kId[] = "aeaqcaibaeaqcaibaeaqcaibae";

TEST(SpiffeTest, ReadsWhatItWrites) {
  const auto id = DeviceId::Parse(kId);
  ASSERT_TRUE(id.ok());
  const auto organisation = *OrganisationId::FromBytes(std::string(16, '\2'));
  const auto device = ParseSpiffeId(DeviceSpiffeId("amana.test", organisation, *id), "amana.test");
  ASSERT_TRUE(device.ok());
  EXPECT_EQ(std::get<DevicePeer>(*device), (DevicePeer{organisation, *id}));
  const auto service = ParseSpiffeId("spiffe://amana.test/service/intake", "amana.test");
  ASSERT_TRUE(service.ok());
  EXPECT_EQ(std::get<ServicePeer>(*service), ServicePeer{"intake"});
}

TEST(SpiffeTest, RefusesEverythingElse) {
  const std::string id = kId;
  const std::string zero(26, 'a');
  for (const std::string& bad :
       {std::string(), std::string("spiffe://amana.test"), std::string("spiffe://amana.test/"),
        std::string("spiffe://other.test/service/intake"),
        std::string("spiffe://amana.testing/service/intake"),
        std::string("https://amana.test/service/intake"),
        std::string("spiffe://amana.test/service/"),
        std::string("spiffe://amana.test/service/intake/x"),
        std::string("spiffe://amana.test/service/Intake"), "spiffe://amana.test/org/" + id,
        "spiffe://amana.test/org/" + id + "/device/" + id + "/",
        "spiffe://amana.test/org/" + id + "/device/" + id.substr(1),
        "spiffe://amana.test/org/" + id + "/device/" + zero,
        "spiffe://amana.test/device/" + id + "/org/" + id}) {
    EXPECT_EQ(ReasonOf(ParseSpiffeId(bad, "amana.test").status()), Reason::kCallerUnknown) << bad;
  }
  EXPECT_FALSE(ParseSpiffeId("spiffe:///service/intake", "").ok());
}

}  // namespace
}  // namespace amana::rpc
