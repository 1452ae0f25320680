#include "common/client/handoff.h"

#include <utility>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/crypto/aead.h"
#include "common/crypto/constant_time.h"
#include "common/crypto/hash.h"
#include "common/crypto/random.h"

namespace amana::client {
namespace {

using messaging::v1::Package;
using messaging::v1::Recipient;

constexpr std::string_view kInfo = "amana handoff v1";
constexpr std::string_view kSignaturePrefix = "amana handoff v1\n";
constexpr std::string_view kKeyCommitment = "amana handoff key v1";
constexpr size_t kMaxCiphertext = size_t{256} * 1024;
constexpr size_t kLengthBytes = 4;

std::string U32(size_t number) {
  std::string bytes(kLengthBytes, '\0');
  for (size_t i = 0; i < kLengthBytes; ++i) {
    bytes[i] = static_cast<char>(number >> (8 * (kLengthBytes - 1 - i)));
  }
  return bytes;
}

size_t FromU32(std::string_view bytes) {
  size_t number = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return number;
}

void Append(std::string& to, std::string_view part) {
  to += U32(part.size());
  to += part;
}

std::string InfoFor(const HandoffHeader& header, const DeviceId& device) {
  std::string info;
  Append(info, kInfo);
  Append(info, header.handoff.view());
  Append(info, header.case_id.view());
  Append(info, device.view());
  return info;
}

std::string AssociatedData(const HandoffHeader& header) {
  std::string data;
  Append(data, header.handoff.view());
  Append(data, header.case_id.view());
  Append(data, header.sender_organisation.view());
  Append(data, header.recipient_organisation.view());
  return data;
}

std::string EntryDigest(const Recipient& entry) {
  std::string bytes;
  Append(bytes, entry.device_id());
  Append(bytes, entry.encapsulated_key());
  Append(bytes, entry.sealed_key());
  return crypto::Sha256(bytes);
}

std::string Transcript(const HandoffHeader& header, const Package& package) {
  std::string text(kSignaturePrefix);
  Append(text, header.network);
  Append(text, header.handoff.view());
  Append(text, header.case_id.view());
  Append(text, header.referral_id);
  Append(text, header.sender_organisation.view());
  Append(text, header.sender_device.view());
  Append(text, header.recipient_organisation.view());
  text += U32(static_cast<size_t>(package.attachment_ids_size()));
  for (const std::string& id : package.attachment_ids()) Append(text, id);
  Append(text, crypto::Sha256(package.ciphertext()));
  return text;
}

size_t PaddedSize(size_t size) {
  const size_t bucket = size > 4096 ? 1024 : 256;
  return (size + bucket - 1) / bucket * bucket;
}

std::string Pad(std::string_view content) {
  std::string padded;
  padded.reserve(PaddedSize(content.size() + kLengthBytes));
  Append(padded, content);
  padded.resize(PaddedSize(padded.size()), '\0');
  return padded;
}

absl::StatusOr<std::string> Unpad(std::string_view padded) {
  if (padded.size() < kLengthBytes || FromU32(padded) > padded.size() - kLengthBytes) {
    return Error(Reason::kDecryptionFailed);
  }
  return std::string(padded.substr(kLengthBytes, FromU32(padded)));
}

absl::StatusOr<Recipient> SealKeyFor(const HandoffHeader& header, const TrustedRecipient& recipient,
                                     const SecretBytes& key) {
  AMANA_ASSIGN_OR_RETURN(
      const crypto::Sealed sealed,
      crypto::SealBase(recipient.key, InfoFor(header, recipient.device), "", key.Expose()));
  Recipient entry;
  entry.set_device_id(recipient.device.bytes());
  entry.set_encapsulated_key(sealed.enc);
  entry.set_sealed_key(sealed.ciphertext);
  return entry;
}

const Recipient* EntryOf(const Package& package, const DeviceId& device) {
  for (const Recipient& entry : package.recipients()) {
    if (entry.device_id() == device.view()) return &entry;
  }
  return nullptr;
}

// The entry does not say which of this device's keys it was sealed for; there are few.
absl::StatusOr<SecretBytes> OpenKey(const HandoffHeader& header, const Recipient& entry,
                                    const DeviceId& self,
                                    const std::vector<crypto::HpkePrivateKey>& keys) {
  const crypto::Sealed sealed{entry.encapsulated_key(), entry.sealed_key()};
  for (const crypto::HpkePrivateKey& key : keys) {
    auto opened = crypto::OpenBase(key, sealed, InfoFor(header, self), "");
    if (opened.ok() && opened->size() == crypto::kAeadKeySize) {
      return SecretBytes::Take(*std::move(opened));
    }
  }
  return Error(Reason::kDecryptionFailed);
}

absl::StatusOr<v1::HandoffContent> OpenContent(const HandoffHeader& header, const Package& package,
                                               const SecretBytes& key) {
  const std::string_view ciphertext = package.ciphertext();
  const std::string commitment = crypto::HmacSha256(key.Expose(), kKeyCommitment);
  if (ciphertext.size() < commitment.size() ||
      !crypto::ConstantTimeEqual(ciphertext.substr(0, commitment.size()), commitment)) {
    return Error(Reason::kDecryptionFailed);
  }
  AMANA_ASSIGN_OR_RETURN(const std::string padded,
                         crypto::OpenWithNonce(key.Expose(), AssociatedData(header),
                                               ciphertext.substr(commitment.size())));
  AMANA_ASSIGN_OR_RETURN(const std::string bytes, Unpad(padded));
  v1::HandoffContent content;
  if (!content.ParseFromString(bytes)) return Error(Reason::kDecryptionFailed);
  return content;
}

bool IsBound(const v1::HandoffContent& content, const Recipient& entry) {
  for (const v1::RecipientBinding& binding : content.recipients()) {
    if (binding.device_id() == entry.device_id()) {
      return binding.entry_digest() == EntryDigest(entry);
    }
  }
  return false;
}

}  // namespace

HandoffId NewHandoffId(const CaseId& case_id) {
  const HandoffId random = NewId<HandoffId>(crypto::SystemRandom::Instance());
  return *HandoffId::FromBytes(case_id.bytes().substr(0, 2) + random.bytes().substr(2));
}

absl::StatusOr<Package> SealHandoff(const HandoffHeader& header, v1::HandoffContent content,
                                    const std::vector<TrustedRecipient>& recipients,
                                    const crypto::SigningKey& sender) {
  if (recipients.empty()) return Error(Reason::kRecipientKeyMissing);
  const SecretBytes key = SecretBytes::Take(crypto::RandomBytes(crypto::kAeadKeySize));
  Package package;
  content.clear_recipients();
  for (const TrustedRecipient& recipient : recipients) {
    AMANA_ASSIGN_OR_RETURN(const Recipient entry, SealKeyFor(header, recipient, key));
    v1::RecipientBinding& binding = *content.add_recipients();
    binding.set_device_id(entry.device_id());
    binding.set_entry_digest(EntryDigest(entry));
    *package.add_recipients() = entry;
  }
  for (const v1::Attachment& attachment : content.attachments()) {
    package.add_attachment_ids(attachment.attachment_id());
  }
  package.set_ciphertext(crypto::HmacSha256(key.Expose(), kKeyCommitment) +
                         crypto::SealWithNonce(key.Expose(), AssociatedData(header),
                                               Pad(content.SerializeAsString())));
  if (package.ciphertext().size() > kMaxCiphertext) {
    return Error(Reason::kInvalidField, {.field = "story"});
  }
  package.set_sender_device_id(header.sender_device.bytes());
  package.set_sender_organisation_id(header.sender_organisation.bytes());
  package.set_signature(sender.Sign(Transcript(header, package)));
  return package;
}

absl::StatusOr<OpenedHandoff> OpenHandoff(const HandoffHeader& header, const Package& package,
                                          const TrustedOrganisation& sender, const DeviceId& self,
                                          const std::vector<crypto::HpkePrivateKey>& keys) {
  const TrustedDevice* device = sender.Find(header.sender_device);
  if (device == nullptr || sender.id() != header.sender_organisation ||
      sender.network() != header.network) {
    return Error(Reason::kTrustChainBroken);
  }
  if (!device->signing_key.Verify(Transcript(header, package), package.signature())) {
    return Error(Reason::kSignatureInvalid);
  }
  const Recipient* entry = EntryOf(package, self);
  if (entry == nullptr) return Error(Reason::kDecryptionFailed);
  AMANA_ASSIGN_OR_RETURN(const SecretBytes key, OpenKey(header, *entry, self, keys));
  OpenedHandoff opened;
  AMANA_ASSIGN_OR_RETURN(opened.content, OpenContent(header, package, key));
  if (!IsBound(opened.content, *entry)) return Error(Reason::kDecryptionFailed);
  opened.sender_revoked = device->revoked;
  return opened;
}

}  // namespace amana::client
