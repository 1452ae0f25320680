#pragma once

// A service's methods, bound to handlers by their descriptors at run time. (Deriving from protoc's
// CallbackService costs 9 s of compiling a file; this costs nothing.)
//
//   rpc::Service service("amana.intake.v1.IntakeService");
//   service.Unary<OpenCaseRequest, OpenCaseResponse>(
//       "OpenCase", [&](const CallContext& context, const OpenCaseRequest& request)
//                       -> absl::StatusOr<std::string> {
//         return open_case.Run(context, FromProto(request));  // serialised OpenCaseResponse
//       });
//
// Before a handler runs, the caller is known, his role is allowed, the request is parsed and valid,
// and enough time is left. Handlers run on worker threads, may block until context.deadline, and
// are called by several threads at once. An exception is caught, logged and answered kUnexpected.
//
// Handlers answer with the serialised response, so that a recorded reply passes through as it is;
// Reply() serialises a message.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/byte_buffer.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/rpc/stream_writer.h"

namespace amana::rpc {

class Dispatcher;
struct Method;

absl::StatusOr<std::string> Reply(const google::protobuf::Message& message);

class Service final : public grpc::Service {
 public:
  using Message = google::protobuf::Message;
  using UnaryHandler =
      std::function<absl::StatusOr<std::string>(const CallContext&, const Message&)>;
  using StreamHandler = std::function<absl::Status(const CallContext&, const Message&,
                                                   std::shared_ptr<StreamWriter>)>;

  // The service's full name; its descriptor must be linked in. All faults of registration end the
  // process with a sentence: they are ours.
  explicit Service(std::string_view full_name);
  ~Service() override;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  template <class Request, class Response, class Handler>
  void Unary(std::string_view method, Handler handler) {
    BindUnary(method, Request::default_instance(), Response::descriptor(),
              [handler = std::move(handler)](const CallContext& context, const Message& request) {
                return absl::StatusOr<std::string>(
                    handler(context, static_cast<const Request&>(request)));
              });
  }

  // `handler(context, request, writer)` runs once on a worker and returns at once: an error ends
  // the stream with it, OK leaves the stream to whoever holds the writer (stream_writer.h).
  template <class Request, class Response, class Handler>
  void ServerStream(std::string_view method, Handler handler) {
    BindStream(method, Request::default_instance(), Response::descriptor(),
               [handler = std::move(handler)](const CallContext& context, const Message& request,
                                              std::shared_ptr<StreamWriter> writer) {
                 return absl::Status(
                     handler(context, static_cast<const Request&>(request), std::move(writer)));
               });
  }

  const std::string& full_name() const { return full_name_; }

 private:
  friend class Server;

  void BindUnary(std::string_view method, const Message& request,
                 const google::protobuf::Descriptor* response, UnaryHandler handler);
  void BindStream(std::string_view method, const Message& request,
                  const google::protobuf::Descriptor* response, StreamHandler handler);
  Method& Find(std::string_view method, const Message& request,
               const google::protobuf::Descriptor* response);

  // Called by the server once, before it starts: every method is bound and has a rule, those with
  // an audit_action have `bytes request_id = 1`. Ends the process otherwise.
  void Attach(Dispatcher& dispatcher);

  std::string full_name_;
  const google::protobuf::ServiceDescriptor* descriptor_;
  std::vector<std::unique_ptr<Method>> methods_;
};

}  // namespace amana::rpc
