#include "common/mls/test_made_vectors.h"

#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include "common/base/check.h"
#include "common/base/hex.h"
#include "common/mls/test_group.h"

namespace amana::mls {
namespace {

using Json = nlohmann::json;

constexpr ExtensionType kPrivateExtension = 0xF001;
constexpr size_t kEpochsBefore = 5;

// What begins an epoch. Updates are by reference always; commits that remove, update or replace the
// extensions have a path always.
struct EpochKind {
  size_t adds = 0;
  size_t removes = 0;
  size_t updates = 0;
  size_t external_psks = 0;
  size_t resumption_psks = 0;
  bool replaces_extensions = false;
  bool drops_extensions = false;
  bool by_reference = false;
  bool with_path = true;
};

const EpochKind kEpochs[] = {
    {},
    {.adds = 1},
    {.adds = 2, .with_path = false},
    {.adds = 1, .by_reference = true},
    {.adds = 2, .by_reference = true, .with_path = false},
    {.removes = 1},
    {.removes = 1, .by_reference = true},
    {.updates = 2},
    {.external_psks = 2, .with_path = false},
    {.external_psks = 1, .by_reference = true},
    {.resumption_psks = 1},
    {.resumption_psks = 1, .by_reference = true, .with_path = false},
    {.replaces_extensions = true},
    {.replaces_extensions = true, .by_reference = true},
    {.drops_extensions = true},
    {.updates = 1, .external_psks = 1, .resumption_psks = 1},
    {.adds = 2, .removes = 1, .external_psks = 1, .replaces_extensions = true},
    {.adds = 1, .removes = 1, .updates = 1, .external_psks = 2, .by_reference = true},
};

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed), draw_(seed) {}

  Json Make(const EpochKind& join, bool tree_in_welcome) {
    Found();
    for (size_t i = 0; i < kEpochsBefore; ++i)
      Begin({.adds = 1 + Draw(2), .with_path = Draw(2) == 0});
    Client client = NewClient();
    Json made = Describe(client);
    const Begun begun = Begin(join, tree_in_welcome, &client);
    made["welcome"] = HexEncode(begun.welcome);
    made["ratchet_tree"] = nullptr;
    if (!tree_in_welcome) made["ratchet_tree"] = HexEncode(members_[0].group.EncodeTree());
    made["initial_epoch_authenticator"] = HexEncode(Authenticator());
    std::vector<EpochKind> kinds(std::begin(kEpochs), std::end(kEpochs));
    std::shuffle(kinds.begin(), kinds.end(), draw_);
    for (const EpochKind& kind : kinds) {
      const Begun next = Begin(kind, Draw(2) == 0);
      made["epochs"].push_back({{"proposals", next.proposals},
                                {"commit", next.commit},
                                {"epoch_authenticator", HexEncode(Authenticator())}});
    }
    made["external_psks"] = Json::array();
    for (const auto& [id, secret] : psks_.external) {
      made["external_psks"].push_back({{"psk_id", HexEncode(id)}, {"psk", HexEncode(secret)}});
    }
    return made;
  }

 private:
  struct Client {
    crypto::SigningKey signer;
    OwnKeyPackage own;
  };
  // Of those that are played here: the client whose vector it is is not among them.
  struct Member {
    crypto::SigningKey signer;
    Group group;
  };
  struct Begun {
    std::vector<std::string> proposals;  // in hexadecimal, like the commit
    std::string commit;
    std::string welcome;
  };

  size_t Draw(size_t below) { return draw_() % below; }

  Client NewClient() {
    crypto::SigningKey signer = crypto::SigningKey::Generate(random_);
    Capabilities capabilities = DefaultCapabilities(kSuite3);
    capabilities.extensions.push_back(kPrivateExtension);
    OwnKeyPackage own = MakeKeyPackage(
        kSuite3, {BasicCredential("client " + std::to_string(++clients_)), capabilities, {}},
        signer, {.not_before = 0, .not_after = UINT64_MAX}, /*last_resort=*/false, random_);
    return {std::move(signer), std::move(own)};
  }

