#include "common/mls/framing.h"

#include <gtest/gtest.h>

#include "common/crypto/random.h"
#include "common/mls/test_vectors.h"

namespace amana::mls {
namespace {

using crypto::ForEachDamaged;
using crypto::SigningKey;
using crypto::SystemRandom;

RatchetKind KindOf(ContentType type) {
  return type == ContentType::kApplication ? RatchetKind::kApplication : RatchetKind::kHandshake;
}

// --- The official vectors ---------------------------------------------------------------------

// A group of two, in which the second one sends.
class MessageProtectionVectors : public VectorTest {
 protected:
  static constexpr LeafIndex kSender{1};

  std::string context() const {
    return Encode(GroupContext{.cipher_suite = suite().id,
                               .group_id = hex("group_id"),
                               .epoch = json()["epoch"].get<uint64_t>(),
                               .tree_hash = hex("tree_hash"),
                               .confirmed_transcript_hash = hex("confirmed_transcript_hash"),
                               .extensions = {}});
  }

  SecretTree Tree() const {
    return {suite(), LeafCount{2}, SecretBytes::CopyOf(hex("encryption_secret"))};
  }

  FramedContent ContentOf(const decltype(FramedContent::content)& content) const {
    return {hex("group_id"), json()["epoch"].get<uint64_t>(), Sender::Member(kSender), "", content};
  }

  AuthenticatedContent Sign(WireFormat format, const FramedContent& content) const {
    AuthenticatedContent authenticated =
        SignContent(*SigningKey::FromSeed(hex("signature_priv")), format, content, context());
    if (content.type() == ContentType::kCommit) {
      authenticated.auth.confirmation_tag = std::string(kHashSize, 't');
    }
    return authenticated;
  }

  void ExpectVerified(absl::StatusOr<Unverified> content, const FramedContent& expected) {
    ASSERT_TRUE(content.ok()) << content.status();
    const auto verified =
        VerifiedContent::Verify(*std::move(content), hex("signature_pub"), context());
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(verified->get().content, expected);
  }

  absl::StatusOr<Unverified> UnprotectPrivate(SecretTree& tree, const PrivateMessage& message) {
    const auto sender = OpenSenderData(suite(), message, hex("sender_data_secret"));
    if (!sender.ok()) return sender.status();
    EXPECT_EQ(sender->leaf, kSender);
    auto key = tree.Find(sender->leaf, KindOf(message.content_type), sender->generation);
    if (!key.ok()) return key.status();
    auto content = OpenContent(suite(), message, *sender, key->key);
    if (content.ok()) tree.Consume(*std::move(key));
    return content;
  }

  void RunPublic(const FramedContent& content, std::string_view given) {
    const auto message = Decode<MlsMessage>(hex(given));
    ASSERT_TRUE(message.ok()) << message.status();
    ExpectVerified(UnprotectPublic(std::get<PublicMessage>(message->content), hex("membership_key"),
                                   context()),
                   content);
    const PublicMessage ours =
        ProtectPublic(Sign(WireFormat::kPublicMessage, content), hex("membership_key"), context());
    ExpectVerified(
        UnprotectPublic(*Decode<PublicMessage>(Encode(ours)), hex("membership_key"), context()),
        content);
  }

