#pragma once

// The coded words of intake. Numbers are those of amana.common.v1 and amana.intake.v1, so that a
// word crosses the edge as a number and is checked by IsKnown().

#include <cstdint>
#include <string_view>

namespace amana::intake::domain {

enum class NeedCode : int32_t { kUnspecified = 0, kLast = 20 };
enum class AccessibilityNeed : int32_t { kUnspecified = 0, kLast = 4 };
enum class Circumstance : int32_t { kUnspecified = 0, kLast = 4 };
enum class IntakeChannel : int32_t { kUnspecified = 0, kHotline, kSelf, kCentre, kAuthority };

// Lower is sooner.
enum class Priority : int32_t { kUnspecified = 0, kP0, kP1, kP2, kP3 };

enum class AgeBand : int32_t {
  kUnspecified = 0,
  kUnknown,
  k0To5,
  k6To11,
  k12To14,
  k15To17,
  k18To24,
  k25To59,
  k60Plus,
};

// A dependant's may stay unspecified: nobody asks for a baby's.
enum class Gender : int32_t { kUnspecified = 0, kFemale, kMale };

// Whether a number from outside is one of the words, kUnspecified not counted.
constexpr bool IsKnown(NeedCode w) { return w > NeedCode::kUnspecified && w <= NeedCode::kLast; }
constexpr bool IsKnown(AccessibilityNeed w) {
  return w > AccessibilityNeed::kUnspecified && w <= AccessibilityNeed::kLast;
}
constexpr bool IsKnown(Circumstance w) {
  return w > Circumstance::kUnspecified && w <= Circumstance::kLast;
}
constexpr bool IsKnown(IntakeChannel w) {
  return w > IntakeChannel::kUnspecified && w <= IntakeChannel::kAuthority;
}
constexpr bool IsKnown(Priority w) { return w >= Priority::kP0 && w <= Priority::kP3; }
constexpr bool IsKnown(AgeBand w) { return w > AgeBand::kUnspecified && w <= AgeBand::k60Plus; }
constexpr bool IsKnown(Gender w) { return w >= Gender::kFemale && w <= Gender::kMale; }

// A language as BCP 47 writes it, in the short form that a form offers: two or three letters, then
// perhaps a region or script of two to four letters ("ar", "zgh", "fr-MA").
bool IsLanguage(std::string_view tag);

}  // namespace amana::intake::domain
