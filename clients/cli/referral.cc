// amana refer and amana referral …: the referring side.

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/options.h"
#include "clients/cli/render.h"

namespace amana::cli {
namespace {

using referral::v1::ReferralService;

std::string Describe(const referral::v1::Referral& referral) {
  std::string text = absl::StrCat("Referral ", IdText(referral.referral_id()), ": ",
                                  Word(referral.state()), ", ", Word(referral.need()), ".");
  if (referral.state() == referral::v1::REFERRAL_STATE_WAITLISTED) {
    absl::StrAppend(&text, " She is on a list and has no place yet.");
  }
  if (referral.escalated())
    absl::StrAppend(&text, " Nobody is left to ask: a supervisor must look.");
  for (const auto& offer : referral.offers()) {
    absl::StrAppend(&text, "\n  asked ", IdText(offer.organisation_id()), ": ",
                    Word(offer.state()));
    if (offer.decline_reason() != referral::v1::DECLINE_REASON_UNSPECIFIED) {
      absl::StrAppend(&text, " (", Word(offer.decline_reason()), ")");
    }
    if (offer.state() == referral::v1::OFFER_STATE_PENDING) {
      absl::StrAppend(&text, " until ", TimeText(offer.expire_time()));
    }
  }
  for (const auto& skipped : referral.skipped()) {
    absl::StrAppend(&text, "\n  not asked ", IdText(skipped.service_at_location_id()), ": ",
                    Word(skipped.reason()));
  }
  return text;
}

// Who was asked, and is asked now: what the answers to sending and extending don't tell yet.
absl::Status ShowAsItStands(Context& context, client::Session& session,
                            const std::string& referral_id) {
  referral::v1::GetReferralRequest request;
  request.set_referral_id(referral_id);
  AMANA_ASSIGN_OR_RETURN(const auto response,
                         session.Call(&ReferralService::Stub::GetReferral, request));
  context.Show(response.referral(), Describe(response.referral()));
  return absl::OkStatus();
}

struct Refer {
  std::string case_id;
  common::v1::NeedCode need = common::v1::NEED_CODE_UNSPECIFIED;
  std::vector<std::string> candidates;
};

absl::Status RunRefer(Context& context, const Refer& options) {
  AMANA_ASSIGN_OR_RETURN(auto session, context.OpenSession());
  referral::v1::CreateReferralRequest create;
  create.set_case_id(options.case_id);
  create.set_need(options.need);
  for (const auto& id : options.candidates) create.add_candidate_service_at_location_ids(id);
  AMANA_ASSIGN_OR_RETURN(const auto created,
                         session->Call(&ReferralService::Stub::CreateReferral, create));
  referral::v1::SendReferralRequest send;
  send.set_referral_id(created.referral().referral_id());
  AMANA_RETURN_IF_ERROR(session->Call(&ReferralService::Stub::SendReferral, send).status());
  return ShowAsItStands(context, *session, send.referral_id());
}

struct OneReferral {
  std::string referral_id;
};

void DeclareOneReferral(CLI::App& command, OneReferral& options) {
  AddId(command, "referral", options.referral_id, "The referral");
}

absl::Status RunShow(Context& context, const OneReferral& options) {
  AMANA_ASSIGN_OR_RETURN(auto session, context.OpenSession());
  return ShowAsItStands(context, *session, options.referral_id);
}

absl::Status RunSend(Context& context, const OneReferral& options) {
  AMANA_ASSIGN_OR_RETURN(auto session, context.OpenSession());
  referral::v1::SendReferralRequest request;
  request.set_referral_id(options.referral_id);
  AMANA_RETURN_IF_ERROR(session->Call(&ReferralService::Stub::SendReferral, request).status());
  return ShowAsItStands(context, *session, options.referral_id);
}

struct List {
  bool escalated = false;
};

absl::Status RunList(Context& context, const List& options) {
  referral::v1::ListReferralsRequest request;
  request.set_escalated_only(options.escalated);
  return context.CallAndShow(&ReferralService::Stub::ListReferrals, request,
                             [](const auto& response) {
                               return Lines(response.referrals(), Describe, "No open referral.");
                             });
}

struct Extend {
  std::string referral_id;
  std::vector<std::string> candidates;
};

absl::Status RunExtend(Context& context, const Extend& options) {
  AMANA_ASSIGN_OR_RETURN(auto session, context.OpenSession());
  referral::v1::ExtendReferralRequest request;
  request.set_referral_id(options.referral_id);
  for (const auto& id : options.candidates) request.add_candidate_service_at_location_ids(id);
  AMANA_RETURN_IF_ERROR(session->Call(&ReferralService::Stub::ExtendReferral, request).status());
  return ShowAsItStands(context, *session, options.referral_id);
}

struct End {
  std::string referral_id;
  referral::v1::ReferralEnd end = referral::v1::REFERRAL_END_UNSPECIFIED;
  referral::v1::SurvivorReason reason = referral::v1::SURVIVOR_REASON_UNSPECIFIED;
};

absl::Status RunEnd(Context& context, const End& options) {
  referral::v1::EndReferralRequest request;
  request.set_referral_id(options.referral_id);
  request.set_end(options.end);
  request.set_survivor_reason(options.reason);
  return context.CallAndShow(&ReferralService::Stub::EndReferral, request,
                             &referral::v1::EndReferralResponse::referral, Describe);
}

}  // namespace

void AddReferralCommands(CLI::App& app, Context& context) {
  AddCommand<Refer>(
      app, context, "refer", "Refers a case: asks the first centre, and by itself the next ones",
      [](CLI::App& command, Refer& options) {
        AddId(command, "--case", options.case_id, "The case")->required();
        AddWord(command, "--need", options.need, "Which of its needs")->required();
        AddIds(command, "--to", options.candidates,
               "A service_at_location to ask, in the order of asking")
            ->required();
      },
      RunRefer);
  CLI::App& group = AddGroup(app, "referral", "Referrals of one's own organisation");
  AddCommand<OneReferral>(group, context, "show", "Shows a referral with all its offers",
                          DeclareOneReferral, RunShow);
  AddCommand<OneReferral>(group, context, "send", "Sends a draft that lacked a consent",
                          DeclareOneReferral, RunSend);
  AddCommand<List>(
      group, context, "list", "Lists open referrals",
      [](CLI::App& command, List& options) {
        command.add_flag("--escalated", options.escalated, "Only those that need a person");
      },
      RunList);
  AddCommand<Extend>(
      group, context, "extend", "Adds centres to ask",
      [](CLI::App& command, Extend& options) {
        AddId(command, "referral", options.referral_id, "The referral");
        AddIds(command, "--to", options.candidates,
               "A service_at_location to ask, in the order of asking")
            ->required();
      },
      RunExtend);
  AddCommand<End>(
      group, context, "end", "Ends a referral from the referring side",
      [](CLI::App& command, End& options) {
        AddId(command, "referral", options.referral_id, "The referral");
        AddWord(command, "--as", options.end, "What it is")->required();
        AddWord(command, "--reason", options.reason, "Why she declined");
      },
      RunEnd);
}

}  // namespace amana::cli
