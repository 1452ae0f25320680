#include "tests/fuzz/mls/fuzz_member.h"

#include <utility>

#include "common/base/check.h"
#include "common/mls/secret_tree.h"
#include "tests/fuzz/mls/fuzz_world.h"

namespace amana::mls {
namespace {

// Rows without what every delta changes: in the head its sequence and how many rows it wrote, in
// front of others the sequence (state.cc).
std::string_view WithoutStamp(const SecretBytes& row) { return row.Expose().substr(8); }
std::string Lasting(const std::string& key, const SecretBytes& row) {
  if (key.front() == 't') return std::string(row.Expose());
  if (key != "h") return std::string(WithoutStamp(row));
  Reader reader(row.Expose());
  reader.Raw(2 + 8);
  const std::string_view start = reader.rest();
  reader.U8();
  std::optional<ReInit> reinit;
  DecodeFrom(reader, reinit);
  reader.Opaque();
  reader.Opaque();
  std::string lasting(start.substr(0, start.size() - reader.rest().size()));
  reader.U32();
  return lasting.append(reader.rest());
}

// A secret tree is expanded by whoever looks for a key in it, which gives nobody more than before:
// all of it is, so that two that mean the same are the same.
std::string Expanded(const StateRows& rows, std::string_view epoch) {
  const auto nodes = rows.find("s" + std::string(epoch));
  if (nodes == rows.end()) return "";
  auto tree = SecretTree::FromNodes(kSuite3, WithoutStamp(nodes->second));
  AMANA_CHECK(tree.ok(), "a saved secret tree is damaged");
  const std::string prefix = "r" + std::string(epoch);
  for (auto row = rows.lower_bound(prefix); row != rows.end(); ++row) {
    if (!row->first.starts_with(prefix)) break;
    const LeafIndex leaf = *Decode<LeafIndex>(row->first.substr(prefix.size()));
    AMANA_CHECK(tree->RestoreRatchets(leaf, WithoutStamp(row->second)).ok(),
                "ratchets are damaged");
  }
  const uint32_t leaves = Reader(WithoutStamp(nodes->second)).U32();
  std::string expanded;
  for (uint32_t i = 0; i < leaves; ++i) {
    (void)tree->Find(LeafIndex{i}, RatchetKind::kApplication, 0);
  }
  expanded += tree->EncodeNodes().Expose();
  for (const LeafIndex leaf : tree->leaves_with_ratchets()) {
    expanded += tree->EncodeRatchets(leaf).Expose();
  }
  return expanded;
}

bool IsSecretRow(std::string_view key) { return key.front() == 's' || key.front() == 'r'; }

// Whether a delta leaves the group that `before` are the rows of as it was.
bool ChangesNothing(const StateRows& before, const StateDelta& delta) {
  std::set<std::string> epochs;
  for (const auto& [key, value] : delta.rows) {
    if (IsSecretRow(key)) {
      epochs.insert(key.substr(1, 8));
      continue;
    }
    const auto row = before.find(key);
    if ((row != before.end()) != value.has_value()) return false;
    if (!value.has_value()) continue;
    if (Lasting(key, row->second) != Lasting(key, *value)) return false;
  }
  if (epochs.empty()) return true;
  StateRows after = CopyOf(before);
  for (const auto& [key, value] : delta.rows) {
    if (value.has_value()) {
      after[key] = value->Clone();
    } else {
      after.erase(key);
    }
  }
  for (const std::string& epoch : epochs) {
    if (Expanded(before, epoch) != Expanded(after, epoch)) return false;
  }
  return true;
}

bool IsPrivate(std::string_view message) {
  Reader reader(message);
  reader.U16();
  return reader.U16() == static_cast<uint16_t>(WireFormat::kPrivateMessage);
}

}  // namespace

FuzzMember::FuzzMember(Group group, StateRows rows, size_t device, Authenticators& authenticators)
    : group_(std::move(group)),
      rows_(std::move(rows)),
      device_(device),
      authenticators_(&authenticators) {
  ApplyDelta(rows_, group_.TakeDelta());
  CheckEpoch();
}

const crypto::SigningKey& FuzzMember::signer() const { return FuzzWorld::Get().signer(device_); }

bool FuzzMember::TookStatus(const absl::Status& status) {
  StateDelta delta = group_.TakeDelta();
  if (!status.ok()) {
    AMANA_CHECK(FaultOf(status) != Fault::kNone, "something is refused for no reason");
    AMANA_CHECK(ChangesNothing(rows_, delta), "what is refused changes the group");
  }
  ApplyDelta(rows_, std::move(delta));
  return status.ok();
}

void FuzzMember::Handle(const Sent& sent) {
  const FuzzWorld& world = FuzzWorld::Get();
  auto received = group_.Handle(sent.bytes, world.policy(), world.psks());
  if (!Took(received)) return;
  CheckReceived(sent, *received);
  if (auto* staged = std::get_if<StagedCommit>(&*received)) Keep(std::move(*staged));
}

void FuzzMember::CheckReceived(const Sent& sent, const Received& received) {
  const auto* commit = std::get_if<StagedCommit>(&received);
  // Its confirmation tag is the one thing that who is removed by a newcomer can't verify.
  const bool unverifiable = commit != nullptr && commit->removes_us();
  AMANA_CHECK(sent.authentic() || unverifiable, "a message opens that nobody has sent");
  if (commit != nullptr) return;
  if (const auto* application = std::get_if<ReceivedApplication>(&received)) {
    AMANA_CHECK(sent.author == application->sender, "a message is taken for somebody else's");
  }
  if (!IsPrivate(sent.bytes)) return;
  AMANA_CHECK(opened_.insert(sent.bytes).second, "a message opens twice");
}

void FuzzMember::CheckEpoch() {
  const auto [known, is_new] =
      authenticators_->try_emplace(Encode(group_.context()), group_.epoch_authenticator());
  AMANA_CHECK(is_new || known->second == group_.epoch_authenticator(),
              "members of one epoch have different secrets");
}

void FuzzMember::Merge(size_t which) {
  if (staged_.empty()) return;
  const auto at = staged_.begin() + static_cast<ptrdiff_t>(which % staged_.size());
  StagedCommit staged = std::move(*at);
  staged_.erase(at);
  if (!Took(group_.Merge(std::move(staged)))) return;
  if (!group_.removed()) CheckEpoch();
}

void FuzzMember::Reload() {
  auto again = Group::Restore(kSuite3, rows_, group_.sequence());
  AMANA_CHECK(again.ok(), "a group can't be restored that was saved");
  group_ = *std::move(again);
  CheckEpoch();
}

void FuzzMember::ReloadStaged() {
  for (StagedCommit& staged : staged_) {
    if (staged.removes_us()) continue;
    auto again = group_.RestoreStaged(staged.Encode().Expose());
    if (FaultOf(again.status()) == Fault::kStagedElsewhere) continue;
    AMANA_CHECK(again.ok(), "a commit can't be restored that was staged");
    staged = *std::move(again);
  }
}

}  // namespace amana::mls
