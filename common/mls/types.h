#pragma once

// What a group is made of on the wire: credentials, leaf nodes, key packages, proposals, commits.
// Above each type stands the RFC's own struct. All are values without rules of their own; who
// validates which is said in validate.h, ratchet_tree.h and proposals.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "common/mls/codec.h"
#include "common/mls/tree_math.h"

namespace amana::mls {

using ProtocolVersion = uint16_t;
inline constexpr ProtocolVersion kMls10 = 1;

// Numbers of the IANA registries (section 17). Types of extensions, proposals and credentials are
// plain numbers, because clients must carry ones that they do not know.
using CipherSuiteId = uint16_t;
using ExtensionType = uint16_t;
using ProposalType = uint16_t;
using CredentialType = uint16_t;

inline constexpr CredentialType kBasicCredential = 1;
inline constexpr CredentialType kX509Credential = 2;

inline constexpr ExtensionType kApplicationId = 1;
inline constexpr ExtensionType kRatchetTree = 2;
inline constexpr ExtensionType kRequiredCapabilities = 3;
inline constexpr ExtensionType kExternalPub = 4;
inline constexpr ExtensionType kExternalSenders = 5;
// draft-ietf-mls-extensions: this key package may be used more than once.
inline constexpr ExtensionType kLastResort = 0x000A;

// Known to everybody (section 7.2), so never listed in capabilities.
constexpr bool IsDefaultExtension(ExtensionType type) { return type >= 1 && type <= 5; }
constexpr bool IsDefaultProposal(ProposalType type) { return type >= 1 && type <= 7; }

// struct { ExtensionType extension_type; opaque extension_data<V>; } Extension;
struct Extension {
  ExtensionType type = 0;
  std::string data;
  static constexpr auto kFields = std::tuple(&Extension::type, &Extension::data);
  friend bool operator==(const Extension&, const Extension&) = default;
};
using Extensions = std::vector<Extension>;

// The data of the extension of that type; null if there is none.
const std::string* FindExtension(const Extensions& extensions, ExtensionType type);

// struct {
//     CredentialType credential_type;
//     select (Credential.credential_type) {
//         case basic: opaque identity<V>;
//         case x509:  Certificate certificates<V>;
//     };
// } Credential;
//
// Every form known so far is one vector, so unknown ones are read in the same way.
struct Credential {
  CredentialType type = kBasicCredential;
  std::string content;  // of a basic credential its identity
  static constexpr auto kFields = std::tuple(&Credential::type, &Credential::content);
  friend bool operator==(const Credential&, const Credential&) = default;
};

// struct {
//     ProtocolVersion versions<V>;
//     CipherSuite cipher_suites<V>;
//     ExtensionType extensions<V>;
//     ProposalType proposals<V>;
//     CredentialType credentials<V>;
// } Capabilities;
struct Capabilities {
  std::vector<ProtocolVersion> versions;
  std::vector<CipherSuiteId> cipher_suites;
  std::vector<ExtensionType> extensions;
  std::vector<ProposalType> proposals;
  std::vector<CredentialType> credentials;
  static constexpr auto kFields =
      std::tuple(&Capabilities::versions, &Capabilities::cipher_suites, &Capabilities::extensions,
                 &Capabilities::proposals, &Capabilities::credentials);
  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

// struct { ExtensionType extension_types<V>; ProposalType proposal_types<V>;
//          CredentialType credential_types<V>; } RequiredCapabilities;
struct RequiredCapabilities {
  std::vector<ExtensionType> extensions;
  std::vector<ProposalType> proposals;
  std::vector<CredentialType> credentials;
  static constexpr auto kFields =
      std::tuple(&RequiredCapabilities::extensions, &RequiredCapabilities::proposals,
                 &RequiredCapabilities::credentials);
};

// struct { uint64 not_before; uint64 not_after; } Lifetime;   Seconds since 1970, UTC.
struct Lifetime {
  uint64_t not_before = 0;
  uint64_t not_after = 0;
  static constexpr auto kFields = std::tuple(&Lifetime::not_before, &Lifetime::not_after);
  friend bool operator==(const Lifetime&, const Lifetime&) = default;
};

enum class LeafNodeSource : uint8_t { kKeyPackage = 1, kUpdate = 2, kCommit = 3 };

// struct {
//     HPKEPublicKey encryption_key;
//     SignaturePublicKey signature_key;
//     Credential credential;
//     Capabilities capabilities;
//     LeafNodeSource leaf_node_source;
//     select (LeafNode.leaf_node_source) {
//         case key_package: Lifetime lifetime;
//         case update:      struct{};
//         case commit:      opaque parent_hash<V>;
//     };
//     Extension extensions<V>;
//     /* SignWithLabel(., "LeafNodeTBS", LeafNodeTBS) */
//     opaque signature<V>;
// } LeafNode;
struct LeafNode {
  std::string encryption_key;
  std::string signature_key;
  Credential credential;
  Capabilities capabilities;
  LeafNodeSource source = LeafNodeSource::kKeyPackage;
  Lifetime lifetime;        // only of kKeyPackage
  std::string parent_hash;  // only of kCommit
  Extensions extensions;
  std::string signature;

