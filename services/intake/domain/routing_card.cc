#include "services/intake/domain/routing_card.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::intake::domain {
namespace {

absl::Status Invalid(std::string field) {
  return Error(Reason::kInvalidField, {.field = "card." + std::move(field)});
}

std::string At(std::string_view field, size_t index) {
  return std::string(field) + "[" + std::to_string(index) + "]";
}

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "RR.PPP"
bool IsProvinceCode(std::string_view code) {
  if (code.size() != 6 || code[2] != '.') return false;
  return std::all_of(code.begin(), code.end(), [](char c) { return IsDigit(c) || c == '.'; }) &&
         std::count(code.begin(), code.end(), '.') == 1;
}

// The sources code communes in more than one way ("COM_0123", "511.01.03.").
bool IsCommuneCode(std::string_view code) {
  return code.size() <= kMaxCommuneCode && std::all_of(code.begin(), code.end(), [](char c) {
           return IsDigit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '_';
         });
}

// Known words, none of them twice, at most `limit`.
template <class Word>
absl::Status CheckWords(const std::vector<Word>& words, std::string_view field, size_t limit,
                        Reason unknown) {
  if (words.size() > limit) return Invalid(std::string(field));
  for (size_t i = 0; i < words.size(); ++i) {
    if (!IsKnown(words[i])) return Error(unknown, {.field = "card." + At(field, i)});
    if (std::count(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(i), words[i]) != 0) {
      return Invalid(At(field, i));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckDependants(const std::vector<Dependant>& dependants) {
  if (dependants.size() > kMaxDependants) return Invalid("dependants");
  for (size_t i = 0; i < dependants.size(); ++i) {
    const Dependant& one = dependants[i];
    if (!IsKnown(one.age_band)) return Invalid(At("dependants", i) + ".age_band");
    if (one.gender != Gender::kUnspecified && !IsKnown(one.gender)) {
      return Invalid(At("dependants", i) + ".gender");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckLanguages(const std::vector<std::string>& languages) {
  if (languages.size() > kMaxLanguages) return Invalid("languages");
  for (size_t i = 0; i < languages.size(); ++i) {
    const auto here = languages.begin() + static_cast<std::ptrdiff_t>(i);
    if (!IsLanguage(*here) || std::find(languages.begin(), here, *here) != here) {
      return Invalid(At("languages", i));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckCard(const RoutingCard& card) {
  if (card.needs.empty()) return Invalid("needs");
  AMANA_RETURN_IF_ERROR(CheckWords(card.needs, "needs", kMaxNeeds, Reason::kNeedCodeUnknown));
  if (!IsKnown(card.priority)) return Invalid("priority");
  if (!IsProvinceCode(card.province_code)) return Invalid("province_code");
  if (!IsCommuneCode(card.commune_code)) return Invalid("commune_code");
  if (!IsKnown(card.age_band)) return Invalid("age_band");
  AMANA_RETURN_IF_ERROR(CheckDependants(card.dependants));
  AMANA_RETURN_IF_ERROR(CheckLanguages(card.languages));
  AMANA_RETURN_IF_ERROR(
      CheckWords(card.accessibility, "accessibility", kMaxFlags, Reason::kInvalidField));
  return CheckWords(card.circumstances, "circumstances", kMaxFlags, Reason::kInvalidField);
}

}  // namespace amana::intake::domain
