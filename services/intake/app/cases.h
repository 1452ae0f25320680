#pragma once

// Commands and questions about cases. Commands answer with the serialised response that was
// committed. Thread-safe.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "services/intake/app/context.h"
#include "services/intake/app/ports.h"
#include "services/intake/domain/case.h"

namespace amana::intake {

// Run while referral has not heard of a closure.
std::string CloseTimer(const CaseId& id);

struct OpenCase {
  domain::IntakeChannel channel = domain::IntakeChannel::kUnspecified;
  domain::RoutingCard card;
  CallId call_id;  // a call that the caller has claimed, or zero
};

class Cases {
 public:
  // `colleagues` and `revocations` outlive this.
  Cases(Deps deps, Colleagues& colleagues, Revocations& revocations)
      : deps_(deps), colleagues_(colleagues), revocations_(revocations) {}

  // Without a call: one commit and no read before it.
  absl::StatusOr<std::string> Open(const CallContext& context, const OpenCase& command);
  absl::StatusOr<std::string> Update(const CallContext& context, const CaseId& id,
                                     const domain::RoutingCard& card);
  // A closure takes back her referrals (FirstTry, app/context.h).
  absl::StatusOr<std::string> ChangeState(const CallContext& context, const CaseId& id,
                                          domain::CaseCommand command,
                                          domain::ClosureReason reason);
  absl::StatusOr<std::string> Assign(const CallContext& context, const CaseId& id,
                                     const DeviceId& device);

  absl::StatusOr<domain::Case> Get(const CallContext& context, const CaseId& id);
  // The organisation's cases that are not closed, newest first, in pages of
  // common/store/index_page.h.
  absl::StatusOr<Page<domain::Case>> List(const CallContext& context, uint32_t page_size,
                                          const std::string& page_token);

  // Whoever's it is: for referral, which makes its routing from the card.
  absl::StatusOr<domain::Case> GetForService(const CallContext& context, const CaseId& id);

  // Whether the caller may read the history of a subject (16 bytes): his organisation's own, or
  // that of one of its cases.
  absl::StatusOr<bool> MayReadHistory(const CallContext& context, std::string_view subject);

  // The timer.
  absl::Status TellClosure(const CaseId& id, Deadline deadline);

 private:
  absl::StatusOr<store::Commit> DecideOpen(const CallContext& context, const OpenCase& command);
  absl::Status CompleteCall(const CallContext& context, const CallId& id, absl::Time now,
                            store::Commit* commit);

  // Loads the caller's case, changes it with `decide(case, now)` and commits what comes out.
  template <class Response, class Decide>
  absl::StatusOr<std::string> ChangeCase(const CallContext& context, const CaseId& id,
                                         Decide decide);
  absl::Status TellClosure(const CallContext& context, const CaseId& id);

  const Deps deps_;
  Colleagues& colleagues_;
  Revocations& revocations_;
};

}  // namespace amana::intake
