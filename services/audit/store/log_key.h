#pragma once
// The log's signing key, from a file readable by its owner alone: the key's name on the first line
// (the log's origin, "demo.amana/log"), 64 hexadecimal digits of the Ed25519 seed on the second.

#include <string>

#include "absl/status/statusor.h"
#include "common/merkle/note_key.h"

namespace amana::audit {

// kFileUnreadable or kConfigurationInvalid.
absl::StatusOr<merkle::NoteSigner> ReadLogKey(const std::string& path);

}  // namespace amana::audit
