#pragma once

// Where randomness comes from. Production uses crypto::SystemRandom; a test gives its own, and gets
// the same ids again.

#include <cstddef>

#include "common/base/ids.h"

namespace amana {

// Thread-safe, unless an implementation says otherwise.
class Random {
 public:
  virtual ~Random() = default;

  // Fills out[0, n) with random bytes. Can't fail: without randomness a process must not go on.
  virtual void Fill(char* out, size_t n) = 0;
};

// A new id of type `I`, never the zero id.
template <class I>
I NewId(Random& random) {
  char bytes[kIdSize];
  I id;
  do {
    random.Fill(bytes, sizeof(bytes));
    id = *I::FromBytes({bytes, sizeof(bytes)});
  } while (id.is_zero());
  return id;
}

}  // namespace amana
