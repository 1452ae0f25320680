// mls_bench [--quick] [--members N] [--only TEXT] [--json FILE]: what operations on groups of 2 to
// 2,048 members cost, and how many times the floor that is. n counts members after an add, and
// before anything else. Each commit is timed up to the next epoch, that is with its merge, as the
// first message of its sender in an epoch.

#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "common/crypto/random.h"
#include "common/mls/bench/floor.h"
#include "common/mls/bench/measure.h"
#include "common/mls/bench/world.h"
#include "common/testing/report.h"

namespace amana::mls {
namespace {

using testing::Row;

// Times the floor.
constexpr double kGoal = 2.0;
constexpr double kGoalForMessages = 1.3;
// Bytes.
constexpr double kGoalForState = 400;
constexpr double kGoalForWelcome = 400;
constexpr double kGoalForMemory = 4 << 20;
constexpr uint32_t kMembersForMemory = 2048;

struct Options {
  bool quick = false;    // smaller groups, fewer samples
  uint32_t members = 0;  // only groups of this size; 0: of all
  std::string only;      // rows with this in their name
  std::string json;
};

Random& TheRandom() { return crypto::SystemRandom::Instance(); }

NewCommit CommitOf(Group& group, const Client& client, const CommitRequest& request) {
  auto commit = group.Commit(request, client.signer, ThePolicy(), NoPsks(), TheRandom());
  AMANA_CHECK(commit.ok(), "a commit failed");
  return *std::move(commit);
}

void Merge(Group& group, StagedCommit staged) {
  AMANA_CHECK(group.Merge(std::move(staged)).ok(), "a merge failed");
}

void Follow(Group& group, const std::string& message) {
  auto received = group.Handle(message, ThePolicy(), NoPsks());
  AMANA_CHECK(received.ok(), "a commit was refused");
  Merge(group, std::get<StagedCommit>(*std::move(received)));
}

void Join(const std::string& welcome, OwnKeyPackage own, const std::string& tree) {
  JoinOptions options;
  if (!tree.empty()) options.ratchet_tree = tree;
  AMANA_CHECK(
      Group::Join(kSuite3, welcome, std::move(own), ThePolicy(), NoPsks(), InNoGroup, options).ok(),
      "a welcome was refused");
}

Shape ShapeOf(const RatchetTree& tree, const GroupContext& context, const KeyPackage& key_package) {
  Shape shape{.members = static_cast<double>(tree.members())};
  shape.levels = Level(Root(tree.leaves()));
  for (uint32_t i = 1; i < NodeCount(tree.leaves()); i += 2) {
    if (tree.parent(NodeIndex{i}) != nullptr) ++shape.parents;
  }
  shape.leaf = static_cast<double>(Encode(*tree.leaf(LeafIndex{0})).size());
  shape.context = static_cast<double>(Encode(context).size());
  shape.key_package = static_cast<double>(Encode(key_package).size());
  return shape;
}

Shape ShapeAfter(const NewCommit& made, const Client& client) {
  return ShapeOf(made.staged.tree(), made.staged.context(), client.NewKeyPackage().key_package);
}

// Of a commit of leaf 0.
CommitShape CommitShapeOf(const NewCommit& made, bool path) {
  const StagedCommit& staged = made.staged;
  const RatchetTree& tree = staged.tree();
  CommitShape shape{.message = static_cast<double>(made.message.size()),
                    .adds = static_cast<double>(staged.added().size()),
                    .path = path,
                    .group_info = made.welcome ? static_cast<double>(made.welcome->size()) : 0};
  std::set<NodeIndex> touched;
  std::vector<LeafIndex> changed = staged.added();
  changed.insert(changed.end(), staged.removed().begin(), staged.removed().end());
  if (path) changed.push_back({0});
  for (const LeafIndex leaf : changed) {
    for (const NodeIndex above : DirectPath(NodeOf(leaf), tree.leaves())) touched.insert(above);
  }
  shape.touched = static_cast<double>(touched.size());
  if (!path) return shape;
  for (const NodeIndex node : tree.FilteredDirectPath(LeafIndex{0})) {
    shape.path_nodes += 1;
    shape.path_seals += static_cast<double>(tree.Resolution(Right(node), staged.added()).size());
  }
  return shape;
}

// The primitives by themselves, to compare machines with.
void AddPrimitives(const Prices& prices, std::vector<Row>& rows) {
  constexpr std::pair<Primitive, const char*> kNames[] = {
      {Primitive::kX25519Base, "X25519 of the base point"},
      {Primitive::kX25519, "X25519"},
      {Primitive::kSign, "Ed25519 sign, 256 B"},
      {Primitive::kVerify, "Ed25519 verify, 256 B"},
      {Primitive::kAead, "ChaCha20-Poly1305, 256 B"},
      {Primitive::kHmac, "HMAC-SHA256, 256 B"},
      {Primitive::kHash, "SHA-256, 256 B"},
  };
  for (const auto& [primitive, name] : kNames) {
    rows.push_back(
        {name, prices.MicrosOf(primitive, 256), "us", std::nullopt, std::nullopt, false});
  }
}

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options) {}

