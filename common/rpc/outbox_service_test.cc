#include "common/rpc/outbox_service.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>

#include "amana/common/v1/outbox.grpc.pb.h"
#include "common/crypto/random.h"
#include "common/rpc/spiffe.h"
#include "common/rpc/testing/server_fixture.h"
#include "common/store/audit_record.h"
#include "common/store/memory_store.h"

namespace amana::rpc::testing {
namespace {

namespace pb = amana::common::v1;

class OutboxServiceTest : public ServerTest {
 protected:
  using OutboxStub = pb::OutboxService::Stub;

  void SetUp() override {
    service_ = MakeOutboxService(
        *store_, Reason::kCaseNotFound,
        [this](const CallContext&, std::string_view subject) { return subject == mine_; });
    server_ =
        std::make_unique<Server>(options_, ServerDeps{.callers = &callers_, .metrics = &metrics_});
    server_->Add(*service_);
    ASSERT_TRUE(server_->Start().ok());
    audit_ = pb::OutboxService::NewStub(Channel(MakeTls(ca_, ServiceSpiffeId(kNetwork, "audit"))));
  }

  void Record(const std::string& subject) {
    Random& random = crypto::SystemRandom::Instance();
    store::Commit commit;
    commit.shard = 3;
    CallContext context = CallContext::ForTimer("case.opened", Deadline::Never());
    store::AuditInput input;
    input.service = "intake";
    input.subject = subject;
    input.state = "open";
    commit.audit.push_back(store::MakeAuditRecord(context, input, absl::Now(), random));
    ASSERT_TRUE(store_->Apply(commit, Deadline::After(absl::Seconds(1))).ok());
  }

  const std::string mine_ = std::string(16, '\1');
  std::unique_ptr<store::MemoryStore> store_ = std::make_unique<store::MemoryStore>();
  std::unique_ptr<OutboxStub> audit_;
};

TEST_F(OutboxServiceTest, GivesEntriesAfterTheCursorsAndForgetsThem) {
  Record(mine_);
  Record(mine_);
  pb::ReadOutboxRequest read;
  auto response = Call(*audit_, &OutboxStub::ReadOutbox, read);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->shards(), store_->shards());
  ASSERT_EQ(response->entries_size(), 2);
  EXPECT_EQ(response->entries(0).shard(), 3u);
  EXPECT_EQ(response->entries(0).sequence(), 1u);
  EXPECT_EQ(response->entries(1).sequence(), 2u);
  EXPECT_EQ(response->entries(0).leaf().size(), 34u);

  auto& cursor = *read.add_cursors();
  cursor.set_shard(3);
  cursor.set_sequence(1);
  EXPECT_EQ(Call(*audit_, &OutboxStub::ReadOutbox, read)->entries_size(), 1);
  pb::TrimOutboxRequest trim;
  *trim.add_cursors() = cursor;
  ASSERT_TRUE(Call(*audit_, &OutboxStub::TrimOutbox, trim).ok());
  EXPECT_EQ(Call(*audit_, &OutboxStub::ReadOutbox, pb::ReadOutboxRequest())->entries_size(), 1);

  cursor.set_shard(store_->shards());
  EXPECT_EQ(DetailOf(Call(*audit_, &OutboxStub::ReadOutbox, read).status()).field,
            "cursors[0].shard");
}

TEST_F(OutboxServiceTest, WaitsForTheFirstEntry) {
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    Record(mine_);
  });
  pb::ReadOutboxRequest read;
  read.set_wait_ms(2000);
  const absl::Time start = absl::Now();
  const auto response = Call(*audit_, &OutboxStub::ReadOutbox, read);
  later.join();
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->entries_size(), 1);
  EXPECT_GT(absl::Now() - start, absl::Milliseconds(100));
  EXPECT_LT(absl::Now() - start, absl::Milliseconds(1500));
}

TEST_F(OutboxServiceTest, HistoriesComeInPages) {
  for (int i = 0; i < 5; ++i) Record(mine_);
  auto stub =
      pb::OutboxService::NewStub(Channel(MakeTls(ca_, NewPerson(Role::kOperator).spiffe_id)));
  pb::ListHistoryRequest request;
  request.set_subject_id(mine_);
  request.set_page_size(2);
  std::set<std::string> openings;
  int pages = 0;
  do {
    const auto page = Call(*stub, &OutboxStub::ListHistory, request);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_LE(page->entries_size(), 2);
    for (const auto& entry : page->entries()) openings.insert(entry.opening());
    request.set_page_token(page->next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(openings.size(), 5u);
  EXPECT_EQ(pages, 3);
}

TEST_F(OutboxServiceTest, HistoriesAreForThoseConcerned) {
  const std::string others(16, '\2');
  Record(mine_);
  Record(others);
  auto stub =
      pb::OutboxService::NewStub(Channel(MakeTls(ca_, NewPerson(Role::kOperator).spiffe_id)));
  pb::ListHistoryRequest request;
  request.set_subject_id(mine_);
  const auto response = Call(*stub, &OutboxStub::ListHistory, request);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->entries_size(), 1);
  EXPECT_EQ(response->entries(0).opening().size(), 32u);
  request.set_subject_id(others);
  EXPECT_EQ(ReasonOf(Call(*stub, &OutboxStub::ListHistory, request).status()),
            Reason::kCaseNotFound);
  request.set_subject_id(mine_);
  for (const char* token : {"x", "3", "3.", "3.x", ".1", "99.0", "3.-1", "3.1.1"}) {
    request.set_page_token(token);
    EXPECT_EQ(ReasonOf(Call(*stub, &OutboxStub::ListHistory, request).status()),
              Reason::kPageTokenInvalid)
        << token;
  }
  // Only the audit service reads the outbox.
  EXPECT_EQ(ReasonOf(Call(*stub, &OutboxStub::ReadOutbox, pb::ReadOutboxRequest()).status()),
            Reason::kRoleNotAllowed);
}

}  // namespace
}  // namespace amana::rpc::testing
