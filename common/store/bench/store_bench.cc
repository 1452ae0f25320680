// One commit on real Redis, beside its floor of the same run: the same number of bytes to the same
// server by one plain SET on the same connections, as durable as the commit.
//
//   build/bench/store_bench            of_floor: commits a second, as a part of the plain commands

#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/check.h"
#include "common/crypto/random.h"
#include "common/merkle/leaf.h"
#include "common/store/redis_connection.h"
#include "common/store/redis_store.h"
#include "common/testing/redis_fixture.h"

namespace amana::store {
namespace {

constexpr size_t kValueBytes = 600;  // a case with its needs
constexpr size_t kEventBytes = 200;
constexpr size_t kReplyBytes = 100;
constexpr uint32_t kConnections = 3;

std::string Join(std::string_view a, int b, std::string_view c, uint64_t d) {
  return std::string(a) + std::to_string(b) + std::string(c) + std::to_string(d);
}

// What a command of a service writes: a new row, its place in an index, a timer, an event, a reply.
Commit TypicalCommit(int thread, uint64_t number) {
  const std::string name = Join("", thread, ".", number);
  Commit commit;
  commit.shard = static_cast<Shard>(number % kDefaultShards);
  commit.writes.push_back({{"case", name}, 0, std::string(kValueBytes, 'v')});
  commit.index_edits.push_back({"open", name, static_cast<double>(number)});
  commit.timer_edits.push_back({name, absl::FromUnixSeconds(2'000'000'000)});
  const std::string id = crypto::RandomBytes(kIdSize);
  AuditRecord record{id, std::string(kEventBytes, 'e'), crypto::RandomBytes(32), {}};
  record.leaf = *merkle::MakeEventLeaf(record.opening, record.event);
  commit.audit.push_back(std::move(record));
  commit.request = RequestRecord{"bench", *RequestId::FromBytes(id), std::string(32, 'd')};
  commit.reply = std::string(kReplyBytes, 'r');
  return commit;
}

class Bench {
 public:
  static Bench& Instance() {
    static Bench bench;
    return bench;
  }

  void Apply(int thread) {
    const auto outcome = store_->Apply(TypicalCommit(thread, ++number_), Soon());
    AMANA_CHECK(outcome.ok() && outcome->kind == Outcome::Kind::kCommitted, "A commit failed.");
  }

  void Set(int thread) {
    const std::string name = Join("test:floor:", thread, ".", ++number_);
    Batch batch;
    batch.Command({"SET", name, floor_value_});
    std::vector<Reply> replies;
    RedisConnection& connection = *connections_[number_ % kConnections];
    AMANA_CHECK(
        connection.Call(batch, Soon(), replies) == CallOutcome::kAnswered && !replies[0].is_error(),
        "A plain command failed.");
  }

  size_t commit_bytes() const { return commit_bytes_; }

 private:
  Bench() {
    RedisStoreOptions options = redis_.OptionsFor("test");
    options.connections = kConnections;
    const std::string password(options.password.Expose());
    store_ = RedisStore::Open(std::move(options), sealer_);
    for (uint32_t i = 0; i < kConnections; ++i) {
      connections_.push_back(std::make_unique<RedisConnection>(
          redis_.socket_path(), absl::Seconds(5),
          [password](const RedisConnection::RoundTrip& round_trip) {
            return round_trip(Batch().Command({"AUTH", "test", password})).status();
          }));
      while (!connections_.back()->connected()) {
      }
    }
    commit_bytes_ = MeasureCommit();
    // What SET's own frame and key take of it, to a few bytes.
    floor_value_ = crypto::RandomBytes(commit_bytes_ - 60);
  }

  // By Redis's own count, without what asking for the count costs.
  size_t MeasureCommit() {
    const uint64_t first = Received(), second = Received();
    Apply(0);
    return Received() - second - (second - first);
  }
  uint64_t Received() {
    constexpr std::string_view kLine = "total_net_input_bytes:";
    const std::string info = redis_.Ask({"INFO", "stats"}).text;
    const char* begin = info.data() + info.find(kLine) + kLine.size();
    uint64_t bytes = 0;
    std::from_chars(begin, info.data() + info.size(), bytes);
    return bytes;
  }

  static Deadline Soon() { return Deadline::After(absl::Seconds(10)); }

  testing::RedisFixture redis_{{"test"}};
  std::shared_ptr<const crypto::Sealer> sealer_ =
      *crypto::Sealer::FromText("1 " + std::string(64, 'a') + "\n");
  std::unique_ptr<RedisStore> store_;
  std::vector<std::unique_ptr<RedisConnection>> connections_;
  size_t commit_bytes_ = 0;
  std::string floor_value_;
  std::atomic<uint64_t> number_ = 0;
};

constexpr absl::Duration kSlice = absl::Milliseconds(250);
constexpr int kSlices = 12;

// How often a second `threads` threads together get through `work`.
template <class F>
double Rate(int threads, const F& work) {
  std::atomic<uint64_t> done = 0;
  const absl::Time start = absl::Now();
  const Deadline end = Deadline::After(kSlice);
  std::vector<std::thread> running;
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      for (; !end.expired(); ++done) work(thread);
    });
  }
  for (std::thread& thread : running) thread.join();
  return static_cast<double>(done) / absl::ToDoubleSeconds(absl::Now() - start);
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// An iteration is a slice of plain commands and a slice of commits right after it, so that both see
// the same machine; of each figure the median is told.
void BM_Apply(benchmark::State& state) {
  Bench& bench = Bench::Instance();
  const int threads = static_cast<int>(state.range(0));
  std::vector<double> floors, commits, ratios;
  for (auto _ : state) {
    floors.push_back(Rate(threads, [&](int thread) { bench.Set(thread); }));
    commits.push_back(Rate(threads, [&](int thread) { bench.Apply(thread); }));
    ratios.push_back(commits.back() / floors.back());
  }
  state.counters["bytes"] = static_cast<double>(bench.commit_bytes());
  state.counters["floor_per_s"] = Median(floors);
  state.counters["commits_per_s"] = Median(commits);
  state.counters["of_floor"] = Median(ratios);
}
BENCHMARK(BM_Apply)->ArgName("threads")->Arg(1)->Arg(16)->Arg(64)->UseRealTime()->Iterations(
    kSlices);

}  // namespace
}  // namespace amana::store
