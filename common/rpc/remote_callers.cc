#include <utility>

#include "amana/identity/v1/identity.grpc.pb.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/rpc/call.h"
#include "common/rpc/callers.h"

namespace amana::rpc {
namespace {

namespace pb = amana::identity::v1;

class RemoteCallerDirectory final : public CallerDirectory {
 public:
  explicit RemoteCallerDirectory(std::shared_ptr<grpc::Channel> channel)
      : stub_(pb::IdentityService::NewStub(std::move(channel))) {}

  absl::StatusOr<Caller> LookUp(const DeviceId& device, Deadline deadline) override {
    pb::LookUpCallerRequest request;
    request.set_device_id(device.bytes());
    const auto response = Call(*stub_, &pb::IdentityService::Stub::LookUpCaller, request,
                               {.deadline = deadline, .retry = false});
    if (ReasonOf(response.status()) == Reason::kDeviceNotFound) {
      return Error(Reason::kCallerUnknown);
    }
    // Whatever else identity says about this call of ours is not about the device.
    if (!response.ok()) return Error(Reason::kServiceUnavailable);
    return ToCaller(device, *response);
  }

 private:
  static absl::StatusOr<Caller> ToCaller(const DeviceId& device,
                                         const pb::LookUpCallerResponse& response) {
    if (response.state() == pb::DEVICE_STATE_PENDING) return Error(Reason::kDeviceNotApproved);
    if (response.state() != pb::DEVICE_STATE_APPROVED) return Error(Reason::kDeviceRevoked);
    if (response.organisation_state() != pb::ORGANISATION_STATE_OPEN) {
      return Error(Reason::kOrganisationClosed);
    }
    Caller caller;
    caller.role = static_cast<Role>(response.role());
    caller.device = device;
    AMANA_ASSIGN_OR_RETURN(caller.organisation,
                           OrganisationId::FromBytes(response.organisation_id()));
    return caller;
  }

  const std::unique_ptr<pb::IdentityService::Stub> stub_;
};

}  // namespace

std::unique_ptr<CallerDirectory> MakeRemoteCallerDirectory(std::shared_ptr<grpc::Channel> channel) {
  return std::make_unique<RemoteCallerDirectory>(std::move(channel));
}

}  // namespace amana::rpc
