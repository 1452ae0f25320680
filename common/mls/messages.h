#pragma once

// What travels: framed content as PublicMessage or PrivateMessage, and what newcomers are sent.
// Above each type stands the RFC's own struct. Plain values; framing.h signs, seals and verifies
// them.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/secret.h"
#include "common/mls/codec.h"
#include "common/mls/types.h"

namespace amana::mls {

enum class WireFormat : uint16_t {
  kPublicMessage = 1,
  kPrivateMessage = 2,
  kWelcome = 3,
  kGroupInfo = 4,
  kKeyPackage = 5
};
enum class ContentType : uint8_t { kApplication = 1, kProposal = 2, kCommit = 3 };
enum class SenderType : uint8_t {
  kMember = 1,
  kExternal = 2,
  kNewMemberProposal = 3,
  kNewMemberCommit = 4
};

// struct {
//     SenderType sender_type;
//     select (Sender.sender_type) {
//         case member:              uint32 leaf_index;
//         case external:            uint32 sender_index;
//         case new_member_commit:
//         case new_member_proposal: struct{};
//     };
// } Sender;
struct Sender {
  SenderType type = SenderType::kMember;
  uint32_t index = 0;  // of the leaf, or in the external_senders extension

  static Sender Member(LeafIndex leaf) { return {SenderType::kMember, leaf.value}; }
  LeafIndex leaf() const { return {index}; }  // only of kMember

  void EncodeTo(Writer& writer) const;
  void DecodeFrom(Reader& reader);
  friend bool operator==(const Sender&, const Sender&) = default;
};

// struct {
//     opaque group_id<V>;
//     uint64 epoch;
//     Sender sender;
//     opaque authenticated_data<V>;
//     ContentType content_type;
//     select (FramedContent.content_type) {
//         case application: opaque application_data<V>;
//         case proposal:    Proposal proposal;
//         case commit:      Commit commit;
//     };
// } FramedContent;
struct FramedContent {
  std::string group_id;
  uint64_t epoch = 0;
  Sender sender;
  std::string authenticated_data;
  // In the order of ContentType. Application data is wiped, all but what its receiver is given.
  std::variant<WipedString, Proposal, Commit> content;

  ContentType type() const { return static_cast<ContentType>(content.index() + 1); }
  void EncodeTo(Writer& writer) const;
  void DecodeFrom(Reader& reader);
  friend bool operator==(const FramedContent&, const FramedContent&) = default;
};

// The content alone, as FramedContent and PrivateMessageContent carry it.
void EncodeContent(Writer& writer, const FramedContent& content);
void DecodeContent(Reader& reader, ContentType type, FramedContent& content);

// struct {
//     /* SignWithLabel(., "FramedContentTBS", FramedContentTBS) */
//     opaque signature<V>;
//     select (FramedContent.content_type) { case commit: MAC confirmation_tag; … };
// } FramedContentAuthData;
struct FramedContentAuthData {
  std::string signature;
  std::string confirmation_tag;  // only of commits

  void EncodeTo(Writer& writer, ContentType type) const;
  void DecodeFrom(Reader& reader, ContentType type);
  friend bool operator==(const FramedContentAuthData&, const FramedContentAuthData&) = default;
};

// struct { WireFormat wire_format; FramedContent content; FramedContentAuthData auth; }
// AuthenticatedContent;
struct AuthenticatedContent {
  WireFormat wire_format = WireFormat::kPublicMessage;
  FramedContent content;
  FramedContentAuthData auth;

  void EncodeTo(Writer& writer) const;
  void DecodeFrom(Reader& reader);
  friend bool operator==(const AuthenticatedContent&, const AuthenticatedContent&) = default;
};

// struct {
//     FramedContent content;
//     FramedContentAuthData auth;
//     select (PublicMessage.content.sender.sender_type) { case member: MAC membership_tag; … };
// } PublicMessage;
struct PublicMessage {
  FramedContent content;
  FramedContentAuthData auth;
  std::string membership_tag;  // only of members

  void EncodeTo(Writer& writer) const;
  void DecodeFrom(Reader& reader);
  friend bool operator==(const PublicMessage&, const PublicMessage&) = default;
};

// struct {
//     opaque group_id<V>;
//     uint64 epoch;
//     ContentType content_type;
//     opaque authenticated_data<V>;
//     opaque encrypted_sender_data<V>;
//     opaque ciphertext<V>;
// } PrivateMessage;
struct PrivateMessage {
  std::string group_id;
  uint64_t epoch = 0;
  ContentType content_type = ContentType::kApplication;
  std::string authenticated_data;
  std::string encrypted_sender_data;
  std::string ciphertext;

