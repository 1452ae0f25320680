#include "services/referral/app/referrals.h"

#include <algorithm>
#include <set>

#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/store/audit_record.h"
#include "common/store/execute.h"
#include "common/store/index_page.h"
#include "common/store/read_everywhere.h"
#include "services/referral/app/names.h"
#include "services/referral/store/codec.h"

namespace amana::referral {
namespace {

using domain::Events;
using domain::OfferState;
using domain::Referral;

// How often an acceptance waits for another centre's to be decided.
constexpr int kMaxClaims = 8;

// A yes does not hang on a service that is away: it is then for her as she was when she was last
// seen.
constexpr absl::Duration kPatienceForIntake = absl::Seconds(1);

absl::Status EnsureOwner(const CallContext& context, const Referral& referral) {
  if (!context.caller.Owns(referral.organisation_id)) return Error(Reason::kReferralNotFound);
  return absl::OkStatus();
}

CallContext WithoutRequest(const CallContext& context) {
  CallContext step = context;
  step.request_id = RequestId();
  return step;
}

// Whether a yes to it may still come. Only then is intake asked what she needs by now: whoever has
// said no, or was taken off, learns nothing more of her from how the answer is refused.
bool WantsAnswer(const Referral& referral, const OfferId& id) {
  const OfferState state = referral.Find(id)->state;
  return state == OfferState::kPending || state == OfferState::kWaitlisted;
}

// What a call of intake's was about, for the history of the case.
store::AuditInput AboutCase(const CaseId& case_id, std::string recipient = "") {
  return {.service = "referral",
          .subject = case_id.bytes(),
          .object = std::move(recipient),
          .state = "",
          .reason = "",
          .action = ""};
}

}  // namespace

absl::StatusOr<std::string> Referrals::Create(const CallContext& context,
                                              const CreateCommand& command, const Render& render) {
  const auto id = store::NewIdBeside<ReferralId>(random_, command.case_id);
  ReferralRows::Difference difference;
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(RoutedCase routed, intake_.GetCase(context, command.case_id));
    if (!context.caller.Owns(routed.organisation_id)) return Error(Reason::kCaseNotFound);
    if (routed.closed) return Error(Reason::kCaseStateInvalid);
    const absl::Time now = clock_.Now();
    difference.events.clear();
    AMANA_ASSIGN_OR_RETURN(difference.after,
                           domain::Create({.id = id,
                                           .case_id = command.case_id,
                                           .organisation_id = routed.organisation_id,
                                           .need = command.need,
                                           .card = std::move(routed.card),
                                           .candidates = command.candidates},
                                          now, difference.events));
    store::Commit commit;
    AMANA_RETURN_IF_ERROR(rows_.AddTo(commit, context, difference, now));
    commit.reply = render(difference.after);
    return commit;
  };
  return store::Execute(store_, context, rows_.ShardOf(id), decide);
}

absl::StatusOr<std::string> Referrals::Send(const CallContext& context, const ReferralId& id,
                                            const Render& render) {
  bool consent_seen = false;
  return ChangeAndDrive(
      context, id,
      [&](Referral& referral, absl::Time now, Events& events) {
        AMANA_RETURN_IF_ERROR(EnsureOwner(context, referral));
        AMANA_RETURN_IF_ERROR(domain::Send(referral, now, events));
        AMANA_RETURN_IF_ERROR(Renew(context, referral));
        if (!consent_seen) AMANA_RETURN_IF_ERROR(EnsureSomeConsent(context, referral));
        consent_seen = true;
        return absl::OkStatus();
      },
      render);
}

absl::StatusOr<std::string> Referrals::Extend(const CallContext& context, const ReferralId& id,
                                              const std::vector<ServiceAtLocationId>& candidates,
                                              const Render& render) {
  return ChangeAndDrive(
      context, id,
      [&](Referral& referral, absl::Time now, Events& events) {
        AMANA_RETURN_IF_ERROR(EnsureOwner(context, referral));
        AMANA_RETURN_IF_ERROR(Renew(context, referral));
        return domain::Extend(referral, candidates, now, events);
      },
      render);
}

