// What only Redis can do wrong: readable data, foreign keys, lost functions, and answers that do
// not come.

#include "common/store/redis_store.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "common/store/test_store.h"

namespace amana::store {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Key kCase{"case", "one"};

class RedisStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { redis_.Wipe(); }

  std::unique_ptr<RedisStore> Open(RedisStoreOptions options,
                                   std::shared_ptr<const crypto::Sealer> sealer = nullptr) {
    options.shards = kTestShards;
    return RedisStore::Open(std::move(options), sealer ? std::move(sealer) : sealer_);
  }
  std::unique_ptr<Store> Open() { return OpenTestRedis(sealer_); }

  testing::RedisFixture& redis_ = SharedRedis();
  std::shared_ptr<const crypto::Sealer> sealer_ = NewTestSealer();
};

TEST_F(RedisStoreTest, NothingPlantedIsInClear) {
  const std::vector<std::string> planted = {"canary-value",   "canary-event", "canary-trace",
                                            "canary-opening", "canary-reply", "canary-old-value"};
  const auto store = Open();
  ASSERT_EQ(Applied(*store, Put(1, kCase, 0, "a canary-old-value")), Outcome::Kind::kCommitted);
  Commit commit = Put(1, kCase, 1, "a canary-value");
  commit.audit = {Recorded(Subject(1), "a canary-event")};
  commit.audit[0].opening.replace(0, 14, "canary-opening");
  commit.traceparent = "a canary-trace";
  commit.request = RequestOf(1);
  commit.reply = "a canary-reply";
  commit.index_edits.push_back({"open", "visible-member", 1});
  ASSERT_EQ(Applied(*store, commit), Outcome::Kind::kCommitted);

  std::string everything = redis_.FilesOnDisk();
  for (const auto& [key, contents] : redis_.Dump()) everything += key + contents;
  for (const std::string& canary : planted) EXPECT_EQ(everything.find(canary), std::string::npos);
  // The leaf is public in the log, but not who wrote when: it is sealed here too.
  EXPECT_EQ(everything.find(commit.audit[0].leaf), std::string::npos);
  EXPECT_NE(everything.find("visible-member"),
            std::string::npos);  // the search finds what is there
}

TEST_F(RedisStoreTest, EveryKeyIsTheServicesOwn) {
  const auto store = Open();
  Commit commit = Put(1, kCase, 0, "value");
  commit.request = RequestOf(1);
  commit.timer_edits.push_back({"t", absl::FromUnixSeconds(5)});
  ASSERT_EQ(Applied(*store, commit), Outcome::Kind::kCommitted);
  for (const auto& [key, contents] : redis_.Dump()) EXPECT_EQ(key.substr(0, 5), "test:") << key;
  EXPECT_EQ(redis_.Dump().size(), 6u);  // marker, row, timers, outbox, history, reply
}

TEST_F(RedisStoreTest, ASealedValueCopiedToAnotherKeyDoesNotOpen) {
  const auto store = Open();
  ASSERT_EQ(Applied(*store, Put(1, kCase, 0, "value")), Outcome::Kind::kCommitted);
  redis_.Ask({"COPY", "test:{s001}:r:case:one", "test:{s001}:r:case:two"});
  EXPECT_EQ(ReasonOf(store->Read(1, {"case", "two"}, Soon()).status()),
            Reason::kStoredValueUnreadable);
  EXPECT_EQ(MustRead(*store, 1, kCase).value, "value");

  redis_.Ask({"COPY", "test:{s001}:o", "test:{s002}:o"});
  EXPECT_EQ(ReasonOf(store->ReadOutbox({}, 100, Soon()).status()), Reason::kStoredValueUnreadable);
  const std::string history = "test:{s001}:h:" + Base32Encode(Subject(0));
  redis_.Ask({"COPY", history, "test:{s001}:h:" + Base32Encode(Subject(7))});
  EXPECT_EQ(ReasonOf(store->ReadHistory(Subject(7), {}, 100, Soon()).status()),
            Reason::kStoredValueUnreadable);
}

TEST_F(RedisStoreTest, AReplyMovedToAnotherRequestDoesNotOpen) {
  const auto store = Open();
  Commit commit = Nothing(1);
  commit.request = RequestOf(1);
  ASSERT_EQ(Applied(*store, commit), Outcome::Kind::kCommitted);
  const std::string prefix = "test:{s001}:q:caller:";
  redis_.Ask({"COPY", prefix + RequestNumber(1).ToString(), prefix + RequestNumber(2).ToString()});
  EXPECT_EQ(ReasonOf(store->FindReply(1, RequestOf(2), Soon()).status()),
            Reason::kStoredValueUnreadable);
  commit.request = RequestOf(2);
  EXPECT_EQ(ReasonOf(store->Apply(commit, Soon()).status()), Reason::kStoredValueUnreadable);
}

