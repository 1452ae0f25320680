#pragma once

// Domain values as the messages of the contract. Here and not in rpc/, because a command's reply is
// part of its commit.

#include <string>

#include "absl/time/time.h"
#include "amana/intake/v1/intake.pb.h"
#include "services/intake/domain/call.h"
#include "services/intake/domain/case.h"
#include "services/intake/domain/consent.h"
#include "services/intake/domain/follow_up.h"

namespace amana::intake {

void ToProto(const domain::Case& value, v1::Case* out);
void ToProto(const domain::Call& value, v1::Call* out);
void ToProto(const domain::FollowUp& value, v1::FollowUp* out);
// With the state it has at `now`.
void ToProto(const domain::Consent& value, absl::Time now, v1::Consent* out);

// Serialised responses.
template <class Response>
std::string CaseReply(const domain::Case& value) {
  Response response;
  ToProto(value, response.mutable_case_());
  return response.SerializeAsString();
}

template <class Response>
std::string ConsentReply(const domain::Consent& value, absl::Time now) {
  Response response;
  ToProto(value, now, response.mutable_consent());
  return response.SerializeAsString();
}

template <class Response>
std::string CallReply(const domain::Call& value) {
  Response response;
  ToProto(value, response.mutable_call());
  return response.SerializeAsString();
}

template <class Response>
std::string FollowUpReply(const domain::FollowUp& value) {
  Response response;
  ToProto(value, response.mutable_follow_up());
  return response.SerializeAsString();
}

}  // namespace amana::intake