absl::StatusOr<std::string> Referrals::End(const CallContext& context, const ReferralId& id,
                                           domain::ReferralEnd end, domain::SurvivorReason reason,
                                           const Render& render) {
  return ChangeAndDrive(
      context, id,
      [&](Referral& referral, absl::Time now, Events& events) {
        AMANA_RETURN_IF_ERROR(EnsureOwner(context, referral));
        return domain::End(referral, end, reason, now, events);
      },
      render);
}

absl::StatusOr<std::string> Referrals::ChangeAndDrive(const CallContext& context,
                                                      const ReferralId& id,
                                                      const ReferralRows::Mutate& mutate,
                                                      const Render& render) {
  AMANA_ASSIGN_OR_RETURN(std::string reply, rows_.Change(context, id, mutate, render));
  // What this leaves undone, the timer does.
  static_cast<void>(driver_.Drive(id, context));
  return reply;
}

absl::Status Referrals::Renew(const CallContext& context, Referral& referral) const {
  AMANA_ASSIGN_OR_RETURN(const RoutedCase routed, intake_.GetCase(context, referral.case_id));
  if (routed.closed) return Error(Reason::kCaseStateInvalid);
  return domain::Renew(referral, routed.card);
}

absl::StatusOr<std::optional<RoutedCase>> Referrals::CaseForAnswer(const CallContext& context,
                                                                   const Referral& referral) {
  CallContext asking = context;
  asking.deadline = Deadline::Earlier(context.deadline, Deadline::After(kPatienceForIntake));
  auto routed = intake_.GetCase(asking, referral.case_id);
  if (ReasonOf(routed.status()) == Reason::kCaseNotFound) return routed.status();
  if (!routed.ok()) return std::nullopt;
  if (!routed->closed) return *std::move(routed);
  CallContext ending = CallContext::ForTimer("referral.case_closed", context.deadline);
  ending.traceparent = context.traceparent;
  AMANA_RETURN_IF_ERROR(EndWithCase(ending, referral.id).status());
  return Error(Reason::kCaseStateInvalid);
}

absl::StatusOr<bool> Referrals::EndWithCase(const CallContext& context, const ReferralId& id) {
  const auto end = [&](Referral& referral, absl::Time now, Events& events) -> absl::Status {
    AMANA_RETURN_IF_ERROR(domain::CloseCase(referral, now, events));
    // Asked after the referral was read: whoever goes on with it after a reopening changes it, and
    // this is decided again.
    AMANA_ASSIGN_OR_RETURN(const RoutedCase routed, intake_.GetCase(context, referral.case_id));
    return routed.closed ? absl::OkStatus() : Error(Reason::kCaseStateInvalid);
  };
  return ChangeAlone(context, id, end);
}

absl::StatusOr<bool> Referrals::ChangeAlone(const CallContext& context, const ReferralId& id,
                                            const ReferralRows::Mutate& mutate) {
  const absl::Status done = rows_.Change(WithoutRequest(context), id, mutate, nullptr).status();
  if (ReasonOf(done) == Reason::kReferralStateInvalid) return false;
  AMANA_RETURN_IF_ERROR(done);
  driver_.Drive(id, context).IgnoreError();  // the timer does what this leaves undone
  return true;
}

