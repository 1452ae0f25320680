#include "common/base/secret.h"

#include <string.h>  // explicit_bzero is glibc's, not the standard's

namespace amana {

void WipeMemory(void* data, size_t size) noexcept {
  if (size > 0) explicit_bzero(data, size);
}

void WipeString(std::string& text) noexcept {
  text.resize(text.capacity());  // into the room that there is: nothing moves
  WipeMemory(text.data(), text.size());
  text.clear();
}

void GrowString(std::string& text, size_t capacity) {
  if (capacity <= text.capacity()) return;
  std::string larger;
  larger.reserve(capacity);
  larger.append(text);
  WipeString(text);
  text.swap(larger);
}

}  // namespace amana
