#include "common/base/secret.h"

#include <string.h>  // explicit_bzero is glibc's, not the standard's

namespace amana {

void WipeMemory(void* data, size_t size) noexcept {
  if (size > 0) explicit_bzero(data, size);
}

void WipeString(std::string& text) noexcept {
  WipeMemory(text.data(), text.size());
  text.clear();
}

}  // namespace amana
