#include "services/audit/rpc/outbox_client.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/rpc/call.h"

namespace amana::audit {
namespace {

constexpr absl::Duration kCallTime = absl::Seconds(5);

// Zero cursors go without saying.
template <class Request>
void AddCursors(const std::vector<uint64_t>& cursors, Request& request) {
  for (uint32_t shard = 0; shard < cursors.size(); ++shard) {
    if (cursors[shard] == 0) continue;
    common::v1::OutboxCursor* cursor = request.add_cursors();
    cursor->set_shard(shard);
    cursor->set_sequence(cursors[shard]);
  }
}

}  // namespace

OutboxClient::OutboxClient(std::shared_ptr<grpc::Channel> channel)
    : stub_(common::v1::OutboxService::NewStub(std::move(channel))) {}

absl::StatusOr<Outbox::Batch> OutboxClient::Read(const std::vector<uint64_t>& cursors,
                                                 uint32_t limit, absl::Duration wait) {
  common::v1::ReadOutboxRequest request;
  AddCursors(cursors, request);
  request.set_max_entries(limit);
  request.set_wait_ms(static_cast<uint32_t>(absl::ToInt64Milliseconds(wait)));
  // The follower's own loop tries again.
  AMANA_ASSIGN_OR_RETURN(
      const common::v1::ReadOutboxResponse response,
      rpc::Call(*stub_, &common::v1::OutboxService::Stub::ReadOutbox, request,
                {.deadline = Deadline::After(kCallTime + wait), .retry = false}));
  Batch batch;
  batch.shards = response.shards();
  batch.entries.reserve(static_cast<size_t>(response.entries_size()));
  for (const common::v1::OutboxEntry& entry : response.entries()) {
    batch.entries.push_back({entry.shard(), {entry.sequence(), entry.leaf()}});
  }
  return batch;
}

absl::Status OutboxClient::Trim(const std::vector<uint64_t>& cursors) {
  common::v1::TrimOutboxRequest request;
  AddCursors(cursors, request);
  return rpc::Call(*stub_, &common::v1::OutboxService::Stub::TrimOutbox, request,
                   {.deadline = Deadline::After(kCallTime), .retry = false})
      .status();
}

}  // namespace amana::audit
