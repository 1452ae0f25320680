// amana audit …: the log, on an outsider's disk. Exit 2 says that a proof failed.

#include <optional>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/options.h"
#include "clients/cli/render.h"
#include "common/client/audit_mirror.h"
#include "common/client/evidence.h"

namespace amana::cli {
namespace {

struct Mirror {
  std::string out;
};

absl::Status RunMirror(Context& context, const Mirror& options) {
  AMANA_ASSIGN_OR_RETURN(auto session, context.OpenSession());
  AMANA_ASSIGN_OR_RETURN(const auto checkpoint, client::MirrorLog(*session, options.out));
  const Json json = {{"log_size", checkpoint.size}, {"root", checkpoint.root.ToBase64()}};
  context.ShowText(json.dump(2), absl::StrCat("Mirrored ", checkpoint.size, " entries."));
  return absl::OkStatus();
}

struct Evidence {
  std::string case_id;
  std::string out;
};

absl::Status RunEvidence(Context& context, const Evidence& options) {
  AMANA_ASSIGN_OR_RETURN(const auto case_id, CaseId::FromBytes(options.case_id));
  AMANA_ASSIGN_OR_RETURN(auto session, context.OpenSession());
  AMANA_ASSIGN_OR_RETURN(const int events, client::CollectEvidence(*session, case_id, options.out));
  const Json json = {{"events", events}};
  context.ShowText(json.dump(2),
                   absl::StrCat(events,
                                " events with their openings and receipts. Keep the folder "
                                "as you keep the case."));
  return absl::OkStatus();
}

struct Verify {
  std::string mirror;
  std::string log_key;
  std::optional<std::string> evidence;
};

Json Describe(const merkle::VerifiedCheckpoint& log) {
  return {{"origin", log.origin()}, {"log_size", log.size()}, {"root", log.root().ToBase64()}};
}

std::string Sentence(const merkle::VerifiedCheckpoint& log) {
  return absl::StrCat("Every one of ", log.size(), " entries is in the tree that ", log.origin(),
                      " signed.");
}

void ShowEvidence(const Context& context, const client::VerifiedEvidence& evidence) {
  Json json = Describe(evidence.checkpoint);
  json["verified"] = evidence.events.size();
  json["events"] = Json::array();
  std::string human;
  for (const auto& [event, index] : evidence.events) {
    json["events"].push_back({{"index", index},
                              {"time", TimeText(event.time())},
                              {"service", event.service()},
                              {"action", event.action()},
                              {"state", event.state()},
                              {"reason", event.reason()}});
    absl::StrAppend(&human, TimeText(event.time()), "  ", index, "  ", event.service(), "  ",
                    event.action(), "  ", event.state(), event.reason().empty() ? "" : ", ",
                    event.reason(), "\n");
  }
  absl::StrAppend(&human, evidence.events.size(), " events verified. ",
                  Sentence(evidence.checkpoint));
  context.ShowText(json.dump(2), human);
}

absl::Status RunVerify(Context& context, const Verify& options) {
  AMANA_ASSIGN_OR_RETURN(const auto policy, client::ReadLogPolicy(options.log_key));
  if (options.evidence) {
    AMANA_ASSIGN_OR_RETURN(const auto evidence,
                           client::VerifyEvidence(*options.evidence, options.mirror, policy));
    ShowEvidence(context, evidence);
    return absl::OkStatus();
  }
  AMANA_ASSIGN_OR_RETURN(const auto log, client::VerifyMirror(options.mirror, policy));
  context.ShowText(Describe(log).dump(2), Sentence(log));
  return absl::OkStatus();
}

}  // namespace

void AddAuditCommands(CLI::App& app, Context& context) {
  CLI::App& group = AddGroup(app, "audit", "The log, for those who check it");
  AddCommand<Mirror>(
      group, context, "mirror", "Copies the log's files to this disk",
      [](CLI::App& command, Mirror& options) {
        command.add_option("--out", options.out, "Folder of the mirror")->required();
      },
      RunMirror);
  AddCommand<Evidence>(
      group, context, "evidence", "Exports a case's events with what opens their leaves",
      [](CLI::App& command, Evidence& options) {
        AddId(command, "--case", options.case_id, "The case")->required();
        command.add_option("--out", options.out, "Folder for it")->required();
      },
      RunEvidence);
  AddCommand<Verify>(
      group, context, "verify", "Checks a mirror of the log, and a case's evidence, offline",
      [](CLI::App& command, Verify& options) {
        command.add_option("--mirror", options.mirror, "Folder of the mirror")->required();
        command.add_option("--log-key", options.log_key, "The log's public key")->required();
        command.add_option("--evidence", options.evidence, "Folder of a case's evidence");
      },
      RunVerify);
}

}  // namespace amana::cli