absl::Status Referrals::Claim(const CallContext& context, const LoadedReferral& loaded,
                              const OfferId& id) {
  std::optional<RoutedCase> routed;
  if (WantsAnswer(loaded.referral, id)) {
    AMANA_ASSIGN_OR_RETURN(routed, CaseForAnswer(context, loaded.referral));
  }
  if (loaded.referral.Find(id)->state == OfferState::kWaitlisted) {
    Referral as_she_is = loaded.referral;
    if (routed) AMANA_RETURN_IF_ERROR(domain::Renew(as_she_is, routed->card));
    AMANA_RETURN_IF_ERROR(EnsureStillAsked(context, as_she_is, id));
  }
  return rows_
      .Change(
          WithoutRequest(context), loaded.referral.id,
          [&](Referral& referral, absl::Time now, Events& events) {
            if (routed) AMANA_RETURN_IF_ERROR(domain::Renew(referral, routed->card));
            return domain::Claim(referral, id, now, events);
          },
          nullptr)
      .status();
}

// She may have been on the list for longer than her consent lasts, or than this centre has run the
// place. No clock runs there: unlike another, this yes can wait for intake.
absl::Status Referrals::EnsureStillAsked(const CallContext& context, const Referral& referral,
                                         const OfferId& id) const {
  AMANA_ASSIGN_OR_RETURN(const domain::SkipReason reason,
                         driver_.ReasonToSkip(context, referral, *referral.Find(id)));
  if (reason == domain::SkipReason::kUnspecified) return absl::OkStatus();
  return Error(reason == domain::SkipReason::kConsentMissing ? Reason::kConsentMissing
                                                             : Reason::kCandidateNotEligible);
}

absl::Status Referrals::EnsureSomeConsent(const CallContext& context,
                                          const Referral& referral) const {
  std::set<OrganisationId> asked;
  for (const ServiceAtLocationId& candidate : referral.candidates) {
    AMANA_ASSIGN_OR_RETURN(const store::Row row,
                           store_.Read(store::ShardOf(candidate, store_.shards()),
                                       RecordKey(candidate), context.deadline));
    if (!row.exists()) continue;
    AMANA_ASSIGN_OR_RETURN(const domain::DirectoryRecord record, DecodeDirectoryRecord(row.value));
    const OrganisationId& recipient = record.current.organisation_id;
    if (!asked.insert(recipient).second) continue;
    AMANA_ASSIGN_OR_RETURN(const bool consent,
                           intake_.MayRefer(context, referral.case_id, recipient));
    if (consent) return absl::OkStatus();
  }
  return asked.empty() ? absl::OkStatus() : Error(Reason::kConsentMissing);
}

absl::StatusOr<LoadedReferral> Referrals::LoadOffered(const CallContext& context,
                                                      const OfferId& id) const {
  AMANA_ASSIGN_OR_RETURN(const ReferralId referral_id, rows_.FindByOffer(id, context.deadline));
  AMANA_ASSIGN_OR_RETURN(LoadedReferral loaded, rows_.Load(referral_id, context.deadline));
  const domain::Offer* offer = std::as_const(loaded.referral).Find(id);
  if (offer == nullptr || !context.caller.Owns(offer->organisation_id)) {
    return Error(Reason::kOfferNotFound);
  }
  return loaded;
}

absl::StatusOr<std::string> Referrals::Accept(const CallContext& context, const OfferId& id,
                                              const Render& render) {
  // The reply is recorded by the last of several commits, so a repetition is looked for first.
  auto earlier = FindReply(context, store::ShardOf(id, store_.shards()));
  if (ReasonOf(earlier.status()) != Reason::kContended) return earlier;

  absl::StatusOr<std::string> answer = Error(Reason::kContended);
  for (int i = 0; i < kMaxClaims && ReasonOf(answer.status()) == Reason::kContended; ++i) {
    answer = TryAccept(context, id, render);
  }
  if (answer.ok()) return answer;
  // The same request may have been answered meanwhile, and the referral have gone on since.
  earlier = FindReply(context, store::ShardOf(id, store_.shards()));
  return earlier.ok() ? earlier : answer;
}

absl::StatusOr<std::string> Referrals::FindReply(const CallContext& context,
                                                 store::Shard shard) const {
  return store::Execute(store_, context, shard, []() -> absl::StatusOr<store::Commit> {
    return Error(Reason::kContended);
  });
}

