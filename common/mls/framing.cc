#include "common/mls/framing.h"

#include <variant>

#include "common/base/check.h"
#include "common/base/secret.h"

namespace amana::mls {
namespace {

constexpr std::string_view kSignLabel = "FramedContentTBS";

// What everything around the content of a message takes at most, but for its ids and data.
constexpr size_t kOverhead = 256;

// How much room the content of a message is given from the start. Documents are copied once then;
// proposals and commits may let it grow.
size_t SizeHint(const FramedContent& content) {
  const auto* const data = std::get_if<WipedString>(&content.content);
  return content.group_id.size() + content.authenticated_data.size() + kOverhead +
         (data != nullptr ? data->text.size() : 512);
}

bool SignsContext(const Sender& sender) {
  return sender.type == SenderType::kMember || sender.type == SenderType::kNewMemberCommit;
}

// AuthenticatedContentTBM of section 6.2: what was signed, and the auth data.
std::string ContentToBeMaced(const FramedContent& content, const FramedContentAuthData& auth,
                             std::string_view context) {
  Writer writer;
  writer.Raw(FramedContentToBeSigned(WireFormat::kPublicMessage, content, context));
  auth.EncodeTo(writer, content.type());
  return std::move(writer).Take();
}

// Section 6.1.
bool MaySend(const FramedContent& content) {
  switch (content.sender.type) {
    case SenderType::kMember:
      return true;
    case SenderType::kExternal:
      return content.type() == ContentType::kProposal;
    case SenderType::kNewMemberCommit:
      return content.type() == ContentType::kCommit;
    case SenderType::kNewMemberProposal: {
      const auto* const proposal = std::get_if<Proposal>(&content.content);
      return proposal != nullptr && proposal->As<Add>() != nullptr;
    }
  }
  return false;
}

// PrivateContentAAD of section 6.3.1, and the beginning of it that is SenderDataAAD of 6.3.2.
class AssociatedData {
 public:
  explicit AssociatedData(const PrivateMessage& message) {
    Writer writer;
    writer.Reserve(message.group_id.size() + message.authenticated_data.size() + 32);
    writer.Opaque(message.group_id);
    writer.U64(message.epoch);
    EncodeInto(writer, message.content_type);
    sender_data_size_ = writer.size();
    writer.Opaque(message.authenticated_data);
    bytes_ = std::move(writer).Take();
  }

  std::string_view content() const { return bytes_; }
  std::string_view sender_data() const { return content().substr(0, sender_data_size_); }

