#pragma once

// What the server knows about one method: its contract, its rule and its handler. Made while the
// service registers its methods, immutable once the server runs.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/call_context.h"
#include "common/base/error.h"
#include "common/obs/metrics.h"
#include "common/obs/name.h"
#include "common/rpc/service.h"
#include "common/rpc/validator.h"

namespace amana::rpc {

// Who may call, from the method's option.
struct MethodRule {
  uint32_t roles = 0;  // bit r: the role with number r
  std::vector<std::string> services;
  std::string audit_action;

  // kRoleNotAllowed unless the caller's role, and with Role::kService his name, is listed.
  absl::Status Allows(const Caller& caller) const;
};

// RED of one method. Recording costs two increments and a look into a table.
class MethodMetrics {
 public:
  MethodMetrics(obs::Metrics& metrics, obs::Name service, obs::Name method);
  void Record(Reason reason, absl::Duration took);

 private:
  static constexpr size_t kMaxReasons = 192;

  obs::Metrics& metrics_;
  const obs::Name service_;
  const obs::Name method_;
  obs::Histogram& seconds_;
  // By the reason's place in AllReasons(), 0 for OK; made when first needed.
  std::array<std::atomic<obs::Counter*>, kMaxReasons> handled_{};
};

struct Method {
  explicit Method(const google::protobuf::MethodDescriptor* descriptor);

  const google::protobuf::MethodDescriptor* descriptor;
  const std::string path;  // "/amana.intake.v1.IntakeService/OpenCase"
  const obs::Name name;    // "amana.intake.v1.IntakeService/OpenCase"
  const MethodRule rule;
  const Validator validator;
  // Where there is an audit_action: `bytes request_id = 1`.
  const google::protobuf::FieldDescriptor* request_id = nullptr;

  const google::protobuf::Message* prototype = nullptr;  // set when bound
  Service::UnaryHandler unary;
  Service::StreamHandler stream;
  std::unique_ptr<MethodMetrics> metrics;  // set when attached to a server

  bool is_bound() const { return prototype != nullptr; }
};

}  // namespace amana::rpc
