#include "common/store/redis_connection.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::store {
namespace {

constexpr size_t kReceiveBytes = 64 << 10;
constexpr absl::Duration kFirstPause = absl::Milliseconds(10);
constexpr absl::Duration kLongestPause = absl::Milliseconds(500);

absl::Status Unavailable() { return Error(Reason::kStoreUnavailable); }

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int PollMillis(Deadline deadline) {
  return static_cast<int>(
      std::clamp<int64_t>(absl::ToInt64Milliseconds(deadline.Remaining()) + 1, 0, 60'000));
}

// False if nothing of `events` happened before the deadline.
bool Await(int fd, short events, Deadline deadline) {
  pollfd item{fd, events, 0};
  return !deadline.expired() && poll(&item, 1, PollMillis(deadline)) > 0;
}

// A non-blocking Unix socket, connected; -1 if nobody listens or too many wait.
int OpenSocket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return -1;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
  close(fd);
  return -1;
}

}  // namespace

RedisConnection::RedisConnection(std::string socket_path, absl::Duration timeout,
                                 Handshake handshake)
    : socket_path_(std::move(socket_path)),
      timeout_(timeout),
      handshake_(std::move(handshake)),
      event_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      buffer_(kReceiveBytes, '\0') {
  AMANA_CHECK(event_fd_ >= 0, "The system has no file descriptor left for the store.");
  thread_ = std::thread([this] { Run(); });
}

RedisConnection::~RedisConnection() {
  stopping_ = true;
  Wake();
  thread_.join();
  close(event_fd_);
}

// --- Callers' side ---

CallOutcome RedisConnection::Call(const Batch& batch, Deadline deadline,
                                  std::vector<Reply>& replies) {
  const auto call = std::make_shared<PendingCall>(batch.commands());
  if (!Enqueue(batch, call)) return CallOutcome::kNotSent;
  switch (call->Wait(deadline)) {
    case PendingCall::kAnswered:
      replies = std::move(call->replies);
      return CallOutcome::kAnswered;
    case PendingCall::kBroken:
      return CallOutcome::kBroken;
    default:
      return CallOutcome::kTimedOut;
  }
}

bool RedisConnection::Enqueue(const Batch& batch, const std::shared_ptr<PendingCall>& call) {
  MutexLock lock(mutex_);
  if (fd_ < 0 || pending_.size() >= kMaxPending) return false;
  pending_.push_back(call);
  out_ += batch.bytes();
  if (sending_) return true;  // goes along with what is being sent
  sending_ = true;
  Flush();
  return true;
}

void RedisConnection::Flush() {
  while (fd_ >= 0 && !out_.empty()) {
    const int fd = fd_;  // Break() closes it only after the sender has left
    std::string chunk;
    chunk.swap(out_);
    mutex_.Unlock();
    const ssize_t sent = send(fd, chunk.data(), chunk.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    const bool full = sent < 0 && WouldBlock();
    if (sent < 0 && !full) shutdown(fd, SHUT_RDWR);  // the thread will see it
    mutex_.Lock();
    if (sent < 0 && !full) break;
    if (const size_t done = full ? 0 : static_cast<size_t>(sent); done < chunk.size()) {
      out_.insert(0, chunk, done);
      blocked_ = true;
      Wake();
      sender_left_.NotifyAll();
      return;
    }
  }
  sending_ = false;
  if (fd_ < 0) sender_left_.NotifyAll();
}

// --- The thread's side ---

void RedisConnection::Run() {
  absl::Duration pause = kFirstPause;
  while (!stopping()) {
    absl::StatusOr<int> fd = Connect();
    refusal_ = ReasonOf(fd.status());
    if (fd.ok()) {
      {
        MutexLock lock(mutex_);
        fd_ = *fd;
      }
      connected_flag_ = true;
      Serve(*fd);
      Break(*fd);
      pause = kFirstPause;
    }
    Pause(pause);
    pause = std::min(2 * pause, kLongestPause);
  }
}

absl::StatusOr<int> RedisConnection::Connect() {
  const int fd = OpenSocket(socket_path_);
  if (fd < 0) return Unavailable();
  reader_.Reset();
  absl::Status status = handshake_([this, fd](const Batch& batch) { return Exchange(fd, batch); });
  if (status.ok()) return fd;
  close(fd);
  return status;
}

absl::StatusOr<std::vector<Reply>> RedisConnection::Exchange(int fd, const Batch& batch) {
  const Deadline deadline = Deadline::After(timeout_);
  std::string_view left = batch.bytes();
  while (!left.empty()) {
    const ssize_t n = send(fd, left.data(), left.size(), MSG_NOSIGNAL);
    if (n > 0) left.remove_prefix(static_cast<size_t>(n));
    if (n < 0 && (!WouldBlock() || !Await(fd, POLLOUT, deadline))) return Unavailable();
  }
  std::vector<Reply> replies;
  while (replies.size() < batch.commands()) {
    if (!Await(fd, POLLIN, deadline)) return Unavailable();
    const ssize_t n = recv(fd, buffer_.data(), buffer_.size(), 0);
    if (n == 0 || (n < 0 && !WouldBlock())) return Unavailable();
    if (n > 0 && !reader_.Feed({buffer_.data(), static_cast<size_t>(n)}, replies)) {
      return Unavailable();
    }
  }
  return replies;
}

void RedisConnection::Serve(int fd) {
  Deadline silence = Deadline::After(2 * timeout_);
  while (!stopping()) {
    const short events = static_cast<short>(blocked_ ? POLLIN | POLLOUT : POLLIN);
    pollfd items[] = {{fd, events, 0}, {event_fd_, POLLIN, 0}};
    if (poll(items, 2, PollMillis(Deadline::After(timeout_ / 2))) < 0 && errno != EINTR) return;
    if (items[1].revents != 0) {
      eventfd_t ignored;
      eventfd_read(event_fd_, &ignored);
    }
    if ((items[0].revents & POLLOUT) != 0) FlushBlocked();
    const bool heard = (items[0].revents & ~POLLOUT) != 0;
    if (heard && !Receive(fd)) return;
    if (heard || !Owed()) {
      silence = Deadline::After(2 * timeout_);
    } else if (silence.expired()) {
      return;
    }
  }
}

// Whether anybody's answer is still to come, also of those who no longer wait.
bool RedisConnection::Owed() {
  MutexLock lock(mutex_);
  return !pending_.empty();
}

void RedisConnection::FlushBlocked() {
  MutexLock lock(mutex_);
  blocked_ = false;
  Flush();
}

bool RedisConnection::Receive(int fd) {
  const ssize_t n = recv(fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (n < 0) return WouldBlock();
  if (n == 0) return false;
  std::vector<Reply> replies;
  const bool sound = reader_.Feed({buffer_.data(), static_cast<size_t>(n)}, replies);
  return Deliver(std::move(replies)) && sound;
}

bool RedisConnection::Deliver(std::vector<Reply> replies) {
  std::vector<std::shared_ptr<PendingCall>> finished;
  finished.reserve(replies.size());
  bool sound = true;
  {
    MutexLock lock(mutex_);
    for (Reply& reply : replies) {
      if (pending_.empty()) {
        sound = false;  // an answer nobody asked for
        break;
      }
      PendingCall& call = *pending_.front();
      call.replies.push_back(std::move(reply));
      if (!call.complete()) continue;
      finished.push_back(std::move(pending_.front()));
      pending_.pop_front();
    }
  }
  for (const auto& call : finished) call->Finish(PendingCall::kAnswered);
  return sound;
}

void RedisConnection::Break(int fd) {
  std::deque<std::shared_ptr<PendingCall>> broken;
  connected_flag_ = false;
  refusal_ = Reason::kStoreUnavailable;
  {
    MutexLock lock(mutex_);
    fd_ = -1;
    while (sending_ && !blocked_) sender_left_.Wait(mutex_);
    sending_ = false;
    blocked_ = false;
    out_.clear();
    broken.swap(pending_);
  }
  close(fd);
  for (const auto& call : broken) call->Finish(PendingCall::kBroken);
}

void RedisConnection::Wake() { eventfd_write(event_fd_, 1); }

void RedisConnection::Pause(absl::Duration duration) {
  const Deadline until = Deadline::After(duration);
  while (!stopping() && Await(event_fd_, POLLIN, until)) {
    eventfd_t ignored;
    eventfd_read(event_fd_, &ignored);
  }
}

}  // namespace amana::store
