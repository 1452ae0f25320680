#include "services/audit/rpc/audit_service.h"

#include <string>

#include "amana/audit/v1/audit.pb.h"
#include "common/base/status_macros.h"

namespace amana::audit {

std::unique_ptr<rpc::Service> MakeAuditService(const Log& log) {
  auto service = std::make_unique<rpc::Service>("amana.audit.v1.AuditService");
  service->Unary<v1::ReadLogFileRequest, v1::ReadLogFileResponse>(
      "ReadLogFile",
      [&log](const CallContext&,
             const v1::ReadLogFileRequest& request) -> absl::StatusOr<std::string> {
        v1::ReadLogFileResponse response;
        AMANA_ASSIGN_OR_RETURN(*response.mutable_data(), log.ReadFile(request.path()));
        return rpc::Reply(response);
      });
  service->Unary<v1::GetProofRequest, v1::GetProofResponse>(
      "GetProof",
      [&log](const CallContext&,
             const v1::GetProofRequest& request) -> absl::StatusOr<std::string> {
        v1::GetProofResponse response;
        AMANA_ASSIGN_OR_RETURN(*response.mutable_proof(), log.Prove(request.leaf()));
        return rpc::Reply(response);
      });
  return service;
}

}  // namespace amana::audit
