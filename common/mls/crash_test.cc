// A group whose devices crash at every point between a call and what it leads to: before a save, in
// the middle of one, between saving and sending, between sending and merging, between merging and
// saving. Random programs from a seed, which AMANA_TEST_SEED repeats.

#include <cstdlib>
#include <deque>
#include <functional>
#include <iostream>
#include <random>
#include <set>
#include <tuple>

#include "common/mls/test_rules.h"

namespace amana::mls {
namespace {

uint64_t Seed() {
  const char* given = std::getenv("AMANA_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

// As the delivery service keeps it.
struct Letter {
  std::string sender;
  ContentType type;
  uint64_t epoch;
  std::string message;
};

// What a device writes in one transaction, and what survives a crash.
struct Disk {
  StateRows rows;
  uint64_t sequence = 0;
  size_t read = 0;               // letters
  SecretBytes staged;            // of the last own commit
  std::optional<Letter> outbox;  // made, and perhaps not sent
};

struct Device {
  std::string name;
  crypto::SigningKey signer;
  Group group;
  uint64_t joined = 0;  // the epoch
  std::optional<StagedCommit> staged = std::nullopt;
  Disk disk = {};
  StateRows backup = {};
};

StateRows Copy(const StateRows& rows) {
  StateRows copy;
  for (const auto& [key, value] : rows) copy.emplace(key, value.Clone());
  return copy;
}

class CrashTest : public RulesTest {
 protected:
  void Run(uint64_t seed, int steps) {
    chance_.seed(seed);
    random_ = SeededRandom(seed);
    Member founder = Found("0");
    Enter("0", std::move(founder.signer), std::move(founder.group));
    while (devices_.size() < 4) CommitSomething(AnyDevice(), /*add=*/true);
    for (int i = 0; i < steps && !HasFailure(); ++i) {
      Step(AnyDevice());
      if (i % 10 == 9) AllAgree();
    }
  }
  int crashes() const { return crashes_; }
  int torn() const { return torn_; }
  size_t sent() const { return used_.size(); }

 private:
  // --- Chance.
  size_t Below(size_t n) { return chance_() % n; }
  bool Maybe(size_t percent) { return Below(100) < percent; }
  Device& AnyDevice() { return devices_[Below(devices_.size())]; }

  // --- Crashing.

  // Everything but the disk is gone.
  void Crash(Device& device) {
    ++crashes_;
    auto restored = Group::Restore(kSuite3, device.disk.rows, device.disk.sequence);
    ASSERT_EQ(FaultIn(restored), Fault::kNone);
    device.group = *std::move(restored);
    device.staged.reset();
    if (!device.backup.empty()) {
      EXPECT_EQ(FaultIn(Group::Restore(kSuite3, device.backup, device.disk.sequence)),
                Fault::kStateRolledBack);
    }
    const auto outbox = std::exchange(device.disk.outbox, std::nullopt);
    if (!outbox.has_value()) return;
    // Others must get a proposal that waits here, or they can't follow a commit that refers to it.
    if (outbox->type == ContentType::kProposal || Maybe(50)) Send(device, *outbox);
  }

  // Some of the rows of a save arrive. Either that is seen, or nothing of it is there.
  void Tear(const Device& device, const StateDelta& delta) {
    StateRows torn = Copy(device.disk.rows);
    const size_t missing = Below(delta.rows.size());
    size_t i = 0;
    for (const auto& [key, value] : delta.rows) {
      if (i++ == missing || Maybe(50)) continue;
      torn.erase(key);
      if (value.has_value()) torn.emplace(key, value->Clone());
    }
    const auto restored = Group::Restore(kSuite3, torn, device.disk.sequence);
    if (!restored.ok()) {
      ++torn_;
      EXPECT_EQ(FaultIn(restored), Fault::kStateDamaged);
    } else {
      EXPECT_EQ(restored->sequence(), device.disk.sequence);
      for (const auto& [key, value] : torn) {
        EXPECT_EQ(value.Expose(), device.disk.rows.at(key).Expose());
      }
    }
  }

  // What a call led to, with `change` in the same transaction. False if the device crashed, before
  // or after.
  bool Save(Device& device, const std::function<void(Disk&)>& change) {
    StateDelta delta = device.group.TakeDelta();
    if (Maybe(15)) {
      Tear(device, delta);
      Crash(device);
      return false;
    }
    if (Maybe(5)) device.backup = Copy(device.disk.rows);
    device.disk.sequence = delta.sequence;
    ApplyDelta(device.disk.rows, std::move(delta));
    change(device.disk);
    if (!Maybe(15)) return true;
    Crash(device);
    return false;
  }

  // --- Sending.

  bool SaveAndSend(Device& device, ContentType type, std::string message,
                   const SecretBytes* staged = nullptr) {
    Letter letter{device.name, type, device.group.epoch(), std::move(message)};
    const bool lives = Save(device, [&](Disk& disk) {
      disk.outbox = letter;
      if (staged != nullptr) disk.staged = staged->Clone();
    });
    if (!lives) return false;
    const bool taken = Send(device, letter);
    if (Maybe(15)) {
      Crash(device);
    } else {
      device.disk.outbox.reset();
    }
    return taken;
  }

  // The delivery service takes handshakes of the newest epoch alone, and one commit in each.
  bool Send(const Device& device, const Letter& letter) {
    NoKeyIsUsedTwice(device, letter.message);
    if (letter.type != ContentType::kApplication && letter.epoch != epoch_) return false;
    if (letter.type == ContentType::kCommit) ++epoch_;
    letters_.push_back(letter);
    return true;
  }

  // Whoever can read it sees which key it was sealed with.
  void NoKeyIsUsedTwice(const Device& device, const std::string& encoded) {
    const auto message = std::get<PrivateMessage>(Decode<MlsMessage>(encoded)->content);
    ASSERT_EQ(message.epoch, device.group.epoch());
    const auto& secrets = *GroupTestPeer::epoch(device.group).secrets;
    const auto sender = OpenSenderData(kSuite3, message, secrets.sender_data_secret.Expose());
    ASSERT_TRUE(sender.ok());
    const bool handshake = message.content_type != ContentType::kApplication;
    const auto [use, first] = used_.try_emplace(
        {message.epoch, sender->leaf.value, handshake, sender->generation}, encoded);
    EXPECT_TRUE(first || use->second == encoded) << "a key was used for two messages";
  }

  // --- What devices do.

  void Step(Device& device) {
    const size_t what = Below(10);
    if (what < 4) {
      Talk(device);
    } else if (what < 6) {
      ReadAll(device, Below(5));
    } else if (what < 7) {
      Propose(device);
    } else {
      CommitSomething(device, /*add=*/devices_.size() < 3 + Below(3));
    }
  }

  void Talk(Device& device) {
    auto message =
        device.group.Encrypt(RandomBytes(random_, Below(50)), "", 0, device.signer, random_);
    if (FaultIn(message) == Fault::kPendingProposals) return;
    ASSERT_EQ(FaultIn(message), Fault::kNone);
    SaveAndSend(device, ContentType::kApplication, *std::move(message));
  }

  void Propose(Device& device) {
    auto message = device.group.ProposeUpdate(std::nullopt, {}, device.signer, device.signer,
                                              policy_, random_);
    ASSERT_EQ(FaultIn(message), Fault::kNone);
    SaveAndSend(device, ContentType::kProposal, *std::move(message));
  }

  // Reads first, and so knows that no commit of its own is on its way.
  void CommitSomething(Device& device, bool add) {
    if (!ReadAll(device, letters_.size())) return;
    CommitRequest request;
    std::optional<Client> client;
    const std::string name = std::to_string(++names_);
    if (add) {
      client = NewClient(name);
      request.proposals.push_back({Add{client->key_package()}});
    } else if (devices_.size() > 3 && Maybe(30)) {
      const LeafIndex other = AnyDevice().group.own_leaf();
      if (other != device.group.own_leaf() && device.group.tree().leaf(other) != nullptr) {
        request.proposals.push_back({Remove{other}});
      }
    }
    auto commit = device.group.Commit(request, device.signer, policy_, psks_, random_);
    ASSERT_EQ(FaultIn(commit), Fault::kNone);
    const SecretBytes staged = commit->staged.Encode();
    device.staged = std::move(commit->staged);
    // What is sent again after a crash has nobody who is added: its welcome is lost.
    if (!SaveAndSend(device, ContentType::kCommit, commit->message, &staged)) return;
    if (!client.has_value()) return;
    auto joined = Group::Join(kSuite3, commit->welcome.value_or(""), std::move(client->own),
                              policy_, psks_, InNoGroup);
    ASSERT_EQ(FaultIn(joined), Fault::kNone);
    Enter(name, std::move(client->signer), *std::move(joined));
  }

  void Enter(const std::string& name, crypto::SigningKey signer, Group group) {
    const uint64_t epoch = group.epoch();
    Device& device = devices_.emplace_back(Device{
        .name = name, .signer = std::move(signer), .group = std::move(group), .joined = epoch});
    StateDelta delta = device.group.TakeDelta();
    device.disk.sequence = delta.sequence;
    ApplyDelta(device.disk.rows, std::move(delta));
    device.disk.read = letters_.size();
  }

  // --- Reading.

  // At most `most` letters, with crashes; false if the device is out of the group.
  bool ReadAll(Device& device, size_t most) {
    const std::string name = device.name;
    for (size_t i = 0; i < 3 * most + 100 && device.disk.read < letters_.size(); ++i) {
      if (i >= most && most < letters_.size()) break;
      Read(device);
      if (HasFailure()) return false;
      if (device.group.removed()) {
        std::erase_if(devices_, [&](const Device& one) { return one.name == name; });
        return false;
      }
    }
    return true;
  }

  void Read(Device& device) {
    const Letter& letter = letters_[device.disk.read];
    auto received = device.group.Handle(letter.message, policy_, psks_);
    if (letter.sender == device.name && letter.type == ContentType::kCommit) {
      ASSERT_EQ(FaultIn(received), Fault::kOwnMessage);
      MergeOwn(device);
    } else if (received.ok() && letter.type == ContentType::kCommit) {
      ASSERT_TRUE(device.group.Merge(std::get<StagedCommit>(*std::move(received))).ok());
    } else if (!received.ok()) {
      EXPECT_TRUE(MayBeRefused(device, letter, FaultIn(received))) << received.status();
    }
    if (Save(device, [](Disk& disk) { ++disk.read; }) && Maybe(10) &&
        letter.type == ContentType::kApplication) {
      EXPECT_FALSE(device.group.Handle(letter.message, policy_, psks_).ok()) << "read twice";
    }
  }

  void MergeOwn(Device& device) {
    auto staged = device.staged.has_value()
                      ? absl::StatusOr<StagedCommit>(*std::move(device.staged))
                      : device.group.RestoreStaged(device.disk.staged.Expose());
    device.staged.reset();
    ASSERT_EQ(FaultIn(staged), Fault::kNone);
    ASSERT_TRUE(device.group.Merge(*std::move(staged)).ok());
  }

  bool MayBeRefused(const Device& device, const Letter& letter, Fault fault) const {
    const bool too_old =
        letter.epoch < device.joined || letter.epoch + kMaxPastEpochs < device.group.epoch();
    const auto before = letters_.begin() + static_cast<ptrdiff_t>(device.disk.read);
    const bool sent_before = std::any_of(
        letters_.begin(), before, [&](const Letter& one) { return one.message == letter.message; });
    return (fault == Fault::kOwnMessage && letter.sender == device.name) ||
           (fault == Fault::kStaleEpoch && too_old) ||
           (fault == Fault::kGenerationConsumed && sent_before);
  }

  void AllAgree() {
    for (size_t i = 0; i < devices_.size();) {
      Device& device = devices_[i];
      const std::string name = device.name;
      while (device.disk.read < letters_.size() && !HasFailure()) {
        if (!ReadAll(device, letters_.size())) break;
      }
      if (HasFailure()) return;
      if (i < devices_.size() && devices_[i].name == name) ++i;
    }
    for (const Device& device : devices_) {
      ASSERT_EQ(device.group.epoch(), epoch_);
      EXPECT_EQ(device.group.epoch_authenticator(), devices_[0].group.epoch_authenticator());
    }
  }

  std::mt19937_64 chance_;
  std::deque<Device> devices_;
  std::deque<Letter> letters_;
  uint64_t epoch_ = 0;
  int names_ = 0;
  int crashes_ = 0;
  int torn_ = 0;
  // By epoch, leaf, whether it is of the handshake ratchet, and generation: the message.
  std::map<std::tuple<uint64_t, uint32_t, bool, uint32_t>, std::string> used_;
};

TEST_F(CrashTest, DevicesGoOnWhereTheyWereAndUseNoKeyTwice) {
  const uint64_t seed = Seed();
  SCOPED_TRACE("AMANA_TEST_SEED=" + std::to_string(seed));
  Run(seed, 1000);
  std::cout << "AMANA_TEST_SEED=" << seed << ": " << sent() << " messages, " << crashes()
            << " crashes, " << torn() << " torn saves" << std::endl;
  EXPECT_GT(crashes(), 100);
  EXPECT_GT(torn(), 20);
}

}  // namespace
}  // namespace amana::mls
