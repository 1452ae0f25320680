#pragma once

// The sending end of a server stream. It holds no worker: messages wait in a bounded outbox and go
// out one after the other as fast as the client reads.

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace amana::rpc {

// Thread-safe. Shared by the handler's side and the server; the stream ends by Finish(), by the
// client, by a full outbox (kStreamLagged), by the age limit or the drain (kDraining). Whoever
// keeps a writer lets go of it once closed() or in the OnClosed() callback.
class StreamWriter {
 public:
  static constexpr size_t kMaxQueuedMessages = 256;
  static constexpr size_t kMaxQueuedBytes = size_t{8} << 20;

  virtual ~StreamWriter() = default;

  // Queues a serialised response. False if the stream is closed, or is closed by this because the
  // client does not keep up.
  virtual bool Write(std::string message) = 0;

  // Ends the stream once what is queued has gone out. Later calls do nothing.
  virtual void Finish(absl::Status status) = 0;

  virtual bool closed() const = 0;

  // Calls `callback` once, on a thread of gRPC's, when the stream has closed; at once if it has
  // already. It must not block. At most one.
  virtual void OnClosed(std::function<void()> callback) = 0;
};

}  // namespace amana::rpc
