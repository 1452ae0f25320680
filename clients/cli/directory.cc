// amana directory …: what one can be referred to.

#include <map>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/options.h"
#include "clients/cli/render.h"
#include "common/base/files.h"
#include "common/base/status_macros.h"
#include "common/client/hsds.h"
#include "common/client/uuid.h"

namespace amana::cli {
namespace {

using referral::v1::DirectoryService;
using referral::v1::ImportResult;
using referral::v1::ServiceAtLocation;

constexpr size_t kBatch = 64;

struct ImportOptions {
  std::string file;
};

// What became of each record.
struct Tally {
  std::map<int, int> outcomes;
  std::vector<client::HsdsNote> refused;

  int Count(ImportResult::Outcome outcome) const {
    const auto found = outcomes.find(outcome);
    return found == outcomes.end() ? 0 : found->second;
  }
  int accepted() const {
    return Count(ImportResult::OUTCOME_CREATED) + Count(ImportResult::OUTCOME_UPDATED) +
           Count(ImportResult::OUTCOME_UNCHANGED);
  }
};

Json NoteJson(const client::HsdsNote& note) {
  Json json = {{"id", note.record_id}};
  if (note.reason != Reason::kUnspecified) json["reason"] = InfoOf(note.reason).name;
  json["what"] = note.what;
  return json;
}

std::string NoteLine(const char* word, const client::HsdsNote& note) {
  return std::string(word) + " " + note.record_id + ": " + note.what + "\n";
}

void Show(Context& context, const client::HsdsDirectory& directory, const Tally& tally) {
  Json json = {{"accepted", tally.accepted()},
               {"created", tally.Count(ImportResult::OUTCOME_CREATED)},
               {"updated", tally.Count(ImportResult::OUTCOME_UPDATED)},
               {"unchanged", tally.Count(ImportResult::OUTCOME_UNCHANGED)},
               {"refused", Json::array()},
               {"warnings", Json::array()}};
  std::string human = std::to_string(tally.accepted()) + " services taken, " +
                      std::to_string(tally.refused.size()) + " refused.\n";
  for (const auto& note : tally.refused) {
    json["refused"].push_back(NoteJson(note));
    human += NoteLine("refused", note);
  }
  for (const auto& note : directory.warnings) {
    json["warnings"].push_back(NoteJson(note));
    human += NoteLine("warning", note);
  }
  context.ShowText(json.dump(2), human);
}

absl::Status Import(Context& context, const ImportOptions& options) {
  AMANA_ASSIGN_OR_RETURN(const std::string text, ReadFile(options.file, client::kMaxHsdsBytes));
  AMANA_ASSIGN_OR_RETURN(const client::HsdsDirectory directory,
                         client::ReadHsds(text, absl::Now()));
  AMANA_ASSIGN_OR_RETURN(const auto session, context.OpenSession());
  Tally tally;
  tally.refused = directory.refused;
  for (size_t start = 0; start < directory.records.size(); start += kBatch) {
    referral::v1::ImportDirectoryRequest request;
    const size_t end = std::min(start + kBatch, directory.records.size());
    for (size_t i = start; i < end; ++i) *request.add_records() = directory.records[i];
    AMANA_ASSIGN_OR_RETURN(const auto response,
                           session->Call(&DirectoryService::Stub::ImportDirectory, request));
    for (const ImportResult& result : response.results()) {
      ++tally.outcomes[result.outcome()];
      if (result.outcome() != ImportResult::OUTCOME_REFUSED) continue;
      tally.refused.push_back({client::FormatUuid(result.service_at_location_id()),
                               Reason::kDirectoryRecordInvalid,
                               "the network refused it: " + result.reason()});
    }
  }
  Show(context, directory, tally);
  return absl::OkStatus();
}

struct ListOptions {
  std::string organisation;
};

std::string Describe(const ServiceAtLocation& record) {
  return absl::StrCat(IdText(record.service_at_location_id()), "  ", Word(record.status()), "  ",
                      record.province_code(), "  ", record.organisation_name(), ": ",
                      record.service_name());
}

absl::Status List(Context& context, const ListOptions& options) {
  referral::v1::ListServicesAtLocationRequest request;
  request.set_organisation_id(options.organisation);
  return context.CallAndShow(
      &DirectoryService::Stub::ListServicesAtLocation, request,
      [](const auto& response) { return Lines(response.services_at_location(), Describe, ""); });
}

struct StatusOptions {
  std::string id;
  referral::v1::ServiceStatus status = referral::v1::SERVICE_STATUS_UNSPECIFIED;
};

absl::Status SetStatus(Context& context, const StatusOptions& options) {
  referral::v1::SetServiceStatusRequest request;
  request.set_service_at_location_id(options.id);
  request.set_status(options.status);
  return context.CallAndShow(
      &DirectoryService::Stub::SetServiceStatus, request,
      &referral::v1::SetServiceStatusResponse::service_at_location,
      [](const ServiceAtLocation& record) { return "Now " + Word(record.status()) + "."; });
}

}  // namespace

void AddDirectoryCommands(CLI::App& app, Context& context) {
  CLI::App& group = AddGroup(app, "directory", "What one can be referred to");
  AddCommand<ImportOptions>(
      group, context, "import", "Import an HSDS 3.1 or 3.0 file (docs/hsds.md)",
      [](CLI::App& command, ImportOptions& o) {
        command.add_option("file", o.file, "HSDS JSON")->required();
      },
      Import);
  AddCommand<ListOptions>(
      group, context, "list", "Show services and where they are",
      [](CLI::App& command, ListOptions& o) {
        AddId(command, "--organisation", o.organisation, "Only this one's");
      },
      List);
  AddCommand<StatusOptions>(
      group, context, "set-status", "Open a planned service, or close one",
      [](CLI::App& command, StatusOptions& o) {
        AddId(command, "service", o.id, "Service at location");
        AddWord(command, "status", o.status, "New status");
      },
      SetStatus);
}

}  // namespace amana::cli