  static Json Describe(const Client& client) {
    return {{"cipher_suite", kSuite3.id},
            {"key_package", HexEncode(EncodeMessage(client.own.key_package))},
            {"signature_priv", HexEncode(client.signer.Seed().Expose())},
            {"encryption_priv", HexEncode(client.own.leaf_key.bytes().Expose())},
            {"init_priv", HexEncode(client.own.init_key.bytes().Expose())},
            {"epochs", Json::array()}};
  }

  void Found() {
    members_.clear();
    psks_.external.clear();
    Client founder = NewClient();
    auto group = Group::Create(kSuite3, RandomBytes(random_, 16), std::move(founder.own),
                               NewExtensions(), policy_, random_);
    AMANA_CHECK(group.ok(), "no group");
    members_.push_back({std::move(founder.signer), *std::move(group)});
    last_join_ = 0;
  }

  Extensions NewExtensions() {
    Extensions extensions = {{kPrivateExtension, RandomBytes(random_, Draw(100))}};
    if (Draw(2) == 0) extensions.push_back({kApplicationId, RandomBytes(random_, 8)});
    return extensions;
  }

  PreSharedKeyId NewExternalPsk() {
    PreSharedKeyId id;
    id.psk_id = RandomBytes(random_, 8 + Draw(20));
    id.nonce = RandomBytes(random_, kHashSize);
    psks_.external[id.psk_id] = RandomBytes(random_, 1 + Draw(64));
    return id;
  }

  // Of an epoch that all members have been in.
  PreSharedKeyId NewResumptionPsk() {
    const uint64_t now = members_[0].group.epoch();
    PreSharedKeyId id;
    id.type = PskType::kResumption;
    id.usage = ResumptionUsage::kApplication;
    id.group_id = members_[0].group.group_id();
    id.epoch = now - Draw(1 + std::min<uint64_t>(now - last_join_, kMaxPastEpochs));
    id.nonce = RandomBytes(random_, kHashSize);
    return id;
  }

  Framing AnyFraming() {
    return {.wire_format = Draw(2) == 0 ? WireFormat::kPublicMessage : WireFormat::kPrivateMessage,
            .authenticated_data = RandomBytes(random_, Draw(10))};
  }

  std::string_view Authenticator() const { return members_[0].group.epoch_authenticator(); }

  void Hear(Member& member, const std::string& message) {
    auto received = member.group.Handle(message, policy_, psks_);
    AMANA_CHECK(received.ok(), "a message is refused");
    if (auto* staged = std::get_if<StagedCommit>(&*received)) {
      AMANA_CHECK(member.group.Merge(std::move(*staged)).ok(), "no merge");
    }
  }

  void Tell(const Member& sender, const std::string& message) {
    for (Member& member : members_) {
      if (&member != &sender) Hear(member, message);
    }
  }

  // All but updates. Those who are removed are the last of `members_`.
  std::vector<Proposal> ProposalsOf(const EpochKind& kind, const std::vector<Client>& newcomers) {
    std::vector<Proposal> proposals;
    proposals.reserve(kind.removes + newcomers.size());
    for (size_t i = 0; i < kind.removes; ++i) {
      proposals.push_back({Remove{members_[members_.size() - 1 - i].group.own_leaf()}});
    }
    for (const Client& client : newcomers) proposals.push_back({Add{client.own.key_package}});
    for (size_t i = 0; i < kind.external_psks; ++i) {
      proposals.push_back({PreSharedKey{NewExternalPsk()}});
    }
    for (size_t i = 0; i < kind.resumption_psks; ++i) {
      proposals.push_back({PreSharedKey{NewResumptionPsk()}});
    }
    if (kind.replaces_extensions) proposals.push_back({GroupContextExtensions{NewExtensions()}});
    if (kind.drops_extensions) proposals.push_back({GroupContextExtensions{}});
    return proposals;
  }

