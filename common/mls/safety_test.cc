// What keeps a group safe from mistakes and insiders: how much of the past can be read, which key a
// message is verified with and how often, and what a message that does not open costs.

#include <gmock/gmock.h>

#include <set>
#include <type_traits>

#include "common/mls/test_rules.h"

namespace {

// Signatures that were looked at since somebody cleared the list.
std::vector<std::string>& Verified() {
  static std::vector<std::string> signatures;
  return signatures;
}

}  // namespace

// What the linker puts in the place of VerifyingKey::Verify.
extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier): the linker's own names, see --wrap
bool __real__ZNK5amana6crypto12VerifyingKey6VerifyESt17basic_string_viewIcSt11char_traitsIcEES5_(
    const amana::crypto::VerifyingKey* key, std::string_view message, std::string_view signature);

bool __wrap__ZNK5amana6crypto12VerifyingKey6VerifyESt17basic_string_viewIcSt11char_traitsIcEES5_(
    const amana::crypto::VerifyingKey* key, std::string_view message, std::string_view signature) {
  Verified().emplace_back(signature);
  return __real__ZNK5amana6crypto12VerifyingKey6VerifyESt17basic_string_viewIcSt11char_traitsIcEES5_(
      key, message, signature);
}
// NOLINTEND(bugprone-reserved-identifier)
}

namespace amana::mls {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

constexpr size_t kAlice = 0;
constexpr size_t kBob = 1;
constexpr size_t kCarol = 2;

class Safety : public RulesTest {
 protected:
  Member& alice() { return members_[kAlice]; }
  Member& bob() { return members_[kBob]; }
  Member& carol() { return members_[kCarol]; }

  std::string Sealed(Member& from, std::string_view text = "text") {
    return *from.group.Encrypt(text, "", 0, from.signer, random_);
  }
  std::vector<std::string> SealedTimes(Member& from, size_t count) {
    std::vector<std::string> messages(count);
    for (std::string& message : messages) message = Sealed(from);
    return messages;
  }
  static std::string Damaged(std::string message) {
    message.back() ^= 1;  // of the tag of its content
    return message;
  }

