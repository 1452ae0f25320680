// Rules for messages of a group and for who may send when (RFC 9420, sections 6, 9, 12.4
// and 12.4.2). Framing by itself is framing_test.cc's business.

#include <array>

#include "common/mls/test_rules.h"

namespace amana::mls {
namespace {

const Proposal kRemoval{Remove{LeafIndex{2}}};

class MessageRules : public RulesTest {
 protected:
  std::string Encrypted(std::string_view data = "hello") {
    Member& alice = members_[0];
    auto message = alice.group.Encrypt(data, "", /*padding=*/0, alice.signer, random_);
    AMANA_CHECK(message.ok(), "nothing can be sent");
    return *std::move(message);
  }
  // A handshake of the first member in clear, changed when everything was done.
  template <class Change>
  Fault HandledWith(Change change) {
    auto message =
        *Decode<MlsMessage>(ForgeProposal(members_[0].group, members_[0].signer, kRemoval));
    change(std::get<PublicMessage>(message.content));
    return Handled(members_[1], Encode(message));
  }
  template <class Change>
  Fault OpenedWith(Change change) {
    auto message = *Decode<MlsMessage>(Encrypted());
    change(std::get<PrivateMessage>(message.content));
    return Handled(members_[1], Encode(message));
  }
  Fault Sent(Sender sender, decltype(FramedContent::content) content) {
    return Handled(members_[1],
                   ForgeContent(members_[0].group, members_[0].signer, sender, std::move(content)));
  }