absl::StatusOr<std::string> Referrals::TryAccept(const CallContext& context, const OfferId& id,
                                                 const Render& render) {
  AMANA_ASSIGN_OR_RETURN(LoadedReferral loaded, LoadOffered(context, id));
  const ReferralId referral_id = loaded.referral.id;
  if (loaded.referral.Find(id)->state == OfferState::kAccepted) {
    // By a driver, or for another request. This one is told yes too, by a commit of its own: what
    // it is told is recorded, whatever becomes of the referral.
    return rows_.Change(
        context, referral_id,
        [&](Referral& referral, absl::Time, Events& events) {
          return domain::AcceptAgain(referral, id, events);
        },
        render);
  }
  if (loaded.referral.Find(id)->state != OfferState::kClaimed) {
    const absl::Status claimed = Claim(context, loaded, id);
    if (ReasonOf(claimed) == Reason::kContended) {
      // Another centre's yes is being confirmed: help it to its end before looking again.
      AMANA_RETURN_IF_ERROR(driver_.Drive(referral_id, context));
    }
    AMANA_RETURN_IF_ERROR(claimed);
    AMANA_ASSIGN_OR_RETURN(loaded, rows_.Load(referral_id, context.deadline));
    // A driver was quicker than this call.
    if (loaded.referral.Find(id)->state != OfferState::kClaimed) return Error(Reason::kContended);
  }
  auto reply = driver_.FinishClaim(context, loaded, id, render);
  // What this leaves undone, the timer does.
  static_cast<void>(driver_.Drive(referral_id, context));
  return reply;
}

absl::StatusOr<std::string> Referrals::Decline(const CallContext& context, const OfferId& id,
                                               domain::DeclineReason reason, const Render& render) {
  AMANA_ASSIGN_OR_RETURN(const LoadedReferral loaded, LoadOffered(context, id));
  return ChangeAndDrive(
      context, loaded.referral.id,
      [&](Referral& referral, absl::Time now, Events& events) {
        return domain::Decline(referral, id, reason, now, events);
      },
      render);
}

absl::StatusOr<std::string> Referrals::Waitlist(const CallContext& context, const OfferId& id,
                                                const Render& render) {
  AMANA_ASSIGN_OR_RETURN(const LoadedReferral loaded, LoadOffered(context, id));
  return ChangeAndDrive(
      context, loaded.referral.id,
      [&](Referral& referral, absl::Time now, Events& events) -> absl::Status {
        if (WantsAnswer(referral, id)) {
          // What was not urgent when she was offered may be by now.
          AMANA_ASSIGN_OR_RETURN(const std::optional<RoutedCase> routed,
                                 CaseForAnswer(context, referral));
          if (routed) AMANA_RETURN_IF_ERROR(domain::Renew(referral, routed->card));
        }
        return domain::Waitlist(referral, id, now, events);
      },
      render);
}

absl::StatusOr<std::string> Referrals::Report(const CallContext& context, const OfferId& id,
                                              domain::Progress progress, const Render& render) {
  AMANA_ASSIGN_OR_RETURN(const LoadedReferral loaded, LoadOffered(context, id));
  return ChangeAndDrive(
      context, loaded.referral.id,
      [&](Referral& referral, absl::Time now, Events& events) {
        return domain::Report(referral, id, progress, now, events);
      },
      render);
}

