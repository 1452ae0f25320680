#include "common/crypto/stream.h"

#include <vector>

#include "common/base/error.h"
#include "common/crypto/random.h"
#include "common/crypto/test_bytes.h"
#include "gtest/gtest.h"

namespace amana::crypto {
namespace {

const std::string kKey(32, 'k');
constexpr size_t kSealedChunk = kStreamChunkSize + kStreamOverhead;

TEST(StreamTest, EverySizeThereAndBack) {
  for (const size_t size : {size_t{0}, size_t{1}, kStreamChunkSize - 1, kStreamChunkSize,
                            kStreamChunkSize + 1, 3 * kStreamChunkSize, 3 * kStreamChunkSize + 5}) {
    const std::string plaintext(size, 'x');
    const std::string sealed = SealStream(kKey, plaintext);
    EXPECT_EQ(sealed.size(), StreamCiphertextSize(size));
    EXPECT_EQ(*OpenStream(kKey, sealed), plaintext) << size;
  }
}

TEST(StreamTest, ChunkByChunk) {
  const std::string chunk(kStreamChunkSize, 'a');
  StreamSealer sealer(kKey);
  StreamOpener opener = *StreamOpener::Create(kKey, sealer.header());
  EXPECT_EQ(*opener.Chunk(sealer.Chunk(chunk)), chunk);
  EXPECT_FALSE(opener.finished());
  EXPECT_EQ(*opener.Chunk(sealer.LastChunk("the end")), "the end");
  EXPECT_TRUE(opener.finished());
  EXPECT_FALSE(opener.Chunk(std::string(20, 'x')).ok());  // nothing after the last
}

TEST(StreamTest, NothingCutSwappedRepeatedOrDamagedOpens) {
  const std::string sealed = SealStream(kKey, std::string(2 * kStreamChunkSize, 'a') + "end");
  const std::string header = sealed.substr(0, kStreamHeaderSize);
  const std::string one = sealed.substr(kStreamHeaderSize, kSealedChunk);
  const std::string two = sealed.substr(kStreamHeaderSize + kSealedChunk, kSealedChunk);
  const std::string last = sealed.substr(kStreamHeaderSize + 2 * kSealedChunk);
  ASSERT_TRUE(OpenStream(kKey, header + one + two + last).ok());
  for (const std::string& bad : std::vector<std::string>{
           "", header, header + one, header + one + two, header + last, header + two + one + last,
           header + one + one + two + last, header + one + last, header + one + two + last + last,
           sealed + "x", sealed.substr(0, sealed.size() - 1), sealed.substr(1)}) {
    EXPECT_EQ(ReasonOf(OpenStream(kKey, bad).status()), Reason::kDecryptionFailed) << bad.size();
  }
  EXPECT_FALSE(OpenStream(std::string(32, 'o'), sealed).ok());
  const std::string small = SealStream(kKey, "small");
  ForEachDamaged(small,
                 [](const std::string& damaged) { EXPECT_FALSE(OpenStream(kKey, damaged).ok()); });
}

TEST(StreamTest, AfterAnErrorNothingOpens) {
  StreamSealer sealer(kKey);
  StreamOpener opener = *StreamOpener::Create(kKey, sealer.header());
  const std::string last = sealer.LastChunk("end");
  EXPECT_FALSE(opener.Chunk("too short").ok());
  EXPECT_FALSE(opener.Chunk(last).ok());
  EXPECT_FALSE(opener.finished());
}

TEST(StreamTest, KeysAreRandom) {
  EXPECT_EQ(NewStreamKey(SystemRandom::Instance()).size(), kStreamKeySize);
  EXPECT_NE(SealStream(kKey, "same"), SealStream(kKey, "same"));
}

TEST(StreamDeathTest, MisuseEndsTheProcess) {
  EXPECT_DEATH(StreamSealer("short"), "a key of another size");
  EXPECT_DEATH(StreamSealer(kKey).Chunk("not full"), "every chunk but the last is full");
  StreamSealer sealer(kKey);
  sealer.LastChunk("");
  EXPECT_DEATH(sealer.LastChunk(""), "had its last chunk");
}

}  // namespace
}  // namespace amana::crypto
