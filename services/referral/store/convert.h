#pragma once

// Domain values to the messages of the contract and back. Enums have the same numbers on both
// sides. Ids of the wrong length become the zero id: the validator has refused them before.

#include <string>

#include "amana/common/v1/common.pb.h"
#include "amana/referral/v1/directory.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/referral/domain/card.h"
#include "services/referral/domain/directory.h"

namespace amana::referral {

template <class I>
I IdFrom(const std::string& bytes) {
  const auto id = I::FromBytes(bytes);
  return id.ok() ? *id : I();
}

// To the microsecond. An empty timestamp is 1970, which stands for "none".
void Put(google::protobuf::Timestamp& proto, absl::Time time);
absl::Time TimeFrom(const google::protobuf::Timestamp& proto);

domain::RoutingCard FromProto(const common::v1::RoutingCard& proto);
common::v1::RoutingCard ToProto(const domain::RoutingCard& card);

// With the pool's own figures; counts of reservations are output only and stay 0.
domain::Pool FromProto(const v1::Pool& proto);
v1::Pool ToProto(const domain::Pool& pool);

domain::ServiceAtLocation FromProto(const v1::ServiceAtLocation& proto);
v1::ServiceAtLocation ToProto(const domain::ServiceAtLocation& record);

}  // namespace amana::referral
