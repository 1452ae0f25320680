#include "services/identity/app/context.h"

#include "common/store/audit_record.h"

namespace amana::identity {
namespace {

constexpr std::string_view kService = "identity";

}  // namespace

amana::store::AuditRecord OrganisationEvent(const Tools& tools, const CallContext& context,
                                            const domain::Organisation& organisation,
                                            std::string_view action) {
  return amana::store::MakeAuditRecord(context,
                                       {.service = kService,
                                        .subject = organisation.id.bytes(),
                                        .object = {},
                                        .state = domain::NameOf(organisation.state),
                                        .reason = {},
                                        .action = action},
                                       tools.clock.Now(), tools.random);
}

amana::store::AuditRecord DeviceEvent(const Tools& tools, const CallContext& context,
                                      const domain::Device& device, std::string_view state,
                                      std::string_view action) {
  return amana::store::MakeAuditRecord(context,
                                       {.service = kService,
                                        .subject = device.organisation.bytes(),
                                        .object = device.id.bytes(),
                                        .state = state,
                                        .reason = domain::NameOf(device.role),
                                        .action = action},
                                       tools.clock.Now(), tools.random);
}

amana::store::AuditRecord InvitationEvent(const Tools& tools, const CallContext& context,
                                          const domain::Invitation& invitation,
                                          std::string_view state) {
  return amana::store::MakeAuditRecord(context,
                                       {.service = kService,
                                        .subject = invitation.organisation.bytes(),
                                        .object = {},
                                        .state = state,
                                        .reason = domain::NameOf(invitation.role),
                                        .action = {}},
                                       tools.clock.Now(), tools.random);
}

}  // namespace amana::identity