 private:
  std::string bytes_;
  size_t sender_data_size_;
};

MessageKey SenderDataKey(const Suite& suite, std::string_view sender_data_secret,
                         std::string_view ciphertext) {
  const std::string_view sample = ciphertext.substr(0, kHashSize);
  return {ExpandWithLabel(sender_data_secret, "key", sample, suite.aead->key_size),
          ExpandWithLabel(sender_data_secret, "nonce", sample, suite.aead->nonce_size)};
}

// The nonce of the key schedule with the guard in its first four bytes (section 6.3.1).
SecretBytes GuardedNonce(const SecretBytes& nonce, uint32_t reuse_guard) {
  AMANA_CHECK(nonce.size() >= sizeof(reuse_guard), "a nonce that is shorter than its guard");
  SecretBytes guarded = nonce.Clone();
  for (size_t i = 0; i < sizeof(reuse_guard); ++i) {
    char& byte = guarded.ExposeMutable()[i];
    byte = static_cast<char>(byte ^ static_cast<char>(reuse_guard >> (24 - 8 * i)));
  }
  return guarded;
}

uint32_t NewReuseGuard(Random& random) {
  char bytes[sizeof(uint32_t)];
  random.Fill(bytes, sizeof(bytes));
  return Reader(std::string_view(bytes, sizeof(bytes))).U32();
}

// PrivateMessageContent of section 6.3.1.
WipedString PaddedContent(const AuthenticatedContent& content, size_t padding) {
  Writer writer;
  writer.Reserve(SizeHint(content.content) + padding);
  EncodeContent(writer, content.content);
  content.auth.EncodeTo(writer, content.content.type());
  writer.Zeros(padding);
  return std::move(writer).Take();
}

}  // namespace

std::string FramedContentToBeSigned(WireFormat wire_format, const FramedContent& content,
                                    std::string_view context) {
  Writer writer;
  writer.Reserve(SizeHint(content) + context.size());
  writer.U16(kMls10);
  EncodeInto(writer, wire_format);
  EncodeInto(writer, content);
  if (SignsContext(content.sender)) writer.Raw(context);
  return std::move(writer).Take();
}

AuthenticatedContent SignContent(const crypto::SigningKey& key, WireFormat wire_format,
                                 FramedContent content, std::string_view context) {
  AuthenticatedContent signed_content{wire_format, std::move(content), {}};
  signed_content.auth.signature = SignWithLabel(
      key, kSignLabel, FramedContentToBeSigned(wire_format, signed_content.content, context));
  return signed_content;
}

const LeafNode* Unverified::joining_leaf() const {
  const auto* const commit = std::get_if<Commit>(&content_.content.content);
  if (sender().type != SenderType::kNewMemberCommit || commit == nullptr) return nullptr;
  return commit->path.has_value() ? &commit->path->leaf_node : nullptr;
}

const KeyPackage* Unverified::proposed_self() const {
  const auto* const proposal = std::get_if<Proposal>(&content_.content.content);
  if (sender().type != SenderType::kNewMemberProposal || proposal == nullptr) return nullptr;
  const Add* const add = proposal->As<Add>();
  return add != nullptr ? &add->key_package : nullptr;
}

absl::StatusOr<VerifiedContent> VerifiedContent::Verify(Unverified content,
                                                        std::string_view signature_key,
                                                        std::string_view context) {
  AuthenticatedContent& signed_content = content.content_;
  std::string to_be_signed =
      FramedContentToBeSigned(signed_content.wire_format, signed_content.content, context);
  if (!VerifyWithLabel(signature_key, kSignLabel, std::move(to_be_signed),
                       signed_content.auth.signature)) {
    return Refuse(Fault::kMessageSignature);
  }
  return VerifiedContent(std::move(signed_content));
}

PublicMessage ProtectPublic(AuthenticatedContent content, std::string_view membership_key,
                            std::string_view context) {
  AMANA_CHECK(content.wire_format == WireFormat::kPublicMessage, "content of another wire format");
  AMANA_CHECK(content.content.type() != ContentType::kApplication, "application data in clear");
  PublicMessage message{std::move(content.content), std::move(content.auth), ""};
  if (message.content.sender.type == SenderType::kMember) {
    message.membership_tag =
        Mac(membership_key, ContentToBeMaced(message.content, message.auth, context));
  }
  return message;
}

absl::StatusOr<Unverified> UnprotectPublic(PublicMessage message, std::string_view membership_key,
                                           std::string_view context) {
  if (message.content.type() == ContentType::kApplication) {
    return Refuse(Fault::kApplicationInClear);
  }
  if (!MaySend(message.content)) return Refuse(Fault::kSenderKindNotAllowed);
  if (message.content.sender.type == SenderType::kMember &&
      !VerifyMac(membership_key, ContentToBeMaced(message.content, message.auth, context),
                 message.membership_tag)) {
    return Refuse(Fault::kMembershipTag);
  }
  return Unverified(
      {WireFormat::kPublicMessage, std::move(message.content), std::move(message.auth)});
}

absl::StatusOr<PrivateMessage> ProtectPrivate(const Suite& suite,
                                              const AuthenticatedContent& content,
                                              std::string_view sender_data_secret,
                                              absl::FunctionRef<absl::StatusOr<SentKey>()> next_key,
                                              size_t padding, Random& random) {
  AMANA_CHECK(content.wire_format == WireFormat::kPrivateMessage, "content of another wire format");
  const FramedContent& framed = content.content;
  if (framed.sender.type != SenderType::kMember) return Refuse(Fault::kSenderKindNotAllowed);
  const WipedString plaintext = PaddedContent(content, padding);
  if (plaintext.text.size() + framed.group_id.size() + framed.authenticated_data.size() +
          kOverhead >
      kMaxMessageSize) {
    return Refuse(Fault::kMessageTooLarge);
  }

  AMANA_ASSIGN_OR_RETURN(const SentKey key, next_key());
  PrivateMessage message{framed.group_id,           framed.epoch, framed.type(),
                         framed.authenticated_data, "",           ""};
  const AssociatedData associated(message);
  const SenderData sender{framed.sender.leaf(), key.generation, NewReuseGuard(random)};
  message.ciphertext = suite.aead->seal(key.key.key.Expose(),
                                        GuardedNonce(key.key.nonce, sender.reuse_guard).Expose(),
                                        associated.content(), plaintext.text);
  const MessageKey sender_key = SenderDataKey(suite, sender_data_secret, message.ciphertext);
  message.encrypted_sender_data = suite.aead->seal(
      sender_key.key.Expose(), sender_key.nonce.Expose(), associated.sender_data(), Encode(sender));
  return message;
}

absl::StatusOr<SenderData> OpenSenderData(const Suite& suite, const PrivateMessage& message,
                                          std::string_view sender_data_secret) {
  const MessageKey key = SenderDataKey(suite, sender_data_secret, message.ciphertext);
  const auto plaintext =
      suite.aead->open(key.key.Expose(), key.nonce.Expose(), AssociatedData(message).sender_data(),
                       message.encrypted_sender_data);
  if (!plaintext.ok()) return Refuse(Fault::kSenderData);
  auto sender = Decode<SenderData>(*plaintext);
  if (!sender.ok()) return Refuse(Fault::kSenderData);
  return sender;
}

absl::StatusOr<Unverified> OpenContent(const Suite& suite, const PrivateMessage& message,
                                       const SenderData& sender, const MessageKey& key) {
  auto unsealed =
      suite.aead->open(key.key.Expose(), GuardedNonce(key.nonce, sender.reuse_guard).Expose(),
                       AssociatedData(message).content(), message.ciphertext);
  if (!unsealed.ok()) return Refuse(Fault::kContent);
  const WipedString plaintext(*std::move(unsealed));

  AuthenticatedContent opened;
  opened.wire_format = WireFormat::kPrivateMessage;
  opened.content.group_id = message.group_id;
  opened.content.epoch = message.epoch;
  opened.content.sender = Sender::Member(sender.leaf);
  opened.content.authenticated_data = message.authenticated_data;
  Reader reader(plaintext.text);
  DecodeContent(reader, message.content_type, opened.content);
  opened.auth.DecodeFrom(reader, message.content_type);
  if (!reader.ok()) return Refuse(reader.fault());
  if (reader.rest().find_first_not_of('\0') != std::string_view::npos) {
    return Refuse(Fault::kPaddingNotZero);
  }
  return Unverified(std::move(opened));
}

}  // namespace amana::mls
