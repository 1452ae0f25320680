#include "common/rpc/method.h"

#include <algorithm>

#include "amana/options/v1/options.pb.h"
#include "common/base/check.h"

namespace amana::rpc {
namespace {

// Every fault of a contract ends the server before it starts.
MethodRule ReadRule(const google::protobuf::MethodDescriptor& method) {
  AMANA_CHECK(method.options().HasExtension(options::v1::rule), "a method has a rule");
  const options::v1::Rule& option = method.options().GetExtension(options::v1::rule);
  AMANA_CHECK(option.roles_size() > 0, "a method's rule names who may call");
  AMANA_CHECK(option.scope() != options::v1::SCOPE_UNSPECIFIED, "a method's rule has a scope");
  MethodRule rule;
  for (const int role : option.roles()) {
    AMANA_CHECK(role > 0 && options::v1::Role_IsValid(role), "a rule names known roles");
    rule.roles |= uint32_t{1} << role;
  }
  rule.services.assign(option.services().begin(), option.services().end());
  const bool for_services = (rule.roles >> static_cast<int>(Role::kService) & 1) != 0;
  AMANA_CHECK(for_services == !rule.services.empty(), "ROLE_SERVICE comes with service names");
  rule.audit_action = option.audit_action();
  return rule;
}

// `bytes request_id = 1`, of every method that changes something.
const google::protobuf::FieldDescriptor* FindRequestId(
    const google::protobuf::MethodDescriptor& method, const MethodRule& rule) {
  if (rule.audit_action.empty()) return nullptr;
  const auto* field = method.input_type()->FindFieldByNumber(1);
  AMANA_CHECK(field != nullptr && field->name() == "request_id" && !field->is_repeated() &&
                  field->type() == google::protobuf::FieldDescriptor::TYPE_BYTES,
              "a request that changes something has `bytes request_id = 1`");
  return field;
}

std::string PathOf(const google::protobuf::MethodDescriptor& method) {
  return "/" + method.service()->full_name() + "/" + method.name();
}

// Place of each reason in the table, by number.
size_t IndexOf(Reason reason) {
  static const std::vector<uint8_t>& places = *[] {
    auto* table = new std::vector<uint8_t>(1024, 0);
    uint8_t place = 0;
    for (const ReasonInfo& info : AllReasons()) {
      (*table)[static_cast<size_t>(info.reason)] = ++place;
    }
    return table;
  }();
  return places[static_cast<size_t>(reason)];
}

}  // namespace

absl::Status MethodRule::Allows(const Caller& caller) const {
  if ((roles >> static_cast<int>(caller.role) & 1) == 0) return Error(Reason::kRoleNotAllowed);
  if (caller.role == Role::kService &&
      std::find(services.begin(), services.end(), caller.service) == services.end()) {
    return Error(Reason::kRoleNotAllowed);
  }
  return absl::OkStatus();
}

MethodMetrics::MethodMetrics(obs::Metrics& metrics, obs::Name service, obs::Name method)
    : metrics_(metrics),
      service_(service),
      method_(method),
      seconds_(metrics.AddHistogram("amana_rpc_server_handling_seconds",
                                    "Time from arrival to answer of a call.",
                                    {{"service", service}, {"method", method}})) {
  AMANA_CHECK(AllReasons().size() < kMaxReasons, "the table of reasons fits");
}

void MethodMetrics::Record(Reason reason, absl::Duration took) {
  seconds_.Observe(took);
  std::atomic<obs::Counter*>& slot = handled_[IndexOf(reason)];
  obs::Counter* counter = slot.load(std::memory_order_acquire);
  if (counter == nullptr) {
    const bool ok = reason == Reason::kUnspecified;
    const std::string code =
        absl::StatusCodeToString(ok ? absl::StatusCode::kOk : InfoOf(reason).code);
    counter = &metrics_.AddCounter(
        "amana_rpc_server_handled_total", "Calls answered, by outcome.",
        {{"service", service_},
         {"method", method_},
         {"code", obs::Name::Register(code)},
         {"reason", ok ? obs::Name("OK") : obs::Name::Register(InfoOf(reason).name)}});
    slot.store(counter, std::memory_order_release);  // the same one for all who race here
  }
  counter->Increment();
}

Method::Method(const google::protobuf::MethodDescriptor* given)
    : descriptor(given),
      path(PathOf(*given)),
      name(obs::Name::Register(path.substr(1))),
      rule(ReadRule(*given)),
      validator(given->input_type()),
      request_id(FindRequestId(*given, rule)) {}

}  // namespace amana::rpc
