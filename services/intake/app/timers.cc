#include "services/intake/app/timers.h"

#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::intake {

absl::Status RunTimer(std::string_view timer, Calls& calls, Cases& cases, Consents& consents,
                      Deadline deadline) {
  const size_t slash = timer.find('/');
  if (slash == std::string_view::npos) return Error(Reason::kUnexpected);
  const std::string_view what = timer.substr(0, slash);
  const std::string_view id = timer.substr(slash + 1);
  if (what == "call") {
    AMANA_ASSIGN_OR_RETURN(const CallId call, CallId::Parse(id));
    return calls.RunTimer(call, deadline);
  }
  if (what == "close") {
    AMANA_ASSIGN_OR_RETURN(const CaseId closed, CaseId::Parse(id));
    return cases.TellClosure(closed, deadline);
  }
  AMANA_ASSIGN_OR_RETURN(const ConsentId consent, ConsentId::Parse(id));
  if (what == "expire_consent") return consents.Expire(consent, deadline);
  if (what == "revoke") return consents.Revoke(consent, deadline);
  return Error(Reason::kUnexpected);
}

}  // namespace amana::intake
