#pragma once

// The coded words of the domain, with the numbers they have in protos/amana (codes_test.cc in rpc/
// holds them to it), so that an edge converts by a cast. Names are for audit events and metrics.

#include <cstdint>
#include <string_view>

namespace amana::referral::domain {

enum class NeedCode : int32_t {
  kUnspecified = 0,
  kReception = 1,
  kListening = 2,
  kOrientation = 3,
  kPsychologicalSupport = 4,
  kRightsAwareness = 5,
  kAccompaniment = 6,
  kEconomicEmpowerment = 7,
  kVocationalTraining = 8,
  kJobIntegration = 9,
  kFamilyMediation = 10,
  kEmergencyShelter = 11,
  kTemporaryShelter = 12,
  kPrimaryHealthCare = 13,
  kSocialAssistance = 14,
  kLegalAssistance = 15,
  kChildcare = 16,
  kHomelessnessMentalHealthReception = 17,
  kCareCell = 18,
  kSamuSocial = 19,
  kAwarenessDetection = 20,
};
inline constexpr int32_t kMaxNeedCode = 20;

enum class Priority : int32_t { kUnspecified = 0, kP0 = 1, kP1 = 2, kP2 = 3, kP3 = 4 };

enum class AgeBand : int32_t {
  kUnspecified = 0,
  kUnknown = 1,
  k0To5 = 2,
  k6To11 = 3,
  k12To14 = 4,
  k15To17 = 5,
  k18To24 = 6,
  k25To59 = 7,
  k60Plus = 8,
};

enum class Gender : int32_t { kUnspecified = 0, kFemale = 1, kMale = 2 };

enum class AccessibilityNeed : int32_t {
  kUnspecified = 0,
  kWheelchair = 1,
  kHearing = 2,
  kSight = 3,
  kCognitive = 4,
};

enum class Circumstance : int32_t {
  kUnspecified = 0,
  kPregnant = 1,
  kMentalHealth = 2,
  kSubstanceUse = 3,
  kNoDocuments = 4,
};

enum class ServiceStatus : int32_t {
  kUnspecified = 0,
  kPlanned = 1,
  kActive = 2,
  kInactive = 3,
  kDefunct = 4,
  kTemporarilyClosed = 5,
};

enum class Visibility : int32_t { kUnspecified = 0, kPublic = 1, kNetwork = 2, kSealed = 3 };

enum class CapacityUnit : int32_t {
  kUnspecified = 0,
  kBed = 1,
  kCot = 2,
  kFamilyRoom = 3,
  kSeat = 4,
  kPlace = 5,
  kAppointment = 6,
  kCaseload = 7,
};

enum class ReferralState : int32_t {
  kUnspecified = 0,
  kDraft = 1,
  kConsented = 2,
  kMatching = 3,
  kOffered = 4,
  kAccepted = 5,
  // Nobody is left to ask; she is on the list of a centre at least.
  kWaitlisted = 6,
  kArrived = 7,
  kInService = 8,
  kCompleted = 9,
  // Passed through within one commit on the way back to matching.
  kDeclinedByProvider = 10,
  kDeclinedBySurvivor = 11,
  kWithdrawn = 12,
  kConsentRevoked = 13,
  kNoMatch = 14,
  kNoShow = 15,
  kFailed = 16,
  kEnteredInError = 17,
};
inline constexpr int32_t kMaxReferralState = 17;

// The last three are ours: no caller ever sees them by these names.
enum class OfferState : int32_t {
  kUnspecified = 0,
  kPending = 1,
  kAccepted = 2,
  kDeclined = 3,
  kExpired = 4,
  kWithdrawn = 5,
  kSuperseded = 6,
  kWaitlisted = 7,
  // Places are being held; nobody has been asked.
  kPreparing = 101,
  // The centre said yes; its places are being confirmed. Shown as what it was: Offer::shown().
  kClaimed = 102,
  // Prepared but never made. Forgotten as soon as its places are given back.
  kDropped = 103,
};

enum class ReservationState : int32_t {
  kUnspecified = 0,
  kHeld = 1,
  kConfirmed = 2,
  kOccupied = 3,
  kReleased = 4,
  kExpired = 5,
};

enum class DeclineReason : int32_t {
  kUnspecified = 0,
  kNoCapacity = 1,
  kNotEligible = 2,
  kWrongService = 3,
  kSafety = 4,
  kStaffUnavailable = 5,
  kLanguage = 6,
  kChildrenNotAccepted = 7,
  kConflictOfInterest = 8,
  kOther = 9,
};

enum class SkipReason : int32_t {
  kUnspecified = 0,
  kConsentMissing = 1,
  kNoCapacity = 2,
  kNotEligible = 3,
  kNotFound = 4,
};

enum class ReferralEnd : int32_t {
  kUnspecified = 0,
  kDeclinedBySurvivor = 1,
  kWithdrawn = 2,
  kEnteredInError = 3,
};

enum class SurvivorReason : int32_t {
  kUnspecified = 0,
  kTooNear = 1,
  kTooFar = 2,
  kNoLongerNeeded = 3,
  kNotSafe = 4,
  kOther = 5,
};

enum class Progress : int32_t {
  kUnspecified = 0,
  kArrived = 1,
  kInService = 2,
  kCompleted = 3,
  kNoShow = 4,
  kFailed = 5,
};

enum class ExclusionReason : int32_t {
  kUnspecified = 0,
  kNotOpenYet = 1,
  kClosed = 2,
  kNoCapacity = 3,
  kGender = 4,
  kAge = 5,
  kNoChildren = 6,
  kChildAge = 7,
  kResidence = 8,
  kCircumstance = 9,
  kAccessibility = 10,
  kServiceArea = 11,
  kMediationNotRequested = 12,
  kTooFar = 13,
  kOffDuty = 14,
};
inline constexpr int32_t kMaxExclusionReason = 14;

enum class CostKind : int32_t {
  kUnspecified = 0,
  kDistance = 1,
  kScarcity = 2,
  kStaleCapacity = 3,
  kClosedNow = 4,
  kLanguageByInterpreter = 5,
  kNotVerified = 6,
};

// Lower-case words ("declined_by_provider"), alive as long as the process.
std::string_view Name(Priority priority);
std::string_view Name(ServiceStatus status);
std::string_view Name(ReferralState state);
std::string_view Name(OfferState state);
std::string_view Name(ReservationState state);
std::string_view Name(DeclineReason reason);
std::string_view Name(SkipReason reason);

}  // namespace amana::referral::domain
