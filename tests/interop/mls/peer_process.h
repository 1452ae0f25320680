#pragma once

// The other implementation of MLS (peer.mjs) as a child process: one request, one answer. Whoever
// asks waits for a limited time, so that a peer that hangs fails a test and does not hang it.

#include <sys/types.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/deadline.h"

namespace amana::mls {

using Json = nlohmann::json;

// Not thread-safe. Ends its process when it goes.
class PeerProcess {
 public:
  // peer.mjs, for which an answer is a matter of milliseconds, and the first one of half a second:
  // the minute is for a machine that is busy with other things.
  static absl::StatusOr<std::unique_ptr<PeerProcess>> Start();
  // Another program in its place.
  static absl::StatusOr<std::unique_ptr<PeerProcess>> Start(std::vector<std::string> command,
                                                            absl::Duration patience);
  ~PeerProcess();
  PeerProcess(const PeerProcess&) = delete;
  PeerProcess& operator=(const PeerProcess&) = delete;

  // `fields` is an object. README.md has the table of commands. FailedPrecondition with its words
  // where the peer refuses; Unavailable where it gave no answer in time, or one that is none: it is
  // ended then, and so is everything that comes after.
  absl::StatusOr<Json> Ask(const std::string& command, const std::string& member, Json fields);

 private:
  PeerProcess(pid_t pid, int in, int out, absl::Duration patience)
      : patience_(patience), pid_(pid), in_(in), out_(out) {}

  absl::StatusOr<Json> Exchange(const Json& request);
  absl::Status Send(std::string_view line, Deadline deadline) const;
  absl::StatusOr<std::string> ReceiveLine(Deadline deadline);
  void End();

  const absl::Duration patience_;
  pid_t pid_;
  int in_;   // what it reads
  int out_;  // what it writes
  std::string received_;
  int last_id_ = 0;
};

}  // namespace amana::mls
