#pragma once

#include <memory>

#include "common/rpc/service.h"
#include "services/referral/app/directory.h"

namespace amana::referral {

// amana.referral.v1.DirectoryService over `directory`, which must outlive it.
std::unique_ptr<rpc::Service> MakeDirectoryService(Directory& directory);

}  // namespace amana::referral