absl::StatusOr<std::string> Referrals::RevokeConsent(
    const CallContext& context, const CaseId& case_id, const OrganisationId& recipient,
    const std::function<std::string(uint32_t)>& render) {
  // What does not fit the commit that records the reply goes before it, so a repetition is looked
  // for first.
  const store::Shard shard = store::ShardOf(case_id, store_.shards());
  auto earlier = FindReply(context, shard);
  if (ReasonOf(earlier.status()) != Reason::kContended) return earlier;

  std::vector<ReferralRows::Difference> changed;
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(std::vector<LoadedReferral> referrals,
                           rows_.LoadCase(case_id, context.deadline));
    const absl::Time now = clock_.Now();
    changed.clear();
    store::Commit commit;
    uint32_t withdrawn = 0;
    for (LoadedReferral& loaded : referrals) {
      ReferralRows::Difference d{.before = loaded, .after = loaded.referral, .events = {}};
      withdrawn += domain::RevokeConsent(d.after, recipient, now, d.events);
      if (d.events.empty()) continue;
      if (commit.audit.size() + d.events.size() > store::kMaxCommitWrites) {
        const auto revoke = [&](Referral& r, absl::Time at, Events& events) {
          domain::RevokeConsent(r, recipient, at, events);
          return events.empty() ? Error(Reason::kReferralStateInvalid) : absl::OkStatus();
        };
        AMANA_RETURN_IF_ERROR(ChangeAlone(context, loaded.referral.id, revoke).status());
        continue;
      }
      AMANA_RETURN_IF_ERROR(rows_.AddTo(commit, context, d, now));
      changed.push_back(std::move(d));
    }
    // Also where nothing was out: a repetition must find this answer, and not the offers that she
    // has agreed to by then.
    if (changed.empty()) {
      commit.audit.push_back(
          store::MakeAuditRecord(context, AboutCase(case_id, recipient.bytes()), now, random_));
    }
    commit.reply = render(withdrawn);
    return commit;
  };
  auto reply = store::Execute(store_, context, shard, decide);
  if (!reply.ok()) return reply;
  for (const ReferralRows::Difference& d : changed) {
    rows_.Count(d);
    static_cast<void>(driver_.Drive(d.after.id, context));
  }
  return reply;
}

// Each referral has a commit of its own, for a case may have more of them than one commit takes.
// The last commit says that all are done.
absl::StatusOr<std::string> Referrals::CloseCase(
    const CallContext& context, const CaseId& case_id,
    const std::function<std::string(uint32_t)>& render) {
  const auto decide = [&]() -> absl::StatusOr<store::Commit> {
    AMANA_ASSIGN_OR_RETURN(const std::vector<LoadedReferral> referrals,
                           rows_.LoadCase(case_id, context.deadline));
    uint32_t withdrawn = 0;
    for (const LoadedReferral& loaded : referrals) {
      AMANA_ASSIGN_OR_RETURN(const bool ended, EndWithCase(context, loaded.referral.id));
      if (ended) ++withdrawn;
    }
    store::Commit commit;
    commit.audit.push_back(
        store::MakeAuditRecord(context, AboutCase(case_id), clock_.Now(), random_));
    commit.reply = render(withdrawn);
    return commit;
  };
  return store::Execute(store_, context, store::ShardOf(case_id, store_.shards()), decide);
}

absl::StatusOr<Referral> Referrals::Get(const CallContext& context, const ReferralId& id) const {
  AMANA_ASSIGN_OR_RETURN(LoadedReferral loaded, rows_.Load(id, context.deadline));
  AMANA_RETURN_IF_ERROR(EnsureOwner(context, loaded.referral));
  return std::move(loaded.referral);
}

absl::StatusOr<std::vector<LoadedReferral>> Referrals::LoadAll(const std::vector<ReferralId>& ids,
                                                               Deadline deadline) const {
  std::vector<std::pair<store::Shard, store::Key>> keys;
  keys.reserve(ids.size());
  for (const ReferralId& id : ids) keys.emplace_back(rows_.ShardOf(id), ReferralKey(id));
  AMANA_ASSIGN_OR_RETURN(const std::vector<store::Row> rows,
                         store::ReadEverywhere(store_, keys, deadline));
  std::vector<LoadedReferral> loaded(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!rows[i].exists()) continue;
    AMANA_ASSIGN_OR_RETURN(loaded[i].referral, DecodeReferral(rows[i].value));
    loaded[i].version = rows[i].version;
  }
  return loaded;
}

