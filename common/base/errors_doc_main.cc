// Prints docs/errors.md out of the table of reasons: build/bin/amana-errors-doc > docs/errors.md

#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "common/base/error.h"

namespace {

const char* BlockTitle(int number) {
  switch (number / 100) {
    case 0:
      return "The call itself";
    case 1:
      return "Identity";
    case 2:
      return "Intake";
    case 3:
      return "Referral";
    case 4:
      return "Messaging";
    case 5:
      return "Audit";
    default:
      return "Clients: keys and vault";
  }
}

}  // namespace

int main() {
  std::puts(
      "<!-- Made by amana-errors-doc from common/base/error_table.inc. Change the table, not this "
      "file. -->\n"
      "# Errors\n\n"
      "Every failed call carries a `google.rpc.Status` with one `ErrorInfo` (domain `amana`, "
      "reason as below). A field at\n"
      "fault is named in `BadRequest`, a time to wait in `RetryInfo`. Messages are fixed "
      "sentences: nothing that anyone\n"
      "typed is ever in one. Branch on the reason; the status says what to do when the reason is "
      "new to you.");
  int block = -1;
  for (const amana::ReasonInfo& info : amana::AllReasons()) {
    const int number = static_cast<int>(info.reason);
    if (number / 100 != block) {
      block = number / 100;
      std::printf(
          "\n## %s\n\n| number | reason | status | meaning | what a caller does "
          "|\n|---|---|---|---|---|\n",
          BlockTitle(number));
    }
    std::printf("| %d | `%s` | %s | %s | %s |\n", number, std::string(info.name).c_str(),
                absl::StatusCodeToString(info.code).c_str(), std::string(info.sentence).c_str(),
                std::string(info.caller_does).c_str());
  }
  return 0;
}
