#pragma once

// Who a device is: its certificate proves the id, identity says what the role is now.

#include <grpcpp/channel.h>

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/call_context.h"
#include "common/base/deadline.h"
#include "common/base/ids.h"

namespace amana::rpc {

// Thread-safe. kCallerUnknown: no such device. kDeviceRevoked, kDeviceNotApproved: by its state.
// kOrganisationClosed: its organisation is. Anything else: nobody can say now.
class CallerDirectory {
 public:
  virtual ~CallerDirectory() = default;
  virtual absl::StatusOr<Caller> LookUp(const DeviceId& device, Deadline deadline) = 0;
};

// Keeps another directory's answers, refusals too, so that a call costs no second call:
//   - an answer is fresh for `fresh`; from half of that on, one call refreshes it in the
//   background;
//   - while the directory does not answer, the last answer stays good for `stale`, then
//     kServiceUnavailable;
//   - of several callers who need the same missing answer one asks, the others wait for it.
// So a revocation is in force everywhere within `fresh`.
class CachingCallerDirectory final : public CallerDirectory {
 public:
  struct Options {
    absl::Duration fresh = absl::Seconds(5);
    absl::Duration stale = absl::Minutes(10);
    size_t max_entries = 65536;  // then the oldest answers go
  };

  // `source` must outlive this.
  CachingCallerDirectory(CallerDirectory& source, Options options);
  ~CachingCallerDirectory() override;  // waits for a refresh under way

  absl::StatusOr<Caller> LookUp(const DeviceId& device, Deadline deadline) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Asks identity.LookUpCaller through `channel`.
std::unique_ptr<CallerDirectory> MakeRemoteCallerDirectory(std::shared_ptr<grpc::Channel> channel);

}  // namespace amana::rpc