  std::vector<Member> members_ = NewGroup(3, /*with_path=*/true);
};

// --- The past ----------------------------------------------------------------------------------

using PastEpochs = Safety;

TEST_F(PastEpochs, ThreeCanBeReadAndTheFourthCannot) {
  ASSERT_EQ(kMaxPastEpochs, 3u);
  std::vector<std::string> messages;
  for (int epoch = 0; epoch < 5; ++epoch) {
    if (epoch > 0) CommitAll(members_, kBob);
    messages.push_back(Sealed(alice()));
  }
  StateRows rows;
  carol().group = Reloaded(std::move(carol().group), rows);
  std::vector<Fault> faults;
  faults.reserve(messages.size());
  for (const std::string& message : messages) faults.push_back(Handled(carol(), message));
  EXPECT_THAT(faults, ElementsAre(Fault::kStaleEpoch, Fault::kNone, Fault::kNone, Fault::kNone,
                                  Fault::kNone));
}

TEST_F(PastEpochs, AreGoneWhenTheyAreDropped) {
  const std::vector<std::string> late = SealedTimes(alice(), 2);
  CommitAll(members_, kAlice);
  StateRows rows;
  bob().group = Reloaded(std::move(bob().group), rows);
  EXPECT_EQ(Handled(bob(), late[0]), Fault::kNone);
  bob().group.DropPastEpochs();
  EXPECT_EQ(Handled(bob(), late[1]), Fault::kStaleEpoch);
  EXPECT_EQ(Handled(bob(), Sealed(alice())), Fault::kNone);
  bob().group = Reloaded(std::move(bob().group), rows);
  EXPECT_EQ(Handled(bob(), late[1]), Fault::kStaleEpoch);
  EXPECT_EQ(rows.lower_bound("e"), rows.lower_bound("f"));  // no row of a past epoch is left
}

TEST_F(PastEpochs, OfAMemberThatWasRemovedMessagesAreReadStill) {
  const std::vector<std::string> late = SealedTimes(carol(), 2);
  const std::string carols_key = carol().group.own_leaf_node().signature_key;
  const auto forged = carol().group.Encrypt("text", "", 0, bob().signer, random_);
  CommitAll(members_, kAlice, {.proposals = {{Remove{carol().index()}}}});
  EXPECT_EQ(Handled(alice(), late[0]), Fault::kNone);
  // Somebody else at the same leaf changes nothing, and is not taken for the sender.
  members_.pop_back();
  std::vector<Client> client;
  client.push_back(NewClient("new"));
  AddAll(members_, std::move(client));
  ASSERT_EQ(members_[2].index(), LeafIndex{2});
  for (Member* member : {&alice(), &bob()}) {
    const auto received = member->group.Handle(late[1], policy_, psks_);
    ASSERT_TRUE(received.ok());
    const auto& data = std::get<ReceivedApplication>(*received);
    EXPECT_EQ(data.sender, members_[2].index());
    EXPECT_EQ(data.signature_key, carols_key);
    EXPECT_NE(data.signature_key, members_[2].group.own_leaf_node().signature_key);
    EXPECT_EQ(Handled(*member, *forged), Fault::kMessageSignature);
  }
  EXPECT_EQ(Handled(members_[2], late[1]), Fault::kStaleEpoch);
}

TEST_F(PastEpochs, AMessageIsVerifiedWithTheKeyOfItsEpoch) {
  crypto::SigningKey next = crypto::SigningKey::Generate(random_);
  const std::string late = Sealed(carol());
  const auto forged = carol().group.Encrypt("text", "", 0, next, random_);
  CommitAll(members_, kCarol, {.next_signer = &next});
  const auto also_forged = carol().group.Encrypt("text", "", 0, carol().signer, random_);
  carol().signer = std::move(next);
  const std::string now = Sealed(carol());
  StateRows rows;
  bob().group = Reloaded(std::move(bob().group), rows);
  for (Member* member : {&alice(), &bob()}) {
    EXPECT_EQ(Handled(*member, late), Fault::kNone);
    EXPECT_EQ(Handled(*member, now), Fault::kNone);
    EXPECT_EQ(Handled(*member, *forged), Fault::kMessageSignature);
    EXPECT_EQ(Handled(*member, *also_forged), Fault::kMessageSignature);
  }
}

// --- Keys of messages --------------------------------------------------------------------------

using MessageKeys = Safety;

TEST_F(MessageKeys, AreKeptForAMessageWhoseTagIsDamaged) {
  const std::string message = Sealed(alice());
  EXPECT_EQ(Handled(bob(), Damaged(message)), Fault::kContent);
  EXPECT_EQ(Handled(bob(), message), Fault::kNone);
  EXPECT_EQ(Handled(bob(), message), Fault::kGenerationConsumed);
  EXPECT_EQ(Handled(bob(), Damaged(message)), Fault::kGenerationConsumed);
}

// Neither those before it, which would leave the window, nor anything that is saved.
TEST_F(MessageKeys, AreNotPassedOverForAMessageThatDoesNotOpen) {
  const std::vector<std::string> messages = SealedTimes(alice(), 500);
  EXPECT_EQ(Handled(bob(), messages[0]), Fault::kNone);
  bob().group.TakeDelta();
  EXPECT_EQ(Handled(bob(), Damaged(messages[499])), Fault::kContent);
  EXPECT_THAT(bob().group.TakeDelta().rows, SizeIs(1));  // the head
  EXPECT_EQ(Handled(bob(), messages[1]), Fault::kNone);
}

TEST_F(MessageKeys, OfSkippedMessagesTheNewestAreKeptForEachSender) {
  const std::vector<std::string> alices = SealedTimes(alice(), kOutOfOrderWindow + 2);
  const std::string carols = Sealed(carol());
  EXPECT_EQ(Handled(bob(), alices.back()), Fault::kNone);
  StateRows rows;
  bob().group = Reloaded(std::move(bob().group), rows);
  EXPECT_EQ(Handled(bob(), alices[0]), Fault::kGenerationConsumed);
  for (size_t i = kOutOfOrderWindow; i > 0; --i) EXPECT_EQ(Handled(bob(), alices[i]), Fault::kNone);
  EXPECT_EQ(Handled(bob(), carols), Fault::kNone);
}

// Late messages of an epoch that is over have the same window, and the same limit.
TEST_F(MessageKeys, OfAPastEpochHaveTheSameLimits) {
  const std::vector<std::string> late = SealedTimes(alice(), kMaxForward + 2);
  CommitAll(members_, kAlice);
  EXPECT_EQ(Handled(bob(), late[kMaxForward + 1]), Fault::kGenerationTooFar);
  EXPECT_EQ(Handled(bob(), late[kMaxForward]), Fault::kNone);
  EXPECT_EQ(Handled(bob(), late[kMaxForward - kOutOfOrderWindow - 1]), Fault::kGenerationConsumed);
  EXPECT_EQ(Handled(bob(), late[kMaxForward - kOutOfOrderWindow]), Fault::kNone);
  EXPECT_EQ(Handled(bob(), late[kMaxForward + 1]), Fault::kNone);
}

// --- Commits that lose or whose device crashes -------------------------------------------------

using OwnCommits = Safety;

TEST_F(OwnCommits, GiveWayToTheOneThatWasFirst) {
  NewCommit lost = *alice().group.Commit({}, alice().signer, policy_, psks_, random_);
  CommitAll(members_, kBob);
  EXPECT_EQ(FaultIn(alice().group.Merge(std::move(lost.staged))), Fault::kStagedElsewhere);
  EXPECT_EQ(Handled(carol(), lost.message), Fault::kStaleEpoch);
  CommitAll(members_, kAlice);
  EXPECT_EQ(alice().group.epoch_authenticator(), carol().group.epoch_authenticator());
}

TEST_F(OwnCommits, AreMergedAfterACrash) {
  NewCommit commit = *alice().group.Commit({}, alice().signer, policy_, psks_, random_);
  const SecretBytes vault = commit.staged.Encode();
  StateRows rows;
  alice().group = Reloaded(std::move(alice().group), rows);
  EXPECT_EQ(Handled(alice(), commit.message), Fault::kOwnMessage);
  ASSERT_TRUE(alice().group.Merge(*alice().group.RestoreStaged(vault.Expose())).ok());
  Follow(bob(), commit.message);
  Follow(carol(), commit.message);
  EXPECT_EQ(FaultIn(alice().group.RestoreStaged(vault.Expose())), Fault::kStagedElsewhere);
  EXPECT_EQ(alice().group.epoch_authenticator(), bob().group.epoch_authenticator());
  CommitAll(members_, kBob);
  EXPECT_EQ(Handled(carol(), Sealed(alice())), Fault::kNone);
}

// --- Proposals that wait ------------------------------------------------------------------------

// Commits of others refer to them: whoever could drop them would lose the group.
template <class T>
concept DropsProposals = requires(T group) { group.DropWaitingProposals(); };
static_assert(!DropsProposals<Group>);

using WaitingProposals = Safety;

TEST_F(WaitingProposals, ThatWereLeftOutAreThereForTheCommitThatWins) {
  const std::string removal =
      *alice().group.Propose({Remove{carol().index()}}, {}, alice().signer, policy_, random_);
  EXPECT_EQ(Handled(bob(), removal), Fault::kNone);
  EXPECT_EQ(Handled(carol(), removal), Fault::kNone);
  const NewCommit without =
      *bob().group.Commit({.include_waiting = false}, bob().signer, policy_, psks_, random_);
  EXPECT_TRUE(without.staged.removed().empty());
  CommitAll(members_, kAlice);
  EXPECT_TRUE(carol().group.removed());
  EXPECT_EQ(alice().group.epoch_authenticator(), bob().group.epoch_authenticator());
}

// --- Signatures --------------------------------------------------------------------------------

// Nothing that was not verified gets any further, and what was verified can't be verified again.
static_assert(!std::is_constructible_v<VerifiedContent, AuthenticatedContent>);
static_assert(!std::is_constructible_v<VerifiedContent, Unverified>);
static_assert(!std::is_constructible_v<Unverified, VerifiedContent>);

class Signatures : public Safety {
 protected:
  // How many are looked at by what `call` does; none twice.
  template <class Call>
  size_t VerifiedBy(Call call) {
    Verified().clear();
    call();
    const std::set<std::string> once(Verified().begin(), Verified().end());
    EXPECT_EQ(once.size(), Verified().size());
    return Verified().size();
  }
  size_t VerifiedByHandling(const std::string& message) {
    return VerifiedBy([&] { EXPECT_EQ(Handled(bob(), message), Fault::kNone); });
  }
};

TEST_F(Signatures, OfAMessageAreVerifiedOnce) {
  EXPECT_EQ(VerifiedByHandling(Sealed(alice())), 1u);
}

// The message, the key package and its leaf when the proposal comes; the commit and its path's leaf
// later, and not the proposal again.
TEST_F(Signatures, OfProposalsAreVerifiedWhenTheyCome) {
  const Client client = NewClient("new");
  const std::string add =
      *alice().group.Propose({Add{client.own.key_package}}, {}, alice().signer, policy_, random_);
  EXPECT_EQ(VerifiedByHandling(add), 3u);
  const NewCommit commit = *alice().group.Commit({}, alice().signer, policy_, psks_, random_);
  ASSERT_THAT(commit.staged.added(), SizeIs(1));
  EXPECT_EQ(VerifiedByHandling(commit.message), 2u);
  EXPECT_EQ(VerifiedBy([&] {
              NewCommit own = *bob().group.Commit({}, bob().signer, policy_, psks_, random_);
              EXPECT_TRUE(bob().group.Merge(std::move(own.staged)).ok());
            }),
            0u);
}

TEST_F(Signatures, OfATreeThatIsJoinedAreVerifiedOnce) {
  Client client = NewClient("new");
  const NewCommit commit = *alice().group.Commit({.proposals = {{Add{client.key_package()}}}},
                                                 alice().signer, policy_, psks_, random_);
  EXPECT_EQ(VerifiedBy([&] { EXPECT_EQ(JoinedBy(*commit.welcome, client), Fault::kNone); }),
            1u + 4u);  // the group info and the leaves
}

}  // namespace
}  // namespace amana::mls
