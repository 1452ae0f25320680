#include "common/rpc/stream_state.h"

#include <grpcpp/support/slice.h>

#include <utility>

#include "common/base/error.h"

namespace amana::rpc {

bool StreamState::Write(std::string message) {
  MutexLock lock(mutex_);
  if (ending_ || done_) return false;
  if (queue_.size() >= kMaxQueuedMessages || queued_bytes_ + message.size() > kMaxQueuedBytes) {
    End(Error(Reason::kStreamLagged), /*drop_queue=*/true);
    return false;
  }
  queued_bytes_ += message.size();
  queue_.push_back(std::move(message));
  Pump();
  return true;
}

void StreamState::Finish(absl::Status status) {
  MutexLock lock(mutex_);
  End(std::move(status), /*drop_queue=*/false);
}

void StreamState::Abandon(absl::Status status) {
  MutexLock lock(mutex_);
  End(std::move(status), /*drop_queue=*/true);
}

void StreamState::End(absl::Status status, bool drop_queue) {
  if (drop_queue) queue_.clear();
  if (!ending_) {
    ending_ = true;
    final_ = std::move(status);
  }
  Pump();
}

void StreamState::Pump() {
  if (writing_ || ended_ || reactor_ == nullptr) return;
  if (!queue_.empty()) {
    const grpc::Slice slice(queue_.front().data(), queue_.front().size());
    queued_bytes_ -= queue_.front().size();
    queue_.pop_front();
    current_ = grpc::ByteBuffer(&slice, 1);
    writing_ = true;
    reactor_->StartWrite(&current_);
  } else if (ending_ && !held_) {
    ended_ = true;
    reactor_->Finish(conclude_(final_));
  }
}

void StreamState::LetGo() {
  MutexLock lock(mutex_);
  held_ = false;
  Pump();
}

void StreamState::OnWriteDone(bool ok) {
  MutexLock lock(mutex_);
  writing_ = false;
  if (!ok) {
    End(Error(Reason::kCancelled), /*drop_queue=*/true);
  } else {
    Pump();
  }
}

void StreamState::OnDone() {
  std::function<void()> callback;
  {
    MutexLock lock(mutex_);
    done_ = true;
    reactor_ = nullptr;
    callback = std::move(on_closed_);
  }
  if (callback) callback();
}

bool StreamState::closed() const {
  MutexLock lock(mutex_);
  return ending_ || done_;
}

void StreamState::OnClosed(std::function<void()> callback) {
  {
    MutexLock lock(mutex_);
    if (!done_) {
      on_closed_ = std::move(callback);
      return;
    }
  }
  callback();
}

void StreamState::SetCaller(const Caller& caller) {
  MutexLock lock(mutex_);
  caller_ = caller;
}

Caller StreamState::caller() const {
  MutexLock lock(mutex_);
  return caller_;
}

}  // namespace amana::rpc
