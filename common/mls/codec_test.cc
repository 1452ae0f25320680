#include "common/mls/codec.h"

#include <gtest/gtest.h>

#include "common/mls/messages.h"
#include "common/mls/test_vectors.h"

namespace amana::mls {
namespace {

class DeserializationVectors : public VectorTest {};
INSTANTIATE_TEST_SUITE_P(, DeserializationVectors, CasesOf("deserialization.json"), NameOfCase);

TEST_P(DeserializationVectors, GiveTheLength) {
  const std::string header = hex("vlbytes_header");
  const size_t length = json()["length"].get<size_t>();
  Reader reader(header);
  EXPECT_EQ(reader.Length(), length);
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.empty());
  if (length > kMaxMessageSize) return;  // A gigabyte is only read, never written.
  Writer writer;
  writer.Opaque(std::string(length, 'x'));
  EXPECT_EQ(std::move(writer).Take().substr(0, header.size()), header);
}

// --- Lengths ----------------------------------------------------------------------------------

Fault LengthFault(std::string_view header) {
  const std::string bytes = FromHex(header);
  Reader reader(bytes);
  EXPECT_EQ(reader.Length(), 0u);
  return reader.fault();
}

TEST(Length, HasOneForm) {
  for (const char* header : {"4000", "403f", "80000000", "8000003f", "80000040", "80003fff"}) {
    EXPECT_EQ(LengthFault(header), Fault::kLengthNotMinimal) << header;
  }
}

TEST(Length, HasNoFourthForm) {
  for (const char* header : {"c0", "ff", "c000000000000000", "ffffffffffffffff"}) {
    EXPECT_EQ(LengthFault(header), Fault::kLengthInvalid) << header;
  }
}

TEST(Length, EndsBeforeTheBytesDo) {
  for (const char* header : {"", "40", "7f", "80", "8000", "800040"}) {
    EXPECT_EQ(LengthFault(header), Fault::kTruncated) << header;
  }
}

TEST(Length, IsPutInFrontInTheShortestForm) {
  for (const size_t size : {0, 1, 63, 64, 16383, 16384, 70'000}) {
    Writer alone;
    alone.Opaque(std::string(size, 'x'));
    Writer behind;
    behind.U8(7);
    behind.Raw(std::string(size, 'x'));
    behind.PrefixLength(1);
    EXPECT_EQ(std::move(behind).Take(), '\7' + std::move(alone).Take()) << size;
  }
}

// --- Values -----------------------------------------------------------------------------------

TEST(Codec, WritesIntegersBigEndian) {
  Writer writer;
  writer.U8(0xf1);
  writer.U16(0xf203);
  writer.U32(0xf4050607);
  writer.U64(0xf8090a0b0c0d0e0f);
  const std::string bytes = std::move(writer).Take();
  EXPECT_EQ(bytes, FromHex("f1f203f4050607f8090a0b0c0d0e0f"));
  Reader reader(bytes);
  EXPECT_EQ(reader.U8(), 0xf1u);
  EXPECT_EQ(reader.U16(), 0xf203u);
  EXPECT_EQ(reader.U32(), 0xf4050607u);
  EXPECT_EQ(reader.U64(), 0xf8090a0b0c0d0e0fu);
  EXPECT_TRUE(reader.ok() && reader.empty());
}

TEST(Codec, KeepsTheFirstFaultAndGivesNothingAfterIt) {
  const std::string bytes = FromHex("c00102030405060708");
  Reader reader(bytes);
  reader.Length();
  EXPECT_EQ(reader.fault(), Fault::kLengthInvalid);
  EXPECT_EQ(reader.U8(), 0u);
  EXPECT_EQ(reader.U64(), 0u);
  EXPECT_EQ(reader.Opaque(), "");
  EXPECT_TRUE(reader.empty());
  EXPECT_EQ(reader.fault(), Fault::kLengthInvalid);
}

TEST(Codec, RefusesBytesThatEndTooSoon) {
  const std::string bytes =
      Encode(Extensions{{.type = 7, .data = "seven"}, {.type = 8, .data = std::string(100, 'x')}});
  ASSERT_TRUE(Decode<Extensions>(bytes).ok());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(FaultIn(Decode<Extensions>(bytes.substr(0, size))), Fault::kTruncated) << size;
  }
}

TEST(Codec, RefusesAnElementThatReachesOutOfItsVector) {
  // A vector of 4 bytes; its extension says that it has 2 bytes of data, of which one is outside.
  EXPECT_EQ(FaultIn(Decode<Extensions>(FromHex("04000702aabb"))), Fault::kTruncated);
}

TEST(Codec, RefusesBytesBehindTheValue) {
  EXPECT_EQ(FaultIn(Decode<Lifetime>(std::string(17, '\0'))), Fault::kTrailingBytes);
  EXPECT_EQ(FaultIn(Decode<Extensions>(FromHex("0000"))), Fault::kTrailingBytes);
}

TEST(Codec, KnowsTwoFormsOfOptional) {
  using Optional = std::optional<uint16_t>;
  EXPECT_EQ(*Decode<Optional>(FromHex("00")), std::nullopt);
  EXPECT_EQ(*Decode<Optional>(FromHex("010007")), 7);
  EXPECT_EQ(Encode(Optional(7)), FromHex("010007"));
  EXPECT_EQ(Encode(Optional()), FromHex("00"));
  EXPECT_EQ(FaultIn(Decode<Optional>(FromHex("020007"))), Fault::kValueUnknown);
}

TEST(Codec, WritesSecretsAsItWritesStrings) {
  const PathSecret secret{SecretBytes::CopyOf("a path secret")};
  EXPECT_EQ(EncodeSecret(secret).Expose(), Encode(std::string("a path secret")));
  EXPECT_EQ(Decode<PathSecret>(Encode(secret))->secret.Expose(), "a path secret");
}

// --- Limits -----------------------------------------------------------------------------------

TEST(CodecLimits, AMessageHasAtMostFourMegabytes) {
  const std::string largest(kMaxMessageSize - 4, 'x');
  EXPECT_TRUE(Decode<std::string>(Encode(largest)).ok());
  const std::string larger = Encode(largest + 'x');
  EXPECT_EQ(FaultIn(Decode<std::string>(larger)), Fault::kMessageTooLarge);
  EXPECT_TRUE(Decode<std::string>(larger, kNoLimit).ok());
}

TEST(CodecLimits, AVectorHasAtMostKMaxElements) {
  using Vector = std::vector<uint8_t>;
  const auto most = Decode<Vector>(Encode(Vector(kMaxElements)));
  ASSERT_TRUE(most.ok());
  EXPECT_EQ(most->size(), kMaxElements);
  EXPECT_EQ(FaultIn(Decode<Vector>(Encode(Vector(kMaxElements + 1)))), Fault::kTooManyElements);
}

TEST(CodecLimits, ALengthCostsNoMemory) {
  // A gigabyte is announced and nothing follows.
  EXPECT_EQ(FaultIn(Decode<std::string>(FromHex("bfffffff"))), Fault::kTruncated);
  EXPECT_EQ(FaultIn(Decode<Extensions>(FromHex("bfffffff"))), Fault::kTruncated);
}

}  // namespace
}  // namespace amana::mls
