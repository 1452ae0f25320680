#include "tests/fuzz/mls/fuzz_world.h"

#include <utility>

#include "common/base/check.h"

namespace amana::mls {
namespace {

constexpr uint64_t kNow = 1'700'000'000;
constexpr Lifetime kLifetime = {.not_before = kNow - 60, .not_after = kNow + 86400};

template <class T>
T Made(absl::StatusOr<T> result) {
  AMANA_CHECK(result.ok(), "the world of the fuzzers can't be made");
  return *std::move(result);
}

}  // namespace

const FuzzWorld& FuzzWorld::Get() {
  static const auto* const kWorld = new FuzzWorld();
  return *kWorld;
}

FuzzWorld::FuzzWorld()
    : policy_{.credentials = &credentials_, .now = kNow},
      random_(1),
      service_(crypto::SigningKey::Generate(random_)) {
  for (const std::string_view id : kExternalPsks) {
    psks_.external[std::string(id)] = "the secret of " + std::string(id);
  }
  for (size_t i = 0; i < kDevices; ++i) {
    crypto::SigningKey signer = crypto::SigningKey::Generate(random_);
    const OwnKeyPackage own = NewPackage(signer, i);
    devices_.push_back(
        {std::move(signer), std::string(own.Encode().Expose()), own.key_package, {}});
  }
  std::vector<Group> groups;
  Grow(groups);
  for (size_t i = 0; i < kMembers; ++i) ApplyDelta(devices_[i].rows, groups[i].TakeDelta());
}

// Parents with and without unmerged leaves, blank ones, past epochs, keys that were skipped.
void FuzzWorld::Grow(std::vector<Group>& groups) {
  const ExternalSenders senders = {{service_.verifying_key().bytes(), BasicCredential("service")}};
  groups.push_back(
      Made(Group::Create(kSuite3, "group", NewPackage(devices_[0].signer, 0),
                         {{.type = kExternalSenders, .data = Encode(senders)}}, policy_, random_)));
  Add(groups, /*committer=*/0, /*newcomers=*/2, /*with_path=*/true);
  Commit(groups, /*committer=*/1, {}, {});
  for (int i = 0; i < 3; ++i) messages_.push_back(Say(groups, /*sender=*/0));
  for (size_t i = 1; i < groups.size(); ++i) {
    AMANA_CHECK(groups[i].Handle(messages_.back(), policy_, psks_).ok(), "a message is refused");
  }
  Add(groups, /*committer=*/2, /*newcomers=*/2, /*with_path=*/false);
  messages_.push_back(Say(groups, /*sender=*/0));
  messages_.push_back(Say(groups, /*sender=*/3));
}

OwnKeyPackage FuzzWorld::NewPackage(const crypto::SigningKey& signer, size_t device) {
  return MakeKeyPackage(kSuite3, IdentityOf(device), signer, kLifetime, /*last_resort=*/false,
                        random_);
}

void FuzzWorld::Add(std::vector<Group>& groups, size_t committer, size_t newcomers,
                    bool with_path) {
  CommitRequest request{.without_path = !with_path};
  std::vector<OwnKeyPackage> packages;
  for (size_t i = 0; i < newcomers; ++i) {
    const size_t device = groups.size() + i;
    packages.push_back(NewPackage(devices_[device].signer, device));
    request.proposals.push_back({mls::Add{packages.back().key_package}});
  }
  Commit(groups, committer, request, std::move(packages));
}

void FuzzWorld::Commit(std::vector<Group>& groups, size_t committer, const CommitRequest& request,
                       std::vector<OwnKeyPackage> newcomers) {
  NewCommit commit =
      Made(groups[committer].Commit(request, devices_[committer].signer, policy_, psks_, random_));
  for (size_t i = 0; i < groups.size(); ++i) {
    StagedCommit staged =
        i == committer
            ? std::move(commit.staged)
            : std::get<StagedCommit>(Made(groups[i].Handle(commit.message, policy_, psks_)));
    AMANA_CHECK(groups[i].Merge(std::move(staged)).ok(), "a commit can't be merged");
  }
  for (OwnKeyPackage& own : newcomers) {
    groups.push_back(Made(Group::Join(kSuite3, commit.welcome.value_or(""), std::move(own), policy_,
                                      psks_, InNoGroup)));
  }
}

std::string FuzzWorld::Say(std::vector<Group>& groups, size_t sender) {
  return Made(groups[sender].Encrypt("hello", "", 0, devices_[sender].signer, random_));
}

Identity FuzzWorld::IdentityOf(size_t device) {
  return {BasicCredential(std::to_string(device)), DefaultCapabilities(kSuite3), {}};
}

OwnKeyPackage FuzzWorld::OwnPackage(size_t device) const {
  return Made(OwnKeyPackage::Decode(devices_[device].package));
}

Group FuzzWorld::Member(size_t member) const {
  return Made(Group::Restore(kSuite3, devices_[member].rows, 0));
}

StateRows FuzzWorld::RowsOf(size_t member) const { return CopyOf(devices_[member].rows); }

StateRows CopyOf(const StateRows& rows) {
  StateRows copy;
  for (const auto& [key, value] : rows) copy.emplace(key, value.Clone());
  return copy;
}

void Exercise(Group& group, const crypto::SigningKey& signer, Random& random) {
  const FuzzWorld& world = FuzzWorld::Get();
  for (const std::string& message : world.messages()) {
    group.Handle(message, world.policy(), world.psks()).IgnoreError();
  }
  group.MakeGroupInfo(signer, /*with_tree=*/true).IgnoreError();
  group.Export("label", "context", 32).IgnoreError();
  group.Encrypt("hello", "", 0, signer, random).IgnoreError();
  group.ProposeUpdate(std::nullopt, {}, signer, signer, world.policy(), random).IgnoreError();
  group.Propose({mls::Add{world.PublicPackage(kDevices - 1)}}, {}, signer, world.policy(), random)
      .IgnoreError();
  auto commit = group.Commit({}, signer, world.policy(), world.psks(), random);
  if (commit.ok()) {
    const SecretBytes saved = commit->staged.Encode();
    auto staged = group.RestoreStaged(saved.Expose());
    AMANA_CHECK(staged.ok(), "a commit can't be restored that was just staged");
    AMANA_CHECK(group.Merge(*std::move(staged)).ok(), "a commit can't be merged");
    group.Encrypt("hello again", "", 0, signer, random).IgnoreError();
  }
}

}  // namespace amana::mls