TEST_F(RedisStoreTest, AVersionChangedByHandDoesNotOpen) {
  const auto store = Open();
  ASSERT_EQ(Applied(*store, Put(1, kCase, 0, "value")), Outcome::Kind::kCommitted);
  redis_.Ask({"SETRANGE", "test:{s001}:r:case:one", "7", "\x09"});
  EXPECT_EQ(ReasonOf(store->Read(1, kCase, Soon()).status()), Reason::kStoredValueUnreadable);
}

TEST_F(RedisStoreTest, AnotherStorageKeyIsRefused) {
  ASSERT_EQ(Applied(*Open(), Put(1, kCase, 0, "value")), Outcome::Kind::kCommitted);
  const auto before = redis_.Dump();
  const auto store = Open(redis_.OptionsFor("test"), NewTestSealer());
  EXPECT_EQ(ReasonOf(store->Read(1, kCase, Soon()).status()), Reason::kStoredValueUnreadable);
  EXPECT_EQ(ReasonOf(store->Apply(Nothing(1), Soon()).status()), Reason::kStoredValueUnreadable);
  EXPECT_EQ(ReasonOf(store->Ping(Soon())), Reason::kStoredValueUnreadable);
  EXPECT_EQ(redis_.Dump(), before);
}

TEST_F(RedisStoreTest, ANewerStorageKeyReadsWhatTheOlderSealed) {
  const std::string old_line = "1 " + std::string(64, 'a') + "\n";
  const std::string new_line = "2 " + std::string(64, 'b') + "\n";
  const auto key_ring = [](const std::string& text) {
    return std::shared_ptr<const crypto::Sealer>(*crypto::Sealer::FromText(text));
  };
  const auto options = [&] { return redis_.OptionsFor("test"); };
  ASSERT_EQ(Applied(*Open(options(), key_ring(old_line)), Put(1, kCase, 0, "value")),
            Outcome::Kind::kCommitted);
  const auto both = Open(options(), key_ring(old_line + new_line));
  EXPECT_EQ(MustRead(*both, 1, kCase).value, "value");
  ASSERT_EQ(Applied(*both, Put(1, kCase, 1, "sealed anew")), Outcome::Kind::kCommitted);
  EXPECT_EQ(MustRead(*Open(options(), key_ring(new_line)), 1, kCase).value, "sealed anew");
}

TEST_F(RedisStoreTest, AnotherNumberOfShardsIsRefused) {
  ASSERT_EQ(Applied(*Open(), Nothing(1)), Outcome::Kind::kCommitted);
  RedisStoreOptions options = redis_.OptionsFor("test");
  options.shards = kTestShards + 1;
  const auto store = RedisStore::Open(std::move(options), sealer_);
  EXPECT_EQ(ReasonOf(store->Ping(Soon())), Reason::kConfigurationInvalid);
}

TEST_F(RedisStoreTest, AWrongPasswordIsRefused) {
  RedisStoreOptions options = redis_.OptionsFor("test");
  options.password = SecretBytes::CopyOf("guessed");
  EXPECT_EQ(ReasonOf(Open(std::move(options))->Ping(Soon())), Reason::kConfigurationInvalid);
}

TEST_F(RedisStoreTest, AnotherServicesUserCannotReachTheKeys) {
  ASSERT_EQ(Applied(*Open(), Put(1, kCase, 0, "value")), Outcome::Kind::kCommitted);
  RedisStoreOptions options = redis_.OptionsFor("other");
  options.service = "test";
  options.open_wait = absl::Milliseconds(300);
  const auto store = Open(std::move(options));
  EXPECT_EQ(ReasonOf(store->Read(1, kCase, Soon()).status()), Reason::kStoreUnavailable);
  EXPECT_EQ(ReasonOf(store->Apply(Nothing(1), Soon()).status()), Reason::kStoreUnavailable);

  const auto answer = [&](std::initializer_list<std::string_view> command) {
    return redis_.AskAs("other", command).text;
  };
  EXPECT_THAT(answer({"GET", "test:{s001}:r:case:one"}), HasSubstr("NOPERM"));
  EXPECT_THAT(answer({"DEL", "test:{s001}:r:case:one"}), HasSubstr("NOPERM"));
  EXPECT_THAT(answer({"FCALL", "amana_commit_v1", "1", "test:{s001}:o"}), HasSubstr("NOPERM"));
  // A function of its own reaches no further.
  answer({"FUNCTION", "LOAD",
          "#!lua name=reaching\nredis.register_function('reach', function() "
          "return redis.call('GET', 'test:{s001}:r:case:one') end)"});
  EXPECT_THAT(answer({"FCALL", "reach", "0"}), HasSubstr("can't access at least one of the keys"));
  redis_.FlushFunctions();
  EXPECT_THAT(answer({"KEYS", "*"}), HasSubstr("NOPERM"));
  EXPECT_THAT(answer({"SCAN", "0"}), HasSubstr("NOPERM"));
  EXPECT_THAT(answer({"FLUSHALL"}), HasSubstr("NOPERM"));
  EXPECT_THAT(answer({"FLUSHDB"}), HasSubstr("NOPERM"));
  EXPECT_THAT(answer({"SWAPDB", "0", "1"}), HasSubstr("NOPERM"));
  EXPECT_THAT(answer({"GET", "other:anything"}), Not(HasSubstr("NOPERM")));
}

