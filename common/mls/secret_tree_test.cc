#include "common/mls/secret_tree.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "common/mls/framing.h"
#include "common/mls/test_vectors.h"

namespace amana::mls {
namespace {

constexpr auto kHandshake = RatchetKind::kHandshake;
constexpr auto kApplication = RatchetKind::kApplication;

void ExpectKey(const MessageKey& key, std::string_view bytes, std::string_view nonce) {
  EXPECT_EQ(HexEncode(key.key.Expose()), HexEncode(bytes));
  EXPECT_EQ(HexEncode(key.nonce.Expose()), HexEncode(nonce));
}

bool AreSame(const MessageKey& a, const MessageKey& b) {
  return a.key.Expose() == b.key.Expose() && a.nonce.Expose() == b.nonce.Expose();
}

// --- The official vectors ---------------------------------------------------------------------

class SecretTreeVectors : public VectorTest {
 protected:
  LeafCount leaves() const { return RoomFor(static_cast<uint32_t>(json()["leaves"].size())); }

  SecretTree Tree() const {
    return {suite(), leaves(), SecretBytes::CopyOf(hex("encryption_secret"))};
  }

  // Calls use(leaf, kind, generation, key, nonce) with everything that the case says.
  template <class Use>
  void ForEachKey(Use use) const {
    for (uint32_t leaf = 0; leaf < leaves().value; ++leaf) {
      for (const Json& row : json()["leaves"][leaf]) {
        const auto generation = row["generation"].get<uint32_t>();
        use(LeafIndex{leaf}, kHandshake, generation, HexIn(row, "handshake_key"),
            HexIn(row, "handshake_nonce"));
        use(LeafIndex{leaf}, kApplication, generation, HexIn(row, "application_key"),
            HexIn(row, "application_nonce"));
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(, SecretTreeVectors, CasesOf("secret-tree.json", {1, 3}), NameOfCase);

TEST_P(SecretTreeVectors, GiveTheKeysToReceivers) {
  SecretTree tree = Tree();
  ForEachKey([&](LeafIndex leaf, RatchetKind kind, uint32_t generation, const std::string& key,
                 const std::string& nonce) {
    auto found = tree.Find(leaf, kind, generation);
    ASSERT_TRUE(found.ok()) << found.status();
    ExpectKey(found->key, key, nonce);
    tree.Consume(*std::move(found));
  });
}

TEST_P(SecretTreeVectors, GiveTheKeysToSenders) {
  SecretTree tree = Tree();
  ForEachKey([&](LeafIndex leaf, RatchetKind kind, uint32_t generation, const std::string& key,
                 const std::string& nonce) {
    absl::StatusOr<SentKey> sent = tree.Next(leaf, kind);
    while (sent.ok() && sent->generation < generation) sent = tree.Next(leaf, kind);
    ASSERT_TRUE(sent.ok()) << sent.status();
    EXPECT_EQ(sent->generation, generation);
    ExpectKey(sent->key, key, nonce);
  });
}

// What is sealed with the key and nonce of the case must open: its ciphertext is the sample.
TEST_P(SecretTreeVectors, GiveTheKeyOfTheSenderData) {
  const Json& given = json()["sender_data"];
  PrivateMessage message{"group", 7, ContentType::kCommit, "", "", HexIn(given, "ciphertext")};
  Writer associated;
  associated.Opaque("group");
  associated.U64(7);
  associated.U8(3);
  message.encrypted_sender_data =
      suite().aead->seal(HexIn(given, "key"), HexIn(given, "nonce"), std::move(associated).Take(),
                         FromHex("000000050000000600000007"));
  const auto opened = OpenSenderData(suite(), message, HexIn(given, "sender_data_secret"));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->leaf, LeafIndex{5});
  EXPECT_EQ(opened->generation, 6u);
  EXPECT_EQ(opened->reuse_guard, 7u);
}

// --- Rules of ours ----------------------------------------------------------------------------

constexpr LeafIndex kAlice{0};
constexpr LeafIndex kBob{5};

SecretTree NewTree(uint32_t leaves = 8) {
  return {kSuite3, LeafCount{leaves}, SecretBytes(kHashSize)};
}

// The keys of Bob's first messages.
std::vector<SentKey> SentByBob(size_t count) {
  SecretTree sender = NewTree();
  std::vector<SentKey> sent(count);
  for (SentKey& key : sent) key = *sender.Next(kBob, kApplication);
  return sent;
}

// Opens a message of Bob's.
Fault Receive(SecretTree& tree, uint32_t generation, RatchetKind kind = kApplication) {
  auto found = tree.Find(kBob, kind, generation);
  if (!found.ok()) return FaultIn(found);
  tree.Consume(*std::move(found));
  return Fault::kNone;
}

TEST(SecretTree, GivesReceiversTheKeysOfSenders) {
  SecretTree sender = NewTree();
  SecretTree receiver = NewTree();
  for (const RatchetKind kind : {kApplication, kHandshake}) {
    for (uint32_t generation = 0; generation < 5; ++generation) {
      const SentKey sent = *sender.Next(kBob, kind);
      EXPECT_EQ(sent.generation, generation);
      OpeningKey found = *receiver.Find(kBob, kind, generation);
      EXPECT_TRUE(AreSame(found.key, sent.key));
      receiver.Consume(std::move(found));
    }
  }
}

TEST(SecretTree, GivesEveryMessageItsOwnKey) {
  std::set<std::string> seen;
  SecretTree tree = NewTree();
  int given = 0;
  for (uint32_t leaf = 0; leaf < 8; ++leaf) {
    for (const RatchetKind kind : {kApplication, kHandshake}) {
      for (int i = 0; i < 3; ++i, ++given) {
        seen.emplace(tree.Next({leaf}, kind)->key.key.Expose());
      }
    }
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(given));
}

TEST(SecretTree, HasTheLeavesOfItsTree) {
  SecretTree tree = NewTree();
  EXPECT_TRUE(tree.Find({7}, kApplication, 0).ok());
  for (const LeafIndex outside : {LeafIndex{8}, LeafIndex{std::numeric_limits<uint32_t>::max()}}) {
    EXPECT_EQ(FaultIn(tree.Find(outside, kApplication, 0)), Fault::kSenderNotMember);
    EXPECT_EQ(FaultIn(tree.Next(outside, kApplication)), Fault::kSenderNotMember);
  }
  SecretTree alone = NewTree(1);
  EXPECT_TRUE(alone.Next({0}, kHandshake).ok());
  EXPECT_EQ(FaultIn(alone.Find({1}, kHandshake, 0)), Fault::kSenderNotMember);
}

TEST(SecretTree, GivesNoKeyTwice) {
  SecretTree tree = NewTree();
  EXPECT_EQ(Receive(tree, 0), Fault::kNone);
  EXPECT_EQ(Receive(tree, 0), Fault::kGenerationConsumed);
  EXPECT_EQ(Receive(tree, 3), Fault::kNone);  // over 1 and 2
  EXPECT_EQ(Receive(tree, 3), Fault::kGenerationConsumed);
  EXPECT_EQ(Receive(tree, 1), Fault::kNone);
  EXPECT_EQ(Receive(tree, 1), Fault::kGenerationConsumed);
  EXPECT_EQ(Receive(tree, 2), Fault::kNone);
  EXPECT_EQ(Receive(tree, 4), Fault::kNone);
  // A sender has no way to its own keys either.
  const SentKey sent = *tree.Next(kAlice, kApplication);
  EXPECT_EQ(FaultIn(tree.Find(kAlice, kApplication, sent.generation)), Fault::kGenerationConsumed);
}

TEST(SecretTree, LosesNoKeyWhenAMessageDoesNotOpen) {
  SecretTree tree = NewTree();
  const std::vector<SentKey> sent = SentByBob(200);
  // Found and not consumed: in order, far ahead, behind, then for good.
  for (const uint32_t generation : {0u, 199u, 0u, 150u, 3u}) {
    EXPECT_TRUE(AreSame(tree.Find(kBob, kApplication, generation)->key, sent[generation].key));
  }
  EXPECT_EQ(Receive(tree, 3), Fault::kNone);
  EXPECT_TRUE(AreSame(tree.Find(kBob, kApplication, 1)->key, sent[1].key));  // a skipped one
  EXPECT_TRUE(AreSame(tree.Find(kBob, kApplication, 120)->key, sent[120].key));
  for (const uint32_t generation : {0u, 1u, 2u, 4u}) {
    EXPECT_TRUE(AreSame(tree.Find(kBob, kApplication, generation)->key, sent[generation].key));
    EXPECT_EQ(Receive(tree, generation), Fault::kNone);
  }
}

TEST(SecretTree, KeepsRatchetsApart) {
  SecretTree tree = NewTree();
  EXPECT_EQ(Receive(tree, 7, kHandshake), Fault::kNone);
  EXPECT_EQ(Receive(tree, 7, kApplication), Fault::kNone);
  EXPECT_EQ(tree.Next({4}, kApplication)->generation, 0u);
  EXPECT_EQ(tree.Next(kBob, kApplication)->generation, 8u);
}

TEST(SecretTree, KeepsTheNewestSkippedKeys) {
  SecretTree tree = NewTree();
  EXPECT_EQ(Receive(tree, 100), Fault::kNone);
  EXPECT_EQ(Receive(tree, 100 - kOutOfOrderWindow - 1), Fault::kGenerationConsumed);
  EXPECT_EQ(Receive(tree, 100 - kOutOfOrderWindow), Fault::kNone);
  EXPECT_EQ(Receive(tree, 99), Fault::kNone);
  // Thirty wait, from 69 on. Two more have room; of three more, two push the oldest out.
  EXPECT_EQ(Receive(tree, 103), Fault::kNone);
  EXPECT_EQ(Receive(tree, 69), Fault::kNone);
  EXPECT_EQ(Receive(tree, 107), Fault::kNone);
  EXPECT_EQ(Receive(tree, 71), Fault::kGenerationConsumed);
  EXPECT_EQ(Receive(tree, 72), Fault::kNone);
}

TEST(SecretTree, SkipsAtMostKMaxForward) {
  SecretTree tree = NewTree();
  EXPECT_EQ(Receive(tree, kMaxForward + 1), Fault::kGenerationTooFar);
  EXPECT_EQ(Receive(tree, std::numeric_limits<uint32_t>::max()), Fault::kGenerationTooFar);
  EXPECT_EQ(Receive(tree, kMaxForward), Fault::kNone);
  // From where the ratchet stands now, not from its beginning.
  EXPECT_EQ(Receive(tree, 2 * kMaxForward + 2), Fault::kGenerationTooFar);
  EXPECT_EQ(Receive(tree, 2 * kMaxForward + 1), Fault::kNone);
}

TEST(SecretTreeDeathTest, ARatchetDoesNotGoBack) {
  SecretTree tree = NewTree();
  OpeningKey first = *tree.Find(kBob, kApplication, 3);
  OpeningKey second = *tree.Find(kBob, kApplication, 5);
  tree.Consume(std::move(second));
  EXPECT_DEATH(tree.Consume(std::move(first)), "not the last one found");
}

// --- The saved state --------------------------------------------------------------------------

// Saved ratchets of Bob's that stand at `generation`.
std::string Row(uint32_t generation, size_t secret_size = kHashSize) {
  Writer writer;
  for (int kind = 0; kind < 2; ++kind) {
    writer.Opaque(std::string(secret_size, 's'));
    writer.U32(generation);
    writer.Opaque("");  // nothing was skipped
  }
  return std::move(writer).Take();
}

// A tree that has no secrets but those of Bob's row.
SecretTree TreeWith(std::string_view row) {
  Writer nodes;
  nodes.U32(8);
  nodes.U8(0);
  nodes.Opaque("");
  SecretTree tree = *SecretTree::FromNodes(kSuite3, std::move(nodes).Take());
  EXPECT_TRUE(tree.RestoreRatchets(kBob, row).ok());
  return tree;
}

SecretTree Reloaded(const SecretTree& tree) {
  SecretTree again = *SecretTree::FromNodes(kSuite3, tree.EncodeNodes().Expose());
  for (const LeafIndex leaf : tree.leaves_with_ratchets()) {
    EXPECT_TRUE(again.RestoreRatchets(leaf, tree.EncodeRatchets(leaf).Expose()).ok());
  }
  return again;
}

TEST(SecretTree, EndsWithTheLastGeneration) {
  constexpr uint32_t kLast = std::numeric_limits<uint32_t>::max();
  SecretTree sender = TreeWith(Row(kLast - 1));
  EXPECT_EQ(sender.Next(kBob, kApplication)->generation, kLast - 1);
  const SentKey last = *sender.Next(kBob, kApplication);
  EXPECT_EQ(last.generation, kLast);
  EXPECT_EQ(FaultIn(sender.Next(kBob, kApplication)), Fault::kRatchetUsedUp);
  SecretTree reloaded = Reloaded(sender);
  EXPECT_EQ(FaultIn(reloaded.Next(kBob, kApplication)), Fault::kRatchetUsedUp);
  EXPECT_TRUE(reloaded.Next(kBob, kHandshake).ok());

  SecretTree receiver = TreeWith(Row(kLast - 1));
  EXPECT_TRUE(AreSame(receiver.Find(kBob, kApplication, kLast)->key, last.key));
  EXPECT_EQ(Receive(receiver, kLast), Fault::kNone);
  EXPECT_EQ(Receive(receiver, kLast), Fault::kGenerationConsumed);
  EXPECT_EQ(Receive(receiver, 0), Fault::kGenerationConsumed);
  SecretTree again = Reloaded(receiver);
  EXPECT_EQ(Receive(again, kLast - 1), Fault::kNone);  // skipped
  EXPECT_EQ(Receive(again, kLast - 1), Fault::kGenerationConsumed);
}

TEST(SecretTree, IsTheSameWhenReloaded) {
  SecretTree tree = NewTree();
  const std::vector<SentKey> sent = SentByBob(60);
  EXPECT_EQ(Receive(tree, 50), Fault::kNone);
  ASSERT_TRUE(tree.Next(kAlice, kHandshake).ok());

  SecretTree again = Reloaded(tree);
  EXPECT_EQ(again.EncodeNodes().Expose(), tree.EncodeNodes().Expose());
  EXPECT_EQ(again.leaves_with_ratchets(), (std::vector<LeafIndex>{kAlice, kBob}));
  EXPECT_EQ(again.EncodeRatchets(kBob).Expose(), tree.EncodeRatchets(kBob).Expose());
  EXPECT_EQ(again.Next(kAlice, kHandshake)->generation, 1u);
  for (const uint32_t generation : {49u, 18u, 51u, 59u}) {
    EXPECT_TRUE(AreSame(again.Find(kBob, kApplication, generation)->key, sent[generation].key));
    EXPECT_EQ(Receive(again, generation), Fault::kNone);
  }
  EXPECT_EQ(Receive(again, 50), Fault::kGenerationConsumed);
  EXPECT_EQ(Receive(again, 17), Fault::kGenerationConsumed);
  // Who was not heard of before.
  SecretTree other = NewTree();
  EXPECT_TRUE(AreSame(again.Next({6}, kApplication)->key, other.Next({6}, kApplication)->key));
}

TEST(SecretTree, SaysWhatChanged) {
  SecretTree tree = NewTree();
  EXPECT_TRUE(tree.nodes_changed());
  EXPECT_TRUE(tree.changed_ratchets().empty());
  tree.ClearChanged();
  EXPECT_FALSE(tree.nodes_changed());

  EXPECT_EQ(Receive(tree, 2), Fault::kNone);  // goes down from the root
  EXPECT_TRUE(tree.nodes_changed());
  EXPECT_EQ(tree.changed_ratchets(), std::vector<LeafIndex>{kBob});
  tree.ClearChanged();

  EXPECT_EQ(Receive(tree, 1), Fault::kNone);
  EXPECT_EQ(Receive(tree, 0), Fault::kNone);
  EXPECT_FALSE(tree.nodes_changed());
  EXPECT_EQ(tree.changed_ratchets(), std::vector<LeafIndex>{kBob});
  tree.ClearChanged();

  EXPECT_EQ(Receive(tree, 0), Fault::kGenerationConsumed);
  ASSERT_TRUE(tree.Find(kBob, kApplication, 9).ok());  // and does not open
  EXPECT_FALSE(tree.nodes_changed());
  EXPECT_TRUE(tree.changed_ratchets().empty());

  SecretTree again = Reloaded(tree);
  EXPECT_TRUE(again.nodes_changed());  // until whoever restores says otherwise
  EXPECT_TRUE(again.changed_ratchets().empty());
}

// Deletion (section 9.2): after a message, no secret that leads to its key is in what is saved.
TEST(SecretTree, KeepsNoSecretThatLeadsToAUsedKey) {
  const auto child = [](const SecretBytes& secret, std::string_view side) {
    return ExpandWithLabel(secret.Expose(), "tree", side, kHashSize);
  };
  const SecretBytes root(kHashSize);
  const SecretBytes right = child(root, "right");       // above 4 to 7
  const SecretBytes right_left = child(right, "left");  // above 4 and 5
  const SecretBytes bob = child(right_left, "right");
  const SecretBytes ratchet = ExpandWithLabel(bob.Expose(), "application", "", kHashSize);
  const SecretBytes left = child(root, "left");  // leads to others alone
  const SecretBytes right_right = child(right, "right");

  SecretTree tree = NewTree();
  EXPECT_EQ(Receive(tree, 0), Fault::kNone);
  const SecretBytes nodes = tree.EncodeNodes();
  const SecretBytes ratchets = tree.EncodeRatchets(kBob);
  for (const SecretBytes* used : {&root, &right, &right_left, &bob, &ratchet}) {
    EXPECT_EQ(nodes.Expose().find(used->Expose()), std::string_view::npos);
    EXPECT_EQ(ratchets.Expose().find(used->Expose()), std::string_view::npos);
  }
  for (const SecretBytes* unused : {&left, &right_right}) {
    EXPECT_NE(nodes.Expose().find(unused->Expose()), std::string_view::npos);
  }
}

TEST(SecretTree, DropsHandshakesForGood) {
  SecretTree tree = NewTree();
  EXPECT_EQ(Receive(tree, 2, kHandshake), Fault::kNone);
  EXPECT_EQ(Receive(tree, 2, kApplication), Fault::kNone);
  tree.ClearChanged();
  tree.DropHandshakes();
  EXPECT_TRUE(tree.nodes_changed());
  EXPECT_EQ(tree.changed_ratchets(), std::vector<LeafIndex>{kBob});
  tree.ClearChanged();
  tree.DropHandshakes();
  EXPECT_FALSE(tree.nodes_changed());
  EXPECT_TRUE(tree.changed_ratchets().empty());

  SecretTree reloaded = Reloaded(tree);
  for (SecretTree* t : {&tree, &reloaded}) {
    EXPECT_EQ(Receive(*t, 3, kHandshake), Fault::kGenerationConsumed);
    EXPECT_EQ(Receive(*t, 1, kHandshake), Fault::kGenerationConsumed);
    EXPECT_EQ(FaultIn(t->Find({6}, kHandshake, 0)), Fault::kGenerationConsumed);
    EXPECT_EQ(FaultIn(t->Next(kAlice, kHandshake)), Fault::kRatchetUsedUp);
    EXPECT_EQ(Receive(*t, 1, kApplication), Fault::kNone);
    EXPECT_EQ(Receive(*t, 3, kApplication), Fault::kNone);
    EXPECT_TRUE(t->Find({6}, kApplication, 0).ok());
  }
}

TEST(SecretTree, RefusesNodesThatAreDamaged) {
  SecretTree tree = NewTree();
  ASSERT_TRUE(tree.Next(kAlice, kApplication).ok());
  const std::string row(tree.EncodeNodes().Expose());
  const auto fault = [](const std::string& bytes) {
    return FaultIn(SecretTree::FromNodes(kSuite3, bytes));
  };
  ASSERT_EQ(fault(row), Fault::kNone);
  for (size_t size = 0; size < row.size(); ++size) {
    EXPECT_EQ(fault(row.substr(0, size)), Fault::kStateDamaged) << size;
  }
  EXPECT_EQ(fault(row + '\0'), Fault::kStateDamaged);
  for (const char* leaves : {"00000000", "00000003", "00010000", "80000000"}) {
    EXPECT_EQ(fault(FromHex(leaves) + row.substr(4)), Fault::kStateDamaged) << leaves;
  }
  EXPECT_EQ(fault(FromHex("00000002") + row.substr(4)), Fault::kStateDamaged);  // nodes outside
  EXPECT_EQ(fault(row.substr(0, 4) + '\2' + row.substr(5)), Fault::kStateDamaged);

  const std::string node = FromHex("00000001") + '\x20' + std::string(32, 's');
  const std::string head = FromHex("0000000800");
  const auto with = [&](const std::string& nodes) {
    Writer writer;
    writer.Raw(head);
    writer.Opaque(nodes);
    return std::move(writer).Take();
  };
  EXPECT_EQ(fault(with(node)), Fault::kNone);
  EXPECT_EQ(fault(with(node + node)), Fault::kStateDamaged);
  EXPECT_EQ(fault(with(FromHex("00000001") + '\x1f' + std::string(31, 's'))), Fault::kStateDamaged);
}

TEST(SecretTree, RefusesRatchetsThatAreDamaged) {
  SecretTree tree = NewTree();
  EXPECT_EQ(Receive(tree, 3), Fault::kNone);
  const std::string nodes(tree.EncodeNodes().Expose());
  const std::string row(tree.EncodeRatchets(kBob).Expose());
  const auto fault = [&](const std::string& bytes, LeafIndex leaf = kBob) {
    SecretTree again = *SecretTree::FromNodes(kSuite3, nodes);
    return FaultIn(again.RestoreRatchets(leaf, bytes));
  };
  ASSERT_EQ(fault(row), Fault::kNone);
  for (size_t size = 0; size < row.size(); ++size) {
    EXPECT_EQ(fault(row.substr(0, size)), Fault::kStateDamaged) << size;
  }
  EXPECT_EQ(fault(row + '\0'), Fault::kStateDamaged);
  EXPECT_EQ(fault(row, {8}), Fault::kStateDamaged);
  // Of a leaf whose secret is there still: its keys would be given twice.
  EXPECT_EQ(fault(row, {0}), Fault::kStateDamaged);
  EXPECT_EQ(fault(row, {4}), Fault::kStateDamaged);

  EXPECT_EQ(fault(Row(3)), Fault::kNone);
  EXPECT_EQ(fault(Row(3, 0)), Fault::kNone);  // used up
  EXPECT_EQ(fault(Row(3, kHashSize - 1)), Fault::kStateDamaged);
  EXPECT_EQ(fault(Row(3, kHashSize + 1)), Fault::kStateDamaged);

  SecretTree twice = *SecretTree::FromNodes(kSuite3, nodes);
  EXPECT_TRUE(twice.RestoreRatchets(kBob, row).ok());
  EXPECT_EQ(FaultIn(twice.RestoreRatchets(kBob, row)), Fault::kStateDamaged);
}

// A row whose application ratchet stands at generation 100, with these generations skipped.
std::string RowWithSkipped(const std::vector<uint32_t>& generations, size_t key_size = 32,
                           size_t nonce_size = 12) {
  Writer writer;
  writer.Raw(Row(3).substr(0, Row(3).size() / 2));
  writer.Opaque(std::string(kHashSize, 's'));
  writer.U32(100);
  const size_t start = writer.size();
  for (const uint32_t generation : generations) {
    writer.U32(generation);
    writer.Opaque(std::string(key_size, 'k'));
    writer.Opaque(std::string(nonce_size, 'n'));
  }
  writer.PrefixLength(start);
  return std::move(writer).Take();
}

TEST(SecretTree, RefusesSkippedKeysThatCannotBe) {
  const auto fault = [](const std::string& row) {
    SecretTree tree = TreeWith(Row(0));  // for its nodes
    SecretTree again = *SecretTree::FromNodes(kSuite3, tree.EncodeNodes().Expose());
    return FaultIn(again.RestoreRatchets(kBob, row));
  };
  EXPECT_EQ(fault(RowWithSkipped({1, 99})), Fault::kNone);
  EXPECT_EQ(fault(RowWithSkipped({1, 1})), Fault::kStateDamaged);
  EXPECT_EQ(fault(RowWithSkipped({100})), Fault::kStateDamaged);  // not skipped yet
  EXPECT_EQ(fault(RowWithSkipped({1}, 31)), Fault::kStateDamaged);
  EXPECT_EQ(fault(RowWithSkipped({1}, 32, 24)), Fault::kStateDamaged);
  std::vector<uint32_t> many(kOutOfOrderWindow);
  std::iota(many.begin(), many.end(), 0);
  EXPECT_EQ(fault(RowWithSkipped(many)), Fault::kNone);
  many.push_back(kOutOfOrderWindow);
  EXPECT_EQ(fault(RowWithSkipped(many)), Fault::kStateDamaged);
}

// Rows that were not restored give nobody a key.
TEST(SecretTree, HasNoKeysForALeafWhoseRowIsMissing) {
  SecretTree tree = NewTree();
  EXPECT_EQ(Receive(tree, 0), Fault::kNone);
  SecretTree again = *SecretTree::FromNodes(kSuite3, tree.EncodeNodes().Expose());
  EXPECT_EQ(Receive(again, 1), Fault::kGenerationConsumed);
  EXPECT_EQ(FaultIn(again.Next(kBob, kApplication)), Fault::kRatchetUsedUp);
}

}  // namespace
}  // namespace amana::mls
