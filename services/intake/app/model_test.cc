// Random commands against a model of what they mean to her: which consents stand, which withdrawals
// and closures were carried out, which cases are on the list. Commits get lost on both ways,
// services come and go, time passes; whatever fails is sent again with the same request_id, as a
// client does.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <map>
#include <random>

#include "services/intake/app/test_intake.h"

namespace amana::intake {
namespace {

using domain::CaseCommand;
using domain::ConsentPurpose;
using domain::ConsentState;

struct Word {
  ConsentId id;
  ConsentState state = ConsentState::kUnspecified;
  absl::Time expire_time;
  bool OpenAt(absl::Time now) const { return domain::IsOpen(state) && now < expire_time; }
};

// Of a case, a purpose and a recipient there is at most one word that stands.
using Topic = std::tuple<CaseId, ConsentPurpose, char>;

constexpr std::array kRecipients = {'q', 'r'};

class Model {
 public:
  explicit Model(uint32_t seed) : seed_(seed) {}

  void Step() {
    switch (Below(16)) {
      case 0:
        return OpenOne();
      case 1:
      case 2:
      case 3:
        return RecordOne();
      case 4:
        return AnswerOne();
      case 5:
      case 6:
        return WithdrawOne();
      case 7:
      case 8:
      case 9:
      case 10:
      case 11:
        return MoveOne();
      case 12:
        return intake_.clock.Advance(absl::Hours(Below(240)));
      case 13:
        return RunTimers();
      case 14:
        intake_.revocations.referral_up = Below(2) == 0;
        return;
      default:
        intake_.revocations.messaging_up = Below(2) == 0;
        return;
    }
  }

  void Check() {
    for (const auto& [topic, word] : words_) {
      const auto& [id, purpose, recipient] = topic;
      const bool closed = purpose == ConsentPurpose::kRefer && cases_[id] == v1::CASE_STATE_CLOSED;
      const bool expected = !closed && word.state == ConsentState::kActive && word.OpenAt(Now());
      ASSERT_EQ(intake_.Active(id, purpose, recipient), expected);
    }
    std::set<CaseId> listed;
    const auto page = intake_.cases.List(intake_.By(intake_.operator_a), 500, "");
    ASSERT_TRUE(page.ok());
    for (const domain::Case& one : page->values) listed.insert(one.id);
    std::set<CaseId> expected;
    for (const auto& [id, state] : cases_) {
      if (state != v1::CASE_STATE_CLOSED) expected.insert(id);
    }
    ASSERT_EQ(listed, expected);
    // Each closure is told once, and none after a reopening.
    for (const auto& [request, id] : intake_.revocations.closures) {
      if (!told_.insert(request).second) continue;
      ASSERT_EQ(untold_.erase(id), 1u);
    }
  }

  // Everything is up again and the timers have run: each closure was told, and each no was carried
  // out, exactly once, but for those after which she said yes again before it was.
  void CheckAtTheEnd() {
    intake_.revocations.referral_up = intake_.revocations.messaging_up = true;
    intake_.clock.Advance(absl::Hours(24 * 400));
    for (int i = 0; i < 20 && intake_.RunDueTimers() > 0; ++i) {
    }
    ASSERT_EQ(intake_.RunDueTimers(), 0u);
    ASSERT_NO_FATAL_FAILURE(Check());
    EXPECT_TRUE(untold_.empty());
    ExpectCarriedOut(Ids(intake_.revocations.offers), withdrawn_offers_);
    ExpectCarriedOut(Ids(intake_.revocations.packages), withdrawn_packages_);
  }

 private:
  static std::set<std::string> Ids(const std::map<RequestId, FakeRevocations::Done>& done) {
    std::set<std::string> ids;
    for (const auto& [id, unused] : done) ids.insert(id.bytes());
    return ids;
  }

