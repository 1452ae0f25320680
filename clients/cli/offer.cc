// amana offers, accept, decline, progress: what a centre is asked, and its answers.

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/options.h"
#include "clients/cli/render.h"

namespace amana::cli {
namespace {

using referral::v1::ReferralService;

std::string Describe(const referral::v1::Offer& offer) {
  std::string text = absl::StrCat(
      "Offer ", IdText(offer.offer_id()), ": ", Word(offer.state()), ", ", Word(offer.need()), ", ",
      Word(offer.card().priority()), ", age ", Word(offer.card().age_band()), ", ",
      offer.card().dependants_size(), " with her, province ", offer.card().province_code(), ".");
  if (offer.state() == referral::v1::OFFER_STATE_PENDING) {
    absl::StrAppend(&text, " Answer before ", TimeText(offer.expire_time()), ".");
  }
  return text;
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

struct Accept {
  std::string offer_id;
};

absl::Status RunAccept(Context& context, const Accept& options) {
  referral::v1::AcceptOfferRequest request;
  request.set_offer_id(options.offer_id);
  return context.CallAndShow(&ReferralService::Stub::AcceptOffer, request,
                             &referral::v1::AcceptOfferResponse::offer, Describe);
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
      app, context, "offers", "Lists the offers made to one's centre, pending ones first",
      [](CLI::App& command, List& options) {
        command.add_flag("--pending", options.pending, "Only those that wait for an answer");
      },
      RunList);
  AddCommand<Accept>(
      app, context, "accept", "Accepts an offer: the places are hers",
      [](CLI::App& command, Accept& options) {
        AddId(command, "offer", options.offer_id, "The offer");
      },
      RunAccept);
  AddCommand<Decline>(
      app, context, "decline", "Declines an offer: the next centre is asked at once",
      [](CLI::App& command, Decline& options) {
        AddId(command, "offer", options.offer_id, "The offer");
        AddWord(command, "--reason", options.reason, "Why")->required();
      },
      RunDecline);
  AddCommand<Report>(
      app, context, "progress", "Says how it goes with an accepted offer",
      [](CLI::App& command, Report& options) {
        AddId(command, "offer", options.offer_id, "The offer");
        AddWord(command, "progress", options.progress, "What happened");
      },
      RunReport);
}

}  // namespace amana::cli
