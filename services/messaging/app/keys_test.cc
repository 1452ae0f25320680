#include "services/messaging/app/keys.h"

#include <gtest/gtest.h>

#include <string>

#include "services/messaging/app/test_world.h"

namespace amana::messaging {
namespace {

v1::KeyStatement StatementOf(const DeviceId& device, char key = 'k') {
  v1::KeyStatement statement;
  statement.set_network("test");
  statement.set_device_id(device.bytes());
  statement.set_hpke_key(std::string(32, key));
  statement.mutable_issue_time()->set_seconds(2);
  return statement;
}

v1::PublishKeyRequest RequestOf(const v1::KeyStatement& statement) {
  v1::PublishKeyRequest request;
  request.mutable_key()->set_statement(statement.SerializeAsString());
  request.mutable_key()->set_signature(std::string(64, 'n'));
  return request;
}

v1::ListKeysResponse List(World& world, const DeviceId& caller, const OrganisationId& of) {
  v1::ListKeysRequest request;
  request.set_organisation_id(of.bytes());
  return *world.keys->List(world.Read(caller), request);
}

TEST(Keys, AreListedForEveryoneAndReplacedByTheirDevice) {
  World world;
  EXPECT_EQ(List(world, world.op, world.centre).keys_size(), 2);
  EXPECT_EQ(List(world, world.stranger, world.other).keys_size(), 1);
  EXPECT_EQ(List(world, world.op, NewId<OrganisationId>(world.deps->random)).keys_size(), 0);

  const auto request = RequestOf(StatementOf(world.stranger, 'z'));
  ASSERT_TRUE(world.keys->Publish(world.Command(world.stranger), request).ok());
  const v1::ListKeysResponse after = List(world, world.op, world.other);
  ASSERT_EQ(after.keys_size(), 1);
  EXPECT_EQ(after.keys(0).SerializeAsString(), request.key().SerializeAsString());
}

TEST(Keys, ARepetitionChangesNothing) {
  World world;
  const CallContext context = world.Command(world.op, "key.published");
  const auto request = RequestOf(StatementOf(world.op));
  const std::string first = *world.keys->Publish(context, request);
  const auto newer = RequestOf(StatementOf(world.op, 'y'));
  ASSERT_TRUE(world.keys->Publish(world.Command(world.op), newer).ok());
  EXPECT_EQ(*world.keys->Publish(context, request), first);
  const v1::ListKeysResponse keys = List(world, world.op, world.hotline);
  EXPECT_NE(keys.DebugString().find("yyyy"), std::string::npos);
}

TEST(Keys, OthersStatementsAreRefused) {
  World world;
  v1::KeyStatement other_device = StatementOf(world.supervisor);
  v1::KeyStatement other_network = StatementOf(world.op);
  other_network.set_network("elsewhere");
  v1::KeyStatement short_key = StatementOf(world.op);
  short_key.set_hpke_key("short");
  v1::KeyStatement no_time = StatementOf(world.op);
  no_time.clear_issue_time();
  for (const v1::KeyStatement& bad : {other_device, other_network, short_key, no_time}) {
    EXPECT_EQ(ReasonOf(world.keys->Publish(world.Command(world.op), RequestOf(bad)).status()),
              Reason::kPublishedKeyInvalid);
  }
  v1::PublishKeyRequest garbage = RequestOf(StatementOf(world.op));
  garbage.mutable_key()->set_statement("\xff\xff\xff");
  EXPECT_EQ(ReasonOf(world.keys->Publish(world.Command(world.op), garbage).status()),
            Reason::kPublishedKeyInvalid);
}

}  // namespace
}  // namespace amana::messaging
