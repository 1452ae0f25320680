#include "services/intake/app/consents.h"

#include <algorithm>
#include <utility>

#include "common/store/execute.h"
#include "services/intake/app/messages.h"

namespace amana::intake {
namespace {

using domain::Consent;
using Found = std::vector<Loaded<Consent>>;

// The open consent that a newer word about the same purpose and recipient concerns; at most one.
const Loaded<Consent>* FindOpen(const Found& consents, const domain::ConsentTerms& terms,
                                absl::Time now) {
  const auto found = std::find_if(consents.begin(), consents.end(), [&](const auto& one) {
    return one.value.terms.purpose == terms.purpose &&
           one.value.terms.recipient == terms.recipient &&
           domain::IsOpen(domain::StateAt(one.value, now));
  });
  return found == consents.end() ? nullptr : &*found;
}

// The list with the new one at its end, as long as a list may be.
absl::StatusOr<ConsentIds> ListWith(const Found& consents, const ConsentId& added, absl::Time now) {
  ConsentIds ids;
  ids.reserve(consents.size() + 1);
  bool full = consents.size() >= domain::kMaxConsentsPerCase;
  for (const Loaded<Consent>& one : consents) {
    if (full && !domain::IsOpen(domain::StateAt(one.value, now))) {
      full = false;
      continue;
    }
    ids.push_back(one.value.id);
  }
  if (full) return Error(Reason::kTooManyOpenConsents);
  ids.push_back(added);
  return ids;
}

// Whether she says yes, now, to what these terms were about. Asked where one consent is over: a yes
// that stands is then the newer word, for of one purpose and recipient only one stands at a time.
bool SaysYesAnew(const Found& consents, const domain::ConsentTerms& terms, absl::Time now) {
  const Loaded<Consent>* open = FindOpen(consents, terms, now);
  return open != nullptr && open->value.state == domain::ConsentState::kActive;
}

}  // namespace

std::string ExpireTimer(const ConsentId& id) { return "expire_consent/" + id.ToString(); }
std::string RevokeTimer(const ConsentId& id) { return "revoke/" + id.ToString(); }

absl::StatusOr<Loaded<Consent>> Consents::Load(const ConsentId& id, Deadline deadline) {
  return intake::Load<Consent>(deps_, id, Reason::kConsentNotFound, deadline);
}

absl::StatusOr<Consents::File> Consents::LoadFile(const CaseId& case_id, Deadline deadline) {
  const store::Shard shard = deps_.ShardOf(case_id);
  AMANA_ASSIGN_OR_RETURN(
      const std::vector<store::Row> rows,
      deps_.store.ReadMany(shard, {KeyOf(case_id), ConsentListKeyOf(case_id)}, deadline));
  if (!rows[0].exists()) return Error(Reason::kCaseNotFound);
  File file;
  AMANA_ASSIGN_OR_RETURN(file.owner, DecodeRow<domain::Case>(rows[0]));
  file.list_version = rows[1].version;
  if (!rows[1].exists()) return file;

  AMANA_ASSIGN_OR_RETURN(const ConsentIds ids, Decode<ConsentIds>(rows[1].value));
  std::vector<store::Key> keys;
  keys.reserve(ids.size());
  for (const ConsentId& id : ids) keys.push_back(KeyOf(id));
  AMANA_ASSIGN_OR_RETURN(const std::vector<store::Row> found,
                         deps_.store.ReadMany(shard, keys, deadline));
  for (const store::Row& row : found) {
    AMANA_ASSIGN_OR_RETURN(Loaded<Consent> consent, DecodeRow<Consent>(row));
    file.consents.push_back(std::move(consent));
  }
  return file;
}

// Writes a consent with the timers that its state asks for.
void Consents::Change(const CallContext& context, const Consent& after, uint64_t version,
                      absl::Time now, std::string_view action, store::Commit* commit) const {
  commit->shard = deps_.ShardOf(after.id);
  commit->Put(KeyOf(after.id), version, Encode(after));
  store::TimerEdit expire{.timer = ExpireTimer(after.id), .due = std::nullopt};
  if (domain::IsOpen(after.state)) expire.due = after.terms.expire_time;
  commit->timer_edits.push_back(std::move(expire));
  store::TimerEdit revoke{.timer = RevokeTimer(after.id), .due = std::nullopt};
  if (after.revocation_pending) revoke.due = now + kRevocationTimerDelay;
  commit->timer_edits.push_back(std::move(revoke));
  Audit(deps_, context, now,
        {.subject = after.case_id.bytes(),
         .object = after.id.bytes(),
         .state = domain::NameOf(after.state),
         .action = action},
        commit);
}

absl::StatusOr<store::Commit> Consents::DecideRecord(const CallContext& context,
                                                     const ConsentId& id,
                                                     const RecordConsent& command) {
  AMANA_ASSIGN_OR_RETURN(const File file, LoadFile(command.case_id, context.deadline));
  const domain::Case& owner = file.owner.value;
  if (!context.caller.Owns(owner.organisation)) return Error(Reason::kCaseNotFound);
  const absl::Time now = deps_.Now();
  AMANA_ASSIGN_OR_RETURN(const Consent consent,
                         domain::Record(id, owner.id, owner.organisation, command.terms,
                                        command.state, owner.card.age_band, now));
  if (!domain::TakesWork(owner.state)) return Error(Reason::kCaseStateInvalid);

  store::Commit commit;
  commit.checks.push_back({.key = KeyOf(owner.id), .expected_version = file.owner.version});
  Change(context, consent, 0, now, "", &commit);
  if (const Loaded<Consent>* older = FindOpen(file.consents, command.terms, now)) {
    AMANA_ASSIGN_OR_RETURN(const Consent ended, domain::Supersede(older->value, command.state));
    const bool no_more = ended.state == domain::ConsentState::kWithdrawn;
    Change(context, ended, older->version, now,
           no_more ? "consent.withdrawn" : "consent.superseded", &commit);
  }
  AMANA_ASSIGN_OR_RETURN(const ConsentIds ids, ListWith(file.consents, consent.id, now));
  commit.Put(ConsentListKeyOf(owner.id), file.list_version, Encode(ids));
  commit.reply = ConsentReply<v1::RecordConsentResponse>(consent, now);
  return commit;
}

absl::StatusOr<std::string> Consents::Record(const CallContext& context,
                                             const RecordConsent& command) {
  const auto id = store::NewIdBeside<ConsentId>(deps_.random, command.case_id);
  AMANA_ASSIGN_OR_RETURN(std::string reply,
                         store::Execute(deps_.store, context, deps_.ShardOf(command.case_id),
                                        [&] { return DecideRecord(context, id, command); }));
  // A repetition recorded nothing under this id, and finds nothing to do.
  if (command.state == domain::ConsentState::kRefused) RevokeSoon(context, id);
  return reply;
}

absl::StatusOr<std::string> Consents::Answer(const CallContext& context, const ConsentId& id,
                                             bool given) {
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(const Loaded<Consent> before,
                           LoadOwn<Consent>(deps_, context, id, Reason::kConsentNotFound));
    const absl::Time now = deps_.Now();
    AMANA_ASSIGN_OR_RETURN(const Consent after, domain::Answer(before.value, given, now));
    store::Commit commit;
    Change(context, after, before.version, now, "", &commit);
    commit.reply = ConsentReply<v1::AnswerConsentResponse>(after, now);
    return commit;
  };
  AMANA_ASSIGN_OR_RETURN(std::string reply,
                         store::Execute(deps_.store, context, deps_.ShardOf(id), decide));
  if (!given) RevokeSoon(context, id);
  return reply;
}

