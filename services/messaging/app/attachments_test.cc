#include "services/messaging/app/attachments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "common/crypto/hash.h"
#include "common/crypto/random.h"
#include "services/messaging/app/test_world.h"

namespace amana::messaging {
namespace {

v1::BeginAttachmentRequest BeginOf(const std::string& data) {
  v1::BeginAttachmentRequest request;
  request.set_ciphertext_digest(crypto::Sha256(data));
  request.set_size(data.size());
  return request;
}

std::string Begin(World& world, const std::string& data) {
  v1::BeginAttachmentResponse response;
  EXPECT_TRUE(
      response.ParseFromString(*world.attachments->Begin(world.Command(world.op), BeginOf(data))));
  return response.attachment_id();
}

absl::StatusOr<uint64_t> PutChunk(World& world, const DeviceId& device, const std::string& id,
                                  uint64_t offset, const std::string& data) {
  v1::PutChunkRequest request;
  request.set_attachment_id(id);
  request.set_offset(offset);
  request.set_data(data);
  AMANA_ASSIGN_OR_RETURN(const auto response,
                         world.attachments->PutChunk(world.Read(device), request));
  return response.size();
}

v1::FinishAttachmentRequest FinishOf(const std::string& id) {
  v1::FinishAttachmentRequest request;
  request.set_attachment_id(id);
  return request;
}

absl::Status Finish(World& world, const DeviceId& device, const std::string& id) {
  return world.attachments->Finish(world.Command(device), FinishOf(id)).status();
}

TEST(Attachments, AreUploadedInPartsAndResumed) {
  World world;
  const std::string id = Begin(world, "abcdef");
  EXPECT_EQ(*PutChunk(world, world.op, id, 0, "abc"), 3u);
  EXPECT_EQ(ReasonOf(PutChunk(world, world.op, id, 4, "ef").status()), Reason::kChunkOutOfOrder);
  // A client that lost its place asks by sending the beginning again.
  EXPECT_EQ(*PutChunk(world, world.supervisor, id, 0, "a"), 3u);
  EXPECT_EQ(ReasonOf(Finish(world, world.op, id)), Reason::kAttachmentIncomplete);
  EXPECT_EQ(*PutChunk(world, world.op, id, 3, "def"), 6u);
  EXPECT_TRUE(Finish(world, world.op, id).ok());
  EXPECT_EQ(*PutChunk(world, world.op, id, 0, "zzz"), 6u);
  EXPECT_EQ(world.Files(), 1u);
}

TEST(Attachments, RepetitionsGetTheSameBytes) {
  World world;
  const CallContext begin = world.Command(world.op, "attachment.begun");
  const std::string begun = *world.attachments->Begin(begin, BeginOf("abc"));
  EXPECT_EQ(*world.attachments->Begin(begin, BeginOf("abc")), begun);
  v1::BeginAttachmentResponse response;
  ASSERT_TRUE(response.ParseFromString(begun));
  const std::string id = response.attachment_id();
  ASSERT_TRUE(PutChunk(world, world.op, id, 0, "abc").ok());
  const CallContext finish = world.Command(world.op, "attachment.finished");
  const std::string finished = *world.attachments->Finish(finish, FinishOf(id));
  EXPECT_EQ(*world.attachments->Finish(finish, FinishOf(id)), finished);
  EXPECT_TRUE(Finish(world, world.supervisor, id).ok());
  EXPECT_EQ(world.Actions(world.hotline.bytes()).size(), 2u + 1u + 2u);  // with two keys
}

TEST(Attachments, AreNobodyElses) {
  World world;
  const std::string id = Begin(world, "abc");
  EXPECT_EQ(ReasonOf(PutChunk(world, world.stranger, id, 0, "abc").status()),
            Reason::kAttachmentNotFound);
  EXPECT_EQ(ReasonOf(Finish(world, world.worker, id)), Reason::kAttachmentNotFound);
  const std::string none(kIdSize, 'n');
  EXPECT_EQ(ReasonOf(PutChunk(world, world.op, none, 0, "abc").status()),
            Reason::kAttachmentNotFound);
}

TEST(Attachments, AreWhatTheirDigestSaysOrBeginAgain) {
  World world;
  const std::string id = Begin(world, "abc");
  ASSERT_TRUE(PutChunk(world, world.op, id, 0, "abX").ok());
  EXPECT_EQ(ReasonOf(Finish(world, world.op, id)), Reason::kAttachmentDigestMismatch);
  EXPECT_EQ(world.Files(), 0u);
  EXPECT_EQ(*PutChunk(world, world.op, id, 0, "abc"), 3u);
  EXPECT_TRUE(Finish(world, world.op, id).ok());
}

TEST(Attachments, HoldNoMoreThanWasSaid) {
  World world;
  const std::string id = Begin(world, "abc");
  EXPECT_EQ(ReasonOf(PutChunk(world, world.op, id, 0, "abcd").status()),
            Reason::kAttachmentTooLarge);
  EXPECT_EQ(ReasonOf(PutChunk(world, world.op, id, UINT64_MAX, "a").status()),
            Reason::kAttachmentTooLarge);
  EXPECT_EQ(ReasonOf(PutChunk(world, world.op, id, 1, "bcd").status()),
            Reason::kAttachmentTooLarge);
  v1::BeginAttachmentRequest large = BeginOf("x");
  large.set_size(domain::kMaxAttachmentBytes + 1);
  EXPECT_EQ(ReasonOf(world.attachments->Begin(world.Command(world.op), large).status()),
            Reason::kAttachmentTooLarge);
}

TEST(Attachments, TheQuotaIsAnOrganisationsAndComesBack) {
  World world;
  v1::BeginAttachmentRequest large = BeginOf("x");
  large.set_size(domain::kMaxAttachmentBytes);
  for (uint64_t i = 0; i < domain::kQuotaBytes / domain::kMaxAttachmentBytes; ++i) {
    ASSERT_TRUE(world.attachments->Begin(world.Command(world.op), large).ok());
  }
  EXPECT_EQ(ReasonOf(world.attachments->Begin(world.Command(world.op), large).status()),
            Reason::kAttachmentQuotaExceeded);
  EXPECT_TRUE(world.attachments->Begin(world.Command(world.worker), large).ok());
  world.clock.Advance(domain::kUnclaimedLifetime);
  EXPECT_TRUE(world.RunTimers());
  EXPECT_TRUE(world.attachments->Begin(world.Command(world.op), large).ok());
}

TEST(Attachments, StayAsLongAsTheirHandoff) {
  World world;
  const BlobId sent = world.Upload("sent");
  const auto request = world.SendRequest({sent});
  ASSERT_TRUE(world.handoffs->Send(world.Command(world.op), request).ok());
  // Of a try whose handoff never came to be, or came to be with others.
  const BlobId lost = world.Upload("lost");
  const BlobId replaced = world.Upload("replaced");
  const HandoffId other = store::NewIdBeside<HandoffId>(crypto::SystemRandom::Instance(), lost);
  ASSERT_TRUE(world.attachments->Claim(world.Command(world.op), lost, other).ok());
  ASSERT_TRUE(
      world.attachments
          ->Claim(world.Command(world.op), replaced, *HandoffId::FromBytes(request.handoff_id()))
          .ok());
  EXPECT_EQ(world.Files(), 3u);
  world.clock.Advance(domain::kUnclaimedLifetime);
  EXPECT_TRUE(world.RunTimers());
  EXPECT_EQ(world.Files(), 1u);
  const auto count = [actions = world.Actions(world.hotline.bytes())](std::string_view action) {
    return std::ranges::count(actions, action);
  };
  EXPECT_EQ(count("attachment.kept"), 1);
  EXPECT_EQ(count("attachment.expired"), 2);
  world.clock.Advance(domain::kRetention - absl::Hours(49));
  EXPECT_TRUE(world.RunTimers());
  EXPECT_EQ(world.Files(), 1u);
  for (int hour = 0; hour < 3; ++hour) {
    world.clock.Advance(absl::Hours(1));
    EXPECT_TRUE(world.RunTimers());
  }
  EXPECT_EQ(world.Files(), 0u);
}

TEST(Attachments, ExpireWithTheirBytes) {
  World world;
  const std::string open = Begin(world, "open");
  ASSERT_TRUE(PutChunk(world, world.op, open, 0, "op").ok());
  world.clock.Advance(domain::kUnclaimedLifetime / 2);
  const BlobId finished = world.Upload("finished");
  EXPECT_EQ(world.Files(), 2u);
  world.clock.Advance(domain::kUnclaimedLifetime / 2);
  EXPECT_TRUE(world.RunTimers());
  EXPECT_EQ(world.Files(), 1u);
  EXPECT_EQ(ReasonOf(PutChunk(world, world.op, open, 2, "en").status()),
            Reason::kAttachmentNotFound);
  world.clock.Advance(domain::kUnclaimedLifetime);
  EXPECT_TRUE(world.RunTimers());
  EXPECT_EQ(world.Files(), 0u);
  EXPECT_EQ(
      ReasonOf(
          world.handoffs->Send(world.Command(world.op), world.SendRequest({finished})).status()),
      Reason::kAttachmentNotFound);
}

TEST(Attachments, AreReadByThoseWhomTheHandoffIsFor) {
  World world;
  std::string data(domain::kChunkBytes + 10, 'a');
  data.back() = 'z';
  const BlobId blob = world.Upload(data);
  const BlobId unsent = world.Upload("unsent");
  const HandoffId handoff = world.Send({blob});

  for (const DeviceId& device : {world.worker, world.colleague, world.op, world.supervisor}) {
    const auto first = *world.GetChunk(device, handoff, blob);
    const auto second = *world.GetChunk(device, handoff, blob, first.data().size());
    EXPECT_EQ(first.data() + second.data(), data);
    EXPECT_EQ(second.total_size(), data.size());
    EXPECT_EQ(world.GetChunk(device, handoff, blob, data.size())->data(), "");
  }
  const DeviceId desk = world.AddDevice(world.centre);
  EXPECT_EQ(ReasonOf(world.GetChunk(desk, handoff, blob).status()), Reason::kAttachmentNotFound);
  EXPECT_EQ(ReasonOf(world.GetChunk(world.stranger, handoff, blob).status()),
            Reason::kHandoffNotFound);
  EXPECT_EQ(ReasonOf(world.GetChunk(world.worker, handoff, unsent).status()),
            Reason::kAttachmentNotFound);

  ASSERT_TRUE(world.Revoke(world.op, handoff).ok());
  EXPECT_EQ(ReasonOf(world.GetChunk(world.worker, handoff, blob).status()),
            Reason::kAttachmentNotFound);
  EXPECT_EQ(world.Files(), 1u);  // the one that was not sent
}

TEST(Attachments, TravelWithOneHandoff) {
  World world;
  const BlobId blob = world.Upload("data");
  const v1::SendHandoffRequest first = world.SendRequest({blob});
  ASSERT_TRUE(world.handoffs->Send(world.Command(world.op), first).ok());
  EXPECT_EQ(
      ReasonOf(world.handoffs->Send(world.Command(world.op), world.SendRequest({blob})).status()),
      Reason::kInvalidField);
}

// Any order of any chunks: what is there is always a beginning of what was sent, and the right
// chunks always finish it.
TEST(Attachments, GarbageChunksDoNoHarm) {
  World world;
  std::minstd_rand random(7);
  const std::string data = "the quick brown fox jumps over the lazy dog";
  for (int round = 0; round < 20; ++round) {
    const std::string id = Begin(world, data);
    uint64_t have = 0;
    for (int i = 0; i < 40; ++i) {
      const uint64_t offset = random() % (data.size() + 3);
      const std::string chunk =
          offset < data.size() ? data.substr(offset, random() % 9) : std::string(3, 'x');
      const auto size = PutChunk(world, world.op, id, offset, chunk);
      const bool fits = offset + chunk.size() <= data.size();
      if (!fits) {
        EXPECT_EQ(ReasonOf(size.status()), Reason::kAttachmentTooLarge);
      } else if (offset > have) {
        EXPECT_EQ(ReasonOf(size.status()), Reason::kChunkOutOfOrder);
      } else {
        have = std::max<uint64_t>(have, offset + chunk.size());
        EXPECT_EQ(*size, have);
      }
    }
    ASSERT_TRUE(PutChunk(world, world.op, id, have, data.substr(have)).ok());
    EXPECT_TRUE(Finish(world, world.op, id).ok());
  }
}

}  // namespace
}  // namespace amana::messaging
