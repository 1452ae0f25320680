#include "common/rpc/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

namespace amana::rpc {
namespace {

struct Task final : Work {
  std::atomic<int>* runs = nullptr;
  std::atomic<bool>* gate = nullptr;
  void Run() override {
    if (gate != nullptr) gate->wait(false);
    ++*runs;
  }
};

TEST(WorkerPoolTest, RefusesWhatDoesNotFitAndRunsTheRestBeforeItStops) {
  std::atomic<int> runs = 0;
  std::atomic<bool> gate = false;
  Task tasks[4];
  for (Task& task : tasks) {
    task.runs = &runs;
    task.gate = &gate;
  }
  WorkerPool pool(1, 2);
  ASSERT_TRUE(pool.TrySubmit(&tasks[0]));
  while (pool.queue_depth() > 0) std::this_thread::yield();
  ASSERT_TRUE(pool.TrySubmit(&tasks[1]));
  ASSERT_TRUE(pool.TrySubmit(&tasks[2]));
  EXPECT_FALSE(pool.TrySubmit(&tasks[3]));
  gate = true;
  gate.notify_all();
  pool.Stop();
  EXPECT_EQ(runs, 3);
  EXPECT_FALSE(pool.TrySubmit(&tasks[3]));
}

TEST(WorkerPoolTest, LosesNothing) {
  constexpr int kTasks = 20000;
  std::atomic<int> runs = 0;
  const auto tasks = std::make_unique<Task[]>(kTasks);
  WorkerPool pool(4, kTasks);
  for (int i = 0; i < kTasks; ++i) {
    tasks[i].runs = &runs;
    EXPECT_TRUE(pool.TrySubmit(&tasks[i]));
  }
  pool.Stop();
  EXPECT_EQ(runs, kTasks);
}

}  // namespace
}  // namespace amana::rpc
