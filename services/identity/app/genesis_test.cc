#include "services/identity/app/genesis.h"

#include <thread>

#include "services/identity/app/test_network.h"

namespace amana::identity {
namespace {

Reason Install(TestNetwork& network, const std::string& bytes) {
  const absl::StatusOr<Genesis> genesis = ParseGenesis(bytes, kTestNetwork);
  if (!genesis.ok()) return ReasonOf(genesis.status());
  return ReasonOf(InstallGenesis(network.tools(), *genesis, Deadline::Never()));
}

TEST(Genesis, MakesTheFirstOrganisationAndItsAdministrator) {
  TestNetwork network;
  const auto first = network.devices().Find(network.administrator().caller.device, {});
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->organisation.kind, domain::OrganisationKind::kNetwork);
  EXPECT_EQ(first->organisation.approved_heads, 1u);
  EXPECT_EQ(first->device.state, domain::DeviceState::kApproved);
  const auto events = network.History(network.network_organisation());
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].action(), "organisation.created");
  EXPECT_EQ(events[1].action(), "device.approved");
  EXPECT_EQ(events[1].object_id(), network.administrator().caller.device.bytes());
}

TEST(Genesis, TwiceIsOnce) {
  TestNetwork network;
  EXPECT_EQ(Install(network, network.genesis()), Reason::kUnspecified);
  EXPECT_EQ(network.History(network.network_organisation()).size(), 2u);
}

TEST(Genesis, ServersThatStartTogetherInstallItOnce) {
  TestNetwork network;
  amana::store::MemoryStore fresh;
  const Tools tools{fresh, network.clock(), network.random(), kTestNetwork,
                    network.tools().root_key};
  const Genesis genesis = *ParseGenesis(network.genesis(), kTestNetwork);
  std::vector<std::thread> servers;
  for (int i = 0; i < 8; ++i) {
    servers.emplace_back(
        [&] { EXPECT_TRUE(InstallGenesis(tools, genesis, Deadline::Never()).ok()); });
  }
  for (std::thread& server : servers) server.join();
  EXPECT_EQ(fresh.ReadHistory(network.network_organisation().bytes(), {}, 1000, {})->entries.size(),
            2u);
}

TEST(Genesis, LeavesARemovedDeviceRemoved) {
  TestNetwork network;
  const auto second = network.NewApproved(network.network_organisation(),
                                          Role::kNetworkAdministrator, &network.administrator());
  ASSERT_TRUE(network
                  .Revoke(second.caller, network.network_organisation(),
                          network.administrator().caller.device)
                  .ok());
  EXPECT_EQ(Install(network, network.genesis()), Reason::kUnspecified);
  EXPECT_EQ(network.StateOf(network.administrator().caller.device), v1::DEVICE_STATE_REVOKED);
}

TEST(Genesis, IsRefusedUnlessWholeAndSigned) {
  TestNetwork network;
  const auto refused = [&](auto change) {
    v1::Genesis genesis;
    genesis.ParseFromString(network.genesis());
    change(genesis);
    return ReasonOf(ParseGenesis(genesis.SerializeAsString(), kTestNetwork).status()) ==
           Reason::kConfigurationInvalid;
  };
  const TestDevice stranger = TestDevice::New();
  EXPECT_FALSE(refused([](v1::Genesis&) {}));
  EXPECT_TRUE(refused([](v1::Genesis& g) { g.set_network("other"); }));
  EXPECT_TRUE(refused([](v1::Genesis& g) { g.clear_root_key(); }));
  EXPECT_TRUE(refused(
      [&](v1::Genesis& g) { g.set_root_key(stranger.signing_key.verifying_key().bytes()); }));
  EXPECT_TRUE(refused([](v1::Genesis& g) { g.clear_organisation(); }));
  EXPECT_TRUE(refused(
      [](v1::Genesis& g) { g.mutable_organisation()->set_kind(v1::ORGANISATION_KIND_CENTRE); }));
  EXPECT_TRUE(refused(
      [](v1::Genesis& g) { g.mutable_organisation()->set_organisation_id(std::string(16, 'x')); }));
  EXPECT_TRUE(refused([](v1::Genesis& g) { g.clear_administrator(); }));
  EXPECT_TRUE(
      refused([](v1::Genesis& g) { (*g.mutable_administrator()->mutable_signature())[0] ^= 1; }));
  EXPECT_TRUE(refused([&](v1::Genesis& g) {
    TestDevice elsewhere = TestDevice::New();
    elsewhere.caller = network.administrator().caller;
    std::string bytes = elsewhere.caller.device.bytes();
    bytes[0] = static_cast<char>(bytes[0] ^ 1);
    elsewhere.caller.device = *DeviceId::FromBytes(bytes);
    *g.mutable_administrator() = network.Vouch(elsewhere, nullptr);
  }));
  EXPECT_TRUE(refused([&](v1::Genesis& g) {
    TestDevice analyst = TestDevice::New();
    analyst.caller = network.administrator().caller;
    analyst.caller.role = Role::kAnalyst;
    *g.mutable_administrator() = network.Vouch(analyst, nullptr);
  }));
  EXPECT_EQ(ReasonOf(ParseGenesis("\xff", kTestNetwork).status()), Reason::kConfigurationInvalid);
}

TEST(Genesis, AnotherNetworksDataIsRefused) {
  TestNetwork network;
  Genesis other = *ParseGenesis(network.genesis(), kTestNetwork);
  other.first.device.signing_key[0] = static_cast<char>(other.first.device.signing_key[0] ^ 1);
  EXPECT_EQ(ReasonOf(InstallGenesis(network.tools(), other, Deadline::Never())),
            Reason::kConfigurationInvalid);
  other.first.device.id =
      amana::store::NewIdBeside<DeviceId>(network.random(), other.first.organisation.id);
  EXPECT_EQ(ReasonOf(InstallGenesis(network.tools(), other, Deadline::Never())),
            Reason::kConfigurationInvalid);
}

}  // namespace
}  // namespace amana::identity