  void EncodeTo(Writer& writer) const;
  void DecodeFrom(Reader& reader);
  friend bool operator==(const PrivateMessage&, const PrivateMessage&) = default;
};

// struct {
//     ProtocolVersion version = mls10;
//     CipherSuite cipher_suite;
//     opaque group_id<V>;
//     uint64 epoch;
//     opaque tree_hash<V>;
//     opaque confirmed_transcript_hash<V>;
//     Extension extensions<V>;
// } GroupContext;
struct GroupContext {
  ProtocolVersion version = kMls10;
  CipherSuiteId cipher_suite = 0;
  std::string group_id;
  uint64_t epoch = 0;
  std::string tree_hash;
  std::string confirmed_transcript_hash;
  Extensions extensions;
  static constexpr auto kFields =
      std::tuple(&GroupContext::version, &GroupContext::cipher_suite, &GroupContext::group_id,
                 &GroupContext::epoch, &GroupContext::tree_hash,
                 &GroupContext::confirmed_transcript_hash, &GroupContext::extensions);
  friend bool operator==(const GroupContext&, const GroupContext&) = default;
};

// struct {
//     GroupContext group_context;
//     Extension extensions<V>;
//     MAC confirmation_tag;
//     uint32 signer;
//     /* SignWithLabel(., "GroupInfoTBS", GroupInfoTBS) */
//     opaque signature<V>;
// } GroupInfo;
struct GroupInfo {
  GroupContext group_context;
  Extensions extensions;
  std::string confirmation_tag;
  LeafIndex signer;
  std::string signature;
  static constexpr auto kFields =
      std::tuple(&GroupInfo::group_context, &GroupInfo::extensions, &GroupInfo::confirmation_tag,
                 &GroupInfo::signer, &GroupInfo::signature);
  friend bool operator==(const GroupInfo&, const GroupInfo&) = default;
};

// GroupInfoTBS: all but the signature.
std::string GroupInfoToBeSigned(const GroupInfo& info);

// struct { opaque path_secret<V>; } PathSecret;
struct PathSecret {
  SecretBytes secret;
  static constexpr auto kFields = std::tuple(&PathSecret::secret);
};

// struct {
//     opaque joiner_secret<V>;
//     optional<PathSecret> path_secret;
//     PreSharedKeyID psks<V>;
// } GroupSecrets;
struct GroupSecrets {
  SecretBytes joiner_secret;
  std::optional<PathSecret> path_secret;
  std::vector<PreSharedKeyId> psks;
  static constexpr auto kFields =
      std::tuple(&GroupSecrets::joiner_secret, &GroupSecrets::path_secret, &GroupSecrets::psks);
};

// struct { KeyPackageRef new_member; HPKECiphertext encrypted_group_secrets; }
// EncryptedGroupSecrets;
struct EncryptedGroupSecrets {
  std::string new_member;
  HpkeCiphertext encrypted_group_secrets;
  static constexpr auto kFields = std::tuple(&EncryptedGroupSecrets::new_member,
                                             &EncryptedGroupSecrets::encrypted_group_secrets);
  friend bool operator==(const EncryptedGroupSecrets&, const EncryptedGroupSecrets&) = default;
};

// struct {
//     CipherSuite cipher_suite;
//     EncryptedGroupSecrets secrets<V>;
//     opaque encrypted_group_info<V>;
// } Welcome;
struct Welcome {
  CipherSuiteId cipher_suite = 0;
  std::vector<EncryptedGroupSecrets> secrets;
  std::string encrypted_group_info;
  static constexpr auto kFields =
      std::tuple(&Welcome::cipher_suite, &Welcome::secrets, &Welcome::encrypted_group_info);
  friend bool operator==(const Welcome&, const Welcome&) = default;
};

// struct {
//     ProtocolVersion version = mls10;
//     WireFormat wire_format;
//     select (MLSMessage.wire_format) { case mls_public_message: PublicMessage public_message; … };
// } MLSMessage;
struct MlsMessage {
  // In the order of WireFormat.
  std::variant<PublicMessage, PrivateMessage, Welcome, GroupInfo, KeyPackage> content;

  WireFormat wire_format() const { return static_cast<WireFormat>(content.index() + 1); }
  void EncodeTo(Writer& writer) const;
  void DecodeFrom(Reader& reader);
  friend bool operator==(const MlsMessage&, const MlsMessage&) = default;
};

// Before it is sent: kMessageTooLarge if nobody would read it.
absl::StatusOr<std::string> EncodeToSend(const MlsMessage& message);

}  // namespace amana::mls