  void RunPrivate(const FramedContent& content, std::string_view given) {
    const auto message = Decode<MlsMessage>(hex(given));
    ASSERT_TRUE(message.ok()) << message.status();
    SecretTree tree = Tree();
    ExpectVerified(UnprotectPrivate(tree, std::get<PrivateMessage>(message->content)), content);

    SecretTree sender = Tree();
    SecretTree receiver = Tree();
    for (const size_t padding : {0, 1, 300}) {
      const auto ours = ProtectPrivate(
          suite(), Sign(WireFormat::kPrivateMessage, content), hex("sender_data_secret"),
          [&] { return sender.Next(kSender, KindOf(content.type())); }, padding,
          SystemRandom::Instance());
      ASSERT_TRUE(ours.ok()) << ours.status();
      ExpectVerified(UnprotectPrivate(receiver, *Decode<PrivateMessage>(Encode(*ours))), content);
    }
  }
};
INSTANTIATE_TEST_SUITE_P(, MessageProtectionVectors, CasesOf("message-protection.json", {1, 3}),
                         NameOfCase);

TEST_P(MessageProtectionVectors, ProtectProposals) {
  const FramedContent content = ContentOf(*Decode<Proposal>(hex("proposal")));
  RunPublic(content, "proposal_pub");
  RunPrivate(content, "proposal_priv");
}

TEST_P(MessageProtectionVectors, ProtectCommits) {
  const FramedContent content = ContentOf(*Decode<Commit>(hex("commit")));
  RunPublic(content, "commit_pub");
  RunPrivate(content, "commit_priv");
}

TEST_P(MessageProtectionVectors, ProtectApplicationData) {
  RunPrivate(ContentOf(hex("application")), "application_priv");
}

// --- One rule at a time -----------------------------------------------------------------------

constexpr std::string_view kContext = "an encoded group context";
constexpr LeafIndex kLeaf{2};

class Framing : public testing::Test {
 protected:
  FramedContent Application(std::string data = "data") const {
    return {"group", 7, Sender::Member(kLeaf), "authenticated", std::move(data)};
  }
  FramedContent OfProposal(Sender sender = Sender::Member(kLeaf)) const {
    return {"group", 7, sender, "authenticated", Proposal{Remove{{3}}}};
  }

  AuthenticatedContent Sign(WireFormat format, FramedContent content) const {
    return SignContent(key_, format, std::move(content), kContext);
  }
  PublicMessage Public(FramedContent content) const {
    return ProtectPublic(Sign(WireFormat::kPublicMessage, std::move(content)), kMembershipKey,
                         kContext);
  }
  PrivateMessage Private(FramedContent content, size_t padding = 0) {
    return *ProtectPrivate(kSuite3, Sign(WireFormat::kPrivateMessage, std::move(content)),
                           kSenderDataSecret, NextKey, padding, random_);
  }
  // As a receiver does it, with the key that the sender used.
  absl::StatusOr<Unverified> Open(const PrivateMessage& message) const {
    const auto sender = OpenSenderData(kSuite3, message, kSenderDataSecret);
    if (!sender.ok()) return sender.status();
    return OpenContent(kSuite3, message, *sender, MessageKeyNow());
  }
  Fault VerifyFault(absl::StatusOr<Unverified> content, std::string_view context = kContext) const {
    if (!content.ok()) return FaultIn(content);
    return FaultIn(
        VerifiedContent::Verify(*std::move(content), key_.verifying_key().bytes(), context));
  }

  static MessageKey MessageKeyNow() {
    MessageKey key;
    key.key = SecretBytes::CopyOf(kKey);
    key.nonce = SecretBytes::CopyOf(kNonce);
    return key;
  }

  static absl::StatusOr<SentKey> NextKey() { return SentKey{4, MessageKeyNow()}; }

  // The same as ProtectPrivate() by hand, for content that it would not write.
  PrivateMessage SealByHand(ContentType type, std::string_view plaintext,
                            std::string_view sender_data = FromHex("0000000200000004a1b2c3d4")) {
    PrivateMessage message{"group", 7, type, "authenticated", "", ""};
    Writer associated;
    associated.Opaque("group");
    associated.U64(7);
    associated.U8(static_cast<uint8_t>(type));
    const std::string sender_associated = Writer(associated).Take();
    associated.Opaque("authenticated");
    std::string nonce(kNonce);
    const std::string guard = FromHex("a1b2c3d4");
    for (size_t i = 0; i < guard.size(); ++i) nonce[i] = static_cast<char>(nonce[i] ^ guard[i]);
    message.ciphertext = crypto::SealIetf(kKey, nonce, std::move(associated).Take(), plaintext);
    SealSenderData(message, sender_associated, sender_data);
    return message;
  }
  static void SealSenderData(PrivateMessage& message, std::string_view associated,
                             std::string_view sender_data) {
    const std::string sample = message.ciphertext.substr(0, 32);
    message.encrypted_sender_data = crypto::SealIetf(
        ExpandWithLabel(kSenderDataSecret, "key", sample, 32).Expose(),
        ExpandWithLabel(kSenderDataSecret, "nonce", sample, 12).Expose(), associated, sender_data);
  }

