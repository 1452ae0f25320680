#include "common/mls/messages.h"

#include <gtest/gtest.h>

#include "common/mls/ratchet_tree.h"
#include "common/mls/test_vectors.h"

namespace amana::mls {
namespace {

class MessageVectors : public VectorTest {
 protected:
  // A case in ten, because every beginning of every struct of all of them takes long.
  bool IsThorough() const { return GetParam().number % 10 == 0; }

  template <class T>
  void ExpectIdentity(std::string_view field) {
    const std::string bytes = hex(field);
    ASSERT_FALSE(bytes.empty()) << field;
    const auto value = Decode<T>(bytes);
    ASSERT_TRUE(value.ok()) << field << ": " << value.status();
    EXPECT_EQ(Encode(*value), bytes) << field;
    EXPECT_EQ(FaultIn(Decode<T>(bytes + '\0')), Fault::kTrailingBytes) << field;
    for (size_t size = 0; IsThorough() && size < bytes.size(); ++size) {
      EXPECT_NE(FaultIn(Decode<T>(bytes.substr(0, size))), Fault::kNone) << field << " " << size;
    }
  }

  template <class Form>
  void ExpectMessage(std::string_view field) {
    ExpectIdentity<MlsMessage>(field);
    const auto message = Decode<MlsMessage>(hex(field));
    ASSERT_TRUE(message.ok());
    EXPECT_TRUE(std::holds_alternative<Form>(message->content)) << field;
  }

