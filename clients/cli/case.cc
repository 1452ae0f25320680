// amana case …: from opening to closure.

#include "absl/strings/str_cat.h"
#include "clients/cli/card_options.h"
#include "clients/cli/commands.h"
#include "clients/cli/options.h"
#include "clients/cli/render.h"

namespace amana::cli {
namespace {

using intake::v1::IntakeService;

std::string Describe(const intake::v1::Case& item) {
  std::string needs;
  for (const int need : item.card().needs()) {
    absl::StrAppend(&needs, needs.empty() ? "" : ", ",
                    Word(static_cast<common::v1::NeedCode>(need)));
  }
  return absl::StrCat("Case ", IdText(item.case_id()), ": ", Word(item.state()), ", ",
                      Word(item.card().priority()), ", province ", item.card().province_code(),
                      ", ", needs, ".");
}

struct Open {
  CardOptions card;
  intake::v1::IntakeChannel channel = intake::v1::INTAKE_CHANNEL_HOTLINE;
  std::string call_id;
};

absl::Status RunOpen(Context& context, const Open& options) {
  intake::v1::OpenCaseRequest request;
  request.set_channel(options.channel);
  *request.mutable_card() = ToCard(options.card);
  request.set_call_id(options.call_id);
  return context.CallAndShow(&IntakeService::Stub::OpenCase, request,
                             &intake::v1::OpenCaseResponse::case_, Describe);
}

struct Update {
  std::string case_id;
  CardOptions card;
};

absl::Status RunUpdate(Context& context, const Update& options) {
  intake::v1::UpdateCaseRequest request;
  request.set_case_id(options.case_id);
  *request.mutable_card() = ToCard(options.card);
  return context.CallAndShow(&IntakeService::Stub::UpdateCase, request,
                             &intake::v1::UpdateCaseResponse::case_, Describe);
}

struct OneCase {
  std::string case_id;
};

void DeclareOneCase(CLI::App& app, OneCase& options) {
  AddId(app, "case", options.case_id, "The case");
}

absl::Status RunShow(Context& context, const OneCase& options) {
  intake::v1::GetCaseRequest request;
  request.set_case_id(options.case_id);
  return context.CallAndShow(&IntakeService::Stub::GetCase, request,
                             &intake::v1::GetCaseResponse::case_, Describe);
}

struct List {};

absl::Status RunList(Context& context, const List&) {
  return context.CallAndShow(
      &IntakeService::Stub::ListCases, intake::v1::ListCasesRequest(),
      [](const auto& response) { return Lines(response.cases(), Describe, "No open case."); });
}

struct Change {
  std::string case_id;
  intake::v1::ClosureReason reason = intake::v1::CLOSURE_REASON_UNSPECIFIED;
};

// A command that moves a case.
void AddChange(CLI::App& group, Context& context, const std::string& name, const std::string& text,
               intake::v1::CaseCommand command) {
  AddCommand<Change>(
      group, context, name, text,
      [command](CLI::App& app, Change& options) {
        AddId(app, "case", options.case_id, "The case");
        if (command == intake::v1::CASE_COMMAND_REQUEST_CLOSURE) {
          AddWord(app, "--reason", options.reason, "Why")->required();
        }
      },
      [command](Context& inner, const Change& options) -> absl::Status {
        intake::v1::ChangeCaseStateRequest request;
        request.set_case_id(options.case_id);
        request.set_command(command);
        request.set_closure_reason(options.reason);
        return inner.CallAndShow(&IntakeService::Stub::ChangeCaseState, request,
                                 &intake::v1::ChangeCaseStateResponse::case_, Describe);
      });
}

struct Assign {
  std::string case_id;
  std::string device_id;
};

absl::Status RunAssign(Context& context, const Assign& options) {
  intake::v1::AssignCaseRequest request;
  request.set_case_id(options.case_id);
  request.set_device_id(options.device_id);
  return context.CallAndShow(&IntakeService::Stub::AssignCase, request,
                             &intake::v1::AssignCaseResponse::case_, Describe);
}

}  // namespace

void AddCaseCommands(CLI::App& app, Context& context) {
  CLI::App& group = AddGroup(app, "case", "Cases");
  AddCommand<Open>(
      group, context, "open", "Opens a case with coded needs",
      [](CLI::App& command, Open& options) {
        DeclareCard(command, options.card);
        AddWord(command, "--channel", options.channel, "How she came (hotline)");
        AddId(command, "--call", options.call_id, "The claimed call it comes from");
      },
      RunOpen);
  AddCommand<Update>(
      group, context, "update", "Replaces a case's coded needs and situation",
      [](CLI::App& command, Update& options) {
        AddId(command, "case", options.case_id, "The case");
        DeclareCard(command, options.card);
      },
      RunUpdate);
  AddCommand<OneCase>(group, context, "show", "Shows a case", DeclareOneCase, RunShow);
  AddCommand<List>(
      group, context, "list", "Lists the organisation's open cases, newest first",
      [](CLI::App&, List&) {}, RunList);
  AddChange(group, context, "hold", "Puts a case on hold", intake::v1::CASE_COMMAND_HOLD);
  AddChange(group, context, "resume", "Takes a case off hold", intake::v1::CASE_COMMAND_RESUME);
  AddChange(group, context, "request-closure", "Asks to close a case",
            intake::v1::CASE_COMMAND_REQUEST_CLOSURE);
  AddChange(group, context, "approve-closure", "Approves a closure that someone else asked for",
            intake::v1::CASE_COMMAND_APPROVE_CLOSURE);
  AddChange(group, context, "refuse-closure", "Refuses a closure: the case stays open",
            intake::v1::CASE_COMMAND_REFUSE_CLOSURE);
  AddChange(group, context, "reopen", "Opens a closed case again", intake::v1::CASE_COMMAND_REOPEN);
  AddCommand<Assign>(
      group, context, "assign", "Gives a case to another device of the organisation",
      [](CLI::App& command, Assign& options) {
        AddId(command, "case", options.case_id, "The case");
        AddId(command, "--device", options.device_id, "Who takes it on")->required();
      },
      RunAssign);
}

}  // namespace amana::cli
