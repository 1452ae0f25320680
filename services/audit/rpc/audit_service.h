#pragma once
// amana.audit.v1.AuditService over a Log.

#include <memory>

#include "common/rpc/service.h"
#include "services/audit/app/log.h"

namespace amana::audit {

// The log must outlive the service.
std::unique_ptr<rpc::Service> MakeAuditService(const Log& log);

}  // namespace amana::audit
