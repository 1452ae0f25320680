#include "services/intake/app/context.h"

namespace amana::intake {

CallContext FirstTry(const CallContext& context, std::string_view action) {
  CallContext step = CallContext::ForTimer(
      action, Deadline::Earlier(Deadline::After(kRevocationPatience), context.deadline));
  step.traceparent = context.traceparent;
  return step;
}

void Audit(const Deps& deps, const CallContext& context, absl::Time now, const Event& event,
           store::Commit* commit) {
  const store::AuditInput input{.service = "intake",
                                .subject = event.subject,
                                .object = event.object,
                                .state = event.state,
                                .reason = event.reason,
                                .action = event.action};
  commit->audit.push_back(store::MakeAuditRecord(context, input, now, deps.random));
}

}  // namespace amana::intake
