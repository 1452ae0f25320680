// amana offers, accept, decline, waitlist, progress: what a centre is asked, and its answers.

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/options.h"
#include "clients/cli/render.h"

namespace amana::cli {
namespace {

using referral::v1::ReferralService;

// What it asks of whoever reads it.
std::string Meaning(const referral::v1::Offer& offer) {
  switch (offer.state()) {
    case referral::v1::OFFER_STATE_PENDING:
      return absl::StrCat(" Answer before ", TimeText(offer.expire_time()), ".");
    case referral::v1::OFFER_STATE_WAITLISTED:
      return " No place is kept for her: accept once you have one, or decline if you will not.";
    case referral::v1::OFFER_STATE_SUPERSEDED:
      return " Another offer has taken its place. If she is on your list, take her off.";
    case referral::v1::OFFER_STATE_WITHDRAWN:
      return " It was taken back. If she is on your list, take her off.";
    default:
      return "";
  }
}

std::string Describe(const referral::v1::Offer& offer) {
  std::string text = absl::StrCat("Offer ", IdText(offer.offer_id()), ": ", Word(offer.state()),
                                  ", ", Word(offer.need()));
  // What is over has no card any more.
  if (offer.has_card()) {
    absl::StrAppend(&text, ", ", Word(offer.card().priority()), ", age ",
                    Word(offer.card().age_band()), ", ", offer.card().dependants_size(),
                    " with her, province ", offer.card().province_code());
  }
  return absl::StrCat(text, ".", Meaning(offer));
}

struct List {
  bool pending = false;
};

absl::Status RunList(Context& context, const List& options) {
  referral::v1::ListOffersRequest request;
  request.set_pending_only(options.pending);
  return context.CallAndShow(&ReferralService::Stub::ListOffers, request, [](const auto& response) {
    return Lines(response.offers(), Describe, "Nothing is asked of you.");
  });
}

struct OneOffer {
  std::string offer_id;
};

void DeclareOneOffer(CLI::App& command, OneOffer& options) {
  AddId(command, "offer", options.offer_id, "The offer");
}

absl::Status RunAccept(Context& context, const OneOffer& options) {
  referral::v1::AcceptOfferRequest request;
  request.set_offer_id(options.offer_id);
  return context.CallAndShow(&ReferralService::Stub::AcceptOffer, request,
                             &referral::v1::AcceptOfferResponse::offer, Describe);
}

absl::Status RunWaitlist(Context& context, const OneOffer& options) {
  referral::v1::WaitlistOfferRequest request;
  request.set_offer_id(options.offer_id);
  return context.CallAndShow(&ReferralService::Stub::WaitlistOffer, request,
                             &referral::v1::WaitlistOfferResponse::offer, Describe);
}

struct Decline {
  std::string offer_id;
  referral::v1::DeclineReason reason = referral::v1::DECLINE_REASON_UNSPECIFIED;
};

absl::Status RunDecline(Context& context, const Decline& options) {
  referral::v1::DeclineOfferRequest request;
  request.set_offer_id(options.offer_id);
  request.set_reason(options.reason);
  return context.CallAndShow(&ReferralService::Stub::DeclineOffer, request,
                             &referral::v1::DeclineOfferResponse::offer, Describe);
}

struct Report {
  std::string offer_id;
  referral::v1::Progress progress = referral::v1::PROGRESS_UNSPECIFIED;
};

absl::Status RunReport(Context& context, const Report& options) {
  referral::v1::ReportProgressRequest request;
  request.set_offer_id(options.offer_id);
  request.set_progress(options.progress);
  return context.CallAndShow(
      &ReferralService::Stub::ReportProgress, request, [](const auto& response) {
        return absl::StrCat("The referral is now ", Word(response.referral_state()), ".");
      });
}

}  // namespace

void AddOfferCommands(CLI::App& app, Context& context) {
  AddCommand<List>(
      app, context, "offers",
      "Lists the offers made to one's centre: pending ones first, then those on its list",
      [](CLI::App& command, List& options) {
        command.add_flag("--pending", options.pending, "Only those that wait for an answer");
      },
      RunList);
  AddCommand<OneOffer>(app, context, "accept", "Accepts an offer: the places are hers",
                       DeclareOneOffer, RunAccept);
  AddCommand<Decline>(
      app, context, "decline", "Declines an offer: the next centre is asked at once",
      [](CLI::App& command, Decline& options) {
        AddId(command, "offer", options.offer_id, "The offer");
        AddWord(command, "--reason", options.reason, "Why")->required();
      },
      RunDecline);
  AddCommand<OneOffer>(app, context, "waitlist",
                       "Puts her on one's list, without a place: the next centre is asked at once",
                       DeclareOneOffer, RunWaitlist);
  AddCommand<Report>(
      app, context, "progress", "Says how it goes with an accepted offer",
      [](CLI::App& command, Report& options) {
        AddId(command, "offer", options.offer_id, "The offer");
        AddWord(command, "progress", options.progress, "What happened");
      },
      RunReport);
}

}  // namespace amana::cli
