#include "common/obs/name.h"

#include <algorithm>
#include <set>
#include <string>

#include "common/base/check.h"
#include "common/base/mutex.h"

namespace amana::obs {
namespace {

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '/' || c == '-';
}

}  // namespace

Name Name::Register(std::string_view word) {
  static Mutex& mutex = *new Mutex;
  static auto& words = *new std::set<std::string, std::less<>>;
  AMANA_CHECK(!word.empty() && word.size() <= kMaxNameSize, "a name has a word of bounded size");
  AMANA_CHECK(std::all_of(word.begin(), word.end(), IsNameCharacter),
              "a name has letters, digits and ._/- only");
  MutexLock lock(mutex);
  auto it = words.find(word);
  if (it == words.end()) {
    AMANA_CHECK(words.size() < kMaxNames, "names are registered at start, not out of requests");
    it = words.emplace(word).first;
  }
  return Name(Interned{}, *it);
}

}  // namespace amana::obs