  void RunAll() {
    for (const uint32_t n : {2U, 8U, 32U, 128U, 512U, 2048U}) {
      if (options_.quick && n > 128) break;
      if (options_.members != 0 && options_.members != n) continue;
      n_ = n;
      clients_ = MakeClients(n);
      // Prices anew for each size, because a machine that others use is not the same a minute
      // later. For the same reason everything twice: of two medians the lower one counts.
      Prices prices;
      for (int pass = 0; pass < 2; ++pass) {
        prices.Measure();
        if (n == 2) RunSmall();
        RunAdd();
        RunWarm();
        RunCold();
        RunBulkAdd();
      }
      Price(prices);
      if (n == 2 && options_.only.empty()) AddPrimitives(prices, rows_);
    }
    if (!options_.quick && options_.members == 0) RunMemory();
  }
  const std::vector<Row>& rows() const { return rows_; }

 private:
  Times TimesFor(uint32_t heavy) const {
    return {.batch = static_cast<int>(std::clamp(256 / heavy, 1U, 8U)),
            .samples = options_.quick ? 5
                       : heavy > 512  ? 7
                                      : 15};
  }

  std::string Named(const std::string& what) const { return what + ", n = " + std::to_string(n_); }
  bool Skips(const std::string& name) const {
    return name.find(options_.only) == std::string::npos;
  }

  void Time(const std::string& what, const Calls& floor, std::optional<double> goal, Times times,
            const Prepare& prepare) {
    const std::string name = Named(what);
    if (Skips(name)) return;
    const double micros = MedianMicros(name, times, prepare);
    unpriced_.insert_or_assign(name, floor);
    Keep({name, micros, "us", std::nullopt, goal, false});
  }
  // Rows that were timed since the last call get their floor.
  void Price(const Prices& prices) {
    for (Row& row : rows_) {
      const auto floor = unpriced_.find(row.name);
      if (floor != unpriced_.end()) row.floor = prices.MicrosOf(floor->second);
    }
    unpriced_.clear();
  }
  void Size(const std::string& what, double bytes, std::optional<double> goal) {
    if (Skips(Named(what))) return;
    Keep({Named(what), bytes, "B", std::nullopt, goal, false});
  }
  // What was measured before keeps its lower value.
  void Keep(Row row) {
    for (Row& known : rows_) {
      if (known.name != row.name) continue;
      known.value = std::min(known.value, row.value);
      return;
    }
    rows_.push_back(std::move(row));
  }

  void TimeCommit(const std::string& what, const Shape& shape, const CommitShape& commit,
                  const Saved& saved, const CommitRequest& request, Times times) {
    Time(what, CommitFloor(shape, commit), kGoal, times, [&] {
      auto group = std::make_shared<Group>(saved.Fresh());
      return
          [this, group, &request] { Merge(*group, CommitOf(*group, clients_[0], request).staged); };
    });
  }
  void TimeProcess(const std::string& what, const Shape& shape, const CommitShape& commit,
                   const Saved& saved, const std::string& message, Times times) {
    // Bob is below the whole path of Alice.
    Time(what, ProcessFloor(shape, commit, commit.path_nodes), kGoal, times, [&] {
      auto group = std::make_shared<Group>(saved.Fresh());
      return [group, &message] { Follow(*group, message); };
    });
  }

  void RunSmall();
  void RunAdd();
  void RunWarm();
  void RunUpdate(const std::string& warmth, const Saved& alice, const Saved& bob);
  void RunRemove(const Saved& alice, const Saved& bob);
  void RunMessages(const Saved& alice, const Saved& bob);
  void RunCold();
  void RunBulkAdd();
  void RunMemory();

  Options options_;
  uint32_t n_ = 0;
  std::map<std::string, Calls> unpriced_;  // by name of a row
  std::vector<Client> clients_;
  std::vector<Row> rows_;
};

