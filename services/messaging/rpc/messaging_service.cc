#include "services/messaging/rpc/messaging_service.h"

#include <string>
#include <utility>

#include "amana/messaging/v1/messaging.pb.h"
#include "common/base/status_macros.h"

namespace amana::messaging {
namespace {

// A command: it answers with the serialised response.
template <class Request, class Response, class Handler>
void Command(rpc::Service& service, std::string_view method, Handler& handler,
             absl::StatusOr<std::string> (Handler::*run)(const CallContext&, const Request&)) {
  service.Unary<Request, Response>(
      method, [&handler, run](const CallContext& context, const Request& request) {
        return (handler.*run)(context, request);
      });
}

// A read: it answers with a message.
template <class Request, class Response, class Handler>
void Query(rpc::Service& service, std::string_view method, Handler& handler,
           absl::StatusOr<Response> (Handler::*run)(const CallContext&, const Request&)) {
  service.Unary<Request, Response>(
      method,
      [&handler, run](const CallContext& context,
                      const Request& request) -> absl::StatusOr<std::string> {
        AMANA_ASSIGN_OR_RETURN(const Response response, (handler.*run)(context, request));
        return rpc::Reply(response);
      });
}

}  // namespace

std::unique_ptr<rpc::Service> MakeMessagingService(const Handlers& h) {
  auto service = std::make_unique<rpc::Service>("amana.messaging.v1.MessagingService");
  rpc::Service& s = *service;
  Command<v1::PublishKeyRequest, v1::PublishKeyResponse>(s, "PublishKey", h.keys, &Keys::Publish);
  Query(s, "ListKeys", h.keys, &Keys::List);
  Command<v1::BeginAttachmentRequest, v1::BeginAttachmentResponse>(
      s, "BeginAttachment", h.attachments, &Attachments::Begin);
  Query(s, "PutChunk", h.attachments, &Attachments::PutChunk);
  Command<v1::FinishAttachmentRequest, v1::FinishAttachmentResponse>(
      s, "FinishAttachment", h.attachments, &Attachments::Finish);
  Query(s, "GetChunk", h.attachments, &Attachments::GetChunk);
  Command<v1::SendHandoffRequest, v1::SendHandoffResponse>(s, "SendHandoff", h.handoffs,
                                                           &Handoffs::Send);
  Query(s, "GetHandoff", h.handoffs, &Handoffs::Get);
  Query(s, "FetchMessages", h.inbox, &Inbox::Fetch);
  Command<v1::ReportHandoffRequest, v1::ReportHandoffResponse>(s, "ReportHandoff", h.handoffs,
                                                               &Handoffs::Report);
  Command<v1::RevokeHandoffRequest, v1::RevokeHandoffResponse>(s, "RevokeHandoff", h.handoffs,
                                                               &Handoffs::Revoke);
  Command<v1::DestroyUnopenedRequest, v1::DestroyUnopenedResponse>(s, "DestroyUnopened", h.handoffs,
                                                                   &Handoffs::DestroyUnopened);
  s.ServerStream<v1::SubscribeMessagesRequest, v1::SubscribeMessagesResponse>(
      "SubscribeMessages",
      [&subscriptions = h.subscriptions](const CallContext& context,
                                         const v1::SubscribeMessagesRequest& request,
                                         std::shared_ptr<rpc::StreamWriter> writer) {
        return subscriptions.Add(context.caller, request.after_sequence(), std::move(writer));
      });
  return service;
}

}  // namespace amana::messaging
