#include "common/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace amana::internal {

void CheckFailed(const char* sentence, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: a fault in the program: %s\n", file, line, sentence);
  std::abort();
}

}  // namespace amana::internal
