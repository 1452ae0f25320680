// amana call …: the hotline's queue.

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/options.h"
#include "clients/cli/render.h"

namespace amana::cli {
namespace {

using intake::v1::IntakeService;

std::string Describe(const intake::v1::Call& call) {
  std::string text =
      absl::StrCat("Call ", IdText(call.call_id()), ": ", Word(call.state()), ", ",
                   Word(call.priority()), ", waiting since ", TimeText(call.enqueue_time()), ".");
  if (call.state() == intake::v1::CALL_STATE_CLAIMED) {
    absl::StrAppend(&text, " Yours until ", TimeText(call.lease_expire_time()), ".");
  }
  return text;
}

struct Enqueue {
  common::v1::Priority priority = common::v1::PRIORITY_UNSPECIFIED;
};

absl::Status RunEnqueue(Context& context, const Enqueue& options) {
  intake::v1::EnqueueCallRequest request;
  request.set_priority(options.priority);
  return context.CallAndShow(&IntakeService::Stub::EnqueueCall, request,
                             &intake::v1::EnqueueCallResponse::call, Describe);
}

struct List {};

absl::Status RunList(Context& context, const List&) {
  return context.CallAndShow(
      &IntakeService::Stub::ListCalls, intake::v1::ListCallsRequest(),
      [](const auto& response) { return Lines(response.calls(), Describe, "Nobody waits."); });
}

struct Claim {};

absl::Status RunClaim(Context& context, const Claim&) {
  return context.CallAndShow(&IntakeService::Stub::ClaimCall, intake::v1::ClaimCallRequest(),
                             &intake::v1::ClaimCallResponse::call, Describe);
}

struct OneCall {
  std::string call_id;
};

absl::Status RunRenew(Context& context, const OneCall& options) {
  intake::v1::RenewCallLeaseRequest request;
  request.set_call_id(options.call_id);
  return context.CallAndShow(&IntakeService::Stub::RenewCallLease, request,
                             &intake::v1::RenewCallLeaseResponse::call, Describe);
}

absl::Status RunComplete(Context& context, const OneCall& options) {
  intake::v1::CompleteCallRequest request;
  request.set_call_id(options.call_id);
  return context.CallAndShow(&IntakeService::Stub::CompleteCall, request,
                             &intake::v1::CompleteCallResponse::call, Describe);
}

void DeclareOneCall(CLI::App& app, OneCall& options) {
  AddId(app, "call", options.call_id, "The call");
}

}  // namespace

void AddCallCommands(CLI::App& app, Context& context) {
  CLI::App& group = AddGroup(app, "call", "The call queue");
  AddCommand<Enqueue>(
      group, context, "enqueue", "Puts a waiting call into the queue",
      [](CLI::App& command, Enqueue& options) {
        AddWord(command, "--priority", options.priority, "How urgent it sounds")->required();
      },
      RunEnqueue);
  AddCommand<List>(
      group, context, "list", "Lists who waits, in the order in which they will be taken",
      [](CLI::App&, List&) {}, RunList);
  AddCommand<Claim>(
      group, context, "claim", "Takes the most urgent, longest waiting call",
      [](CLI::App&, Claim&) {}, RunClaim);
  AddCommand<OneCall>(group, context, "renew", "Keeps a claimed call longer", DeclareOneCall,
                      RunRenew);
  AddCommand<OneCall>(group, context, "complete", "Ends a claimed call without a case",
                      DeclareOneCall, RunComplete);
}

}  // namespace amana::cli
