#pragma once
// Who calls, for what, and until when: everything about a call that is not its request. Made by
// common/rpc for a call and by a timer for itself; handed down by const reference, never kept.

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/deadline.h"
#include "common/base/ids.h"

namespace amana {

// Same numbers as amana.options.v1.Role.
enum class Role : int32_t {
  kUnspecified = 0,
  kOperator = 1,
  kSupervisor = 2,
  kCaseWorker = 3,
  kCentreManager = 4,
  kNetworkAdministrator = 5,
  kAnalyst = 6,
  kAuditor = 7,
  kOps = 8,
  kService = 9,
  kUnenrolled = 10,
};

// Proved by the TLS certificate; the role is looked up, never taken from the wire.
struct Caller {
  Role role = Role::kUnspecified;
  DeviceId device;              // zero for services, timers and callers not enrolled yet
  OrganisationId organisation;  // as device
  std::string service;          // "intake", for Role::kService

  // Whether something that belongs to `owner` is the caller's own.
  bool Owns(const OrganisationId& owner) const {
    return !organisation.is_zero() && organisation == owner;
  }
};

struct CallContext {
  Caller caller;
  Deadline deadline;
  // W3C traceparent, or empty.
  std::string traceparent;
  // The method's audit_action ("case.opened"), or the timer's name. Empty for reads.
  std::string audit_action;
  // Zero for reads and timers: nothing is recorded for a repetition then.
  RequestId request_id;
  // SHA-256 of method path, zero byte, request as it came: 32 bytes. With request_id.
  std::string request_digest;

  // The context of work that no caller asked for: a timer, the next step of a saga.
  static CallContext ForTimer(std::string_view action, Deadline deadline) {
    CallContext context;
    context.deadline = deadline;
    context.audit_action = std::string(action);
    return context;
  }
};

}  // namespace amana
