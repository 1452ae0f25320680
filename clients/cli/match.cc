// amana match: who can really take her. The case's card is read from intake, the ranking comes from
// referral; where she must not go is applied here, on this machine, and told to no one.

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/commands.h"
#include "clients/cli/options.h"
#include "clients/cli/render.h"
#include "common/client/exclusion.h"

namespace amana::cli {
namespace {

struct Match {
  std::string case_id;
  common::v1::NeedCode need = common::v1::NEED_CODE_UNSPECIFIED;
  client::Exclusions exclusions;
  std::vector<std::string> organisations;
  int limit = 10;
  bool left_out = false;
};

std::string Describe(const referral::v1::Candidate& candidate) {
  std::string text = absl::StrFormat("%s, %s (%s): %u %s free", candidate.organisation_name(),
                                     candidate.service_name(), candidate.province_code(),
                                     candidate.free(), Word(candidate.unit()));
  if (candidate.has_road_km()) absl::StrAppendFormat(&text, ", %.0f km", candidate.road_km());
  if (candidate.capacity_stale()) absl::StrAppend(&text, ", figure older than a day: call first");
  absl::StrAppendFormat(&text, ". Cost %.0f km:", candidate.cost_km());
  for (const auto& part : candidate.parts()) {
    absl::StrAppendFormat(&text, " %s %.0f", Word(part.kind()), part.km());
  }
  return absl::StrCat(text, "\n    ", IdText(candidate.service_at_location_id()));
}

std::string Describe(const referral::v1::Exclusion& exclusion) {
  std::string text = absl::StrCat("Left out: ", exclusion.organisation_name(), ", ",
                                  exclusion.service_name(), ":");
  for (const int reason : exclusion.reasons()) {
    absl::StrAppend(&text, " ", Word(static_cast<referral::v1::ExclusionReason>(reason)));
  }
  return text;
}

std::string Describe(const referral::v1::MatchResponse& response, bool left_out) {
  std::string text;
  int rank = 0;
  for (const auto& candidate : response.candidates()) {
    absl::StrAppend(&text, ++rank, ". ", Describe(candidate), "\n");
  }
  if (rank == 0) text = "Nobody can take her.\n";
  const int more = static_cast<int>(response.candidate_count()) - rank;
  if (more > 0) absl::StrAppend(&text, "And ", more, " more: --limit.\n");
  for (const auto& count : response.exclusion_counts()) {
    absl::StrAppend(&text, "Left out: ", count.count(), " × ", Word(count.reason()), "\n");
  }
  if (!left_out) return text;
  for (const auto& exclusion : response.exclusions()) {
    absl::StrAppend(&text, Describe(exclusion), "\n");
  }
  return text;
}

absl::Status Run(Context& context, const Match& options) {
  AMANA_ASSIGN_OR_RETURN(auto session, context.OpenSession());
  intake::v1::GetCaseRequest get;
  get.set_case_id(options.case_id);
  AMANA_ASSIGN_OR_RETURN(const auto found,
                         session->Call(&intake::v1::IntakeService::Stub::GetCase, get));
  referral::v1::MatchRequest request;
  *request.mutable_card() = found.case_().card();
  request.set_need(options.need);
  request.set_limit(client::kCandidatesAsked);
  AMANA_ASSIGN_OR_RETURN(auto response,
                         session->Call(&referral::v1::DirectoryService::Stub::Match, request));
  client::Exclusions exclusions = options.exclusions;
  exclusions.organisation_ids.insert(options.organisations.begin(), options.organisations.end());
  client::ApplyExclusions(exclusions, options.limit, response);
  context.Show(response, Describe(response, options.left_out));
  return absl::OkStatus();
}

}  // namespace

void AddMatchCommands(CLI::App& app, Context& context) {
  AddCommand<Match>(
      app, context, "match", "Ranks who can take her, with reasons; reserves nothing",
      [](CLI::App& command, Match& options) {
        AddId(command, "--case", options.case_id, "The case")->required();
        AddWord(command, "--need", options.need, "Which of its needs")->required();
        command
            .add_option_function<std::vector<std::string>>(
                "--exclude-province",
                [&options](const std::vector<std::string>& codes) {
                  options.exclusions.province_codes.insert(codes.begin(), codes.end());
                },
                "A province she must not be sent to; stays on this machine")
            ->allow_extra_args(false);
        AddIds(command, "--exclude-organisation", options.organisations,
               "An organisation she must not be sent to; stays on this machine");
        command.add_option("--limit", options.limit, "Show at most so many (10)")
            ->check(CLI::Range(1, 500));
        command.add_flag("--left-out", options.left_out, "Name everyone who was left out, and why");
      },
      Run);
}

}  // namespace amana::cli
