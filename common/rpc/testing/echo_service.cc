#include "common/rpc/testing/echo_service.h"

#include <chrono>
#include <stdexcept>
#include <thread>

#include "common/rpc/testing/echo.pb.h"

namespace amana::rpc::testing {
namespace {

namespace pb = amana::load::v1;

absl::StatusOr<std::string> Echo(const CallContext& context, const pb::EchoRequest& request) {
  pb::EchoResponse response;
  response.set_payload(request.payload());
  if (!request.behaviour().empty()) [[unlikely]] {
    if (request.behaviour() == "sleep") {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
    } else if (request.behaviour() == "throw") {
      throw std::runtime_error("her name");
    } else if (request.behaviour() == "unexpected") {
      return absl::InternalError("her name");
    } else if (request.behaviour() == "deadline") {
      response.set_payload(std::to_string(absl::ToInt64Milliseconds(context.deadline.Remaining())));
    }
  }
  return Reply(response);
}

absl::StatusOr<std::string> Change(const CallContext& context, const pb::ChangeRequest&) {
  pb::ChangeResponse response;
  response.set_payload(context.audit_action + " " + context.request_id.ToString() + " " +
                       std::to_string(context.request_digest.size()) + " " + context.traceparent);
  return Reply(response);
}

absl::Status Watch(const CallContext&, const pb::WatchRequest& request,
                   const std::shared_ptr<StreamWriter>& writer) {
  pb::WatchResponse response;
  response.set_payload(std::string(1024, 'x'));
  for (uint32_t i = 0; i < request.count(); ++i) {
    response.set_number(i);
    if (!writer->Write(response.SerializeAsString())) break;
  }
  return absl::OkStatus();
}

}  // namespace

void BindEcho(Service& service) {
  service.Unary<pb::EchoRequest, pb::EchoResponse>("Echo", Echo);
  service.Unary<pb::ChangeRequest, pb::ChangeResponse>("Change", Change);
  service.ServerStream<pb::WatchRequest, pb::WatchResponse>("Watch", Watch);
}

}  // namespace amana::rpc::testing