// What has nothing to do with the size of a group.
void Bench::RunSmall() {
  const Group group = Alone(clients_[0]);
  const OwnKeyPackage own = clients_[0].NewKeyPackage();
  const Shape shape = ShapeOf(group.tree(), group.context(), own.key_package);
  Time("key package", KeyPackageFloor(shape), kGoal, TimesFor(1),
       [this] { return [this] { clients_[0].NewKeyPackage(); }; });
  // No goal: the floor leaves out that the creator's own leaf is verified, too.
  Time("create", CreateFloor(shape), std::nullopt, TimesFor(1), [&] {
    auto ready = std::make_shared<OwnKeyPackage>(CopyOf(own));
    return [ready] {
      AMANA_CHECK(Group::Create(kSuite3, "sixteen bytes id", std::move(*ready), {}, ThePolicy(),
                                TheRandom())
                      .ok(),
                  "a group can't be created");
    };
  });
}

// The n-th member is added to a warm group of n - 1.
void Bench::RunAdd() {
  std::vector<Client> before = MakeClients(n_ - 1);
  std::swap(before, clients_);  // TimeCommit signs for the first client
  std::optional<Saved> alice, bob;
  if (n_ == 2) {
    alice.emplace(Alone(clients_[0]));
  } else {
    Couple couple = WarmGroup(clients_);
    alice.emplace(std::move(couple.alice));
    bob.emplace(std::move(couple.bob));
  }
  const OwnKeyPackage newcomer = Client(n_).NewKeyPackage();
  for (const bool path : {true, false}) {
    // With a path the tree goes along, without one it does not.
    const std::string kind = path ? "path, tree" : "no path, no tree";
    const CommitRequest request{
        .proposals = {{Add{newcomer.key_package}}}, .without_path = !path, .tree_in_welcome = path};
    Group group = alice->Fresh();
    const NewCommit made = CommitOf(group, clients_[0], request);
    const Shape shape = ShapeOf(made.staged.tree(), made.staged.context(), newcomer.key_package);
    const CommitShape commit = CommitShapeOf(made, path);
    TimeCommit("add (" + kind + ")", shape, commit, *alice, request, TimesFor(n_));
    if (bob.has_value()) {
      TimeProcess("process add (" + kind + ")", shape, commit, *bob, made.message, TimesFor(n_));
    }
    const std::string tree = path ? "" : made.staged.tree().Encode();
    const double path_shared = path
                                   ? static_cast<double>(std::ranges::count_if(
                                         made.staged.tree().FilteredDirectPath(LeafIndex{0}),
                                         [&](NodeIndex node) {
                                           return IsInSubtree(NodeOf(made.staged.added()[0]), node);
                                         }))
                                   : 0;
    Time("join (" + kind + ")", JoinFloor(shape, commit.group_info, path_shared), kGoal,
         TimesFor(n_), [&] {
           auto own = std::make_shared<OwnKeyPackage>(CopyOf(newcomer));
           return [own, &made, &tree] { Join(*made.welcome, std::move(*own), tree); };
         });
    if (!path) Size("size of a welcome without tree", commit.group_info, kGoalForWelcome);
  }
  std::swap(before, clients_);
}

void Bench::RunUpdate(const std::string& warmth, const Saved& alice, const Saved& bob) {
  Group group = alice.Fresh();
  const CommitRequest request;
  const NewCommit made = CommitOf(group, clients_[0], request);
  const Shape shape = ShapeAfter(made, clients_[0]);
  const CommitShape commit = CommitShapeOf(made, /*path=*/true);
  TimeCommit("update, " + warmth, shape, commit, alice, request, TimesFor(n_));
  TimeProcess("process update, " + warmth, shape, commit, bob, made.message, TimesFor(n_));
  Size("size of an update, " + warmth, commit.message, std::nullopt);
}

void Bench::RunWarm() {
  Couple couple = WarmGroup(clients_);
  const Saved alice(std::move(couple.alice));
  const Saved bob(std::move(couple.bob));
  Size("state of a warm group, by member", static_cast<double>(alice.bytes()) / n_, kGoalForState);
  RunUpdate("warm", alice, bob);
  if (n_ > 2) RunRemove(alice, bob);
  RunMessages(alice, bob);
}

// The last member is removed.
void Bench::RunRemove(const Saved& alice, const Saved& bob) {
  const CommitRequest request{.proposals = {{Remove{LeafIndex{n_ - 1}}}}};
  Group group = alice.Fresh();
  const NewCommit made = CommitOf(group, clients_[0], request);
  const Shape shape = ShapeAfter(made, clients_[0]);
  const CommitShape commit = CommitShapeOf(made, /*path=*/true);
  TimeCommit("remove, warm", shape, commit, alice, request, TimesFor(n_));
  TimeProcess("process remove, warm", shape, commit, bob, made.message, TimesFor(n_));
}