  std::vector<Member> members_ = NewGroup(3);
};

TEST_F(MessageRules, ValidOnesAreTaken) {
  EXPECT_EQ(HandledWith([](PublicMessage&) {}), Fault::kNone);
  EXPECT_EQ(OpenedWith([](PrivateMessage&) {}), Fault::kNone);
  EXPECT_EQ(Committed(members_[0], members_[1], Forgery{}), Fault::kNone);
}

TEST_F(MessageRules, AreOfTheGroup) {
  EXPECT_EQ(HandledWith([](PublicMessage& m) { m.content.group_id = "another"; }),
            Fault::kWrongGroup);
  EXPECT_EQ(OpenedWith([](PrivateMessage& m) { m.group_id = "another"; }), Fault::kWrongGroup);
}

TEST_F(MessageRules, AreOfTheEpoch) {
  const std::string late = ForgeProposal(members_[0].group, members_[0].signer, kRemoval);
  const std::string late_commit =
      members_[2].group.Commit({}, members_[2].signer, policy_, psks_, random_)->message;
  Member& bob = members_[1];
  const NewCommit next = *bob.group.Commit({}, bob.signer, policy_, psks_, random_);
  // Alice is ahead of Bob …
  Follow(members_[0], next.message);
  EXPECT_EQ(Proposed(members_[0], bob, kRemoval), Fault::kFutureEpoch);
  EXPECT_EQ(Handled(bob, Encrypted()), Fault::kFutureEpoch);
  // … and somebody behind Alice.
  EXPECT_EQ(Handled(members_[0], late), Fault::kStaleEpoch);
  EXPECT_EQ(Handled(members_[0], late_commit), Fault::kStaleEpoch);
}

// Application data is read for some epochs more.
TEST_F(MessageRules, ApplicationDataMayBeLate) {
  const std::array<std::string, 2> late = {Encrypted(), Encrypted()};
  for (size_t i = 0; i < kMaxPastEpochs; ++i) CommitAll(members_, 0);
  EXPECT_EQ(Handled(members_[1], late[0]), Fault::kNone);
  CommitAll(members_, 0);
  EXPECT_EQ(Handled(members_[1], late[1]), Fault::kStaleEpoch);
}

TEST_F(MessageRules, AreSignedByTheirSender) {
  EXPECT_EQ(Handled(members_[1], ForgeProposal(members_[0].group, members_[2].signer, kRemoval)),
            Fault::kMessageSignature);
  EXPECT_EQ(Committed(members_[0], members_[1],
                      {.signed_content = [](auto& c) { c.auth.signature[0] ^= 1; }}),
            Fault::kMessageSignature);
}

TEST_F(MessageRules, InClearHaveAMembershipTag) {
  EXPECT_EQ(HandledWith([](PublicMessage& m) { m.membership_tag[0] ^= 1; }), Fault::kMembershipTag);
  EXPECT_EQ(HandledWith([](PublicMessage& m) { m.membership_tag.clear(); }), Fault::kMembershipTag);
}

TEST_F(MessageRules, TheSenderIsAMember) {
  EXPECT_EQ(Sent(Sender::Member(LeafIndex{3}), kRemoval), Fault::kSenderNotMember);
  EXPECT_EQ(Sent(Sender::Member(LeafIndex{1000}), kRemoval), Fault::kSenderNotMember);
  CommitAll(members_, 0, {.proposals = {kRemoval}});
  EXPECT_EQ(Sent(Sender::Member(LeafIndex{2}), kRemoval), Fault::kSenderNotMember);
}

TEST_F(MessageRules, SendersOfOtherKindsMaySendLittle) {
  EXPECT_EQ(Sent({SenderType::kExternal, 0}, Commit{}), Fault::kSenderKindNotAllowed);
  EXPECT_EQ(Sent({SenderType::kNewMemberProposal, 0}, Commit{}), Fault::kSenderKindNotAllowed);
  EXPECT_EQ(Sent({SenderType::kNewMemberCommit, 0}, kRemoval), Fault::kSenderKindNotAllowed);
}

TEST_F(MessageRules, ApplicationDataIsEncrypted) {
  EXPECT_EQ(HandledWith([](PublicMessage& m) { m.content.content = std::string("hello"); }),
            Fault::kApplicationInClear);
}

TEST_F(MessageRules, SenderDataOpens) {
  EXPECT_EQ(OpenedWith([](PrivateMessage& m) { m.encrypted_sender_data[0] ^= 1; }),
            Fault::kSenderData);
  EXPECT_EQ(OpenedWith([](PrivateMessage& m) { m.ciphertext[0] ^= 1; }), Fault::kSenderData);
}

TEST_F(MessageRules, ContentOpens) {
  EXPECT_EQ(OpenedWith([](PrivateMessage& m) { m.ciphertext.back() ^= 1; }), Fault::kContent);
  EXPECT_EQ(OpenedWith([](PrivateMessage& m) { m.authenticated_data = "x"; }), Fault::kContent);
}

// An operation that fails leaves the group as it was: whoever changes their mind can read it.
TEST_F(MessageRules, AProposalThatIsRefusedSpendsNoKey) {
  const BasicCredentials everybody;
  const Policy credulous{.credentials = &everybody, .now = kNow};
  Member& alice = members_[0];
  Member& bob = members_[1];
  const auto message = alice.group.Propose({Add{NewClient(kRefusedName).key_package()}}, {},
                                           alice.signer, credulous, random_);
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(Handled(bob, *message), Fault::kCredentialRefused);
  EXPECT_EQ(FaultIn(bob.group.Handle(*message, credulous, psks_)), Fault::kNone);
}

TEST_F(MessageRules, AKeyOpensOneMessage) {
  const std::string message = Encrypted();
  EXPECT_EQ(Handled(members_[1], message), Fault::kNone);
  EXPECT_EQ(Handled(members_[1], message), Fault::kGenerationConsumed);
}

TEST_F(MessageRules, SoManyAreSkippedAndNoMore) {
  std::string message;
  for (uint32_t i = 0; i <= kMaxForward; ++i) message = Encrypted();
  EXPECT_EQ(Handled(members_[2], message), Fault::kNone);
  message = Encrypted();
  EXPECT_EQ(Handled(members_[1], message), Fault::kGenerationTooFar);
}

TEST_F(MessageRules, OwnOnesAreKnown) {
  EXPECT_EQ(Handled(members_[0], Encrypted()), Fault::kOwnMessage);
  EXPECT_EQ(Proposed(members_[0], members_[0], kRemoval), Fault::kOwnMessage);
}

TEST_F(MessageRules, AreOfAKindThatIsForAGroup) {
  EXPECT_EQ(Handled(members_[0], EncodeMessage(NewClient("new").key_package())),
            Fault::kUnexpectedMessage);
  EXPECT_EQ(Handled(members_[0], *members_[1].group.MakeGroupInfo(members_[1].signer, true)),
            Fault::kUnexpectedMessage);
}

TEST_F(MessageRules, AreNotMadeLargerThanAnyMayBe) {
  Member& alice = members_[0];
  const Proposal large{
      GroupContextExtensions{{{kApplicationId, std::string(kMaxMessageSize, 'x')}}}};
  for (const WireFormat format : {WireFormat::kPublicMessage, WireFormat::kPrivateMessage}) {
    const Framing framing{.wire_format = format, .authenticated_data = ""};
    EXPECT_EQ(FaultIn(alice.group.Propose(large, framing, alice.signer, policy_, random_)),
              Fault::kMessageTooLarge);
    EXPECT_EQ(FaultIn(alice.group.Commit({.proposals = {large}, .framing = framing}, alice.signer,
                                         policy_, psks_, random_)),
              Fault::kMessageTooLarge);
  }
  EXPECT_EQ(FaultIn(alice.group.Encrypt("", "", kMaxMessageSize, alice.signer, random_)),
            Fault::kMessageTooLarge);
  EXPECT_FALSE(alice.group.has_waiting_proposals());
}

// A sender that was refused too often would be too far ahead for those who read the next one.
TEST_F(MessageRules, ThatAreNotMadeSpendNoKey) {
  Member& alice = members_[0];
  const Framing framing{.authenticated_data = std::string(kMaxMessageSize, 'x')};
  alice.group.TakeDelta();
  EXPECT_FALSE(alice.group.Propose(kRemoval, framing, alice.signer, policy_, random_).ok());
  EXPECT_FALSE(
      alice.group.Commit({.framing = framing}, alice.signer, policy_, psks_, random_).ok());
  EXPECT_FALSE(alice.group.Encrypt("", "", kMaxMessageSize, alice.signer, random_).ok());
  const StateDelta delta = alice.group.TakeDelta();
  for (const auto& [row, value] : delta.rows) EXPECT_NE(row.front(), 'r') << "a ratchet moved";
}

TEST_F(MessageRules, ACommitHasItsConfirmationTag) {
  EXPECT_EQ(Committed(members_[0], members_[1],
                      {.signed_content = [](auto& c) { c.auth.confirmation_tag[0] ^= 1; }}),
            Fault::kConfirmationTag);
  EXPECT_EQ(Committed(members_[0], members_[1],
                      {.signed_content = [](auto& c) { c.auth.confirmation_tag.clear(); }}),
            Fault::kConfirmationTag);
}

// The order of pre-shared keys is part of the key schedule (section 8.4).
TEST_F(MessageRules, TheConfirmationTagCoversPreSharedKeys) {
  const std::vector<ProposalOrRef> list =
      ByValue({{PreSharedKey{ExternalPsk("a")}}, {PreSharedKey{ExternalPsk("b")}}});
  EXPECT_EQ(Committed(members_[0], members_[1], {.proposals = list, .psks = &psks_}), Fault::kNone);
  EXPECT_EQ(Committed(members_[0], members_[1],
                      {.proposals = list,
                       .psks = &psks_,
                       .content =
                           [](FramedContent& c) {
                             auto& proposals = std::get<Commit>(c.content).proposals;
                             std::swap(proposals[0], proposals[1]);
                           }}),
            Fault::kConfirmationTag);
}

// --- When nothing may be sent ------------------------------------------------------------------

class SendingRules : public MessageRules {
 protected:
  // What everything that sends says.
  Fault SentBy(Member& member) {
    const Fault fault = FaultIn(member.group.Encrypt("data", "", 0, member.signer, random_));
    EXPECT_EQ(FaultIn(member.group.Propose(kRemoval, {}, member.signer, policy_, random_)), fault);
    EXPECT_EQ(FaultIn(member.group.ProposeUpdate(std::nullopt, {}, member.signer, member.signer,
                                                 policy_, random_)),
              fault);
    EXPECT_EQ(FaultIn(member.group.Commit({}, member.signer, policy_, psks_, random_)), fault);
    EXPECT_EQ(FaultIn(member.group.MakeGroupInfo(member.signer, true)), fault);
    return fault;
  }
};

TEST_F(SendingRules, MembersMaySend) { EXPECT_EQ(SentBy(members_[0]), Fault::kNone); }

TEST_F(SendingRules, ProposalsAreCommittedFirst) {
  Member& bob = members_[1];
  EXPECT_EQ(Proposed(members_[0], bob, kRemoval), Fault::kNone);
  const auto sent = [&] { return FaultIn(bob.group.Encrypt("data", "", 0, bob.signer, random_)); };
  EXPECT_EQ(sent(), Fault::kPendingProposals);
  CommitAll(members_, 1, {.include_waiting = false});
  EXPECT_EQ(sent(), Fault::kNone);
}

TEST_F(SendingRules, NotAfterAReinit) {
  CommitAll(members_, 0, {.proposals = {{ReInit{"next", kMls10, kSuite3.id, {}}}}});
  for (Member& member : members_) EXPECT_EQ(SentBy(member), Fault::kReInitSuspended);
}

// Who goes on all the same would undo it for those who follow.
TEST_F(SendingRules, AfterAReinitNothingButDataIsTaken) {
  const std::string late = Encrypted();
  CommitAll(members_, 0, {.proposals = {{ReInit{"next", kMls10, kSuite3.id, {}}}}});
  Member& bob = members_[1];
  const Client client = NewClient("new");
  const Forged joined = Forge(members_[0].group, client.signer,
                              {.external = true, .identity = IdentityOf("new")}, random_);
  EXPECT_EQ(Handled(bob, joined.message), Fault::kReInitSuspended);
  EXPECT_EQ(Committed(members_[0], bob, Forgery{}), Fault::kReInitSuspended);
  EXPECT_EQ(Proposed(members_[0], bob, kRemoval), Fault::kReInitSuspended);
  EXPECT_FALSE(bob.group.has_waiting_proposals());
  EXPECT_EQ(Handled(bob, late), Fault::kNone);
}

TEST_F(SendingRules, NotByThoseWhoWereRemoved) {
  CommitAll(members_, 0, {.proposals = {kRemoval}});
  EXPECT_EQ(SentBy(members_[2]), Fault::kRemoved);
  EXPECT_EQ(Handled(members_[2], Encrypted()), Fault::kRemoved);
}

}  // namespace
}  // namespace amana::mls
