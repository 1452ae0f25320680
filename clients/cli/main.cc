// amana: every step of the work from a command line, for people and for scripts.

#include <cstdlib>
#include <iostream>

#include "clients/cli/commands.h"
#include "common/base/error.h"

namespace amana::cli {
namespace {

std::string DefaultHome() {
  const char* chosen = std::getenv("AMANA_HOME");
  if (chosen != nullptr) return chosen;
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr ? home : ".") + "/.amana";
}

void DeclareGlobals(CLI::App& app, Context& context) {
  context.home = DefaultHome();
  app.add_option("--home", context.home, "Folder of this device's vault ($AMANA_HOME, ~/.amana)");
  app.add_option("--passphrase-file", context.passphrase_file,
                 "File with the vault's passphrase; else <home>/passphrase; else it is asked for");
  app.add_flag("--json", context.json, "Answer in JSON");
  app.add_option("--timeout", context.timeout_seconds, "Seconds for each call, retries included")
      ->check(CLI::Range(0.05, 600.0));
  app.require_subcommand(1);
  app.fallthrough();
}

void AddCommands(CLI::App& app, Context& context) {
  AddNetworkCommands(app, context);
  AddOrganisationCommands(app, context);
  AddDeviceCommands(app, context);
  AddKeyCommands(app, context);
  AddDirectoryCommands(app, context);
  AddCapacityCommands(app, context);
  AddCallCommands(app, context);
  AddCaseCommands(app, context);
  AddConsentCommands(app, context);
  AddMatchCommands(app, context);
  AddReferralCommands(app, context);
  AddOfferCommands(app, context);
  AddHandoffCommands(app, context);
  AddFollowUpCommands(app, context);
  AddAuditCommands(app, context);
}

int ExitCodeOf(Reason reason) {
  switch (reason) {
    case Reason::kProofInvalid:
    case Reason::kNoteMalformed:
    case Reason::kNoteSignatureInvalid:
    case Reason::kCheckpointMalformed:
    case Reason::kTileCorrupt:
    case Reason::kTileNotFound:
    case Reason::kLeafMismatch:
    case Reason::kLeafNotInLog:
    case Reason::kLogForked:
      return kProofFailed;
    case Reason::kServiceUnavailable:
    case Reason::kStoreUnavailable:
    case Reason::kDraining:
    case Reason::kOverloaded:
    case Reason::kDeadlinePassed:
      return kUnreachable;
    default:
      return kFailed;
  }
}

// The table's sentence, never an inner text: those may name what must not be named.
int Report(const absl::Status& status) {
  if (status.ok()) return kOk;
  const Reason reason = ReasonOf(status);
  const ReasonInfo& info = InfoOf(reason);
  const std::string field = DetailOf(status).field;
  std::cerr << info.sentence << " [" << info.name << "]";
  if (!field.empty()) std::cerr << " (" << field << ")";
  std::cerr << "\n";
  return ExitCodeOf(reason);
}

int Main(int argc, char** argv) {
  CLI::App app("Amana: refer, hand over, verify.", "amana");
  Context context;
  DeclareGlobals(app, context);
  AddCommands(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 has an exit code for each mistake; ours is one.
    return app.exit(error) == 0 ? kOk : kFailed;
  }
  return Report(context.status);
}

}  // namespace
}  // namespace amana::cli

int main(int argc, char** argv) { return amana::cli::Main(argc, argv); }
