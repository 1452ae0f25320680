#include "services/audit/store/log_key.h"

#include <string>
#include <string_view>
#include <utility>

#include "common/base/error.h"
#include "common/base/files.h"
#include "common/base/hex.h"
#include "common/base/secret.h"
#include "common/base/status_macros.h"
#include "common/crypto/sign.h"

namespace amana::audit {

absl::StatusOr<merkle::NoteSigner> ReadLogKey(const std::string& path) {
  AMANA_ASSIGN_OR_RETURN(const SecretBytes file, ReadPrivateFile(path, 1024));
  std::string_view text = file.Expose();
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return Error(Reason::kConfigurationInvalid);
  const std::string name(text.substr(0, end));
  text.remove_prefix(end + 1);
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  absl::StatusOr<std::string> seed = HexDecode(text);
  if (!seed.ok()) return Error(Reason::kConfigurationInvalid);
  const SecretBytes secret = SecretBytes::Take(*std::move(seed));
  absl::StatusOr<crypto::SigningKey> key = crypto::SigningKey::FromSeed(secret.Expose());
  if (!key.ok()) return Error(Reason::kConfigurationInvalid);
  return merkle::NoteSigner::Create(name, merkle::NoteKeyType::kEd25519, *std::move(key));
}

}  // namespace amana::audit
