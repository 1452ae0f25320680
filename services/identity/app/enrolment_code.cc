#include "services/identity/app/enrolment_code.h"

#include "common/base/error.h"
#include "common/base/hex.h"

namespace amana::identity {
namespace {

constexpr size_t kSelectorBytes = 8;

}  // namespace

EnrolmentCode EnrolmentCode::New(Random& random, amana::store::Shard shard, uint32_t shards) {
  // Drawn until it falls into the shard: once for each shard on average.
  CodeId id;
  do {
    id = NewId<CodeId>(random);
  } while (amana::store::ShardOf(id, shards) != shard);
  return EnrolmentCode(id);
}

absl::StatusOr<EnrolmentCode> EnrolmentCode::Parse(std::string_view typed) {
  std::string text;
  text.reserve(kIdTextSize);
  for (const char c : typed) {
    if (c == ' ' || c == '-') continue;
    text.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  const absl::StatusOr<CodeId> id = CodeId::Parse(text);
  if (!id.ok()) return Error(Reason::kEnrolmentCodeInvalid);
  return EnrolmentCode(*id);
}

std::string EnrolmentCode::selector() const {
  return HexEncode(id_.view().substr(0, kSelectorBytes));
}

}  // namespace amana::identity