  void ExpectCarriedOut(const std::set<std::string>& done,
                        const std::set<std::string>& withdrawn) const {
    EXPECT_TRUE(std::ranges::includes(withdrawn, done));
    for (const std::string& id : withdrawn) {
      EXPECT_TRUE(done.contains(id) || said_yes_after_.contains(id));
    }
  }

  // A late repetition of a no takes nothing back that she agreed to since.
  void RunTimers() {
    const std::map<RequestId, FakeRevocations::Done> before = intake_.revocations.offers;
    using Fault = FaultyStore::Fault;
    intake_.store.FailNext(std::array{Fault::kNone, Fault::kBefore, Fault::kAfter}[Below(3)]);
    intake_.RunDueTimers();
    intake_.store.FailNext(Fault::kNone);
    for (const auto& [id, done] : intake_.revocations.offers) {
      if (before.contains(id)) continue;
      for (const char recipient : kRecipients) {
        if (done.recipient != domain::IdOf<OrganisationId>(recipient)) continue;
        const Word& word = words_[{done.case_id, ConsentPurpose::kRefer, recipient}];
        EXPECT_FALSE(word.state == ConsentState::kActive && word.OpenAt(Now()));
      }
    }
  }

  size_t Below(size_t n) { return seed_() % n; }
  absl::Time Now() { return intake_.clock.Now(); }

  // As a client: with faults, and again with the same request_id until there is an answer. A
  // repetition of what succeeded gives the same bytes.
  absl::StatusOr<std::string> Send(
      const std::function<absl::StatusOr<std::string>(const CallContext&)>& command,
      const Caller& caller) {
    const CallContext context = intake_.By(caller);
    for (;;) {
      const auto fault = Below(4);
      if (fault == 0) intake_.store.FailNext(FaultyStore::Fault::kBefore);
      if (fault == 1) intake_.store.FailNext(FaultyStore::Fault::kAfter);
      const auto reply = command(context);
      intake_.store.FailNext(FaultyStore::Fault::kNone);
      if (ReasonOfReply(reply) == Reason::kStoreUnavailable) continue;
      if (reply.ok() && Below(3) == 0) {
        const auto again = command(context);
        EXPECT_TRUE(again.ok() && *again == *reply);
      }
      return reply;
    }
  }

  void OpenOne() {
    const auto reply = Send(
        [&](const CallContext& context) {
          return intake_.cases.Open(
              context,
              {.channel = domain::IntakeChannel::kHotline, .card = domain::Card(), .call_id = {}});
        },
        intake_.operator_a);
    const v1::Case opened = TestIntake::Parse<v1::OpenCaseResponse>(reply).case_();
    cases_[*CaseId::FromBytes(opened.case_id())] = opened.state();
  }

  void RecordOne() {
    if (cases_.empty()) return;
    const CaseId id = std::next(cases_.begin(), static_cast<int>(Below(cases_.size())))->first;
    const auto purpose =
        static_cast<ConsentPurpose>(static_cast<int>(ConsentPurpose::kRefer) + Below(3));
    const char recipient = kRecipients[Below(2)];
    const ConsentState state = std::array{ConsentState::kActive, ConsentState::kProposed,
                                          ConsentState::kRefused}[Below(3)];
    domain::ConsentTerms terms = domain::Terms(purpose, recipient);
    terms.expire_time = Now() + absl::Hours(1 + Below(720));
    const auto reply = Send(
        [&](const CallContext& context) {
          return intake_.consents.Record(context, {.case_id = id, .terms = terms, .state = state});
        },
        intake_.operator_a);

    Word& word = words_[{id, purpose, recipient}];
    const bool open = word.OpenAt(Now());
    if (cases_[id] == v1::CASE_STATE_CLOSED) {
      EXPECT_EQ(ReasonOfReply(reply), Reason::kCaseStateInvalid);
    } else if (open && state == ConsentState::kProposed) {
      EXPECT_EQ(ReasonOfReply(reply), Reason::kConsentStateInvalid);
    } else {
      const v1::Consent recorded = TestIntake::Parse<v1::RecordConsentResponse>(reply).consent();
      word = {*ConsentId::FromBytes(recorded.consent_id()), state, terms.expire_time};
      if (state == ConsentState::kRefused) NoteNo({id, purpose, recipient}, word.id);
      if (state == ConsentState::kActive) NoteYes({id, purpose, recipient});
    }
  }

