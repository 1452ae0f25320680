#include "services/messaging/app/context.h"

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

}  // namespace amana::messaging
