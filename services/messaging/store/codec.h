#pragma once

// Domain values as bytes for the store (state.proto). Times keep microseconds, so `now` is cut to
// those before a decision (app/context.h).

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/messaging/domain/attachment.h"
#include "services/messaging/domain/handoff.h"
#include "services/messaging/domain/mailbox.h"

namespace amana::messaging {

std::string Encode(const domain::Handoff& value);
std::string Encode(const domain::Attachment& value);
std::string Encode(const domain::Usage& value);
std::string Encode(const domain::Mailbox& value);

// kStoredValueUnreadable for bytes that Encode() did not make.
template <class T>
absl::StatusOr<T> Decode(std::string_view bytes);

template <>
absl::StatusOr<domain::Handoff> Decode(std::string_view bytes);
template <>
absl::StatusOr<domain::Attachment> Decode(std::string_view bytes);
template <>
absl::StatusOr<domain::Usage> Decode(std::string_view bytes);
template <>
absl::StatusOr<domain::Mailbox> Decode(std::string_view bytes);

}  // namespace amana::messaging
