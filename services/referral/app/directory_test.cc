#include "services/referral/app/directory.h"

#include <gtest/gtest.h>

#include "services/referral/app/test_world.h"

namespace amana::referral {
namespace {

std::string Nothing(const domain::ServiceAtLocation&, const domain::Ledger&) { return "done"; }

class DirectoryAppTest : public testing::Test {
 protected:
  ImportResult Import(const domain::ServiceAtLocation& record) {
    const auto results = w_.directory.Import(Administrator(), {record});
    EXPECT_TRUE(results.ok());
    return results->front();
  }
  CallContext Administrator() { return w_.As(w_.hotline, Role::kNetworkAdministrator); }
  absl::Status SetCapacity(const CallContext& context, uint32_t maximum) {
    return w_.directory.SetCapacity(context, centre_.id, centre_.beds, maximum, 0, Nothing)
        .status();
  }

  World w_;
  const Centre centre_ = w_.AddCentre(2);
};

TEST_F(DirectoryAppTest, TheSameAgainChangesNothing) {
  EXPECT_EQ(Import(w_.RecordOf(centre_, 2)).outcome, ImportOutcome::kUnchanged);
  ASSERT_TRUE(SetCapacity(w_.As(centre_.organisation), 1).ok());
  EXPECT_EQ(Import(w_.RecordOf(centre_, 2)).outcome, ImportOutcome::kUnchanged);
  EXPECT_EQ(w_.LedgerOf(centre_).pools[0].maximum, 1u);
  EXPECT_EQ(Import(w_.RecordOf(centre_, 3)).outcome, ImportOutcome::kUpdated);
  EXPECT_EQ(w_.LedgerOf(centre_).pools[0].maximum, 3u);
}

TEST_F(DirectoryAppTest, ARepeatedImportGivesTheSameAnswer) {
  const Centre next{.id = NewId<ServiceAtLocationId>(w_.random),
                    .organisation = NewId<OrganisationId>(w_.random),
                    .beds = NewId<PoolId>(w_.random)};
  const CallContext context = Administrator();
  domain::ServiceAtLocation political = w_.RecordOf(next, 1);
  political.id = NewId<ServiceAtLocationId>(w_.random);
  political.organisation_name = "Parti politique fictif";
  const auto results = w_.directory.Import(context, {w_.RecordOf(next, 1), political});
  ASSERT_EQ(results->size(), 2u);
  EXPECT_EQ((*results)[0].outcome, ImportOutcome::kCreated);
  EXPECT_EQ((*results)[1].outcome, ImportOutcome::kRefused);
  EXPECT_EQ((*results)[1].reason, Reason::kDirectoryRecordPolitical);
}

TEST_F(DirectoryAppTest, AnImportDropsNobody) {
  const CaseId case_id = w_.AddCase(domain::Priority::kP1);
  const ReferralId id = w_.Refer(case_id, {centre_});
  EXPECT_FALSE(w_.OfferAt(id, centre_).is_zero());
  EXPECT_EQ(Import(w_.RecordOf(centre_, 0)).reason, Reason::kCapacityBelowCommitted);
  domain::ServiceAtLocation renamed = w_.RecordOf(centre_, 2);
  renamed.service_name = "Autre nom";
  EXPECT_EQ(Import(renamed).outcome, ImportOutcome::kUpdated);
  EXPECT_EQ(domain::Count(w_.LedgerOf(centre_), centre_.beds).held, 1u);
  EXPECT_EQ(ReasonOf(SetCapacity(w_.As(centre_.organisation), 0)), Reason::kCapacityBelowCommitted);
}

TEST_F(DirectoryAppTest, OthersServicesAreNotThere) {
  EXPECT_EQ(ReasonOf(SetCapacity(w_.AsHotline(), 1)), Reason::kServiceAtLocationNotFound);
  EXPECT_EQ(ReasonOf(w_.directory.GetCapacity(w_.AsHotline(), centre_.id).status()),
            Reason::kServiceAtLocationNotFound);
  EXPECT_TRUE(w_.directory.GetCapacity(w_.As(centre_.organisation), centre_.id).ok());
  EXPECT_EQ(ReasonOf(w_.directory
                         .SetStatus(Administrator(), ServiceAtLocationId(),
                                    domain::ServiceStatus::kActive, Nothing)
                         .status()),
            Reason::kServiceAtLocationNotFound);
  EXPECT_TRUE(*w_.directory.IsRunBy(centre_.id, centre_.organisation, Deadline::Never()));
  EXPECT_FALSE(*w_.directory.IsRunBy(centre_.id, w_.hotline, Deadline::Never()));
}

TEST_F(DirectoryAppTest, MatchSeesEveryCommitAtOnce) {
  domain::RoutingCard card = w_.intake.cases[w_.AddCase(domain::Priority::kP1)].card;
  const auto match = [&] {
    absl::Time time;
    return *w_.directory.Match(card, domain::NeedCode::kEmergencyShelter, 0, time);
  };
  ASSERT_EQ(match().candidates.size(), 1u);
  EXPECT_EQ(match().candidates[0].free, 2u);
  w_.Refer(w_.AddCase(domain::Priority::kP1), {centre_});
  EXPECT_EQ(match().candidates.at(0).free, 1u);
  ASSERT_TRUE(SetCapacity(w_.As(centre_.organisation), 1).ok());
  EXPECT_EQ(match().exclusion_counts.at(domain::ExclusionReason::kNoCapacity), 1u);
  ASSERT_TRUE(
      w_.directory.SetStatus(Administrator(), centre_.id, domain::ServiceStatus::kPlanned, Nothing)
          .ok());
  EXPECT_EQ(match().exclusion_counts.at(domain::ExclusionReason::kNotOpenYet), 1u);

  // Another process sees the same after loading.
  DirectorySnapshot other(w_.store, w_.clock);
  ASSERT_TRUE(other.Load(Deadline::Never()).ok());
  const auto snapshot = *other.Get();
  const auto& entry = snapshot->entries.at(centre_.id);
  EXPECT_EQ(entry->record.status, domain::ServiceStatus::kPlanned);
  EXPECT_EQ(domain::Count(entry->ledger, centre_.beds).held, 1u);
}

// The first try, repeated after others have changed the same: it is answered as then, and undoes
// nothing, neither here nor in what is matched.
TEST_F(DirectoryAppTest, ARepetitionIsNotMatchedAgain) {
  const domain::RoutingCard card = w_.intake.cases[w_.AddCase(domain::Priority::kP1)].card;
  const auto match = [&] {
    absl::Time time;
    return *w_.directory.Match(card, domain::NeedCode::kEmergencyShelter, 0, time);
  };
  const auto set_status = [&](const CallContext& context, domain::ServiceStatus status) {
    EXPECT_TRUE(w_.directory.SetStatus(context, centre_.id, status, Nothing).ok());
  };
  const CallContext opening = Administrator();
  set_status(opening, domain::ServiceStatus::kActive);
  set_status(Administrator(), domain::ServiceStatus::kTemporarilyClosed);
  set_status(opening, domain::ServiceStatus::kActive);
  EXPECT_TRUE(match().candidates.empty());
  set_status(Administrator(), domain::ServiceStatus::kActive);

  const CallContext filling = w_.As(centre_.organisation);
  ASSERT_TRUE(SetCapacity(filling, 9).ok());
  ASSERT_TRUE(SetCapacity(w_.As(centre_.organisation), 1).ok());
  ASSERT_TRUE(SetCapacity(filling, 9).ok());
  EXPECT_EQ(match().candidates.at(0).free, 1u);

  const CallContext importing = Administrator();
  domain::ServiceAtLocation record = w_.RecordOf(centre_, 2);
  record.service_name = "Ancien nom";
  ASSERT_TRUE(w_.directory.Import(importing, {record}).ok());
  EXPECT_EQ(Import(w_.RecordOf(centre_, 2)).outcome, ImportOutcome::kUpdated);
  ASSERT_TRUE(w_.directory.Import(importing, {record}).ok());
  EXPECT_NE(match().candidates.at(0).entry->record.service_name, record.service_name);
}

// A service that has just started knows nobody yet, which is not the same as that nobody can help.
TEST_F(DirectoryAppTest, NothingIsSaidBeforeTheDirectoryIsLoaded) {
  DirectorySnapshot empty(w_.store, w_.clock);
  Directory directory(w_.store, w_.clock, w_.random, empty, w_.geography);
  const domain::RoutingCard card = w_.intake.cases[w_.AddCase(domain::Priority::kP1)].card;
  absl::Time time;
  const auto match = [&] {
    return directory.Match(card, domain::NeedCode::kEmergencyShelter, 0, time);
  };
  EXPECT_EQ(ReasonOf(match().status()), Reason::kServiceUnavailable);
  EXPECT_EQ(ReasonOf(directory.List({}, 0, "").status()), Reason::kServiceUnavailable);
  // Not by what one commit puts in, either.
  ASSERT_TRUE(
      directory.SetStatus(Administrator(), centre_.id, domain::ServiceStatus::kActive, Nothing)
          .ok());
  EXPECT_EQ(ReasonOf(match().status()), Reason::kServiceUnavailable);
  ASSERT_TRUE(empty.Load(Deadline::Never()).ok());
  EXPECT_EQ(match()->candidates.size(), 1u);
}

TEST_F(DirectoryAppTest, Pages) {
  for (int i = 0; i < 4; ++i) w_.AddCentre(1);
  std::set<ServiceAtLocationId> seen;
  std::string token;
  int pages = 0;
  do {
    const auto page = w_.directory.List({}, 2, token);
    ASSERT_TRUE(page.ok());
    for (const auto& entry : page->entries) EXPECT_TRUE(seen.insert(entry->record.id).second);
    token = page->next_token;
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(seen.size(), 5u);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(w_.directory.List(centre_.organisation, 0, "")->entries.size(), 1u);
  EXPECT_EQ(ReasonOf(w_.directory.List({}, 0, "nonsense").status()), Reason::kPageTokenInvalid);
}

}  // namespace
}  // namespace amana::referral