void Bench::RunMessages(const Saved& alice, const Saved& bob) {
  auto sender = std::make_shared<Group>(alice.Fresh());
  auto receiver = std::make_shared<Group>(bob.Fresh());
  const Shape shape = ShapeOf(sender->tree(), sender->context(), {});
  const auto encrypt = [this, sender](const std::string& data) {
    auto message = sender->Encrypt(data, "", 0, clients_[0].signer, TheRandom());
    AMANA_CHECK(message.ok(), "a message can't be sent");
    return *std::move(message);
  };
  const auto decrypt = [receiver](const std::string& message) {
    AMANA_CHECK(receiver->Handle(message, ThePolicy(), NoPsks()).ok(), "a message can't be read");
  };
  for (const size_t kib : {1, 64}) {
    const std::string data(kib * 1024, 'x');
    const std::string size = std::to_string(kib) + " KiB";
    encrypt(data);  // the first use of a ratchet costs more
    const Times times{.batch = 32, .samples = 15};
    const auto bytes = static_cast<double>(data.size());
    Time("encrypt " + size, EncryptFloor(shape, bytes), kGoalForMessages, times,
         [&] { return [&] { encrypt(data); }; });
    decrypt(encrypt(data));  // passes over those that nobody read
    Time("decrypt " + size, DecryptFloor(shape, bytes), kGoalForMessages, times, [&] {
      auto message = std::make_shared<std::string>(encrypt(data));
      return [&decrypt, message] { decrypt(*message); };
    });
  }
}

void Bench::RunCold() {
  Couple couple = ColdGroup(clients_);
  const Saved alice(std::move(couple.alice));
  const Saved bob(std::move(couple.bob));
  Size("state of a new group, by member", static_cast<double>(alice.bytes()) / n_, kGoalForState);
  RunUpdate("cold", alice, bob);
}

// One commit adds all but the first.
void Bench::RunBulkAdd() {
  std::vector<OwnKeyPackage> others;
  for (uint32_t i = 1; i < n_; ++i) others.push_back(clients_[i].NewKeyPackage());
  const CommitRequest request{.proposals = AddAll(others)};
  const Saved alone(Alone(clients_[0]));
  Group group = alone.Fresh();
  const NewCommit made = CommitOf(group, clients_[0], request);
  const Shape shape = ShapeOf(made.staged.tree(), made.staged.context(), others[0].key_package);
  CommitShape commit = CommitShapeOf(made, /*path=*/true);
  commit.group_info = static_cast<double>(made.staged.tree().Encode().size()) + 2 * shape.context;
  TimeCommit("add n - 1 (path, tree)", shape, commit, alone, request,
             TimesFor(std::min(n_ * 8, 2048U)));
}

size_t BytesInUse() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// A group that is in use: read back, and one commit later.
void Bench::RunMemory() {
  n_ = kMembersForMemory;
  const std::vector<Client> clients = MakeClients(n_);
  Couple couple = WarmGroup(clients);
  const Saved alice(std::move(couple.alice));
  const Saved bob(std::move(couple.bob));
  const std::string message = [&] {
    Group group = alice.Fresh();
    return CommitOf(group, clients[0], {}).message;
  }();
  const size_t before = BytesInUse();
  Group group = bob.Fresh();
  Follow(group, message);
  Size("memory of a group", static_cast<double>(BytesInUse() - before), kGoalForMemory);
}

int Main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--quick") {
      options.quick = true;
    } else if (argument == "--only" && i + 1 < argc) {
      options.only = argv[++i];
    } else if (argument == "--members" && i + 1 < argc) {
      options.members = static_cast<uint32_t>(std::atoi(argv[++i]));
    } else if (argument == "--json" && i + 1 < argc) {
      options.json = argv[++i];
    } else {
      std::fprintf(stderr,
                   "usage: mls_bench [--quick] [--members N] [--only TEXT] [--json FILE]\n");
      return 2;
    }
  }
  Bench bench(options);
  bench.RunAll();
  testing::Print(bench.rows());
  return options.json.empty() || testing::WriteJson(bench.rows(), options.json) ? 0 : 1;
}

}  // namespace
}  // namespace amana::mls

int main(int argc, char** argv) { return amana::mls::Main(argc, argv); }
