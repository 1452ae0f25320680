#pragma once

// What is left in memory by those who free it. A program that is linked with test_freed_memory.cc
// keeps, while it is told to, a copy of each block of the heap as it was when it was freed, and of
// each secret as it was when it was wiped, whoever's it is. Then it looks for the one in the other.
//
// Secrets are whatever was in a Secret or SecretBytes of 16 to 32 bytes, and signing keys: all keys
// and what they are made from. Larger ones are rows, which hold such and public things. Only blocks
// of operator new are seen; neither the stack nor what C libraries free by themselves.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace amana::mls {

// One at a time. Not thread-safe.
class FreedMemory {
 public:
  // Begins to keep.
  FreedMemory();
  FreedMemory(const FreedMemory&) = delete;
  FreedMemory& operator=(const FreedMemory&) = delete;
  // Keeps no more.
  ~FreedMemory();

  // A secret that is in no SecretBytes, such as what applications send.
  static void AddSecret(std::string_view bytes);

  // Where 16 bytes of a secret, from a multiple of 16 on or the last ones, stood in a freed block:
  // a line each, with what was around it. Keeps no more.
  static std::vector<std::string> Leaks();

  // What was kept, so that one sees that there was something to look at.
  static size_t blocks();
  static size_t secrets();
};

}  // namespace amana::mls
