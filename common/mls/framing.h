#pragma once

// Signing, sealing, opening and verifying messages (RFC 9420, section 6). Content that was opened
// is Unverified and gives away no more than whose key to verify it with; only Verify() makes a
// VerifiedContent of it, and only that reaches the rules of the group. Each signature is verified
// once. `context` is always the encoded GroupContext of the message's epoch.
//
// Pure functions but for randomness, which callers bring; thread-safe.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "common/base/random.h"
#include "common/crypto/sign.h"
#include "common/mls/messages.h"
#include "common/mls/secret_tree.h"
#include "common/mls/suite.h"

namespace amana::mls {

// FramedContentTBS of section 6.1.
std::string FramedContentToBeSigned(WireFormat wire_format, const FramedContent& content,
                                    std::string_view context);

// Signs. Of a commit the confirmation tag is still missing: it depends on the signature.
AuthenticatedContent SignContent(const crypto::SigningKey& key, WireFormat wire_format,
                                 FramedContent content, std::string_view context);

class Unverified {
 public:
  explicit Unverified(AuthenticatedContent content) : content_(std::move(content)) {}

  const Sender& sender() const { return content_.content.sender; }
  ContentType type() const { return content_.content.type(); }
  // The leaf that a newcomer's commit brings along, whose key it is signed with; null otherwise.
  const LeafNode* joining_leaf() const;
  // The key package that a newcomer proposes itself with; null otherwise.
  const KeyPackage* proposed_self() const;

 private:
  friend class VerifiedContent;
  AuthenticatedContent content_;
};

// What its sender signed. Only Verify() makes one.
class VerifiedContent {
 public:
  // kMessageSignature.
  static absl::StatusOr<VerifiedContent> Verify(Unverified content, std::string_view signature_key,
                                                std::string_view context);

  const AuthenticatedContent& get() const { return content_; }
  AuthenticatedContent Take() && { return std::move(content_); }

 private:
  explicit VerifiedContent(AuthenticatedContent content) : content_(std::move(content)) {}
  AuthenticatedContent content_;
};

// Section 6.2. The membership key is used for members only. Application data is never sent so.
PublicMessage ProtectPublic(AuthenticatedContent content, std::string_view membership_key,
                            std::string_view context);
// kApplicationInClear; kSenderKindNotAllowed (section 6.1: outsiders propose, newcomers propose to
// add or commit); kMembershipTag.
absl::StatusOr<Unverified> UnprotectPublic(PublicMessage message, std::string_view membership_key,
                                           std::string_view context);

// Section 6.3. `padding` zero bytes follow the content. `next_key` takes a key from the ratchet: it
// is asked last, so that what is refused has spent none. kSenderKindNotAllowed unless the content
// is of a member; kMessageTooLarge; what `next_key` refuses.
absl::StatusOr<PrivateMessage> ProtectPrivate(const Suite& suite,
                                              const AuthenticatedContent& content,
                                              std::string_view sender_data_secret,
                                              absl::FunctionRef<absl::StatusOr<SentKey>()> next_key,
                                              size_t padding, Random& random);

// struct { uint32 leaf_index; uint32 generation; opaque reuse_guard[4]; } SenderData;
struct SenderData {
  LeafIndex leaf;
  uint32_t generation = 0;
  uint32_t reuse_guard = 0;
  static constexpr auto kFields =
      std::tuple(&SenderData::leaf, &SenderData::generation, &SenderData::reuse_guard);
};

// Section 6.3.2. kSenderData.
absl::StatusOr<SenderData> OpenSenderData(const Suite& suite, const PrivateMessage& message,
                                          std::string_view sender_data_secret);

// Section 6.3.1. kContent, kPaddingNotZero, and what decoding can refuse. Takes nothing from a
// secret tree: the caller finds the key before and consumes it after. That the leaf is a member,
// the caller sees when it looks for the key to verify with.
absl::StatusOr<Unverified> OpenContent(const Suite& suite, const PrivateMessage& message,
                                       const SenderData& sender, const MessageKey& key);

}  // namespace amana::mls
