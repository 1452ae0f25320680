#include "common/store/index_page.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "common/base/ids.h"
#include "common/crypto/random.h"
#include "common/store/test_store.h"

namespace amana::store {
namespace {

class IndexPageTest : public StoreTest {
 protected:
  void Put(const std::string& member, std::optional<double> score) {
    const CaseId id = *CaseId::Parse(std::string_view(member).substr(0, kIdTextSize));
    Commit commit = Nothing(ShardOf(id, kTestShards));
    commit.index_edits = {{"list", member, score}};
    ASSERT_EQ(Applied(store(), commit), Outcome::Kind::kCommitted);
  }
  std::string Add(double score) {
    std::string member = NewId<CaseId>(crypto::SystemRandom::Instance()).ToString() + "suffix";
    Put(member, score);
    return member;
  }
  IndexPage Page(const IndexRange& range, const std::string& token) {
    return Must(ReadIndexPage(store(), "list", range, token, Soon()));
  }
  std::vector<std::string> All(const IndexRange& range) {
    std::vector<std::string> members;
    for (std::string token;;) {
      const IndexPage page = Page(range, token);
      EXPECT_LE(page.entries.size(), range.limit);
      for (const IndexEntry& entry : page.entries) members.push_back(entry.member);
      if (page.next_token.empty()) return members;
      EXPECT_EQ(page.entries.size(), range.limit);
      EXPECT_LE(page.next_token.size(), 64u);
      token = page.next_token;
    }
  }
};
AMANA_ON_BOTH_STORES(IndexPageTest);

// Many of them of the very same instant: more than a page, and more than twice as many.
TEST_P(IndexPageTest, GivesEachEntryOnceAndInOrder) {
  std::vector<std::pair<double, std::string>> entries;
  for (const double score : {-3.0, 1.8e15, 1.8e15 + 1}) {
    for (int i = 0; i < 20; ++i) entries.emplace_back(score, Add(score));
  }
  std::ranges::sort(entries);
  std::vector<std::string> members;
  for (const auto& [score, member] : entries) members.push_back(member);
  for (const uint32_t size : {1u, 3u, 7u, 60u, 500u}) {
    EXPECT_EQ(All({.limit = size}), members) << size;
  }
  const std::vector<std::string> head(members.begin(), members.begin() + 20);
  EXPECT_EQ(All({.maximum = 0, .limit = 6}), head);
  std::ranges::reverse(members);
  for (const uint32_t size : {1u, 7u, 60u}) {
    EXPECT_EQ(All({.limit = size, .descending = true}), members) << size;
  }
}

TEST_P(IndexPageTest, LeavesNothingOutWhileOthersComeAndGo) {
  std::vector<std::string> members;
  for (int i = 0; i < 6; ++i) members.push_back(Add(i));
  const IndexPage first = Page({.limit = 3}, "");
  Put(members[0], std::nullopt);
  Put(members[2], std::nullopt);  // the one that the token names
  Add(-1);
  const IndexPage second = Page({.limit = 3}, first.next_token);
  ASSERT_EQ(second.entries.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(second.entries[i].member, members[i + 3]);
  EXPECT_EQ(second.next_token, "");
}

TEST_P(IndexPageTest, RefusesTokensThatAreNotItsOwn) {
  for (int i = 0; i < 2; ++i) Add(i);
  const std::string token = Page({.limit = 1}, "").next_token;
  ASSERT_FALSE(token.empty());
  for (const std::string& bad : {std::string("x"), token + "a", token.substr(1),
                                 std::string(token.size(), '7'), std::string(token.size(), '!')}) {
    EXPECT_EQ(ReasonOf(ReadIndexPage(store(), "list", {.limit = 1}, bad, Soon()).status()),
              Reason::kPageTokenInvalid)
        << bad;
  }
}

TEST(PageSizeTest, IsTheServersOwnWhereNoneOrTooMuchIsAsked) {
  EXPECT_EQ(PageSize(0), 100u);
  EXPECT_EQ(PageSize(7), 7u);
  EXPECT_EQ(PageSize(1'000'000), 500u);
}

}  // namespace
}  // namespace amana::store
