#include "services/referral/domain/codes.h"

#include <array>
#include <cstddef>

namespace amana::referral::domain {
namespace {

template <size_t N>
std::string_view At(const std::array<std::string_view, N>& names, int32_t number) {
  return number >= 0 && static_cast<size_t>(number) < N ? names[static_cast<size_t>(number)]
                                                        : std::string_view("unspecified");
}

constexpr std::array<std::string_view, 5> kPriorities = {"unspecified", "p0", "p1", "p2", "p3"};
constexpr std::array<std::string_view, 6> kServiceStatuses = {
    "unspecified", "planned", "active", "inactive", "defunct", "temporarily_closed"};
constexpr std::array<std::string_view, 18> kReferralStates = {"unspecified",
                                                              "draft",
                                                              "consented",
                                                              "matching",
                                                              "offered",
                                                              "accepted",
                                                              "waitlisted",
                                                              "arrived",
                                                              "in_service",
                                                              "completed",
                                                              "declined_by_provider",
                                                              "declined_by_survivor",
                                                              "withdrawn",
                                                              "consent_revoked",
                                                              "no_match",
                                                              "no_show",
                                                              "failed",
                                                              "entered_in_error"};
constexpr std::array<std::string_view, 8> kOfferStates = {"unspecified", "pending",   "accepted",
                                                          "declined",    "expired",   "withdrawn",
                                                          "superseded",  "waitlisted"};
constexpr std::array<std::string_view, 6> kReservationStates = {
    "unspecified", "held", "confirmed", "occupied", "released", "expired"};
constexpr std::array<std::string_view, 10> kDeclineReasons = {
    "unspecified",       "no_capacity", "not_eligible",          "wrong_service",        "safety",
    "staff_unavailable", "language",    "children_not_accepted", "conflict_of_interest", "other"};
constexpr std::array<std::string_view, 5> kSkipReasons = {
    "unspecified", "consent_missing", "no_capacity", "not_eligible", "not_found"};

}  // namespace

std::string_view Name(Priority priority) { return At(kPriorities, static_cast<int32_t>(priority)); }

std::string_view Name(ServiceStatus status) {
  return At(kServiceStatuses, static_cast<int32_t>(status));
}

std::string_view Name(ReferralState state) {
  return At(kReferralStates, static_cast<int32_t>(state));
}

std::string_view Name(OfferState state) {
  switch (state) {
    case OfferState::kPreparing:
      return "preparing";
    case OfferState::kClaimed:
      return "claimed";
    case OfferState::kDropped:
      return "dropped";
    default:
      return At(kOfferStates, static_cast<int32_t>(state));
  }
}

std::string_view Name(ReservationState state) {
  return At(kReservationStates, static_cast<int32_t>(state));
}

std::string_view Name(DeclineReason reason) {
  return At(kDeclineReasons, static_cast<int32_t>(reason));
}

std::string_view Name(SkipReason reason) { return At(kSkipReasons, static_cast<int32_t>(reason)); }

}  // namespace amana::referral::domain