  void EncodeTo(Writer& writer) const;
  void DecodeFrom(Reader& reader);
  friend bool operator==(const LeafNode&, const LeafNode&) = default;
};

// LeafNodeTBS: all but the signature, and for leaves made within a group where they stand in it.
std::string LeafNodeToBeSigned(const LeafNode& leaf, std::string_view group_id, LeafIndex index);

// struct { HPKEPublicKey encryption_key; opaque parent_hash<V>; uint32 unmerged_leaves<V>; }
// ParentNode;
struct ParentNode {
  std::string encryption_key;
  std::string parent_hash;
  std::vector<LeafIndex> unmerged_leaves;  // ascending
  static constexpr auto kFields = std::tuple(&ParentNode::encryption_key, &ParentNode::parent_hash,
                                             &ParentNode::unmerged_leaves);
  friend bool operator==(const ParentNode&, const ParentNode&) = default;
};

// struct {
//     ProtocolVersion version;
//     CipherSuite cipher_suite;
//     HPKEPublicKey init_key;
//     LeafNode leaf_node;
//     Extension extensions<V>;
//     /* SignWithLabel(., "KeyPackageTBS", KeyPackageTBS) */
//     opaque signature<V>;
// } KeyPackage;
struct KeyPackage {
  ProtocolVersion version = kMls10;
  CipherSuiteId cipher_suite = 0;
  std::string init_key;
  LeafNode leaf_node;
  Extensions extensions;
  std::string signature;
  static constexpr auto kFields =
      std::tuple(&KeyPackage::version, &KeyPackage::cipher_suite, &KeyPackage::init_key,
                 &KeyPackage::leaf_node, &KeyPackage::extensions, &KeyPackage::signature);
  friend bool operator==(const KeyPackage&, const KeyPackage&) = default;
};

// KeyPackageTBS: all but the signature.
std::string KeyPackageToBeSigned(const KeyPackage& key_package);

enum class PskType : uint8_t { kExternal = 1, kResumption = 2 };
enum class ResumptionUsage : uint8_t { kApplication = 1, kReinit = 2, kBranch = 3 };

// struct {
//     PSKType psktype;
//     select (PreSharedKeyID.psktype) {
//         case external:   opaque psk_id<V>;
//         case resumption: ResumptionPSKUsage usage; opaque psk_group_id<V>; uint64 psk_epoch;
//     };
//     opaque psk_nonce<V>;
// } PreSharedKeyID;
struct PreSharedKeyId {
  PskType type = PskType::kExternal;
  std::string psk_id;                                     // only of kExternal
  ResumptionUsage usage = ResumptionUsage::kApplication;  // this and the next two of kResumption
  std::string group_id;
  uint64_t epoch = 0;
  std::string nonce;

  void EncodeTo(Writer& writer) const;
  void DecodeFrom(Reader& reader);
  friend bool operator==(const PreSharedKeyId&, const PreSharedKeyId&) = default;
  friend auto operator<=>(const PreSharedKeyId&, const PreSharedKeyId&) = default;
};

// struct { KeyPackage key_package; } Add;
struct Add {
  KeyPackage key_package;
  static constexpr auto kFields = std::tuple(&Add::key_package);
  friend bool operator==(const Add&, const Add&) = default;
};
// struct { LeafNode leaf_node; } Update;
struct Update {
  LeafNode leaf_node;
  static constexpr auto kFields = std::tuple(&Update::leaf_node);
  friend bool operator==(const Update&, const Update&) = default;
};
// struct { uint32 removed; } Remove;
struct Remove {
  LeafIndex removed;
  static constexpr auto kFields = std::tuple(&Remove::removed);
  friend bool operator==(const Remove&, const Remove&) = default;
};
// struct { PreSharedKeyID psk; } PreSharedKey;
struct PreSharedKey {
  PreSharedKeyId psk;
  static constexpr auto kFields = std::tuple(&PreSharedKey::psk);
  friend bool operator==(const PreSharedKey&, const PreSharedKey&) = default;
};
// struct { opaque group_id<V>; ProtocolVersion version; CipherSuite cipher_suite;
//          Extension extensions<V>; } ReInit;
struct ReInit {
  std::string group_id;
  ProtocolVersion version = kMls10;
  CipherSuiteId cipher_suite = 0;
  Extensions extensions;
  static constexpr auto kFields =
      std::tuple(&ReInit::group_id, &ReInit::version, &ReInit::cipher_suite, &ReInit::extensions);
  friend bool operator==(const ReInit&, const ReInit&) = default;
};
// struct { opaque kem_output<V>; } ExternalInit;
struct ExternalInit {
  std::string kem_output;
  static constexpr auto kFields = std::tuple(&ExternalInit::kem_output);
  friend bool operator==(const ExternalInit&, const ExternalInit&) = default;
};
// struct { Extension extensions<V>; } GroupContextExtensions;
struct GroupContextExtensions {
  Extensions extensions;
  static constexpr auto kFields = std::tuple(&GroupContextExtensions::extensions);
  friend bool operator==(const GroupContextExtensions&, const GroupContextExtensions&) = default;
};

// struct {
//     ProposalType proposal_type;
//     select (Proposal.proposal_type) { case add: Add; … };
// } Proposal;
//
// The order of the alternatives is that of the registry, from 1. A proposal of another type has no
// length that could be skipped, so it can't be read: kProposalUnknown.
struct Proposal {
  std::variant<Add, Update, Remove, PreSharedKey, ReInit, ExternalInit, GroupContextExtensions>
      content;