absl::StatusOr<ReferralPage> Referrals::List(const CallContext& context, bool escalated_only,
                                             uint32_t page_size, const std::string& token) const {
  const OrganisationId& organisation = context.caller.organisation;
  const std::string index =
      escalated_only ? EscalatedIndex(organisation) : ReferralsIndex(organisation);
  AMANA_ASSIGN_OR_RETURN(const store::IndexPage page,
                         store::ReadIndexPage(store_, index, {.limit = store::PageSize(page_size)},
                                              token, context.deadline));
  std::vector<ReferralId> ids;
  for (const store::IndexEntry& entry : page.entries) {
    AMANA_ASSIGN_OR_RETURN(ids.emplace_back(), ReferralId::Parse(entry.member));
  }
  AMANA_ASSIGN_OR_RETURN(std::vector<LoadedReferral> loaded, LoadAll(ids, context.deadline));
  ReferralPage result{.referrals = {}, .next_token = page.next_token};
  for (LoadedReferral& one : loaded) {
    if (context.caller.Owns(one.referral.organisation_id)) {
      result.referrals.push_back(std::move(one.referral));
    }
  }
  return result;
}

absl::StatusOr<OfferPage> Referrals::ListOffers(const CallContext& context, bool pending_only,
                                                uint32_t page_size,
                                                const std::string& token) const {
  store::IndexRange range{.limit = store::PageSize(page_size)};
  if (pending_only) range.maximum = kPendingBelow;
  AMANA_ASSIGN_OR_RETURN(const store::IndexPage page,
                         store::ReadIndexPage(store_, InboxIndex(context.caller.organisation),
                                              range, token, context.deadline));
  std::vector<OfferId> offers;
  std::vector<ReferralId> ids;
  for (const store::IndexEntry& entry : page.entries) {
    AMANA_ASSIGN_OR_RETURN(offers.emplace_back(),
                           OfferId::Parse(entry.member.substr(0, kIdTextSize)));
    AMANA_ASSIGN_OR_RETURN(ids.emplace_back(), ReferralId::Parse(entry.member.substr(kIdTextSize)));
  }
  AMANA_ASSIGN_OR_RETURN(std::vector<LoadedReferral> loaded, LoadAll(ids, context.deadline));
  OfferPage result{.offers = {}, .next_token = page.next_token};
  for (size_t i = 0; i < loaded.size(); ++i) {
    const domain::Offer* offer = std::as_const(loaded[i].referral).Find(offers[i]);
    if (offer == nullptr || !context.caller.Owns(offer->organisation_id)) continue;
    result.offers.push_back({std::move(loaded[i].referral), offers[i]});
  }
  return result;
}

absl::StatusOr<bool> Referrals::OwnsReferralOf(const CallContext& context,
                                               const CaseId& case_id) const {
  AMANA_ASSIGN_OR_RETURN(const std::vector<LoadedReferral> referrals,
                         rows_.LoadCase(case_id, context.deadline));
  return std::ranges::any_of(referrals, [&](const LoadedReferral& loaded) {
    return context.caller.Owns(loaded.referral.organisation_id);
  });
}

absl::Status Referrals::Expire(const CallContext& context, const OfferId& id) {
  AMANA_ASSIGN_OR_RETURN(const ReferralId referral_id, rows_.FindByOffer(id, context.deadline));
  const auto expired = rows_.Change(
      context, referral_id,
      [&](Referral& referral, absl::Time now, Events& events) {
        return domain::Expire(referral, id, now, events);
      },
      nullptr);
  // Answered in the meantime: whoever committed that has disarmed the timer.
  if (ReasonOf(expired.status()) == Reason::kOfferStateInvalid) return absl::OkStatus();
  AMANA_RETURN_IF_ERROR(expired.status());
  return driver_.Drive(referral_id, context);
}

}  // namespace amana::referral