TEST_F(RedisStoreTest, LostFunctionsAreLoadedAgain) {
  const auto store = Open();
  ASSERT_EQ(Applied(*store, Put(1, kCase, 0, "a")), Outcome::Kind::kCommitted);
  redis_.FlushFunctions();
  EXPECT_EQ(Applied(*store, Put(1, kCase, 1, "b")), Outcome::Kind::kCommitted);
  redis_.FlushFunctions();
  EXPECT_TRUE(store->Ping(Soon()).ok());
  EXPECT_EQ(redis_.Ask({"FUNCTION", "LIST"}).elements.size(), 1u);
}

TEST_F(RedisStoreTest, FunctionsLostUnderLoadLoseNoCommit) {
  const auto store = Open();
  const int threads = 8, each = Sized(30, 100, 500);
  std::atomic<bool> done = false;
  std::thread vandal([&] {
    while (!done) {
      redis_.FlushFunctions();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  std::atomic<int> committed = 0;
  Together(threads, [&](int thread) {
    for (int i = 0; i < each; ++i) {
      Commit commit = Nothing(1);
      commit.request = RequestOf(thread * 1000 + i);
      // They may be lost again between loading and calling: then the answer is an error, not a lie.
      while (!store->Apply(commit, Soon()).ok()) {
      }
      ++committed;
    }
  });
  done = true;
  vandal.join();
  EXPECT_EQ(Outbox(*store, 1).size(), static_cast<size_t>(committed));
}

TEST_F(RedisStoreTest, AForgedRowIsNoAnswer) {
  const auto store = Open();
  redis_.Ask({"SET", "test:{s001}:r:case:one", "x"});
  EXPECT_EQ(ReasonOf(store->Read(1, kCase, Soon()).status()), Reason::kStoredValueUnreadable);
  redis_.Ask({"DEL", "test:{s001}:r:case:one"});
  redis_.Ask({"RPUSH", "test:{s001}:o", "not a stream"});
  EXPECT_EQ(ReasonOf(store->Apply(Put(1, kCase, 0, "a"), Soon()).status()), Reason::kUnexpected);
  EXPECT_FALSE(MustRead(*store, 1, kCase).exists());
}

TEST_F(RedisStoreTest, AReplyIsKeptForItsLifetime) {
  RedisStoreOptions options = redis_.OptionsFor("test");
  options.reply_lifetime = absl::Milliseconds(100);
  const auto store = Open(std::move(options));
  Commit commit = Nothing(1);
  commit.request = RequestOf(1);
  ASSERT_EQ(Applied(*store, commit), Outcome::Kind::kCommitted);
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  EXPECT_EQ(*store->FindReply(1, RequestOf(1), Soon()), std::nullopt);
  EXPECT_EQ(Applied(*store, commit), Outcome::Kind::kCommitted);
}

// --- A Redis that does not answer ---

TEST_F(RedisStoreTest, APausedRedisEndsCallsInTimeAndIsFoundAgain) {
  RedisStoreOptions options = redis_.OptionsFor("test");
  options.command_timeout = absl::Milliseconds(400);
  const auto store = Open(std::move(options));
  ASSERT_EQ(Applied(*store, Nothing(1)), Outcome::Kind::kCommitted);
  Commit commit = Nothing(1);
  commit.request = RequestOf(1);
  commit.reply = "reply";

  redis_.Pause();
  absl::Time start = absl::Now();
  EXPECT_EQ(ReasonOf(store->Apply(commit, Deadline::After(absl::Milliseconds(150))).status()),
            Reason::kDeadlinePassed);
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(150));
  EXPECT_LT(absl::Now() - start, absl::Milliseconds(1500));
  start = absl::Now();
  EXPECT_EQ(ReasonOf(store->Read(1, kCase, Soon()).status()), Reason::kStoreUnavailable);
  EXPECT_LT(absl::Now() - start, absl::Milliseconds(2000));
  std::atomic<int> errors = 0;
  Together(32, [&](int) {
    if (!store->Ping(Deadline::After(absl::Milliseconds(200))).ok()) ++errors;
  });
  EXPECT_EQ(errors, 32);
  redis_.Resume();

  const Deadline patience = Soon();
  absl::StatusOr<Outcome> outcome = Error(Reason::kStoreUnavailable);
  while (!outcome.ok() && !patience.expired()) outcome = store->Apply(commit, Soon());
  // The answer that came too late is the one recorded.
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->kind, Outcome::Kind::kReplayed);
  EXPECT_EQ(outcome->reply, "reply");
  EXPECT_EQ(Outbox(*store, 1).size(), 2u);
}

TEST_F(RedisStoreTest, ASilentRedisIsLeftForTheOneThatTookItsPlace) {
  testing::RedisFixture silent({"test"});
  RedisStoreOptions options = redis_.OptionsFor("test");
  options.command_timeout = absl::Milliseconds(400);
  options.socket_path = silent.socket_path() + "-now";
  std::filesystem::create_symlink(silent.socket_path(), options.socket_path);
  const std::string path = options.socket_path;
  const auto store = Open(std::move(options));
  ASSERT_TRUE(store->Ping(Soon()).ok());

  // Its connections stay open, as those to a machine that fell off the network do.
  silent.Pause();
  std::filesystem::remove(path);
  std::filesystem::create_symlink(redis_.socket_path(), path);
  const Deadline patience = Deadline::After(absl::Seconds(10));
  int in_a_row = 0;  // all connections, not only one
  while (in_a_row < 8 && !patience.expired())
    in_a_row = store->Ping(Soon()).ok() ? in_a_row + 1 : 0;
  EXPECT_EQ(in_a_row, 8);
}

TEST_F(RedisStoreTest, ManyLargeAnswersAndCommitsShareTheConnections) {
  const auto store = Open();
  const std::string large(300'000, 'x');  // more than a socket takes at once
  Together(8, [&](int thread) {
    const Key key{"case", std::to_string(thread)};
    for (uint64_t i = 0; i < 6; ++i) {
      EXPECT_EQ(Applied(*store, Put(1, key, i, large)), Outcome::Kind::kCommitted);
      EXPECT_EQ(MustRead(*store, 1, key).value.size(), large.size());
    }
  });
}

TEST_F(RedisStoreTest, AClosedConnectionComesBack) {
  const auto store = Open();
  ASSERT_EQ(Applied(*store, Nothing(1)), Outcome::Kind::kCommitted);
  for (int i = 0; i < 5; ++i) {
    redis_.Ask({"CLIENT", "KILL", "USER", "test"});
    const Deadline patience = Soon();
    while (!store->Ping(Soon()).ok() && !patience.expired()) {
    }
    ASSERT_EQ(Applied(*store, Nothing(1)), Outcome::Kind::kCommitted);
  }
  EXPECT_EQ(Outbox(*store, 1).size(), 6u);
}

TEST_F(RedisStoreTest, AStoreOpensBeforeItsRedis) {
  RedisStoreOptions options = redis_.OptionsFor("test");
  options.socket_path += "-of-nobody";
  options.open_wait = absl::Milliseconds(50);
  const auto store = Open(std::move(options));
  EXPECT_EQ(ReasonOf(store->Ping(Soon())), Reason::kStoreUnavailable);
  EXPECT_EQ(ReasonOf(store->Apply(Nothing(1), Soon()).status()), Reason::kStoreUnavailable);
}

class CountingObserver final : public StoreObserver {
 public:
  void OnOperation(std::string_view operation, absl::Duration, bool ok) override {
    if (operation == "apply") ++(ok ? good : bad);
  }
  std::atomic<int> good = 0, bad = 0;
};

TEST_F(RedisStoreTest, TheObserverHearsOfFailuresOfTheStoreOnly) {
  CountingObserver observer;
  RedisStoreOptions options = redis_.OptionsFor("test");
  options.shards = kTestShards;
  const auto store = RedisStore::Open(std::move(options), sealer_, &observer);
  Commit commit = Put(1, kCase, 0, "value");
  commit.request = RequestOf(1);
  Applied(*store, commit);
  Applied(*store, Put(1, kCase, 7, "conflict"));
  commit.request = RequestOf(1, 'e');
  EXPECT_FALSE(store->Apply(commit, Soon()).ok());
  EXPECT_EQ(observer.good, 3);
  EXPECT_EQ(observer.bad, 0);
  EXPECT_FALSE(store->Apply(commit, Deadline::After(absl::Seconds(-1))).ok());
  EXPECT_EQ(observer.bad, 1);
}

}  // namespace
}  // namespace amana::store