  ProposalType type() const { return static_cast<ProposalType>(content.index() + 1); }
  template <class T>
  const T* As() const {
    return std::get_if<T>(&content);
  }
  // Whether a commit of it must bring new keys along (section 12.4).
  bool NeedsPath() const;

  void EncodeTo(Writer& writer) const;
  void DecodeFrom(Reader& reader);
  friend bool operator==(const Proposal&, const Proposal&) = default;
};

// opaque HashReference<V>; HashReference ProposalRef;   The hash of an AuthenticatedContent.
struct ProposalRef {
  std::string hash;
  static constexpr auto kFields = std::tuple(&ProposalRef::hash);
  friend auto operator<=>(const ProposalRef&, const ProposalRef&) = default;
};

// struct {
//     ProposalOrRefType type;
//     select (ProposalOrRef.type) {
//         case proposal:  Proposal proposal;
//         case reference: ProposalRef reference;
//     };
// } ProposalOrRef;
struct ProposalOrRef {
  std::variant<Proposal, ProposalRef> content;
  void EncodeTo(Writer& writer) const;
  void DecodeFrom(Reader& reader);
  friend bool operator==(const ProposalOrRef&, const ProposalOrRef&) = default;
};

// struct { opaque kem_output<V>; opaque ciphertext<V>; } HPKECiphertext;
struct HpkeCiphertext {
  std::string kem_output;
  std::string ciphertext;
  static constexpr auto kFields =
      std::tuple(&HpkeCiphertext::kem_output, &HpkeCiphertext::ciphertext);
  friend bool operator==(const HpkeCiphertext&, const HpkeCiphertext&) = default;
};

// struct { HPKEPublicKey encryption_key; HPKECiphertext encrypted_path_secret<V>; } UpdatePathNode;
struct UpdatePathNode {
  std::string encryption_key;
  std::vector<HpkeCiphertext> encrypted_path_secret;
  static constexpr auto kFields =
      std::tuple(&UpdatePathNode::encryption_key, &UpdatePathNode::encrypted_path_secret);
  friend bool operator==(const UpdatePathNode&, const UpdatePathNode&) = default;
};

// struct { LeafNode leaf_node; UpdatePathNode nodes<V>; } UpdatePath;
struct UpdatePath {
  LeafNode leaf_node;
  std::vector<UpdatePathNode> nodes;
  static constexpr auto kFields = std::tuple(&UpdatePath::leaf_node, &UpdatePath::nodes);
  friend bool operator==(const UpdatePath&, const UpdatePath&) = default;
};

// struct { ProposalOrRef proposals<V>; optional<UpdatePath> path; } Commit;
struct Commit {
  std::vector<ProposalOrRef> proposals;
  std::optional<UpdatePath> path;
  static constexpr auto kFields = std::tuple(&Commit::proposals, &Commit::path);
  friend bool operator==(const Commit&, const Commit&) = default;
};

// struct { SignaturePublicKey signature_key; Credential credential; } ExternalSender;
struct ExternalSender {
  std::string signature_key;
  Credential credential;
  static constexpr auto kFields =
      std::tuple(&ExternalSender::signature_key, &ExternalSender::credential);
};

// The data of the extensions that are vectors or structs themselves.
//
// ExternalSender external_senders<V>;
using ExternalSenders = std::vector<ExternalSender>;
// struct { HPKEPublicKey external_pub; } ExternalPub;
struct ExternalPub {
  std::string external_pub;
  static constexpr auto kFields = std::tuple(&ExternalPub::external_pub);
};

}  // namespace amana::mls
