#include "services/messaging/rpc/subscriptions.h"

#include <algorithm>
#include <utility>

#include "common/base/error.h"

namespace amana::messaging {
namespace {

constexpr absl::Duration kTimeToRead = absl::Seconds(2);
// A package of 256 KiB and what is around it.
constexpr size_t kLargestMessage = size_t{288} << 10;

// Whether the answer is about the device, and not that nobody could say.
bool IsVerdict(const absl::Status& status) { return ReasonOf(status) == Reason::kRecipientInvalid; }

}  // namespace

Subscriptions::Subscriptions(Inbox& inbox, Bell& bell, Devices& devices, SubscriptionLimits limits)
    : inbox_(inbox),
      devices_(devices),
      limits_(limits),
      next_look_(Deadline::After(limits.look_again)) {
  bell.Listen([this](const DeviceId& device) { Mark(device); });
}

Subscriptions::~Subscriptions() { Stop(); }

void Subscriptions::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Subscriptions::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    work_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void Subscriptions::Mark(const DeviceId& device) {
  MutexLock lock(mutex_);
  // Most devices do not listen here: nothing is kept for them.
  const bool listens = std::any_of(streams_.begin(), streams_.end(), [&](const StreamPtr& stream) {
    return stream->device == device;
  });
  if (listens && rung_.insert(device).second) work_.NotifyAll();
}

absl::Status Subscriptions::Add(const Caller& caller, uint64_t after,
                                std::shared_ptr<rpc::StreamWriter> writer) {
  MutexLock lock(mutex_);
  ForgetClosed();
  const auto own =
      static_cast<size_t>(std::count_if(streams_.begin(), streams_.end(), [&](const auto& stream) {
        return stream->device == caller.device;
      }));
  if (streams_.size() >= limits_.streams || own >= limits_.streams_of_device) {
    return Error(Reason::kOverloaded, {.retry_after = limits_.look_again});
  }
  streams_.push_back(std::make_shared<Stream>(Stream{.device = caller.device,
                                                     .organisation = caller.organisation,
                                                     .after = after,
                                                     .writer = std::move(writer)}));
  rung_.insert(caller.device);
  work_.NotifyAll();
  return absl::OkStatus();
}

size_t Subscriptions::size() const {
  MutexLock lock(mutex_);
  return streams_.size();
}

void Subscriptions::ForgetClosed() {
  std::erase_if(streams_, [](const StreamPtr& stream) { return stream->writer->closed(); });
}

std::vector<Subscriptions::StreamPtr> Subscriptions::WaitForWork() {
  MutexLock lock(mutex_);
  while (!stopping_ && rung_.empty() && work_.WaitUntil(mutex_, next_look_)) {
  }
  if (stopping_) return {};
  ForgetClosed();
  std::vector<StreamPtr> work;
  const bool all = next_look_.expired();
  for (const StreamPtr& stream : streams_) {
    if (all || rung_.contains(stream->device)) work.push_back(stream);
  }
  if (all) next_look_ = Deadline::After(limits_.look_again);
  rung_.clear();
  return work;
}

bool Subscriptions::Serve(Stream& stream) {
  const Deadline deadline = Deadline::After(kTimeToRead);
  const auto messages = inbox_.Read(
      stream.device, {.after = stream.after, .limit = limits_.messages, .max_bytes = limits_.bytes},
      deadline);
  if (!messages.ok()) return false;
  if (messages->empty()) return true;
  const absl::StatusOr<OrganisationId> organisation =
      devices_.OrganisationOf(stream.device, deadline);
  if (!organisation.ok() && !IsVerdict(organisation.status())) return false;
  if (!organisation.ok() || *organisation != stream.organisation) {
    stream.writer->Finish(Error(Reason::kDeviceRevoked));
    return true;
  }
  size_t bytes = 0;
  for (const v1::Message& message : *messages) {
    bytes += message.ByteSizeLong();
    v1::SubscribeMessagesResponse response;
    *response.mutable_message() = message;
    if (!stream.writer->Write(response.SerializeAsString())) return true;
    stream.after = message.sequence();
  }
  // A full part may have been cut off: what follows comes after the other streams' turns.
  if (messages->size() == limits_.messages || bytes + kLargestMessage > limits_.bytes) {
    MutexLock lock(mutex_);
    rung_.insert(stream.device);
  }
  return true;
}

void Subscriptions::Run() {
  for (;;) {
    for (const StreamPtr& stream : WaitForWork()) {
      if (!stream->writer->closed() && !Serve(*stream)) break;
    }
    MutexLock lock(mutex_);
    if (stopping_) return;
    if (!rung_.empty()) work_.WaitFor(mutex_, limits_.pause);
  }
}

}  // namespace amana::messaging
