#pragma once

// Domain values to stored bytes and back. The store seals them; here they are only serialised.
// Decoding fails with kStoredValueUnreadable.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/ids.h"
#include "services/referral/domain/directory.h"
#include "services/referral/domain/ledger.h"
#include "services/referral/domain/referral.h"

namespace amana::referral {

std::string Encode(const domain::Referral& referral);
std::string Encode(const domain::DirectoryRecord& record);
std::string Encode(const domain::Ledger& ledger);
// For the rows that only point at a referral: an offer's, a guard's.
std::string EncodeReference(const ReferralId& id);

absl::StatusOr<domain::Referral> DecodeReferral(std::string_view bytes);
absl::StatusOr<domain::DirectoryRecord> DecodeDirectoryRecord(std::string_view bytes);
absl::StatusOr<domain::Ledger> DecodeLedger(std::string_view bytes);
absl::StatusOr<ReferralId> DecodeReference(std::string_view bytes);

}  // namespace amana::referral
