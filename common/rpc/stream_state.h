#pragma once

// What a stream's reactor and its writer share: the outbox, and the one way to the end.

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <deque>
#include <functional>
#include <string>

#include "common/base/call_context.h"
#include "common/base/mutex.h"
#include "common/rpc/stream_writer.h"

namespace amana::rpc {

using StreamReactor = grpc::ServerWriteReactor<grpc::ByteBuffer>;

// Thread-safe. Outlives the reactor, which it forgets in OnDone().
class StreamState final : public StreamWriter {
 public:
  using Conclude = std::function<grpc::Status(const absl::Status&)>;

  // `conclude` makes what is sent at the end; called once, before OnDone().
  StreamState(StreamReactor& reactor, Conclude conclude)
      : reactor_(&reactor), conclude_(std::move(conclude)) {}

  bool Write(std::string message) override;
  void Finish(absl::Status status) override;
  bool closed() const override;
  void OnClosed(std::function<void()> callback) override;

  // Finish() at once, without what is queued.
  void Abandon(absl::Status status);

  void SetCaller(const Caller& caller);
  Caller caller() const;

  // Until this is called the stream does not end: a worker still reads what belongs to the call.
  void LetGo();

  // Reactions.
  void OnWriteDone(bool ok);
  void OnDone();

 private:
  // Starts the next write, or the end, unless a write is under way. gRPC runs no reaction inside
  // these calls, so the lock may be held.
  void Pump() AMANA_REQUIRES(mutex_);
  void End(absl::Status status, bool drop_queue) AMANA_REQUIRES(mutex_);

  mutable Mutex mutex_;
  StreamReactor* reactor_ AMANA_GUARDED_BY(mutex_);
  const Conclude conclude_;
  Caller caller_ AMANA_GUARDED_BY(mutex_);
  std::deque<std::string> queue_ AMANA_GUARDED_BY(mutex_);
  size_t queued_bytes_ AMANA_GUARDED_BY(mutex_) = 0;
  grpc::ByteBuffer current_ AMANA_GUARDED_BY(mutex_);
  bool writing_ AMANA_GUARDED_BY(mutex_) = false;
  bool held_ AMANA_GUARDED_BY(mutex_) = true;
  bool ending_ AMANA_GUARDED_BY(mutex_) = false;
  bool ended_ AMANA_GUARDED_BY(mutex_) = false;
  absl::Status final_ AMANA_GUARDED_BY(mutex_);
  bool done_ AMANA_GUARDED_BY(mutex_) = false;
  std::function<void()> on_closed_ AMANA_GUARDED_BY(mutex_);
};

}  // namespace amana::rpc
