#pragma once

// Calls by path with bytes, for services of gRPC's own that have no stub here.

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <chrono>
#include <string>
#include <vector>

namespace amana::rpc::testing {

inline std::string ToText(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string text;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return text;
  for (const grpc::Slice& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return text;
}

inline grpc::ByteBuffer ToBuffer(const std::string& text) {
  const grpc::Slice slice(text.data(), text.size());
  return grpc::ByteBuffer(&slice, 1);
}

// A generic stub works on any channel that it shares; the tests' channels outlive the calls.
inline std::shared_ptr<grpc::ChannelInterface> Borrow(grpc::Channel& channel) {
  return std::shared_ptr<grpc::ChannelInterface>(&channel, [](grpc::ChannelInterface*) {});
}

// The first answer on a stream on which one message was sent; "" if there is none.
inline std::string RawStreamFirst(grpc::Channel& channel, const std::string& path,
                                  const std::string& request) {
  grpc::GenericStub stub(Borrow(channel));
  grpc::CompletionQueue queue;
  void* tag = nullptr;
  bool ok = false;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(3));
  auto stream = stub.PrepareCall(&context, path, &queue);
  stream->StartCall(nullptr);
  queue.Next(&tag, &ok);
  stream->Write(ToBuffer(request), nullptr);
  queue.Next(&tag, &ok);
  grpc::ByteBuffer response;
  stream->Read(&response, nullptr);
  queue.Next(&tag, &ok);
  const std::string text = ok ? ToText(response) : "";
  context.TryCancel();
  grpc::Status status;
  stream->Finish(&status, nullptr);
  queue.Next(&tag, &ok);
  return text;
}

inline std::string RawUnary(grpc::Channel& channel, const std::string& path,
                            const std::string& request) {
  return RawStreamFirst(channel, path, request);
}

}  // namespace amana::rpc::testing
