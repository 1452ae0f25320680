#include "services/identity/app/page_token.h"

#include <cmath>
#include <cstring>

#include "common/base/base32.h"
#include "common/base/error.h"

namespace amana::identity {
namespace {

constexpr size_t kTokenBytes = sizeof(double) + sizeof(uint32_t);

}  // namespace

std::string MakePageToken(const PagePosition& position) {
  std::string bytes(kTokenBytes, '\0');
  std::memcpy(bytes.data(), &position.score, sizeof(double));
  std::memcpy(bytes.data() + sizeof(double), &position.skip, sizeof(uint32_t));
  return Base32Encode(bytes);
}

absl::StatusOr<PagePosition> ParsePageToken(std::string_view token) {
  PagePosition position;
  if (token.empty()) return position;
  const absl::StatusOr<std::string> bytes = Base32Decode(token);
  if (!bytes.ok() || bytes->size() != kTokenBytes) return Error(Reason::kPageTokenInvalid);
  std::memcpy(&position.score, bytes->data(), sizeof(double));
  std::memcpy(&position.skip, bytes->data() + sizeof(double), sizeof(uint32_t));
  if (!std::isfinite(position.score) || position.skip > kMaxSkip) {
    return Error(Reason::kPageTokenInvalid);
  }
  return position;
}

}  // namespace amana::identity
