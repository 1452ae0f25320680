// A client of common/mls. Each change is saved at once, as group.h asks of callers.

#include <algorithm>
#include <ctime>
#include <deque>
#include <variant>

#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "common/mls/fault.h"
#include "common/mls/test_group.h"
#include "tests/interop/mls/party.h"

namespace amana::mls {
namespace {

uint64_t Now() { return static_cast<uint64_t>(std::time(nullptr)); }

class OurParty final : public Party {
 public:
  OurParty(std::string name, Random& random) : Party(std::move(name)), random_(random) {
    keys_.push_back(crypto::SigningKey::Generate(random_));
  }

  bool is_ours() const override { return true; }
  uint64_t past_epochs() const override { return kMaxPastEpochs; }
  size_t skipped_keys() const override { return kOutOfOrderWindow; }

  absl::StatusOr<std::string> MakeKeyPackage() override {
    OwnKeyPackage made = NewKeyPackage();
    std::string message = EncodeMessage(made.key_package);
    key_packages_.push_back(std::move(made));
    return message;
  }

  absl::Status Create(const std::string& group_id) override {
    AMANA_ASSIGN_OR_RETURN(
        Group group, Group::Create(kSuite3, group_id, NewKeyPackage(), {}, policy(), random_));
    Enter(std::move(group));
    return absl::OkStatus();
  }