  static constexpr std::string_view kMembershipKey = "the membership key";
  static constexpr std::string_view kSenderDataSecret = "the sender data secret";
  static constexpr std::string_view kKey = "a key of thirty-two bytes ......";
  static constexpr std::string_view kNonce = "twelve bytes";

  SigningKey key_ = SigningKey::Generate(SystemRandom::Instance());
  crypto::FixedRandom random_{FromHex("a1b2c3d4")};
};

TEST_F(Framing, PublicMessagesGoThere) {
  const PublicMessage message = Public(OfProposal());
  const auto content = UnprotectPublic(message, kMembershipKey, kContext);
  ASSERT_TRUE(content.ok()) << content.status();
  EXPECT_EQ(content->sender(), Sender::Member(kLeaf));
  EXPECT_EQ(content->type(), ContentType::kProposal);
  const auto verified = VerifiedContent::Verify(*content, key_.verifying_key().bytes(), kContext);
  ASSERT_TRUE(verified.ok());
  EXPECT_EQ(verified->get(),
            (AuthenticatedContent{WireFormat::kPublicMessage, OfProposal(), message.auth}));
}

TEST_F(Framing, PrivateMessagesGoThere) {
  const AuthenticatedContent sent = Sign(WireFormat::kPrivateMessage, Application());
  const PrivateMessage message = Private(Application());
  EXPECT_EQ(message.group_id, "group");
  EXPECT_EQ(message.epoch, 7u);
  EXPECT_EQ(message.authenticated_data, "authenticated");
  const auto content = Open(message);
  ASSERT_TRUE(content.ok()) << content.status();
  const auto verified = VerifiedContent::Verify(*content, key_.verifying_key().bytes(), kContext);
  ASSERT_TRUE(verified.ok());
  EXPECT_EQ(verified->get(), sent);
}

// What is sent is what section 6.3 says, byte by byte, the reuse guard included.
TEST_F(Framing, PrivateMessagesAreWhatTheRfcSays) {
  const AuthenticatedContent content = Sign(WireFormat::kPrivateMessage, Application());
  Writer plaintext;
  plaintext.Opaque("data");
  plaintext.Opaque(content.auth.signature);
  plaintext.Raw(std::string(5, '\0'));
  EXPECT_EQ(Private(Application(), 5),
            SealByHand(ContentType::kApplication, std::move(plaintext).Take()));
}

TEST_F(Framing, SignsTheContextOfMembersAndOfThoseWhoCommitThemselvesIn) {
  const std::string with = FramedContentToBeSigned(WireFormat::kPublicMessage,
                                                   OfProposal(Sender::Member(kLeaf)), kContext);
  EXPECT_EQ(with, FromHex("00010001") + Encode(OfProposal()) + std::string(kContext));
  const auto signs = [&](SenderType type) {
    return FramedContentToBeSigned(WireFormat::kPublicMessage, OfProposal({type}), kContext)
        .ends_with(kContext);
  };
  EXPECT_TRUE(signs(SenderType::kMember));
  EXPECT_TRUE(signs(SenderType::kNewMemberCommit));
  EXPECT_FALSE(signs(SenderType::kExternal));
  EXPECT_FALSE(signs(SenderType::kNewMemberProposal));
}

TEST_F(Framing, RefusesSignaturesThatAreNotValid) {
  const auto fault = [&](const PublicMessage& message, std::string_view context) {
    return VerifyFault(UnprotectPublic(message, kMembershipKey, kContext), context);
  };
  EXPECT_EQ(fault(Public(OfProposal()), kContext), Fault::kNone);
  EXPECT_EQ(fault(Public(OfProposal()), "another context"), Fault::kMessageSignature);

  AuthenticatedContent content = Sign(WireFormat::kPublicMessage, OfProposal());
  ForEachDamaged(content.auth.signature, [&](const std::string& signature) {
    AuthenticatedContent damaged = content;
    damaged.auth.signature = signature;
    EXPECT_EQ(fault(ProtectPublic(damaged, kMembershipKey, kContext), kContext),
              Fault::kMessageSignature);
  });
  for (const size_t size : {0, 63}) {
    AuthenticatedContent cut = content;
    cut.auth.signature.resize(size);
    EXPECT_EQ(fault(ProtectPublic(cut, kMembershipKey, kContext), kContext),
              Fault::kMessageSignature);
  }
  // Signed for the other wire format.
  AuthenticatedContent moved = Sign(WireFormat::kPrivateMessage, OfProposal());
  moved.wire_format = WireFormat::kPublicMessage;
  EXPECT_EQ(fault(ProtectPublic(moved, kMembershipKey, kContext), kContext),
            Fault::kMessageSignature);
}

TEST_F(Framing, RefusesKeysThatAreNotTheSigners) {
  const Unverified content = *UnprotectPublic(Public(OfProposal()), kMembershipKey, kContext);
  const SigningKey other = SigningKey::Generate(SystemRandom::Instance());
  for (const std::string& key :
       {other.verifying_key().bytes(), std::string(32, '\0'), std::string("short")}) {
    EXPECT_EQ(FaultIn(VerifiedContent::Verify(content, key, kContext)), Fault::kMessageSignature);
  }
}

TEST_F(Framing, RefusesMembershipTagsThatAreNotValid) {
  const PublicMessage message = Public(OfProposal());
  const auto fault = [&](const PublicMessage& damaged, std::string_view context = kContext) {
    return FaultIn(UnprotectPublic(damaged, kMembershipKey, context));
  };
  const auto with_tag = [&](std::string tag) {
    PublicMessage damaged = message;
    damaged.membership_tag = std::move(tag);
    return damaged;
  };
  EXPECT_EQ(fault(message), Fault::kNone);
  ForEachDamaged(message.membership_tag, [&](const std::string& tag) {
    EXPECT_EQ(fault(with_tag(tag)), Fault::kMembershipTag);
  });
  for (size_t size = 0; size < message.membership_tag.size(); ++size) {
    EXPECT_EQ(fault(with_tag(message.membership_tag.substr(0, size))), Fault::kMembershipTag);
  }
  EXPECT_EQ(fault(with_tag(message.membership_tag + '\0')), Fault::kMembershipTag);
  EXPECT_EQ(fault(message, "another context"), Fault::kMembershipTag);
  EXPECT_EQ(FaultIn(UnprotectPublic(message, "another key", kContext)), Fault::kMembershipTag);

  PublicMessage damaged = message;
  damaged.auth.signature[0] ^= 1;
  EXPECT_EQ(fault(damaged), Fault::kMembershipTag);
  damaged = message;
  damaged.content.epoch = 8;
  EXPECT_EQ(fault(damaged), Fault::kMembershipTag);
}

// The tag covers the confirmation tag, which the signature does not.
TEST_F(Framing, MembershipTagsCoverConfirmationTags) {
  FramedContent content = OfProposal();
  content.content = Commit{};
  AuthenticatedContent commit = Sign(WireFormat::kPublicMessage, content);
  commit.auth.confirmation_tag = std::string(32, 't');
  PublicMessage message = ProtectPublic(commit, kMembershipKey, kContext);
  EXPECT_TRUE(UnprotectPublic(message, kMembershipKey, kContext).ok());
  message.auth.confirmation_tag[31] ^= 1;
  EXPECT_EQ(FaultIn(UnprotectPublic(message, kMembershipKey, kContext)), Fault::kMembershipTag);
}

TEST_F(Framing, RefusesApplicationDataInClear) {
  const AuthenticatedContent content = Sign(WireFormat::kPublicMessage, Application());
  const std::string tbm =
      FramedContentToBeSigned(WireFormat::kPublicMessage, content.content, kContext) +
      Encode(content.auth.signature);
  const PublicMessage message{content.content, content.auth, Mac(kMembershipKey, tbm)};
  EXPECT_EQ(FaultIn(UnprotectPublic(message, kMembershipKey, kContext)),
            Fault::kApplicationInClear);
}

TEST_F(Framing, RefusesWhatASenderOfThatKindMayNotSend) {
  const std::vector<SenderType> kinds = {SenderType::kMember, SenderType::kExternal,
                                         SenderType::kNewMemberProposal,
                                         SenderType::kNewMemberCommit};
  const auto may = [&](const decltype(FramedContent::content)& content) {
    std::vector<bool> allowed;
    for (const SenderType kind : kinds) {
      const Fault fault = FaultIn(
          UnprotectPublic(Public({"group", 7, {kind, 0}, "", content}), kMembershipKey, kContext));
      EXPECT_TRUE(fault == Fault::kNone || fault == Fault::kSenderKindNotAllowed);
      allowed.push_back(fault == Fault::kNone);
    }
    return allowed;
  };
  EXPECT_EQ(may(Proposal{Add{}}), (std::vector<bool>{true, true, true, false}));
  EXPECT_EQ(may(Proposal{Remove{}}), (std::vector<bool>{true, true, false, false}));
  EXPECT_EQ(may(Commit{}), (std::vector<bool>{true, false, false, true}));
}

TEST_F(Framing, ShowsWhoseKeyVerifiesANewcomer) {
  KeyPackage newcomer;
  newcomer.init_key = "the newcomer's";
  const auto unverified = [](Sender sender, decltype(FramedContent::content) content) {
    return Unverified(AuthenticatedContent{
        WireFormat::kPublicMessage, {"group", 7, sender, "", std::move(content)}, {}});
  };
  const Sender proposer{SenderType::kNewMemberProposal};
  const Sender committer{SenderType::kNewMemberCommit};
  const Unverified add = unverified(proposer, Proposal{Add{newcomer}});
  ASSERT_NE(add.proposed_self(), nullptr);
  EXPECT_EQ(*add.proposed_self(), newcomer);
  EXPECT_EQ(add.joining_leaf(), nullptr);
  EXPECT_EQ(unverified(Sender::Member(kLeaf), Proposal{Add{newcomer}}).proposed_self(), nullptr);
  EXPECT_EQ(unverified(proposer, Proposal{Remove{}}).proposed_self(), nullptr);

  Commit commit;
  EXPECT_EQ(unverified(committer, commit).joining_leaf(), nullptr);
  commit.path.emplace().leaf_node.signature_key = "the newcomer's";
  const Unverified joining = unverified(committer, commit);
  ASSERT_NE(joining.joining_leaf(), nullptr);
  EXPECT_EQ(*joining.joining_leaf(), commit.path->leaf_node);
  EXPECT_EQ(joining.proposed_self(), nullptr);
  EXPECT_EQ(unverified(Sender::Member(kLeaf), commit).joining_leaf(), nullptr);
}

TEST_F(Framing, NewcomersHaveNoMembershipTag) {
  const PublicMessage message = Public(OfProposal({SenderType::kExternal, 0}));
  EXPECT_EQ(message.membership_tag, "");
  const auto content =
      UnprotectPublic(*Decode<PublicMessage>(Encode(message)), "no key", "another context");
  EXPECT_EQ(VerifyFault(content, "another context"), Fault::kNone);
}

TEST_F(Framing, OnlyMembersSendPrivateMessages) {
  for (const SenderType kind :
       {SenderType::kExternal, SenderType::kNewMemberProposal, SenderType::kNewMemberCommit}) {
    FramedContent content = OfProposal({kind, 2});
    EXPECT_EQ(FaultIn(ProtectPrivate(kSuite3, Sign(WireFormat::kPrivateMessage, content),
                                     kSenderDataSecret, NextKey, 0, random_)),
              Fault::kSenderKindNotAllowed);
  }
}

TEST_F(Framing, SendsNothingThatNobodyWouldRead) {
  const auto protect = [&](size_t size, size_t padding) {
    return ProtectPrivate(kSuite3,
                          Sign(WireFormat::kPrivateMessage, Application(std::string(size, 'x'))),
                          kSenderDataSecret, NextKey, padding, random_);
  };
  const auto largest = protect(kMaxMessageSize - 1000, 500);
  ASSERT_TRUE(largest.ok());
  EXPECT_TRUE(Decode<MlsMessage>(Encode(MlsMessage{*largest})).ok());
  EXPECT_EQ(FaultIn(protect(kMaxMessageSize, 0)), Fault::kMessageTooLarge);
  EXPECT_EQ(FaultIn(protect(kMaxMessageSize - 1000, 1000)), Fault::kMessageTooLarge);
}

TEST_F(Framing, RefusesSenderDataThatDoesNotOpen) {
  const PrivateMessage message = Private(Application());
  const auto fault = [](const PrivateMessage& damaged) {
    return FaultIn(OpenSenderData(kSuite3, damaged, kSenderDataSecret));
  };
  ASSERT_EQ(fault(message), Fault::kNone);
  EXPECT_EQ(FaultIn(OpenSenderData(kSuite3, message, "another secret")), Fault::kSenderData);
  ForEachDamaged(message.encrypted_sender_data, [&](const std::string& bytes) {
    PrivateMessage damaged = message;
    damaged.encrypted_sender_data = bytes;
    EXPECT_EQ(fault(damaged), Fault::kSenderData);
  });
  PrivateMessage damaged = message;
  damaged.encrypted_sender_data.clear();
  EXPECT_EQ(fault(damaged), Fault::kSenderData);
  damaged = message;
  damaged.group_id += "x";
  EXPECT_EQ(fault(damaged), Fault::kSenderData);
  damaged = message;
  damaged.epoch = 8;
  EXPECT_EQ(fault(damaged), Fault::kSenderData);
  damaged = message;
  damaged.content_type = ContentType::kCommit;
  EXPECT_EQ(fault(damaged), Fault::kSenderData);
  // The sample is of the first 32 bytes.
  damaged = message;
  damaged.ciphertext[31] ^= 1;
  EXPECT_EQ(fault(damaged), Fault::kSenderData);
  damaged = message;
  damaged.ciphertext[32] ^= 1;
  damaged.authenticated_data += "x";
  EXPECT_EQ(fault(damaged), Fault::kNone);
}

TEST_F(Framing, SamplesAllOfAShortCiphertext) {
  PrivateMessage message{"group", 7, ContentType::kApplication, "", "", "twenty bytes of text"};
  SealSenderData(message, FromHex("0567726f7570000000000000000701"),
                 FromHex("000000020000000400000000"));
  EXPECT_TRUE(OpenSenderData(kSuite3, message, kSenderDataSecret).ok());
  message.ciphertext.clear();
  EXPECT_EQ(FaultIn(OpenSenderData(kSuite3, message, kSenderDataSecret)), Fault::kSenderData);
}

TEST_F(Framing, RefusesSenderDataOfAnotherSize) {
  for (const char* data : {"", "0000000200000004a1b2c3", "0000000200000004a1b2c3d400"}) {
    EXPECT_EQ(
        FaultIn(OpenSenderData(kSuite3, SealByHand(ContentType::kApplication, "", FromHex(data)),
                               kSenderDataSecret)),
        Fault::kSenderData);
  }
}

TEST_F(Framing, RefusesContentThatDoesNotOpen) {
  const PrivateMessage message = Private(Application());
  const SenderData sender = *OpenSenderData(kSuite3, message, kSenderDataSecret);
  const auto fault = [&](const PrivateMessage& damaged) {
    return FaultIn(OpenContent(kSuite3, damaged, sender, MessageKeyNow()));
  };
  ASSERT_EQ(fault(message), Fault::kNone);
  ForEachDamaged(message.ciphertext, [&](const std::string& ciphertext) {
    PrivateMessage damaged = message;
    damaged.ciphertext = ciphertext;
    EXPECT_EQ(fault(damaged), Fault::kContent);
  });
  PrivateMessage damaged = message;
  damaged.ciphertext.resize(15);
  EXPECT_EQ(fault(damaged), Fault::kContent);
  damaged = message;
  damaged.authenticated_data += "x";
  EXPECT_EQ(fault(damaged), Fault::kContent);
  damaged = message;
  damaged.epoch = 8;
  EXPECT_EQ(fault(damaged), Fault::kContent);

  SenderData other_guard = sender;
  other_guard.reuse_guard ^= 1;
  EXPECT_EQ(FaultIn(OpenContent(kSuite3, message, other_guard, MessageKeyNow())), Fault::kContent);
  MessageKey other_key = MessageKeyNow();
  other_key.key.ExposeMutable()[0] ^= 1;
  EXPECT_EQ(FaultIn(OpenContent(kSuite3, message, sender, other_key)), Fault::kContent);
}

// The leaf is covered by the signature alone, so that another member's key must not verify it.
TEST_F(Framing, TheSenderIsSigned) {
  const PrivateMessage message = Private(Application());
  SenderData sender = *OpenSenderData(kSuite3, message, kSenderDataSecret);
  sender.leaf.value ^= 1;
  EXPECT_EQ(VerifyFault(OpenContent(kSuite3, message, sender, MessageKeyNow())),
            Fault::kMessageSignature);
}

TEST_F(Framing, RefusesPaddingThatIsNotZero) {
  const std::string content = FromHex("0464617461") + FromHex("03736967");  // data, signature
  const auto fault = [&](const std::string& padding) {
    return FaultIn(Open(SealByHand(ContentType::kApplication, content + padding)));
  };
  EXPECT_EQ(fault(""), Fault::kNone);
  EXPECT_EQ(fault(std::string(1000, '\0')), Fault::kNone);
  EXPECT_EQ(fault(std::string(1000, '\0') + '\1'), Fault::kPaddingNotZero);
  EXPECT_EQ(fault('\1' + std::string(1000, '\0')), Fault::kPaddingNotZero);
  EXPECT_EQ(fault("\x80"), Fault::kPaddingNotZero);
}

TEST_F(Framing, RefusesContentThatCannotBeRead) {
  const auto fault = [&](ContentType type, const char* content) {
    return FaultIn(Open(SealByHand(type, FromHex(content))));
  };
  EXPECT_EQ(fault(ContentType::kApplication, ""), Fault::kTruncated);
  EXPECT_EQ(fault(ContentType::kApplication, "0464617461"), Fault::kTruncated);  // no signature
  EXPECT_EQ(fault(ContentType::kApplication, "400464617461"), Fault::kLengthNotMinimal);
  EXPECT_EQ(fault(ContentType::kProposal, "f00000"), Fault::kProposalUnknown);
  EXPECT_EQ(fault(ContentType::kCommit, "000203736967"), Fault::kValueUnknown);
  EXPECT_EQ(fault(ContentType::kCommit, "000003736967"), Fault::kTruncated);  // no tag
  EXPECT_EQ(fault(ContentType::kCommit,
                  "000003736967"
                  "00"),
            Fault::kNone);
}

}  // namespace
}  // namespace amana::mls
