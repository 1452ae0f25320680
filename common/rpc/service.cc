#include "common/rpc/service.h"

#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/support/server_callback.h>

#include "common/base/check.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/method.h"

namespace amana::rpc {

absl::StatusOr<std::string> Reply(const google::protobuf::Message& message) {
  return message.SerializeAsString();
}

Service::Service(std::string_view full_name)
    : full_name_(full_name),
      descriptor_(
          google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(full_name_)) {
  AMANA_CHECK(descriptor_ != nullptr, "a service's contract is linked into the program");
  for (int i = 0; i < descriptor_->method_count(); ++i) {
    methods_.push_back(std::make_unique<Method>(descriptor_->method(i)));
  }
}

Service::~Service() = default;

Method& Service::Find(std::string_view method, const Message& request,
                      const google::protobuf::Descriptor* response) {
  for (const auto& candidate : methods_) {
    if (candidate->descriptor->name() != method) continue;
    AMANA_CHECK(!candidate->is_bound(), "a method is bound once");
    AMANA_CHECK(candidate->descriptor->input_type() == request.GetDescriptor() &&
                    candidate->descriptor->output_type() == response,
                "a handler has the types of its method");
    candidate->prototype = &request;
    return *candidate;
  }
  AMANA_CHECK(false, "a handler is for a method of the service");
  __builtin_unreachable();
}

void Service::BindUnary(std::string_view method, const Message& request,
                        const google::protobuf::Descriptor* response, UnaryHandler handler) {
  Method& found = Find(method, request, response);
  AMANA_CHECK(!found.descriptor->client_streaming() && !found.descriptor->server_streaming(),
              "Unary() is for methods without streams");
  found.unary = std::move(handler);
}

void Service::BindStream(std::string_view method, const Message& request,
                         const google::protobuf::Descriptor* response, StreamHandler handler) {
  Method& found = Find(method, request, response);
  AMANA_CHECK(!found.descriptor->client_streaming() && found.descriptor->server_streaming(),
              "ServerStream() is for methods with a stream of responses");
  found.stream = std::move(handler);
}

// As protoc's generated WithRawCallbackMethod classes do it.
void Service::Attach(Dispatcher& dispatcher) {
  using grpc::ByteBuffer;
  using grpc::CallbackServerContext;
  for (size_t i = 0; i < methods_.size(); ++i) {
    Method& method = *methods_[i];
    AMANA_CHECK(method.is_bound(), "every method of a service has a handler");
    dispatcher.Prepare(method);
    const bool stream = method.descriptor->server_streaming();
    AddMethod(new grpc::internal::RpcServiceMethod(method.path.c_str(),
                                                   stream
                                                       ? grpc::internal::RpcMethod::SERVER_STREAMING
                                                       : grpc::internal::RpcMethod::NORMAL_RPC,
                                                   nullptr));
    const int index = static_cast<int>(i);
    if (stream) {
      MarkMethodRawCallback(
          index, new grpc::internal::CallbackServerStreamingHandler<ByteBuffer, ByteBuffer>(
                     [&](CallbackServerContext* context, const ByteBuffer* request) {
                       return dispatcher.AcceptStream(method, *context, *request);
                     }));
    } else {
      MarkMethodRawCallback(
          index,
          new grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>(
              [&](CallbackServerContext* context, const ByteBuffer* request, ByteBuffer* response) {
                return dispatcher.AcceptUnary(method, *context, *request, *response);
              }));
    }
  }
}

}  // namespace amana::rpc
