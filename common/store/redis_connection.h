#pragma once
// One connection to Redis that many threads use at once.
//
// Whoever calls sends; what others add meanwhile goes along in the same write. A thread of the
// connection's own reads the replies, sends what the socket had no room for, and connects again,
// with growing pauses, when the connection breaks, or when nothing comes though an answer is owed:
// of a machine that fell off the network the kernel would learn only a quarter of an hour later.

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/deadline.h"
#include "common/base/error.h"
#include "common/base/mutex.h"
#include "common/store/pending_call.h"
#include "common/store/redis_protocol.h"

namespace amana::store {

// What became of a call.
enum class CallOutcome {
  kAnswered,
  kNotSent,   // not connected, or too much waits already: surely nothing happened
  kBroken,    // the connection broke: anything may have happened
  kTimedOut,  // as kBroken
};

// Thread-safe.
class RedisConnection {
 public:
  // Sends commands on a connection nobody else uses yet; kStoreUnavailable if they aren't answered.
  using RoundTrip = std::function<absl::StatusOr<std::vector<Reply>>(const Batch&)>;
  // What a new connection begins with: authentication, functions. An error closes it again.
  using Handshake = std::function<absl::Status(const RoundTrip&)>;

  // `timeout` is for each round trip of the handshake; silence of twice as long breaks the
  // connection.
  RedisConnection(std::string socket_path, absl::Duration timeout, Handshake handshake);
  ~RedisConnection();  // calls still waiting are broken

  bool connected() const { return connected_flag_.load(std::memory_order_acquire); }
  // Why the last attempt to connect failed; kUnspecified while connected or not tried yet.
  Reason refusal() const { return refusal_.load(); }

  CallOutcome Call(const Batch& batch, Deadline deadline, std::vector<Reply>& replies);

 private:
  // Keeps a stopped Redis from filling memory with commands.
  static constexpr size_t kMaxPending = 8192;

  bool Enqueue(const Batch& batch, const std::shared_ptr<PendingCall>& call);
  // Sends out_ as far as the socket takes it; whoever set sending_ calls it.
  void Flush() AMANA_REQUIRES(mutex_);
  void FlushBlocked();

  void Run();
  absl::StatusOr<int> Connect();
  absl::StatusOr<std::vector<Reply>> Exchange(int fd, const Batch& batch);
  void Serve(int fd);
  bool Owed();
  bool Receive(int fd);
  bool Deliver(std::vector<Reply> replies);
  void Break(int fd);
  void Wake();
  // Sleeps, or returns sooner when stopping.
  void Pause(absl::Duration duration);
  bool stopping() const { return stopping_.load(); }

  const std::string socket_path_;
  const absl::Duration timeout_;
  const Handshake handshake_;
  const int event_fd_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> connected_flag_ = false;
  // A reason, not a status: what a status shares between threads, only its own library can see.
  std::atomic<Reason> refusal_ = Reason::kUnspecified;

  mutable Mutex mutex_;
  CondVar sender_left_;
  int fd_ AMANA_GUARDED_BY(mutex_) = -1;  // -1: not connected
  std::string out_ AMANA_GUARDED_BY(mutex_);
  bool sending_ AMANA_GUARDED_BY(mutex_) = false;  // somebody is in Flush()
  std::atomic<bool> blocked_ = false;  // the socket is full: sending_ is now the thread's to clear
  std::deque<std::shared_ptr<PendingCall>> pending_ AMANA_GUARDED_BY(mutex_);

  // The thread's own.
  ReplyReader reader_;
  std::string buffer_;
  std::thread thread_;
};

}  // namespace amana::store
