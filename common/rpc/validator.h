#pragma once

// Checks a request against the options of its fields (amana/options/v1/options.proto) before any
// handler sees it.
//
//   required         a string, bytes, message or repeated field must not be empty; an enum must not
//                    be UNSPECIFIED; a number must not be 0 unless the field is `optional`
//   length           exactly so many bytes, if any
//   max_length       at most so many bytes; of each element where the field is repeated
//   max_items        at most so many elements
//   minimum/maximum  of a number, and of each element; a number that is absent or 0 passes unless
//                    the field is required or `optional` and set
// and without any option: an enum has a value that this build knows, and in a list is never
// UNSPECIFIED; texts are UTF-8 (protobuf's parser already refuses others in proto3); messages in
// messages hold to their own rules.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>

#include "absl/status/status.h"

namespace amana::rpc {

// Immutable and thread-safe. The plan is made once, for the descriptor.
class Validator {
 public:
  explicit Validator(const google::protobuf::Descriptor* descriptor);
  ~Validator();

  // kInvalidField with the path of the first field at fault: "card.needs[2]".
  absl::Status Check(const google::protobuf::Message& message) const;

  struct Plan;

 private:
  std::shared_ptr<const Plan> plan_;
};

}  // namespace amana::rpc
