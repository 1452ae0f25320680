#pragma once

// amana.common.v1.OutboxService over a store: the same for every service that has one.

#include <functional>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/call_context.h"
#include "common/base/error.h"
#include "common/rpc/service.h"
#include "common/store/store.h"

namespace amana::rpc {

// Whether the caller may read the history of a subject (16 bytes). A service decides by what it
// stores; an error is answered as it is.
using MayRead = std::function<absl::StatusOr<bool>(const CallContext&, std::string_view subject)>;

// `not_found` is what a subject that is not the caller's answers: kCaseNotFound for intake.
// ReadOutbox waits for entries on a worker, one call at a time, so that the rest of the pool stays
// free. The store must outlive the service.
std::unique_ptr<Service> MakeOutboxService(store::Store& store, Reason not_found, MayRead may_read);

}  // namespace amana::rpc
