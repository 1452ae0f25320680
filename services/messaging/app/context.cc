#include "services/messaging/app/context.h"

#include <map>

namespace amana::messaging {
namespace {

constexpr std::string_view kService = "messaging";

}  // namespace

CallContext PartOf(const CallContext& context, std::string_view action) {
  CallContext part = context;
  part.audit_action = std::string(action);
  part.request_id = RequestId();
  return part;
}

absl::Status ExecuteStep(
    const Deps& deps, const CallContext& context, store::Shard shard,
    const std::function<absl::StatusOr<std::optional<store::Commit>>()>& decide) {
  bool done = false;
  const absl::Status status =
      store::Execute(deps.store, context, shard, [&]() -> absl::StatusOr<store::Commit> {
        AMANA_ASSIGN_OR_RETURN(std::optional<store::Commit> commit, decide());
        done = !commit.has_value();
        // Any error ends Execute() without a commit.
        if (done) return Error(Reason::kUnexpected);
        return *std::move(commit);
      }).status();
  return done ? absl::OkStatus() : status;
}

void Put(store::Commit* commit, store::Key key, uint64_t expected_version, std::string value) {
  commit->writes.push_back(
      {.key = std::move(key), .expected_version = expected_version, .value = std::move(value)});
}

void Delete(store::Commit* commit, store::Key key, uint64_t expected_version) {
  commit->writes.push_back(
      {.key = std::move(key), .expected_version = expected_version, .value = std::nullopt});
}

void Arm(store::Commit* commit, std::string timer, absl::Time due) {
  commit->timer_edits.push_back({.timer = std::move(timer), .due = due});
}

void Disarm(store::Commit* commit, std::string timer) {
  commit->timer_edits.push_back({.timer = std::move(timer), .due = std::nullopt});
}

void Audit(const Deps& deps, const CallContext& context, const domain::Handoff& handoff,
           std::string_view state, store::Commit* commit, std::string_view reason) {
  commit->audit.push_back(
      store::MakeAuditRecord(context,
                             {.service = kService,
                              .subject = handoff.case_id.bytes(),
                              .object = handoff.id.is_zero() ? std::string() : handoff.id.bytes(),
                              .state = state,
                              .reason = reason,
                              .action = {}},
                             deps.Now(), deps.random));
}

void Audit(const Deps& deps, const CallContext& context, const OrganisationId& organisation,
           std::string object, std::string_view state, store::Commit* commit) {
  commit->audit.push_back(store::MakeAuditRecord(context,
                                                 {.service = kService,
                                                  .subject = organisation.bytes(),
                                                  .object = std::move(object),
                                                  .state = state,
                                                  .reason = {},
                                                  .action = {}},
                                                 deps.Now(), deps.random));
}

absl::StatusOr<std::vector<store::Row>> ReadEverywhere(
    const Deps& deps, const std::vector<std::pair<store::Shard, store::Key>>& keys,
    Deadline deadline) {
  std::map<store::Shard, std::vector<size_t>> by_shard;
  for (size_t i = 0; i < keys.size(); ++i) by_shard[keys[i].first].push_back(i);

  std::vector<store::Row> rows(keys.size());
  for (const auto& [shard, places] : by_shard) {
    std::vector<store::Key> wanted;
    wanted.reserve(places.size());
    for (const size_t place : places) wanted.push_back(keys[place].second);
    AMANA_ASSIGN_OR_RETURN(std::vector<store::Row> found,
                           deps.store.ReadMany(shard, wanted, deadline));
    for (size_t i = 0; i < places.size(); ++i) rows[places[i]] = std::move(found[i]);
  }
  return rows;
}

}  // namespace amana::messaging