absl::StatusOr<std::string> Consents::Withdraw(const CallContext& context, const ConsentId& id) {
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(const Loaded<Consent> before,
                           LoadOwn<Consent>(deps_, context, id, Reason::kConsentNotFound));
    const absl::Time now = deps_.Now();
    AMANA_ASSIGN_OR_RETURN(const Consent after, domain::Withdraw(before.value, now));
    AMANA_ASSIGN_OR_RETURN(const File file, LoadFile(after.case_id, context.deadline));
    const bool over = !domain::IsOpen(domain::StateAt(before.value, now));
    if (over && SaysYesAnew(file.consents, after.terms, now)) {
      return Error(Reason::kConsentStateInvalid);
    }
    store::Commit commit;
    Change(context, after, before.version, now, "", &commit);
    commit.reply = ConsentReply<v1::WithdrawConsentResponse>(after, now);
    return commit;
  };
  AMANA_ASSIGN_OR_RETURN(std::string reply,
                         store::Execute(deps_.store, context, deps_.ShardOf(id), decide));
  RevokeSoon(context, id);
  return reply;
}

// Her no is recorded already. If this fails, the timer goes on; the caller need not know.
void Consents::RevokeSoon(const CallContext& context, const ConsentId& id) {
  Revoke(FirstTry(context, "consent.revoked"), id).IgnoreError();
}