  void ExpectPublicMessage(std::string_view field, ContentType type) {
    ExpectMessage<PublicMessage>(field);
    const auto message = Decode<MlsMessage>(hex(field));
    ASSERT_TRUE(message.ok());
    EXPECT_EQ(std::get<PublicMessage>(message->content).content.type(), type) << field;
  }
};
INSTANTIATE_TEST_SUITE_P(, MessageVectors, CasesOf("messages.json"), NameOfCase);

TEST_P(MessageVectors, DecodeAndEncodeToTheSameBytes) {
  ExpectMessage<Welcome>("mls_welcome");
  ExpectMessage<GroupInfo>("mls_group_info");
  ExpectMessage<KeyPackage>("mls_key_package");
  ExpectIdentity<std::vector<std::optional<Node>>>("ratchet_tree");
  ExpectIdentity<GroupSecrets>("group_secrets");
  ExpectIdentity<Add>("add_proposal");
  ExpectIdentity<Update>("update_proposal");
  ExpectIdentity<Remove>("remove_proposal");
  ExpectIdentity<PreSharedKey>("pre_shared_key_proposal");
  ExpectIdentity<ReInit>("re_init_proposal");
  ExpectIdentity<ExternalInit>("external_init_proposal");
  ExpectIdentity<GroupContextExtensions>("group_context_extensions_proposal");
  ExpectIdentity<Commit>("commit");
  ExpectPublicMessage("public_message_application", ContentType::kApplication);
  ExpectPublicMessage("public_message_proposal", ContentType::kProposal);
  ExpectPublicMessage("public_message_commit", ContentType::kCommit);
  ExpectMessage<PrivateMessage>("private_message");
}

// --- Values that select forms that do not exist -----------------------------------------------

// `bytes` with the one at `place` changed.
std::string With(std::string bytes, size_t place, int value) {
  bytes.at(place) = static_cast<char>(value);
  return bytes;
}

TEST(Messages, KnowOneVersionAndFiveWireFormats) {
  const std::string bytes = Encode(MlsMessage{Welcome{3, {}, ""}});
  ASSERT_EQ(bytes.substr(0, 4), FromHex("00010003"));
  ASSERT_TRUE(Decode<MlsMessage>(bytes).ok());
  EXPECT_EQ(FaultIn(Decode<MlsMessage>(With(bytes, 1, 0))), Fault::kVersionUnknown);
  EXPECT_EQ(FaultIn(Decode<MlsMessage>(With(bytes, 1, 2))), Fault::kVersionUnknown);
  EXPECT_EQ(FaultIn(Decode<MlsMessage>(With(bytes, 3, 0))), Fault::kValueUnknown);
  EXPECT_EQ(FaultIn(Decode<MlsMessage>(With(bytes, 3, 6))), Fault::kValueUnknown);
}

TEST(Messages, KnowFourKindsOfSenders) {
  for (const int type : {1, 2}) {
    const Sender sender{static_cast<SenderType>(type), 9};
    EXPECT_EQ(Encode(sender), With(FromHex("0000000009"), 0, type));
    EXPECT_EQ(*Decode<Sender>(Encode(sender)), sender);
  }
  for (const int type : {3, 4}) {
    EXPECT_EQ(Encode(Sender{static_cast<SenderType>(type)}), std::string(1, type));
  }
  EXPECT_EQ(FaultIn(Decode<Sender>(FromHex("0000000009"))), Fault::kValueUnknown);
  EXPECT_EQ(FaultIn(Decode<Sender>(FromHex("0500000009"))), Fault::kValueUnknown);
}

TEST(Messages, KnowThreeKindsOfContent) {
  // group_id, epoch, sender, authenticated_data; then the type.
  const std::string bytes =
      Encode(FramedContent{"g", 1, Sender::Member({2}), "", std::string("data")});
  const size_t type = 2 + 8 + 5 + 1;
  ASSERT_TRUE(Decode<FramedContent>(bytes).ok());
  EXPECT_EQ(FaultIn(Decode<FramedContent>(With(bytes, type, 0))), Fault::kValueUnknown);
  EXPECT_EQ(FaultIn(Decode<FramedContent>(With(bytes, type, 4))), Fault::kValueUnknown);

  const std::string sealed =
      Encode(PrivateMessage{"g", 1, ContentType::kCommit, "", "sender", "text"});
  ASSERT_TRUE(Decode<PrivateMessage>(sealed).ok());
  EXPECT_EQ(FaultIn(Decode<PrivateMessage>(With(sealed, 10, 0))), Fault::kValueUnknown);
  EXPECT_EQ(FaultIn(Decode<PrivateMessage>(With(sealed, 10, 4))), Fault::kValueUnknown);
}

TEST(Messages, AuthenticateContentOfTwoWireFormats) {
  const AuthenticatedContent content{WireFormat::kPrivateMessage,
                                     {"g", 1, Sender::Member({2}), "", std::string("data")},
                                     {"signature", ""}};
  const std::string bytes = Encode(content);
  EXPECT_EQ(*Decode<AuthenticatedContent>(bytes), content);
  for (const int format : {0, 3, 4, 5}) {
    EXPECT_EQ(FaultIn(Decode<AuthenticatedContent>(With(bytes, 1, format))), Fault::kValueUnknown);
  }
}

TEST(Types, KnowTheProposalsOfTheRfc) {
  const std::string bytes = Encode(Proposal{Remove{{5}}});
  ASSERT_EQ(bytes, FromHex("000300000005"));
  EXPECT_EQ(*Decode<Proposal>(bytes), Proposal{Remove{{5}}});
  for (const char* other : {"000000000005", "000800000005", "0a0a00000005", "ffff00000005"}) {
    EXPECT_EQ(FaultIn(Decode<Proposal>(FromHex(other))), Fault::kProposalUnknown) << other;
  }
}

TEST(Types, KnowProposalsAndReferences) {
  EXPECT_EQ(Encode(ProposalOrRef{Proposal{Remove{{5}}}}), FromHex("01000300000005"));
  EXPECT_EQ(Encode(ProposalOrRef{ProposalRef{"ref"}}), FromHex("0203726566"));
  EXPECT_TRUE(Decode<ProposalOrRef>(FromHex("01000300000005")).ok());
  EXPECT_TRUE(Decode<ProposalOrRef>(FromHex("0203726566")).ok());
  EXPECT_EQ(FaultIn(Decode<ProposalOrRef>(FromHex("0003726566"))), Fault::kValueUnknown);
  EXPECT_EQ(FaultIn(Decode<ProposalOrRef>(FromHex("0303726566"))), Fault::kValueUnknown);
}

TEST(Types, KnowTwoKindsOfPreSharedKeys) {
  PreSharedKeyId external;
  external.psk_id = "id";
  external.nonce = "n";
  PreSharedKeyId resumption;
  resumption.type = PskType::kResumption;
  resumption.group_id = "g";
  resumption.nonce = "n";
  EXPECT_EQ(Encode(external), FromHex("01026964016e"));
  EXPECT_EQ(*Decode<PreSharedKeyId>(Encode(external)), external);
  for (const auto usage :
       {ResumptionUsage::kApplication, ResumptionUsage::kReinit, ResumptionUsage::kBranch}) {
    resumption.usage = usage;
    EXPECT_EQ(*Decode<PreSharedKeyId>(Encode(resumption)), resumption);
  }
  EXPECT_EQ(FaultIn(Decode<PreSharedKeyId>(With(Encode(external), 0, 0))), Fault::kValueUnknown);
  EXPECT_EQ(FaultIn(Decode<PreSharedKeyId>(With(Encode(external), 0, 3))), Fault::kValueUnknown);
  EXPECT_EQ(FaultIn(Decode<PreSharedKeyId>(With(Encode(resumption), 1, 0))), Fault::kValueUnknown);
  EXPECT_EQ(FaultIn(Decode<PreSharedKeyId>(With(Encode(resumption), 1, 4))), Fault::kValueUnknown);
}

TEST(Types, KnowThreeSourcesOfLeafNodes) {
  for (const auto source :
       {LeafNodeSource::kKeyPackage, LeafNodeSource::kUpdate, LeafNodeSource::kCommit}) {
    LeafNode leaf;
    leaf.source = source;
    leaf.signature = "s";
    if (source == LeafNodeSource::kKeyPackage) leaf.lifetime = {.not_before = 1, .not_after = 2};
    if (source == LeafNodeSource::kCommit) leaf.parent_hash = "hash";
    EXPECT_EQ(*Decode<LeafNode>(Encode(leaf)), leaf);
  }
  // Two keys, a credential and five lists that are empty stand before the source.
  LeafNode update;
  update.source = LeafNodeSource::kUpdate;
  const std::string bytes = Encode(update);
  ASSERT_EQ(bytes.at(10), 2);
  EXPECT_EQ(FaultIn(Decode<LeafNode>(With(bytes, 10, 0))), Fault::kValueUnknown);
  EXPECT_EQ(FaultIn(Decode<LeafNode>(With(bytes, 10, 4))), Fault::kValueUnknown);
}

// What is unknown here is carried, not refused (section 13).
TEST(Types, CarryExtensionsAndCredentialsThatTheyDoNotKnow) {
  const Extension extension{0x0a0a, "grease"};
  EXPECT_EQ(*Decode<Extension>(Encode(extension)), extension);
  const Credential credential{0xf00d, "somebody"};
  EXPECT_EQ(*Decode<Credential>(Encode(credential)), credential);
}

}  // namespace
}  // namespace amana::mls
