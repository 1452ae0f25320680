#include "services/identity/rpc/services.h"

#include "common/base/status_macros.h"

namespace amana::identity {
namespace {

// A read's response, serialised.
template <class Message>
absl::StatusOr<std::string> Answer(const absl::StatusOr<Message>& response) {
  if (!response.ok()) return response.status();
  return rpc::Reply(*response);
}

void BindOrganisations(rpc::Service& service, Organisations& organisations) {
  service.Unary<v1::CreateOrganisationRequest, v1::CreateOrganisationResponse>(
      "CreateOrganisation", [&](const CallContext& context, const auto& request) {
        return organisations.Create(context, request);
      });
  service.Unary<v1::CloseOrganisationRequest, v1::CloseOrganisationResponse>(
      "CloseOrganisation", [&](const CallContext& context, const auto& request) {
        return organisations.Close(context, request);
      });
  service.Unary<v1::ListOrganisationsRequest, v1::ListOrganisationsResponse>(
      "ListOrganisations", [&](const CallContext& context, const auto& request) {
        return Answer(organisations.List(context, request));
      });
}

void BindDevices(rpc::Service& service, Devices& devices) {
  service.Unary<v1::ApproveDeviceRequest, v1::ApproveDeviceResponse>(
      "ApproveDevice", [&](const CallContext& context, const auto& request) {
        return devices.Approve(context, request);
      });
  service.Unary<v1::RevokeDeviceRequest, v1::RevokeDeviceResponse>(
      "RevokeDevice", [&](const CallContext& context, const auto& request) {
        return devices.Revoke(context, request);
      });
  service.Unary<v1::ListDevicesRequest, v1::ListDevicesResponse>(
      "ListDevices", [&](const CallContext& context, const auto& request) {
        return Answer(devices.List(context, request));
      });
  service.Unary<v1::ListDeviceCertificatesRequest, v1::ListDeviceCertificatesResponse>(
      "ListDeviceCertificates", [&](const CallContext& context, const auto& request) {
        return Answer(devices.ListCertificates(context, request));
      });
  service.Unary<v1::RenewCertificateRequest, v1::RenewCertificateResponse>(
      "RenewCertificate", [&](const CallContext& context, const auto& request) {
        return devices.Renew(context, request);
      });
  service.Unary<v1::GetOwnDeviceRequest, v1::GetOwnDeviceResponse>(
      "GetOwnDevice",
      [&](const CallContext& context, const auto&) { return Answer(devices.GetOwn(context)); });
  service.Unary<v1::LookUpCallerRequest, v1::LookUpCallerResponse>(
      "LookUpCaller", [&](const CallContext& context, const auto& request) {
        return Answer(LookUpCaller(context, request, devices));
      });
}

}  // namespace

absl::StatusOr<v1::LookUpCallerResponse> LookUpCaller(const CallContext& context,
                                                      const v1::LookUpCallerRequest& request,
                                                      const Devices& devices) {
  AMANA_ASSIGN_OR_RETURN(const DeviceId id, IdFrom<DeviceId>(request.device_id(), "device_id"));
  AMANA_ASSIGN_OR_RETURN(const domain::Membership found, devices.Find(id, context.deadline));
  v1::LookUpCallerResponse response;
  response.set_organisation_id(found.organisation.id.bytes());
  response.set_role(static_cast<amana::options::v1::Role>(found.device.role));
  response.set_state(static_cast<v1::DeviceState>(found.device.state));
  response.set_organisation_state(static_cast<v1::OrganisationState>(found.organisation.state));
  return response;
}

bool MayReadHistory(const Caller& caller, std::string_view subject) {
  const absl::StatusOr<OrganisationId> organisation = OrganisationId::FromBytes(subject);
  return organisation.ok() &&
         (caller.role == Role::kNetworkAdministrator || caller.Owns(*organisation));
}

std::unique_ptr<rpc::Service> MakeIdentityService(Organisations& organisations,
                                                  Enrolment& enrolment, Devices& devices) {
  auto service = std::make_unique<rpc::Service>("amana.identity.v1.IdentityService");
  BindOrganisations(*service, organisations);
  BindDevices(*service, devices);
  service->Unary<v1::CreateEnrolmentCodeRequest, v1::CreateEnrolmentCodeResponse>(
      "CreateEnrolmentCode", [&](const CallContext& context, const auto& request) {
        return enrolment.CreateCode(context, request);
      });
  return service;
}

std::unique_ptr<rpc::Service> MakeEnrolmentService(Enrolment& enrolment) {
  auto service = std::make_unique<rpc::Service>("amana.identity.v1.EnrolmentService");
  service->Unary<v1::EnrolRequest, v1::EnrolResponse>(
      "Enrol", [&](const CallContext& context, const auto& request) {
        return enrolment.Enrol(context, request);
      });
  return service;
}

}  // namespace amana::identity
