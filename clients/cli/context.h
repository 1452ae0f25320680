#pragma once

// What every command shares: the global options, the way to a session, and the two ways to answer.

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/secret.h"
#include "common/base/status_macros.h"
#include "common/client/paging.h"
#include "common/client/session.h"

namespace amana::cli {

// What a process says when it ends.
enum ExitCode : int { kOk = 0, kFailed = 1, kProofFailed = 2, kUnreachable = 3 };

// Lives as long as main(). Not thread-safe.
class Context {
 public:
  std::string home;
  std::string passphrase_file;
  bool json = false;
  double timeout_seconds = 15;

  // What the command that was run came to.
  absl::Status status;

  absl::Duration timeout() const { return absl::Seconds(timeout_seconds); }

  // From --passphrase-file, else <home>/passphrase, else asked for on the terminal without echo.
  absl::StatusOr<SecretBytes> Passphrase() const;

  absl::StatusOr<std::unique_ptr<client::Session>> OpenSession() const;

  // A command that is one call: shows `part` of its response (an accessor), in the lines that
  // `describe` makes of it. Without `part`: all of the response. Of a list: all its pages.
  template <class Stub, class Request, class Response, class Part, class Describe>
  absl::Status CallAndShow(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                        Response*),
                           const Request& request, Part part, Describe describe) const {
    AMANA_ASSIGN_OR_RETURN(const auto session, OpenSession());
    const auto call = [&](const Request& one) { return session->Call(method, one); };
    absl::StatusOr<Response> response;
    if constexpr (requires { request.page_token(); }) {
      response = client::AllPages(call, request);
    } else {
      response = call(request);
    }
    AMANA_RETURN_IF_ERROR(response.status());
    const auto& shown = std::invoke(part, *response);
    Show(shown, describe(shown));
    return absl::OkStatus();
  }
  template <class Method, class Request, class Describe>
  absl::Status CallAndShow(Method method, const Request& request, Describe describe) const {
    return CallAndShow(method, request, std::identity(), describe);
  }

  // The answer: `message` as JSON with --json, else `human`, some plain lines.
  void Show(const google::protobuf::Message& message, const std::string& human) const;
  // The same for what is no message.
  void ShowText(const std::string& json_text, const std::string& human) const;
};

// Adds a command whose options are an `O`: `declare(CLI::App&, O&)` names them, and
// `run(Context&, const O&)` does the work and returns an absl::Status.
template <class O, class Declare, class Run>
void AddCommand(CLI::App& group, Context& context, const std::string& name, const std::string& text,
                Declare declare, Run run) {
  auto options = std::make_shared<O>();
  CLI::App* command = group.add_subcommand(name, text);
  declare(*command, *options);
  command->callback([&context, options, run] { context.status = run(context, *options); });
}

// A group of commands ("case …").
inline CLI::App& AddGroup(CLI::App& app, const std::string& name, const std::string& text) {
  return *app.add_subcommand(name, text)->require_subcommand(1);
}

}  // namespace amana::cli
