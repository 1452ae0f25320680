#include "tests/interop/mls/peer_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/utility/utility.h"
#include "common/base/status_macros.h"

namespace amana::mls {
namespace {

absl::Status WaitFor(int fd, short event, Deadline deadline) {
  pollfd wanted{.fd = fd, .events = event, .revents = 0};
  const int64_t left = std::max<int64_t>(absl::ToInt64Milliseconds(deadline.Remaining()), 0);
  const int ready = poll(&wanted, 1, static_cast<int>(left));
  if (ready > 0 || (ready < 0 && errno == EINTR)) return absl::OkStatus();
  return absl::UnavailableError("the peer does not answer");
}

bool WouldBlock() { return errno == EAGAIN || errno == EINTR; }

}  // namespace

absl::StatusOr<std::unique_ptr<PeerProcess>> PeerProcess::Start() {
  return Start({"node", AMANA_SOURCE_DIR "/tests/interop/mls/peer.mjs"}, absl::Minutes(1));
}

absl::StatusOr<std::unique_ptr<PeerProcess>> PeerProcess::Start(std::vector<std::string> command,
                                                                absl::Duration patience) {
  std::signal(SIGPIPE, SIG_IGN);  // A peer that died is an error of write().
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
    return absl::UnavailableError("no pipe");
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (std::string& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int failed = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  if (failed != 0) {
    close(in[1]);
    close(out[0]);
    return absl::UnavailableError("the peer does not start");
  }
  fcntl(in[1], F_SETFL, O_NONBLOCK);
  fcntl(out[0], F_SETFL, O_NONBLOCK);
  return std::unique_ptr<PeerProcess>(new PeerProcess(pid, in[1], out[0], patience));
}

PeerProcess::~PeerProcess() { End(); }

void PeerProcess::End() {
  if (pid_ == 0) return;
  close(in_);
  close(out_);
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

absl::Status PeerProcess::Send(std::string_view line, Deadline deadline) const {
  while (!line.empty()) {
    const ssize_t n = write(in_, line.data(), line.size());
    if (n >= 0) {
      line.remove_prefix(static_cast<size_t>(n));
    } else if (WouldBlock()) {
      AMANA_RETURN_IF_ERROR(WaitFor(in_, POLLOUT, deadline));
    } else {
      return absl::UnavailableError("the peer has ended");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> PeerProcess::ReceiveLine(Deadline deadline) {
  for (;;) {
    const size_t end = received_.find('\n');
    if (end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      return line;
    }
    char bytes[65536];
    const ssize_t n = read(out_, bytes, sizeof(bytes));
    if (n > 0) {
      received_.append(bytes, static_cast<size_t>(n));
    } else if (n < 0 && WouldBlock()) {
      AMANA_RETURN_IF_ERROR(WaitFor(out_, POLLIN, deadline));
    } else {
      return absl::UnavailableError("the peer has ended");
    }
  }
}

absl::StatusOr<Json> PeerProcess::Exchange(const Json& request) {
  const Deadline deadline = Deadline::After(patience_);
  AMANA_RETURN_IF_ERROR(Send(request.dump() + "\n", deadline));
  AMANA_ASSIGN_OR_RETURN(const std::string line, ReceiveLine(deadline));
  Json answer = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  const bool fits = answer.is_object() && answer.contains("id") && answer["id"] == request["id"];
  if (!fits) return absl::UnavailableError("the answer is to something else");
  // In place: Json converts to anything, a status among it.
  return absl::StatusOr<Json>(absl::in_place, std::move(answer));
}

absl::StatusOr<Json> PeerProcess::Ask(const std::string& command, const std::string& member,
                                      Json fields) {
  if (pid_ == 0) return absl::UnavailableError("the peer was ended");
  fields["id"] = ++last_id_;
  fields["cmd"] = command;
  fields["member"] = member;
  auto answer = Exchange(fields);
  if (!answer.ok()) {
    End();
    return absl::UnavailableError(
        absl::StrCat(command, " of ", member, ": ", answer.status().message()));
  }
  if (answer->contains("error")) {
    return absl::FailedPreconditionError(
        absl::StrCat(command, " of ", member, ": ", (*answer)["error"].get<std::string>()));
  }
  return answer;
}

}  // namespace amana::mls
