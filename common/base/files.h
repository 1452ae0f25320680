#pragma once

// Small files read and written whole: keys, certificates, configuration.
// Errors: kFileUnreadable (the operating system's word for it stays out: it would name the path).

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/secret.h"

namespace amana {

// The whole file, if it is a regular file of at most `max_bytes`.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes);

// A regular file that nobody but its owner has any right to, or one of another owner that only our
// own group may read (a secret mounted into a pod).
bool IsPrivateFile(const std::string& path);
// The same as ReadFile for a secret: kFileUnreadable unless IsPrivateFile.
absl::StatusOr<SecretBytes> ReadPrivateFile(const std::string& path, size_t max_bytes);

// Writes the file as a whole or not at all, mode 0600: to a new file beside it, fsync, rename,
// fsync of the folder. A file that stood there before is replaced.
absl::Status WritePrivateFile(const std::string& path, std::string_view data);

}  // namespace amana
