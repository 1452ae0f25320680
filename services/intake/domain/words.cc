#include "services/intake/domain/words.h"

#include <algorithm>
#include <cstddef>

namespace amana::intake::domain {
namespace {

constexpr bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool IsLetter(char c) { return IsLower(c) || (c >= 'A' && c <= 'Z'); }

}  // namespace

bool IsLanguage(std::string_view tag) {
  const size_t dash = tag.find('-');
  const std::string_view language = tag.substr(0, dash);
  if (language.size() < 2 || language.size() > 3) return false;
  if (!std::all_of(language.begin(), language.end(), IsLower)) return false;
  if (dash == std::string_view::npos) return true;
  const std::string_view rest = tag.substr(dash + 1);
  return rest.size() >= 2 && rest.size() <= 4 && std::all_of(rest.begin(), rest.end(), IsLetter);
}

}  // namespace amana::intake::domain
