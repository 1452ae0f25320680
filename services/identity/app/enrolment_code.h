#pragma once

// An enrolment code: 16 random bytes, read out and typed as 26 base32 characters.
//
// The first 8 bytes are the selector: they choose the shard of the organisation (by chance of the
// draw, so they say nothing else) and name the code's row. The other 8 are known to the store by
// their Argon2id hash alone, so that whoever reads keys and rows can't enrol.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/ids.h"
#include "common/base/random.h"
#include "common/store/store.h"

namespace amana::identity {

class EnrolmentCode {
 public:
  // A new one whose row lies in `shard`.
  static EnrolmentCode New(Random& random, amana::store::Shard shard, uint32_t shards);

  // As typed: capitals, spaces and hyphens are forgiven. kEnrolmentCodeInvalid.
  static absl::StatusOr<EnrolmentCode> Parse(std::string_view typed);

  // The code itself: a secret.
  std::string text() const { return id_.ToString(); }
  // 16 hexadecimal digits.
  std::string selector() const;
  amana::store::Shard ShardOf(uint32_t shards) const { return amana::store::ShardOf(id_, shards); }

 private:
  using CodeId = Id<struct CodeTag>;
  explicit EnrolmentCode(const CodeId& id) : id_(id) {}

  CodeId id_;
};

}  // namespace amana::identity
