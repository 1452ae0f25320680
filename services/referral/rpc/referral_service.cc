#include "services/referral/rpc/referral_service.h"

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "services/referral/rpc/render.h"
#include "services/referral/store/convert.h"

namespace amana::referral {
namespace {

using Answer = absl::StatusOr<std::string>;

// A response that holds the referral.
template <class Response>
Render AsReferral() {
  return [](const domain::Referral& referral) {
    Response response;
    *response.mutable_referral() = ToProto(referral);
    return response.SerializeAsString();
  };
}

// A response that holds one of its offers.
template <class Response>
Render AsOffer(const OfferId& id) {
  return [id](const domain::Referral& referral) {
    Response response;
    if (const domain::Offer* offer = referral.Find(id)) {
      *response.mutable_offer() = ToProto(referral, *offer);
    }
    return response.SerializeAsString();
  };
}

template <class Repeated>
std::vector<ServiceAtLocationId> Candidates(const Repeated& ids) {
  std::vector<ServiceAtLocationId> candidates;
  for (const std::string& id : ids) candidates.push_back(IdFrom<ServiceAtLocationId>(id));
  return candidates;
}

Answer End(Referrals& referrals, const CallContext& context,
           const v1::EndReferralRequest& request) {
  const bool her_word = request.end() == v1::REFERRAL_END_DECLINED_BY_SURVIVOR;
  const bool has_reason = request.survivor_reason() != v1::SURVIVOR_REASON_UNSPECIFIED;
  if (has_reason && !her_word) return Error(Reason::kInvalidField, {.field = "survivor_reason"});
  return referrals.End(context, IdFrom<ReferralId>(request.referral_id()),
                       static_cast<domain::ReferralEnd>(request.end()),
                       static_cast<domain::SurvivorReason>(request.survivor_reason()),
                       AsReferral<v1::EndReferralResponse>());
}

Answer List(Referrals& referrals, const CallContext& context,
            const v1::ListReferralsRequest& request) {
  AMANA_ASSIGN_OR_RETURN(
      const ReferralPage page,
      referrals.List(context, request.escalated_only(), request.page_size(), request.page_token()));
  v1::ListReferralsResponse response;
  for (const domain::Referral& referral : page.referrals) {
    *response.add_referrals() = ToProto(referral);
  }
  response.set_next_page_token(page.next_token);
  return rpc::Reply(response);
}

Answer ListOffers(Referrals& referrals, const CallContext& context,
                  const v1::ListOffersRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const OfferPage page,
                         referrals.ListOffers(context, request.pending_only(), request.page_size(),
                                              request.page_token()));
  v1::ListOffersResponse response;
  for (const OfferView& view : page.offers) {
    if (const domain::Offer* offer = view.referral.Find(view.offer_id)) {
      *response.add_offers() = ToProto(view.referral, *offer);
    }
  }
  response.set_next_page_token(page.next_token);
  return rpc::Reply(response);
}

Answer ReportProgress(Referrals& referrals, const CallContext& context,
                      const v1::ReportProgressRequest& request) {
  const auto id = IdFrom<OfferId>(request.offer_id());
  return referrals.Report(
      context, id, static_cast<domain::Progress>(request.progress()),
      [id](const domain::Referral& referral) {
        v1::ReportProgressResponse response;
        if (const domain::Offer* offer = referral.Find(id)) {
          *response.mutable_offer() = ToProto(referral, *offer);
        }
        response.set_referral_state(static_cast<v1::ReferralState>(referral.state));
        return response.SerializeAsString();
      });
}

// The calls of the referring side.
void AddReferring(rpc::Service& service, Referrals* r) {
  service.Unary<v1::CreateReferralRequest, v1::CreateReferralResponse>(
      "CreateReferral", [r](const CallContext& context, const v1::CreateReferralRequest& request) {
        return r->Create(context,
                         {.case_id = IdFrom<CaseId>(request.case_id()),
                          .need = static_cast<domain::NeedCode>(request.need()),
                          .candidates = Candidates(request.candidate_service_at_location_ids())},
                         AsReferral<v1::CreateReferralResponse>());
      });
  service.Unary<v1::SendReferralRequest, v1::SendReferralResponse>(
      "SendReferral", [r](const CallContext& context, const v1::SendReferralRequest& request) {
        return r->Send(context, IdFrom<ReferralId>(request.referral_id()),
                       AsReferral<v1::SendReferralResponse>());
      });
  service.Unary<v1::ExtendReferralRequest, v1::ExtendReferralResponse>(
      "ExtendReferral", [r](const CallContext& context, const v1::ExtendReferralRequest& request) {
        return r->Extend(context, IdFrom<ReferralId>(request.referral_id()),
                         Candidates(request.candidate_service_at_location_ids()),
                         AsReferral<v1::ExtendReferralResponse>());
      });
  service.Unary<v1::GetReferralRequest, v1::GetReferralResponse>(
      "GetReferral",
      [r](const CallContext& context, const v1::GetReferralRequest& request) -> Answer {
        AMANA_ASSIGN_OR_RETURN(const domain::Referral referral,
                               r->Get(context, IdFrom<ReferralId>(request.referral_id())));
        return AsReferral<v1::GetReferralResponse>()(referral);
      });
  service.Unary<v1::ListReferralsRequest, v1::ListReferralsResponse>(
      "ListReferrals", [r](const CallContext& context, const v1::ListReferralsRequest& request) {
        return List(*r, context, request);
      });
  service.Unary<v1::EndReferralRequest, v1::EndReferralResponse>(
      "EndReferral", [r](const CallContext& context, const v1::EndReferralRequest& request) {
        return End(*r, context, request);
      });
}

// The calls of the receiving side.
void AddReceiving(rpc::Service& service, Referrals* r) {
  service.Unary<v1::ReportProgressRequest, v1::ReportProgressResponse>(
      "ReportProgress", [r](const CallContext& context, const v1::ReportProgressRequest& request) {
        return ReportProgress(*r, context, request);
      });
  service.Unary<v1::ListOffersRequest, v1::ListOffersResponse>(
      "ListOffers", [r](const CallContext& context, const v1::ListOffersRequest& request) {
        return ListOffers(*r, context, request);
      });
  service.Unary<v1::AcceptOfferRequest, v1::AcceptOfferResponse>(
      "AcceptOffer", [r](const CallContext& context, const v1::AcceptOfferRequest& request) {
        const auto id = IdFrom<OfferId>(request.offer_id());
        return r->Accept(context, id, AsOffer<v1::AcceptOfferResponse>(id));
      });
  service.Unary<v1::DeclineOfferRequest, v1::DeclineOfferResponse>(
      "DeclineOffer", [r](const CallContext& context, const v1::DeclineOfferRequest& request) {
        const auto id = IdFrom<OfferId>(request.offer_id());
        return r->Decline(context, id, static_cast<domain::DeclineReason>(request.reason()),
                          AsOffer<v1::DeclineOfferResponse>(id));
      });
  service.Unary<v1::WaitlistOfferRequest, v1::WaitlistOfferResponse>(
      "WaitlistOffer", [r](const CallContext& context, const v1::WaitlistOfferRequest& request) {
        const auto id = IdFrom<OfferId>(request.offer_id());
        return r->Waitlist(context, id, AsOffer<v1::WaitlistOfferResponse>(id));
      });
}

}  // namespace

