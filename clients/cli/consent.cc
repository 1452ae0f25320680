// amana consent …: what she agreed to, with whom, for what.

#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/options.h"
#include "clients/cli/render.h"

namespace amana::cli {
namespace {

using google::protobuf::util::TimeUtil;
using intake::v1::IntakeService;

std::string Describe(const intake::v1::Consent& consent) {
  return absl::StrCat("Consent ", IdText(consent.consent_id()), ": ", Word(consent.state()),
                      ", to ", Word(consent.purpose()), " with ",
                      IdText(consent.recipient_organisation_id()), ", until ",
                      TimeText(consent.expire_time()), ".");
}

struct Record {
  std::string case_id;
  std::string recipient;
  common::v1::ConsentPurpose purpose = common::v1::CONSENT_PURPOSE_UNSPECIFIED;
  std::vector<intake::v1::FieldGroup> field_groups;
  intake::v1::ConsentManner manner = intake::v1::CONSENT_MANNER_UNSPECIFIED;
  intake::v1::ConsentGiver giver = intake::v1::CONSENT_GIVER_SURVIVOR;
  intake::v1::ConsentState state = intake::v1::CONSENT_STATE_ACTIVE;
  std::string language;
  int days = 30;
};

void DeclareRecord(CLI::App& command, Record& options) {
  AddId(command, "--case", options.case_id, "The case")->required();
  AddId(command, "--to", options.recipient, "The one organisation it is about");
  AddWord(command, "--purpose", options.purpose, "What for")->required();
  AddWords(command, "--fields", options.field_groups,
           "What may travel sealed; a yes to share documents names it");
  AddWord(command, "--manner", options.manner, "How she gave it")->required();
  AddWord(command, "--giver", options.giver, "Who gave it (survivor)");
  AddWord(command, "--state", options.state, "What she said: active, proposed or refused (active)");
  command.add_option("--language", options.language, "In which language it was explained")
      ->required();
  command.add_option("--days", options.days, "For how long (30)")->check(CLI::Range(1, 365));
}

absl::Status RunRecord(Context& context, const Record& options) {
  intake::v1::RecordConsentRequest request;
  request.set_case_id(options.case_id);
  request.set_purpose(options.purpose);
  request.set_recipient_organisation_id(options.recipient);
  for (const auto group : options.field_groups) request.add_field_groups(group);
  request.set_manner(options.manner);
  request.set_giver(options.giver);
  request.set_state(options.state);
  request.set_language(options.language);
  *request.mutable_expire_time() =
      TimeUtil::GetCurrentTime() + TimeUtil::HoursToDuration(int64_t{24} * options.days);
  return context.CallAndShow(&IntakeService::Stub::RecordConsent, request,
                             &intake::v1::RecordConsentResponse::consent, Describe);
}

struct Answer {
  std::string consent_id;
  bool refused = false;
};

absl::Status RunAnswer(Context& context, const Answer& options) {
  intake::v1::AnswerConsentRequest request;
  request.set_consent_id(options.consent_id);
  request.set_given(!options.refused);
  return context.CallAndShow(&IntakeService::Stub::AnswerConsent, request,
                             &intake::v1::AnswerConsentResponse::consent, Describe);
}

struct Withdraw {
  std::string consent_id;
};

absl::Status RunWithdraw(Context& context, const Withdraw& options) {
  intake::v1::WithdrawConsentRequest request;
  request.set_consent_id(options.consent_id);
  return context.CallAndShow(&IntakeService::Stub::WithdrawConsent, request,
                             &intake::v1::WithdrawConsentResponse::consent, Describe);
}

struct List {
  std::string case_id;
};

absl::Status RunList(Context& context, const List& options) {
  intake::v1::ListConsentsRequest request;
  request.set_case_id(options.case_id);
  return context.CallAndShow(&IntakeService::Stub::ListConsents, request, [](const auto& response) {
    return Lines(response.consents(), Describe, "No consent is recorded: nothing may leave.");
  });
}

}  // namespace

void AddConsentCommands(CLI::App& app, Context& context) {
  CLI::App& group = AddGroup(app, "consent", "What she agreed to");
  AddCommand<Record>(group, context, "record", "Records what she said about one organisation",
                     DeclareRecord, RunRecord);
  AddCommand<Answer>(
      group, context, "answer", "Records her answer to a proposed consent",
      [](CLI::App& command, Answer& options) {
        AddId(command, "consent", options.consent_id, "The consent");
        command.add_flag("--refused", options.refused, "She said no");
      },
      RunAnswer);
  AddCommand<Withdraw>(
      group, context, "withdraw", "She takes it back: acts at once",
      [](CLI::App& command, Withdraw& options) {
        AddId(command, "consent", options.consent_id, "The consent");
      },
      RunWithdraw);
  AddCommand<List>(
      group, context, "list", "Lists a case's consents",
      [](CLI::App& command, List& options) {
        AddId(command, "--case", options.case_id, "The case")->required();
      },
      RunList);
}

}  // namespace amana::cli