absl::Status Consents::Revoke(const ConsentId& id, Deadline deadline) {
  return Revoke(CallContext::ForTimer("consent.revoked", deadline), id);
}

absl::Status Consents::Revoke(const CallContext& context, const ConsentId& id) {
  AMANA_ASSIGN_OR_RETURN(const Loaded<Consent> consent, Load(id, context.deadline));
  if (!consent.value.revocation_pending) return absl::OkStatus();
  AMANA_ASSIGN_OR_RETURN(const File file, LoadFile(consent.value.case_id, context.deadline));
  // What goes to them now goes by her newer yes: this word, come late, must not take it back.
  const bool too_late = SaysYesAnew(file.consents, consent.value.terms, deps_.Now());
  if (!too_late) AMANA_RETURN_IF_ERROR(TellThoseWhoAct(consent.value, context.deadline));

  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(Loaded<Consent> done, Load(id, context.deadline));
    if (!done.value.revocation_pending) return Error(Reason::kConsentStateInvalid);
    done.value.revocation_pending = false;
    store::Commit commit;
    Change(context, done.value, done.version, deps_.Now(), too_late ? "consent.given_again" : "",
           &commit);
    return commit;
  };
  absl::Status recorded = store::Execute(deps_.store, context, deps_.ShardOf(id), decide).status();
  // The timer and the command may both have come this far; one of them has written it down.
  if (ReasonOf(recorded) == Reason::kConsentStateInvalid) return absl::OkStatus();
  return recorded;
}

// Both are asked even if the first fails, each within its share of the time. The request id is the
// consent's: however often this is sent, each does it once, so that a repetition does not touch
// what left by a later consent.
absl::Status Consents::TellThoseWhoAct(const Consent& consent, Deadline deadline) {
  const domain::Revocation revocation = domain::RevocationOf(consent.terms.purpose);
  AMANA_ASSIGN_OR_RETURN(const RequestId request_id, RequestId::FromBytes(consent.id.view()));
  absl::Status told;
  if (revocation.offers) {
    told = revocations_.WithdrawOffers(request_id, consent.case_id, consent.terms.recipient,
                                       Deadline::After(deadline.Remaining() / 2));
  }
  if (revocation.packages) {
    told.Update(revocations_.DestroyPackages(request_id, consent.case_id, consent.terms.recipient,
                                             deadline));
  }
  return told;
}

absl::StatusOr<ConsentsAt> Consents::List(const CallContext& context, const CaseId& case_id) {
  AMANA_ASSIGN_OR_RETURN(File file, LoadFile(case_id, context.deadline));
  if (!context.caller.Owns(file.owner.value.organisation)) return Error(Reason::kCaseNotFound);
  ConsentsAt list{.consents = {}, .now = deps_.Now()};
  for (Loaded<Consent>& one : file.consents) list.consents.push_back(std::move(one.value));
  return list;
}

absl::StatusOr<ConsentAnswer> Consents::Check(const CallContext& context, const CaseId& case_id,
                                              domain::ConsentPurpose purpose,
                                              const OrganisationId& recipient) {
  AMANA_ASSIGN_OR_RETURN(const File file, LoadFile(case_id, context.deadline));
  const domain::Case& owner = file.owner.value;
  ConsentAnswer answer{.active = std::nullopt, .organisation = owner.organisation};
  // Nobody works for her any more who could ask one more centre. What a centre that has her already
  // may be given is another question.
  if (purpose == domain::ConsentPurpose::kRefer && !domain::TakesWork(owner.state)) return answer;
  const absl::Time now = deps_.Now();
  for (const Loaded<Consent>& one : file.consents) {
    if (domain::Allows(one.value, purpose, recipient, now)) answer.active = one.value.id;
  }
  return answer;
}

absl::Status Consents::Expire(const ConsentId& id, Deadline deadline) {
  const CallContext context = CallContext::ForTimer("consent.expired", deadline);
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(const Loaded<Consent> before, Load(id, deadline));
    const absl::Time now = deps_.Now();
    const std::optional<Consent> after = domain::Expire(before.value, now);
    if (!after) return Error(Reason::kConsentStateInvalid);
    store::Commit commit;
    Change(context, *after, before.version, now, "", &commit);
    return commit;
  };
  absl::Status done = store::Execute(deps_.store, context, deps_.ShardOf(id), decide).status();
  // Withdrawn or replaced meanwhile: that commit has seen to the timer.
  if (ReasonOf(done) == Reason::kConsentStateInvalid) return absl::OkStatus();
  return done;
}

}  // namespace amana::intake
