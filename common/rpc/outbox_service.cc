#include "common/rpc/outbox_service.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "amana/common/v1/outbox.pb.h"
#include "common/base/status_macros.h"
#include "common/store/index_page.h"
#include "common/store/outbox_wait.h"

namespace amana::rpc {
namespace {

namespace pb = amana::common::v1;

constexpr uint32_t kDefaultEntries = 1024;

// Cursors as the store takes them: one for each shard.
absl::StatusOr<std::vector<uint64_t>> ToCursors(
    const google::protobuf::RepeatedPtrField<pb::OutboxCursor>& cursors, uint32_t shards) {
  std::vector<uint64_t> out(shards, 0);
  for (int i = 0; i < cursors.size(); ++i) {
    if (cursors[i].shard() >= shards) {
      return Error(Reason::kInvalidField, {.field = "cursors[" + std::to_string(i) + "].shard"});
    }
    out[cursors[i].shard()] = cursors[i].sequence();
  }
  return out;
}

// A page token is a position as text: "3.120".
std::string ToToken(const store::HistoryPosition& position) {
  return absl::StrCat(position.shard, ".", position.index);
}

absl::StatusOr<store::HistoryPosition> FromToken(std::string_view token, uint32_t shards) {
  store::HistoryPosition position;
  if (token.empty()) return position;
  const char* const end = token.data() + token.size();
  const auto shard = std::from_chars(token.data(), end, position.shard);
  if (shard.ec != std::errc() || shard.ptr == end || *shard.ptr != '.' ||
      position.shard >= shards) {
    return Error(Reason::kPageTokenInvalid);
  }
  const auto index = std::from_chars(shard.ptr + 1, end, position.index);
  if (index.ec != std::errc() || index.ptr != end) return Error(Reason::kPageTokenInvalid);
  return position;
}

class OutboxHandlers {
 public:
  OutboxHandlers(store::Store& store, Reason not_found, MayRead may_read)
      : store_(store), not_found_(not_found), may_read_(std::move(may_read)) {}

  absl::StatusOr<std::string> Read(const CallContext& context,
                                   const pb::ReadOutboxRequest& request) {
    AMANA_ASSIGN_OR_RETURN(const auto cursors, ToCursors(request.cursors(), store_.shards()));
    const uint32_t limit = request.max_entries() > 0 ? request.max_entries() : kDefaultEntries;
    AMANA_ASSIGN_OR_RETURN(const auto entries, Wait(cursors, limit, request, context.deadline));
    pb::ReadOutboxResponse response;
    response.set_shards(store_.shards());
    for (const store::OutboxEntry& entry : entries) {
      pb::OutboxEntry& out = *response.add_entries();
      out.set_shard(entry.shard);
      out.set_sequence(entry.sequence);
      out.set_leaf(entry.leaf);
      out.set_traceparent(entry.traceparent);
    }
    return Reply(response);
  }

  absl::StatusOr<std::string> Trim(const CallContext& context,
                                   const pb::TrimOutboxRequest& request) {
    AMANA_ASSIGN_OR_RETURN(const auto cursors, ToCursors(request.cursors(), store_.shards()));
    AMANA_RETURN_IF_ERROR(store_.TrimOutbox(cursors, context.deadline));
    return Reply(pb::TrimOutboxResponse());
  }

  absl::StatusOr<std::string> List(const CallContext& context,
                                   const pb::ListHistoryRequest& request) {
    AMANA_ASSIGN_OR_RETURN(const bool may_read, may_read_(context, request.subject_id()));
    if (!may_read) return Error(not_found_);
    AMANA_ASSIGN_OR_RETURN(const auto from, FromToken(request.page_token(), store_.shards()));
    AMANA_ASSIGN_OR_RETURN(
        store::HistoryPage page,
        store_.ReadHistory(request.subject_id(), from, store::PageSize(request.page_size()),
                           context.deadline));
    if (page.entries.empty() && request.page_token().empty()) return Error(not_found_);
    pb::ListHistoryResponse response;
    if (page.next) response.set_next_page_token(ToToken(*page.next));
    for (store::HistoryEntry& entry : page.entries) {
      pb::HistoryEntry& out = *response.add_entries();
      out.set_event(std::move(entry.event));
      out.set_opening(std::move(entry.opening));
    }
    return Reply(response);
  }

 private:
  // Waiting takes a worker; a second reader at the same time does not wait.
  absl::StatusOr<std::vector<store::OutboxEntry>> Wait(const std::vector<uint64_t>& cursors,
                                                       uint32_t limit,
                                                       const pb::ReadOutboxRequest& request,
                                                       Deadline deadline) {
    if (request.wait_ms() == 0 || waiting_.exchange(true)) {
      return store_.ReadOutbox(cursors, limit, deadline);
    }
    auto entries = store::ReadOutboxWaiting(
        store_, cursors, limit,
        Deadline::Earlier(deadline, Deadline::After(absl::Milliseconds(request.wait_ms()))));
    waiting_.store(false);
    return entries;
  }

  store::Store& store_;
  const Reason not_found_;
  const MayRead may_read_;
  std::atomic<bool> waiting_{false};
};

}  // namespace

std::unique_ptr<Service> MakeOutboxService(store::Store& store, Reason not_found,
                                           MayRead may_read) {
  auto handlers = std::make_shared<OutboxHandlers>(store, not_found, std::move(may_read));
  auto service = std::make_unique<Service>("amana.common.v1.OutboxService");
  service->Unary<pb::ReadOutboxRequest, pb::ReadOutboxResponse>(
      "ReadOutbox", [handlers](const CallContext& context, const pb::ReadOutboxRequest& request) {
        return handlers->Read(context, request);
      });
  service->Unary<pb::TrimOutboxRequest, pb::TrimOutboxResponse>(
      "TrimOutbox", [handlers](const CallContext& context, const pb::TrimOutboxRequest& request) {
        return handlers->Trim(context, request);
      });
  service->Unary<pb::ListHistoryRequest, pb::ListHistoryResponse>(
      "ListHistory", [handlers](const CallContext& context, const pb::ListHistoryRequest& request) {
        return handlers->List(context, request);
      });
  return service;
}

}  // namespace amana::rpc
