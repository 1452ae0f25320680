#include "services/intake/app/context.h"

namespace amana::intake {

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
