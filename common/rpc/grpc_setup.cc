#include "common/rpc/grpc_setup.h"

#include <grpc/support/log.h>

#include <cstdio>
#include <cstring>
#include <mutex>

#include "absl/synchronization/mutex.h"
#include "common/obs/log.h"

namespace amana::rpc {
namespace {

void OnGrpcLog(gpr_log_func_args* line) {
  if (std::strstr(line->message, "assertion failed") != nullptr) {
    std::fprintf(stderr, "%s:%d: %s\n", line->file, line->line, line->message);
    return;
  }
  obs::Log(obs::Level::kDebug, "gRPC noted something", {obs::CountField("grpc_line", line->line)});
}

}  // namespace

void SetUpGrpc() {
  static std::once_flag once;
  std::call_once(once, [] {
    gpr_set_log_function(OnGrpcLog);
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  });
}

}  // namespace amana::rpc
