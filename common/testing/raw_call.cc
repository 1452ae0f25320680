#include "common/testing/raw_call.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <algorithm>
#include <chrono>

#include "common/rpc/errors.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace amana::testing {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;

grpc::ByteBuffer ToBuffer(std::string_view bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToText(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.Valid() || !buffer.DumpToSingleSlice(&slice).ok()) return {};
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

// Whether the server's words are exactly those of the table.
bool IsDocumented(const grpc::Status& status) {
  google::rpc::Status details;
  if (status.error_details().empty() || !details.ParseFromString(status.error_details())) {
    return false;
  }
  for (const google::protobuf::Any& any : details.details()) {
    google::rpc::ErrorInfo info;
    if (!any.UnpackTo(&info) || info.domain() != rpc::kErrorDomain) continue;
    for (const ReasonInfo& known : AllReasons()) {
      if (known.name == info.reason()) {
        return status.error_message() == known.sentence &&
               static_cast<int>(status.error_code()) == static_cast<int>(known.code);
      }
    }
  }
  return false;
}

void Understand(RawReply& reply) {
  reply.reason = ReasonOf(rpc::FromGrpc(reply.status));
  reply.documented = !reply.status.ok() && IsDocumented(reply.status);
}

// Waits for one tag; what it says.
bool Next(grpc::CompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  return queue.Next(&tag, &ok) && ok;
}

RawReply CallUnary(grpc::GenericStub& stub, grpc::ClientContext& context, const std::string& path,
                   const grpc::ByteBuffer& request) {
  grpc::CompletionQueue queue;
  RawReply reply;
  grpc::ByteBuffer answer;
  const auto call = stub.PrepareUnaryCall(&context, path, request, &queue);
  call->StartCall();
  call->Finish(&answer, &reply.status, &reply);
  Next(queue);
  reply.bytes = ToText(answer);
  Understand(reply);
  return reply;
}

RawReply CallStream(grpc::GenericStub& stub, grpc::ClientContext& context, const std::string& path,
                    const grpc::ByteBuffer& request) {
  grpc::CompletionQueue queue;
  RawReply reply;
  grpc::ByteBuffer answer;
  const auto call = stub.PrepareCall(&context, path, &queue);
  call->StartCall(&reply);
  bool ok = Next(queue);
  if (ok) {
    call->WriteLast(request, grpc::WriteOptions(), &reply);
    ok = Next(queue);
  }
  if (ok) {
    call->Read(&answer, &reply);
    ok = Next(queue);
  }
  if (ok) {
    reply.bytes = ToText(answer);
    context.TryCancel();
  }
  call->Finish(&reply.status, &reply);
  Next(queue);
  Understand(reply);
  const bool answered = ok;
  const bool waited =
      !reply.documented && reply.status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
  reply.stayed_open = answered || waited;
  return reply;
}

}  // namespace

std::string RawReply::ToString() const {
  if (stayed_open) return "an open stream";
  if (status.ok()) return "OK";
  return std::string(InfoOf(reason).name) + " (code " +
         std::to_string(static_cast<int>(status.error_code())) +
         (documented ? ")" : ", not ours: ") + (documented ? "" : status.error_message() + ")");
}

RawReply CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                 std::string_view request, bool streams, absl::Duration timeout) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout));
  const grpc::ByteBuffer buffer = ToBuffer(request);
  return streams ? CallStream(stub, context, path, buffer) : CallUnary(stub, context, path, buffer);
}

RawReply CallRaw(const std::shared_ptr<grpc::Channel>& channel, const MethodDescriptor& method,
                 std::string_view request, absl::Duration timeout) {
  return CallRaw(channel, PathOf(method), request, method.server_streaming(), timeout);
}

std::string PathOf(const MethodDescriptor& method) {
  return "/" + method.service()->full_name() + "/" + method.name();
}

std::vector<const MethodDescriptor*> AllMethods() {
  std::vector<std::string> files;
  DescriptorPool::internal_generated_database()->FindAllFileNames(&files);
  std::sort(files.begin(), files.end());
  std::vector<const MethodDescriptor*> methods;
  for (const std::string& name : files) {
    const auto* file = DescriptorPool::generated_pool()->FindFileByName(name);
    if (file == nullptr || file->package().rfind("amana.", 0) != 0) continue;
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        methods.push_back(file->service(s)->method(m));
      }
    }
  }
  return methods;
}

std::vector<std::string> ServersOf(const MethodDescriptor& method) {
  const std::string& package = method.file()->package();  // amana.intake.v1
  const std::string name = package.substr(6, package.find('.', 6) - 6);
  if (name == "common") return {"identity", "intake", "referral", "messaging"};
  return {name};
}

}  // namespace amana::testing
