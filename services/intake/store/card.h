#pragma once

// The routing card between the domain and its message, which is the same on the wire and at rest.

#include "amana/common/v1/common.pb.h"
#include "services/intake/domain/routing_card.h"

namespace amana::intake {

void ToProto(const domain::RoutingCard& card, amana::common::v1::RoutingCard* out);

// Takes the numbers as they are: domain::CheckCard() says which are words.
domain::RoutingCard FromProto(const amana::common::v1::RoutingCard& card);

}  // namespace amana::intake
