#pragma once

// A call by its path and its bytes, without stubs, retries or helpers: what is on the wire.

#include <google/protobuf/descriptor.h>
#include <grpcpp/channel.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/base/error.h"

namespace amana::testing {

struct RawReply {
  grpc::Status status;
  std::string bytes;  // of a stream: its first message
  // The reason; kUnspecified if the call succeeded.
  Reason reason = Reason::kUnspecified;
  // The server itself said so: an ErrorInfo of the domain "amana" with a name of the table, with
  // the table's code and sentence. False for what a connection or a proxy says.
  bool documented = false;
  // A stream that stayed open, without a message, for as long as the test waited.
  bool stayed_open = false;

  bool ok() const { return status.ok() || stayed_open; }
  // "CASE_NOT_FOUND (5)" for a failed expectation.
  std::string ToString() const;
};

// `streams`: the method answers with a stream, of which the first message or the end is awaited.
RawReply CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                 std::string_view request, bool streams = false,
                 absl::Duration timeout = absl::Seconds(5));

RawReply CallRaw(const std::shared_ptr<grpc::Channel>& channel,
                 const google::protobuf::MethodDescriptor& method, std::string_view request,
                 absl::Duration timeout = absl::Seconds(5));

// "/amana.intake.v1.IntakeService/OpenCase".
std::string PathOf(const google::protobuf::MethodDescriptor& method);

// Every method below `amana.` in the contracts that are linked in. Link with AMANA_WHOLE_CONTRACTS
// (tests/CMakeLists.txt), or the linker leaves out what nothing uses.
std::vector<const google::protobuf::MethodDescriptor*> AllMethods();

// The services that serve a method: the name in its package, or the four that have an outbox.
std::vector<std::string> ServersOf(const google::protobuf::MethodDescriptor& method);

}  // namespace amana::testing
