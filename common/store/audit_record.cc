#include "common/store/audit_record.h"

#include "amana/audit/v1/event.pb.h"
#include "common/base/check.h"
#include "common/merkle/leaf.h"
#include "google/protobuf/util/time_util.h"

namespace amana::store {
namespace {

void SetActor(const Caller& caller, amana::audit::v1::Event& event) {
  if (!caller.device.is_zero()) {
    event.set_actor_device_id(caller.device.bytes());
  } else if (!caller.service.empty()) {
    event.set_actor_service(caller.service);
  }
  if (!caller.organisation.is_zero()) event.set_actor_organisation_id(caller.organisation.bytes());
}

amana::audit::v1::Event MakeEvent(const CallContext& context, const AuditInput& input,
                                  absl::Time now, const EventId& id) {
  amana::audit::v1::Event event;
  event.set_event_id(id.bytes());
  event.set_service(std::string(input.service));
  event.set_action(input.action.empty() ? context.audit_action : std::string(input.action));
  event.set_subject_id(input.subject);
  event.set_object_id(input.object);
  SetActor(context.caller, event);
  *event.mutable_time() =
      google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(now));
  event.set_request_digest(context.request_digest);
  event.set_state(std::string(input.state));
  event.set_reason(std::string(input.reason));
  return event;
}

}  // namespace

AuditRecord MakeAuditRecord(const CallContext& context, const AuditInput& input, absl::Time now,
                            Random& random) {
  AuditRecord record;
  record.subject = input.subject;
  record.event = MakeEvent(context, input, now, NewId<EventId>(random)).SerializeAsString();
  record.opening.resize(merkle::kOpeningBytes);
  random.Fill(record.opening.data(), record.opening.size());
  absl::StatusOr<std::string> leaf = merkle::MakeEventLeaf(record.opening, record.event);
  AMANA_CHECK(leaf.ok(), "An audit event is larger than a leaf may commit to.");
  record.leaf = *std::move(leaf);
  return record;
}

}  // namespace amana::store