  absl::Status Join(const std::string& welcome, const std::optional<std::string>& tree,
                    const std::vector<SharedKey>& psks) override {
    Learn(psks);
    AMANA_ASSIGN_OR_RETURN(OwnKeyPackage own, TakeKeyPackage(welcome));
    AMANA_ASSIGN_OR_RETURN(Group group, Group::Join(kSuite3, welcome, std::move(own), policy(),
                                                    psks_, InNoGroup, {.ratchet_tree = tree}));
    Enter(std::move(group));
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> JoinExternally(const std::string& group_info,
                                             const std::optional<std::string>& tree,
                                             std::optional<uint32_t> replaced) override {
    std::optional<LeafIndex> resync;
    if (replaced.has_value()) resync = LeafIndex{*replaced};
    AMANA_ASSIGN_OR_RETURN(
        ExternalJoin join,
        Group::JoinExternally(kSuite3, group_info, identity(), keys_.front(), {}, resync, policy(),
                              psks_, InNoGroup, random_, {.ratchet_tree = tree}));
    joining_.emplace(std::move(join.group));
    return std::move(join.message);
  }

  absl::StatusOr<CommitMade> Commit(const CommitOrder& order) override {
    Learn(order.psks);
    CommitRequest request{.include_waiting = !order.waiting.empty(),
                          .without_path = !order.with_path,
                          .framing = FramingOf(order.style),
                          .tree_in_welcome = order.tree_in_welcome};
    for (const std::string& message : order.adds) {
      AMANA_ASSIGN_OR_RETURN(KeyPackage added, DecodeKeyPackageMessage(message));
      request.proposals.push_back({Add{std::move(added)}});
    }
    for (const uint32_t leaf : order.removes) request.proposals.push_back({Remove{{leaf}}});
    for (const SharedKey& psk : order.psks) request.proposals.push_back(ProposalOf(psk));
    if (order.new_signature_key) {
      keys_.push_back(crypto::SigningKey::Generate(random_));
      request.next_signer = &keys_.back();
    }
    AMANA_ASSIGN_OR_RETURN(NewCommit made,
                           group().Commit(request, signer(), policy(), psks_, random_));
    Save();
    staged_.emplace(std::move(made.staged));
    return CommitMade{std::move(made.message), std::move(made.welcome).value_or("")};
  }

  absl::Status Confirm() override {
    if (auto joined = std::exchange(joining_, std::nullopt); joined.has_value()) {
      Enter(*std::move(joined));
      return absl::OkStatus();
    }
    auto staged = std::exchange(staged_, std::nullopt);
    if (!staged.has_value()) return absl::InternalError("no commit waits");
    return Follow(*std::move(staged));
  }

  absl::Status Discard() override {
    joining_.reset();
    staged_.reset();
    return absl::OkStatus();
  }

  absl::StatusOr<std::pair<std::string, std::string>> Propose(const ProposalOrder& order) override {
    const Framing framing = FramingOf(order.style);
    absl::StatusOr<std::string> message;
    switch (order.kind) {
      case ProposalKind::kUpdate:
        if (order.new_signature_key) keys_.push_back(crypto::SigningKey::Generate(random_));
        message = group().ProposeUpdate(std::nullopt, framing, signer(),
                                        order.new_signature_key ? keys_.back() : signer(), policy(),
                                        random_);
        break;
      case ProposalKind::kAdd: {
        AMANA_ASSIGN_OR_RETURN(KeyPackage added, DecodeKeyPackageMessage(order.key_package));
        message = Propose({Add{std::move(added)}}, framing);
        break;
      }
      case ProposalKind::kRemove:
        message = Propose({Remove{{order.leaf}}}, framing);
        break;
      case ProposalKind::kPsk:
        Learn({order.psk});
        message = Propose(ProposalOf(order.psk), framing);
        break;
    }
    AMANA_RETURN_IF_ERROR(message.status());
    Save();
    return std::pair(*std::move(message), std::string());
  }

  absl::StatusOr<std::string> Encrypt(const std::string& data,
                                      const std::string& authenticated_data) override {
    const size_t padding = data.size() % 2 == 0 ? 0 : 256;
    AMANA_ASSIGN_OR_RETURN(std::string message,
                           group().Encrypt(data, authenticated_data, padding, signer(), random_));
    Save();
    return message;
  }

  absl::StatusOr<Heard> Handle(const std::string& message,
                               const std::vector<SharedKey>& psks) override {
    Learn(psks);
    AMANA_ASSIGN_OR_RETURN(Received received, group().Handle(message, policy(), psks_));
    Save();
    Heard heard;
    if (auto* application = std::get_if<ReceivedApplication>(&received)) {
      heard.kind = Heard::Kind::kApplication;
      heard.sender = application->sender.value;
      heard.authenticated_data = std::move(application->authenticated_data);
      heard.data = std::move(application->data);
    } else if (auto* proposal = std::get_if<ReceivedProposal>(&received)) {
      heard.kind = Heard::Kind::kProposal;
      heard.sender = proposal->sender.index;
      heard.reference = std::move(proposal->reference.hash);
    } else {
      auto staged = std::get<StagedCommit>(std::move(received));
      heard.kind = Heard::Kind::kCommit;
      heard.sender = staged.committer().value;
      heard.removed = staged.removes_us();
      staged_.reset();
      AMANA_RETURN_IF_ERROR(Follow(std::move(staged)));
    }
    return heard;
  }

  absl::Status Consider(const std::string& commit, const std::vector<SharedKey>& psks) override {
    Learn(psks);
    return group().Handle(commit, policy(), psks_).status();
  }

  absl::StatusOr<View> Look() override {
    View view{.group_id = group().group_id(),
              .epoch = group().epoch(),
              .epoch_authenticator = std::string(group().epoch_authenticator()),
              .tree_hash = group().tree().RootHash(),
              .members = {},
              .leaf = group().own_leaf().value};
    group().tree().ForEachLeaf([&](LeafIndex index, const LeafNode& leaf) {
      view.members.emplace(index.value, leaf.credential.content);
    });
    return view;
  }

  absl::StatusOr<std::string> Export(const std::string& label, const std::string& context,
                                     size_t size) override {
    AMANA_ASSIGN_OR_RETURN(const SecretBytes secret, group().Export(label, context, size));
    return std::string(secret.Expose());
  }

  absl::StatusOr<std::string> GroupInfo(bool with_tree) override {
    return group().MakeGroupInfo(signer(), with_tree);
  }
  absl::StatusOr<std::string> Tree() override { return group().EncodeTree(); }

  absl::Status Reload() override {
    std::optional<SecretBytes> staged;
    if (staged_.has_value()) staged = staged_->Encode();
    AMANA_ASSIGN_OR_RETURN(Group again, Group::Restore(kSuite3, rows_, group().sequence()));
    group_.emplace(std::move(again));
    if (!staged.has_value()) return absl::OkStatus();
    AMANA_ASSIGN_OR_RETURN(StagedCommit restored, group().RestoreStaged(staged->Expose()));
    staged_.emplace(std::move(restored));
    return absl::OkStatus();
  }

 private:
  Group& group() {
    AMANA_CHECK(group_.has_value(), "the party is in no group");
    return *group_;
  }
  Policy policy() const { return {.credentials = &credentials_, .now = Now()}; }
  Identity identity() const { return {BasicCredential(name()), DefaultCapabilities(kSuite3), {}}; }

  static Framing FramingOf(const Style& style) {
    return {
        .wire_format = style.in_clear ? WireFormat::kPublicMessage : WireFormat::kPrivateMessage,
        .authenticated_data = style.authenticated_data};
  }

  OwnKeyPackage NewKeyPackage() {
    const Lifetime lifetime{.not_before = Now() - 3600,
                            .not_after = Now() + uint64_t{7} * 24 * 3600};
    return mls::MakeKeyPackage(kSuite3, identity(), keys_.front(), lifetime, false, random_);
  }

  absl::StatusOr<OwnKeyPackage> TakeKeyPackage(const std::string& encoded) {
    AMANA_ASSIGN_OR_RETURN(const MlsMessage message, Decode<MlsMessage>(encoded));
    const auto* welcome = std::get_if<Welcome>(&message.content);
    if (welcome == nullptr) return absl::InvalidArgumentError("that is no welcome");
    const auto ours =
        std::find_if(key_packages_.begin(), key_packages_.end(), [&](const OwnKeyPackage& one) {
          const std::string reference = RefOf(one.key_package);
          return std::any_of(welcome->secrets.begin(), welcome->secrets.end(),
                             [&](const auto& secret) { return secret.new_member == reference; });
        });
    if (ours == key_packages_.end()) return Refuse(Fault::kWelcomeNotForUs);
    OwnKeyPackage own = std::move(*ours);
    key_packages_.clear();
    return own;
  }

  Proposal ProposalOf(const SharedKey& psk) {
    PreSharedKey proposed;
    proposed.psk.psk_id = psk.id;
    proposed.psk.nonce = RandomBytes(random_, kHashSize);
    return {std::move(proposed)};
  }
  absl::StatusOr<std::string> Propose(Proposal proposal, const Framing& framing) {
    return group().Propose(std::move(proposal), framing, signer(), policy(), random_);
  }

  void Learn(const std::vector<SharedKey>& psks) {
    for (const auto& [id, value] : psks) psks_.external[id] = value;
  }

  // The key of our leaf. Others are of updates and commits that wait.
  const crypto::SigningKey& signer() {
    const std::string& in_use = group().own_leaf_node().signature_key;
    return *std::find_if(keys_.begin(), keys_.end(), [&](const crypto::SigningKey& key) {
      return key.verifying_key().bytes() == in_use;
    });
  }

  void Save() { ApplyDelta(rows_, group().TakeDelta()); }

  void Enter(Group group) {
    rows_.clear();
    staged_.reset();
    group_.emplace(std::move(group));
    Save();
  }

  absl::Status Follow(StagedCommit staged) {
    const bool removed = staged.removes_us();
    AMANA_RETURN_IF_ERROR(group().Merge(std::move(staged)));
    Save();
    if (removed) return absl::OkStatus();
    const std::string in_use = group().own_leaf_node().signature_key;
    std::erase_if(keys_, [&](const crypto::SigningKey& key) {
      return key.verifying_key().bytes() != in_use;
    });
    return absl::OkStatus();
  }

  Random& random_;
  BasicCredentials credentials_;
  PskMap psks_;
  std::deque<crypto::SigningKey> keys_;  // grows without moving any
  std::vector<OwnKeyPackage> key_packages_;
  std::optional<Group> group_;
  std::optional<Group> joining_;
  std::optional<StagedCommit> staged_;
  StateRows rows_;
};

}  // namespace

std::unique_ptr<Party> NewOurParty(std::string name, Random& random) {
  return std::make_unique<OurParty>(std::move(name), random);
}

}  // namespace amana::mls
