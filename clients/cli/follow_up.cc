// amana follow-up …: whether it helped.

#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/options.h"
#include "clients/cli/render.h"

namespace amana::cli {
namespace {

using google::protobuf::util::TimeUtil;
using intake::v1::IntakeService;

std::string Describe(const intake::v1::FollowUp& item) {
  std::string text = absl::StrCat("Follow-up ", IdText(item.follow_up_id()), " of case ",
                                  IdText(item.case_id()), ": ", Word(item.state()));
  if (item.state() == intake::v1::FOLLOW_UP_STATE_DONE) {
    return absl::StrCat(text, ", ", Word(item.outcome()), ".");
  }
  return absl::StrCat(text, ", due ", TimeText(item.due_time()), ".");
}

struct Schedule {
  std::string case_id;
  std::string referral_id;
  int in_hours = 72;
};

absl::Status RunSchedule(Context& context, const Schedule& options) {
  intake::v1::ScheduleFollowUpRequest request;
  request.set_case_id(options.case_id);
  request.set_referral_id(options.referral_id);
  *request.mutable_due_time() =
      TimeUtil::GetCurrentTime() + TimeUtil::HoursToDuration(options.in_hours);
  return context.CallAndShow(&IntakeService::Stub::ScheduleFollowUp, request,
                             &intake::v1::ScheduleFollowUpResponse::follow_up, Describe);
}

struct Record {
  std::string follow_up_id;
  intake::v1::FollowUpOutcome outcome = intake::v1::FOLLOW_UP_OUTCOME_UNSPECIFIED;
  intake::v1::FollowUpReason reason = intake::v1::FOLLOW_UP_REASON_UNSPECIFIED;
};

absl::Status RunRecord(Context& context, const Record& options) {
  intake::v1::RecordFollowUpRequest request;
  request.set_follow_up_id(options.follow_up_id);
  request.set_outcome(options.outcome);
  request.set_reason(options.reason);
  return context.CallAndShow(&IntakeService::Stub::RecordFollowUp, request,
                             &intake::v1::RecordFollowUpResponse::follow_up, Describe);
}

struct List {
  int within_hours = 24;
};

absl::Status RunList(Context& context, const List& options) {
  intake::v1::ListFollowUpsRequest request;
  *request.mutable_due_until() =
      TimeUtil::GetCurrentTime() + TimeUtil::HoursToDuration(options.within_hours);
  return context.CallAndShow(
      &IntakeService::Stub::ListFollowUps, request, [](const auto& response) {
        return Lines(response.follow_ups(), Describe, "Nobody is to be asked by then.");
      });
}

}  // namespace

void AddFollowUpCommands(CLI::App& app, Context& context) {
  CLI::App& group = AddGroup(app, "follow-up", "Asking again, under the safe-contact rule");
  AddCommand<Schedule>(
      group, context, "schedule", "Plans a follow-up",
      [](CLI::App& command, Schedule& options) {
        AddId(command, "--case", options.case_id, "The case")->required();
        AddId(command, "--referral", options.referral_id, "The referral it asks about");
        command.add_option("--in-hours", options.in_hours, "When (72)")
            ->check(CLI::Range(1, 24 * 365));
      },
      RunSchedule);
  AddCommand<Record>(
      group, context, "record", "Records what became of it",
      [](CLI::App& command, Record& options) {
        AddId(command, "follow_up", options.follow_up_id, "The follow-up");
        AddWord(command, "--outcome", options.outcome, "Whether it helped")->required();
        AddWord(command, "--reason", options.reason, "Why not, unless it helped");
      },
      RunRecord);
  AddCommand<List>(
      group, context, "list", "Lists follow-ups that are due, earliest first",
      [](CLI::App& command, List& options) {
        command.add_option("--within-hours", options.within_hours, "Due within (24)")
            ->check(CLI::Range(0, 24 * 365));
      },
      RunList);
}

}  // namespace amana::cli
