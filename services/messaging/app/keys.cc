#include "services/messaging/app/keys.h"

namespace amana::messaging {
namespace {

constexpr size_t kHpkeKeySize = 32;  // X25519
// An organisation has at most 512 devices; those that were removed are listed too.
constexpr uint32_t kMaxListed = 4096;

absl::Status CheckStatement(const Deps& deps, const Caller& caller, const std::string& bytes) {
  v1::KeyStatement statement;
  if (!statement.ParseFromString(bytes) || statement.network() != deps.network ||
      statement.device_id() != caller.device.bytes() ||
      statement.hpke_key().size() != kHpkeKeySize || !statement.has_issue_time()) {
    return Error(Reason::kPublishedKeyInvalid);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> Keys::Publish(const CallContext& context,
                                          const v1::PublishKeyRequest& request) {
  const Caller& caller = context.caller;
  AMANA_RETURN_IF_ERROR(CheckStatement(deps_, caller, request.key().statement()));
  const store::Shard shard = deps_.ShardOf(caller.device);
  return store::Execute(deps_.store, context, shard, [&]() -> absl::StatusOr<store::Commit> {
    const store::Key key = PublishedKeyKey(caller.device);
    AMANA_ASSIGN_OR_RETURN(const store::Row row, deps_.store.Read(shard, key, context.deadline));
    store::Commit commit;
    commit.Put(key, row.version, request.key().SerializeAsString());
    commit.index_edits.push_back(
        {.index = KeysIndex(caller.organisation), .member = caller.device.ToString(), .score = 0});
    Audit(deps_, context, caller.organisation, caller.device.bytes(), "published", &commit);
    commit.reply = v1::PublishKeyResponse().SerializeAsString();
    return commit;
  });
}

absl::StatusOr<v1::ListKeysResponse> Keys::List(const CallContext& context,
                                                const v1::ListKeysRequest& request) {
  AMANA_ASSIGN_OR_RETURN(const auto organisation,
                         IdFrom<OrganisationId>(request.organisation_id(), "organisation_id"));
  AMANA_ASSIGN_OR_RETURN(const std::vector<store::IndexEntry> entries,
                         deps_.store.ReadIndexEverywhere(KeysIndex(organisation),
                                                         {.limit = kMaxListed}, context.deadline));
  std::vector<std::pair<store::Shard, store::Key>> keys;
  keys.reserve(entries.size());
  for (const store::IndexEntry& entry : entries) {
    const absl::StatusOr<DeviceId> device = DeviceId::Parse(entry.member);
    if (!device.ok()) return Error(Reason::kStoredValueUnreadable);
    keys.emplace_back(deps_.ShardOf(*device), PublishedKeyKey(*device));
  }
  AMANA_ASSIGN_OR_RETURN(const std::vector<store::Row> rows,
                         store::ReadEverywhere(deps_.store, keys, context.deadline));
  v1::ListKeysResponse response;
  for (const store::Row& row : rows) {
    if (row.exists() && !response.add_keys()->ParseFromString(row.value)) {
      return Error(Reason::kStoredValueUnreadable);
    }
  }
  return response;
}

}  // namespace amana::messaging