  void AnswerOne() {
    if (words_.empty()) return;
    auto& [topic, word] = *std::next(words_.begin(), static_cast<int>(Below(words_.size())));
    const bool given = Below(2) == 0;
    const auto reply = Send(
        [&](const CallContext& context) {
          return intake_.consents.Answer(context, word.id, given);
        },
        intake_.operator_b);
    if (word.state != ConsentState::kProposed || !word.OpenAt(Now())) {
      EXPECT_FALSE(reply.ok());
      return;
    }
    EXPECT_TRUE(reply.ok());
    word.state = given ? ConsentState::kActive : ConsentState::kRefused;
    if (given) {
      NoteYes(topic);
    } else {
      NoteNo(topic, word.id);
    }
  }

  void WithdrawOne() {
    if (words_.empty()) return;
    auto& [topic, word] = *std::next(words_.begin(), static_cast<int>(Below(words_.size())));
    const auto reply = Send(
        [&](const CallContext& context) { return intake_.consents.Withdraw(context, word.id); },
        intake_.operator_b);
    EXPECT_EQ(reply.ok(), domain::IsOpen(word.state));  // also if it has run out
    if (!reply.ok()) return;
    NoteNo(topic, word.id);
    word.state = ConsentState::kWithdrawn;
  }

  void NoteYes(const Topic& topic) { said_yes_after_.merge(withdrawn_[topic]); }

  void NoteNo(const Topic& topic, const ConsentId& id) {
    const ConsentPurpose purpose = std::get<1>(topic);
    withdrawn_[topic].insert(id.bytes());
    if (purpose == ConsentPurpose::kRefer) withdrawn_offers_.insert(id.bytes());
    if (purpose != ConsentPurpose::kContactBack) withdrawn_packages_.insert(id.bytes());
  }

  void MoveOne() {
    if (cases_.empty()) return;
    auto& moved = *std::next(cases_.begin(), static_cast<int>(Below(cases_.size())));
    const auto command = static_cast<CaseCommand>(1 + Below(6));
    const auto reason = command == CaseCommand::kRequestClosure
                            ? domain::ClosureReason::kGoalsMet
                            : domain::ClosureReason::kUnspecified;
    const Caller& caller = Below(2) == 0 ? intake_.supervisor : intake_.operator_a;
    const auto reply = Send(
        [&](const CallContext& context) {
          return intake_.cases.ChangeState(context, moved.first, command, reason);
        },
        caller);
    if (!reply.ok()) return;
    moved.second = TestIntake::Parse<v1::ChangeCaseStateResponse>(reply).case_().state();
    if (command == CaseCommand::kApproveClosure) untold_.insert(moved.first);
    if (command == CaseCommand::kReopen) untold_.erase(moved.first);
  }

  std::mt19937 seed_;
  TestIntake intake_;
  std::map<CaseId, v1::CaseState> cases_;
  std::set<CaseId> untold_;  // closed, and referral has not heard of it
  std::set<RequestId> told_;
  std::map<Topic, Word> words_;
  std::map<Topic, std::set<std::string>> withdrawn_;  // since her last yes
  std::set<std::string> said_yes_after_;
  std::set<std::string> withdrawn_offers_;
  std::set<std::string> withdrawn_packages_;
};

TEST(IntakeModel, RandomCommandsUnderFaultsMeanWhatTheyMean) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    Model model(seed);
    for (int step = 0; step < 150; ++step) {
      model.Step();
      ASSERT_NO_FATAL_FAILURE(model.Check());
    }
    ASSERT_NO_FATAL_FAILURE(model.CheckAtTheEnd());
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace amana::intake