std::unique_ptr<rpc::Service> MakeReferralService(Referrals& referrals) {
  auto service = std::make_unique<rpc::Service>("amana.referral.v1.ReferralService");
  Referrals* const r = &referrals;
  AddReferring(*service, r);
  AddReceiving(*service, r);
  service->Unary<v1::RevokeConsentRequest, v1::RevokeConsentResponse>(
      "RevokeConsent", [r](const CallContext& context, const v1::RevokeConsentRequest& request) {
        return r->RevokeConsent(context, IdFrom<CaseId>(request.case_id()),
                                IdFrom<OrganisationId>(request.recipient_organisation_id()),
                                [](uint32_t withdrawn) {
                                  v1::RevokeConsentResponse response;
                                  response.set_withdrawn(withdrawn);
                                  return response.SerializeAsString();
                                });
      });
  service->Unary<v1::CloseCaseRequest, v1::CloseCaseResponse>(
      "CloseCase", [r](const CallContext& context, const v1::CloseCaseRequest& request) {
        return r->CloseCase(context, IdFrom<CaseId>(request.case_id()), [](uint32_t withdrawn) {
          v1::CloseCaseResponse response;
          response.set_withdrawn(withdrawn);
          return response.SerializeAsString();
        });
      });
  return service;
}

}  // namespace amana::referral
