#include "services/referral/store/convert.h"

#include <gtest/gtest.h>

namespace amana::referral {
namespace {

TEST(ConvertTest, TimesToTheMicrosecond) {
  google::protobuf::Timestamp proto;
  const absl::Time time = absl::FromUnixMicros(1'780'000'000'123'456);
  Put(proto, time);
  EXPECT_EQ(proto.seconds(), 1'780'000'000);
  EXPECT_EQ(proto.nanos(), 123'456'000);
  EXPECT_EQ(TimeFrom(proto), time);
  Put(proto, absl::FromUnixMicros(-1));
  EXPECT_EQ(proto.seconds(), -1);
  EXPECT_EQ(TimeFrom(proto), absl::FromUnixMicros(-1));
}

TEST(ConvertTest, HalfAPlaceIsNoPlace) {
  v1::ServiceAtLocation proto;
  proto.set_latitude(34);
  EXPECT_FALSE(FromProto(proto).coordinates.has_value());
  proto.set_longitude(-6);
  EXPECT_TRUE(FromProto(proto).coordinates.has_value());
}

TEST(ConvertTest, AnIdOfTheWrongLengthIsNone) { EXPECT_TRUE(IdFrom<CaseId>("short").is_zero()); }

}  // namespace
}  // namespace amana::referral
