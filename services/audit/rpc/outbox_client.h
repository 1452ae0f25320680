#pragma once
// app::Outbox over gRPC: another service's OutboxService.

#include <grpcpp/channel.h>

#include <memory>

#include "amana/common/v1/outbox.grpc.pb.h"
#include "services/audit/app/follower.h"

namespace amana::audit {

class OutboxClient final : public Outbox {
 public:
  explicit OutboxClient(std::shared_ptr<grpc::Channel> channel);

  absl::StatusOr<Batch> Read(const std::vector<uint64_t>& cursors, uint32_t limit,
                             absl::Duration wait) override;
  absl::Status Trim(const std::vector<uint64_t>& cursors) override;

 private:
  std::unique_ptr<common::v1::OutboxService::Stub> stub_;
};

}  // namespace amana::audit