  // The next epoch, for all members. `watched` is added too, and not played.
  Begun Begin(const EpochKind& kind, bool tree_in_welcome = true, const Client* watched = nullptr) {
    std::shuffle(members_.begin(), members_.end(), draw_);
    std::vector<Client> newcomers;
    newcomers.reserve(kind.adds);
    for (size_t i = 0; i < kind.adds; ++i) newcomers.push_back(NewClient());
    Begun begun;
    const auto tell = [&](Member& sender, absl::StatusOr<std::string> message) {
      AMANA_CHECK(message.ok(), "no proposal");
      begun.proposals.push_back(HexEncode(*message));
      Tell(sender, *message);
    };
    // The first one commits; the next ones update their leaves.
    for (size_t i = 1; i <= kind.updates; ++i) {
      Member& sender = members_[i];
      tell(sender, sender.group.ProposeUpdate(std::nullopt, AnyFraming(), sender.signer,
                                              sender.signer, policy_, random_));
    }
    std::vector<Proposal> proposals = ProposalsOf(kind, newcomers);
    if (watched != nullptr) proposals.push_back({Add{watched->own.key_package}});
    if (kind.by_reference) {
      for (Proposal& proposal : std::exchange(proposals, {})) {
        Member& sender = members_[Draw(members_.size())];
        tell(sender, sender.group.Propose(std::move(proposal), AnyFraming(), sender.signer, policy_,
                                          random_));
      }
    }
    Member& committer = members_[0];
    auto commit = committer.group.Commit({.proposals = std::move(proposals),
                                          .without_path = !kind.with_path,
                                          .framing = AnyFraming(),
                                          .tree_in_welcome = tree_in_welcome},
                                         committer.signer, policy_, psks_, random_);
    AMANA_CHECK(commit.ok(), "no commit");
    const StagedCommit& staged = commit->staged;
    AMANA_CHECK(staged.added().size() == kind.adds + (watched != nullptr ? 1 : 0) &&
                    staged.removed().size() == kind.removes &&
                    staged.updated().size() == kind.updates &&
                    staged.psks().size() == kind.external_psks + kind.resumption_psks,
                "a commit is not of its kind");
    Tell(committer, commit->message);
    AMANA_CHECK(committer.group.Merge(std::move(commit->staged)).ok(), "no merge");
    members_.erase(members_.end() - static_cast<std::ptrdiff_t>(kind.removes), members_.end());
    begun.commit = HexEncode(commit->message);
    begun.welcome = commit->welcome.value_or("");
    Enter(std::move(newcomers), begun.welcome);
    if (!begun.welcome.empty()) last_join_ = members_[0].group.epoch();
    return begun;
  }

  void Enter(std::vector<Client> newcomers, const std::string& welcome) {
    for (Client& client : newcomers) {
      auto group = Group::Join(kSuite3, welcome, std::move(client.own), policy_, psks_, InNoGroup,
                               {.ratchet_tree = members_[0].group.EncodeTree()});
      AMANA_CHECK(group.ok(), "no way into the group");
      members_.push_back({std::move(client.signer), *std::move(group)});
    }
    for (const Member& member : members_) {
      AMANA_CHECK(member.group.epoch_authenticator() == Authenticator(), "no agreement");
    }
  }

  SeededRandom random_;
  std::mt19937_64 draw_;
  BasicCredentials credentials_;
  Policy policy_{.credentials = &credentials_, .now = 1'700'000'000, .max_lifetime = UINT64_MAX};
  PskMap psks_;
  std::vector<Member> members_;
  uint64_t last_join_ = 0;  // the epoch that began with the last newcomer
  size_t clients_ = 0;
};

}  // namespace

std::vector<Json> MakePassiveVectors(uint64_t seed) {
  Maker maker(seed);
  std::vector<Json> made;
  for (const bool tree_in_welcome : {true, false}) {
    for (const bool with_path : {true, false}) {
      for (const size_t psks : {0, 2}) {
        made.push_back(maker.Make(
            {.adds = psks, .external_psks = psks, .by_reference = psks > 0, .with_path = with_path},
            tree_in_welcome));
      }
    }
  }
  AMANA_CHECK(made.size() == kMadeVectors, "a way into a group is missing");
  return made;
}

}  // namespace amana::mls
