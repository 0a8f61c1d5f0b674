#include "lib/run/worker_pool.h"

#include <sys/resource.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace godwit {
namespace {

std::vector<Task> Tasks(std::size_t count) { return std::vector<Task>(count); }

// Lets as many tasks meet as are expected; the others wait for them.
class Meeting {
 public:
  explicit Meeting(std::size_t expected) : expected_(expected) {}
  void Attend() {
    std::unique_lock lock(mutex_);
    ++present_;
    all_.notify_all();
    all_.wait(lock, [this] { return present_ >= expected_; });
  }

 private:
  const std::size_t expected_;
  std::mutex mutex_;
  std::condition_variable all_;
  std::size_t present_ = 0;
};

TEST(WorkerPool, CarriesOutEveryTask) {
  std::atomic<int> count{0};
  {
    WorkerPool pool(8, [&count](Task&) { ++count; });
    for (int i = 0; i < 100; ++i) {
      std::vector<Task> tasks = Tasks(37);
      pool.Submit(tasks);
      EXPECT_TRUE(tasks.empty());
    }
  }
  EXPECT_EQ(count, 3700);
}

TEST(WorkerPool, TasksSubmittedTogetherRunTogether) {
  Meeting meeting(5);
  WorkerPool pool(5, [&meeting](Task&) { meeting.Attend(); });
  std::vector<Task> tasks = Tasks(5);
  pool.Submit(tasks);
}

TEST(WorkerPool, StartsNoMoreThreadsThanTasks) {
  Meeting first(3);
  std::atomic<int> ended{0};
  WorkerPool pool(64, [&](Task&) {
    first.Attend();
    ++ended;
    ended.notify_all();
  });
  EXPECT_EQ(pool.thread_count(), 0u);
  std::vector<Task> tasks = Tasks(3);
  pool.Submit(tasks);
  EXPECT_EQ(pool.thread_count(), 3u);
}

TEST(WorkerPool, StartsNoMoreThreadsThanItsLimit) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  {
    WorkerPool pool(4, [&](Task&) {
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    });
    std::vector<Task> tasks = Tasks(1000);
    pool.Submit(tasks);
    EXPECT_EQ(pool.thread_count(), 4u);
  }
  EXPECT_LE(threads.size(), 4u);
}

TEST(AffordableWorkers, AreLimitedByTheLimitOfOpenFiles) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 64;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(AffordableWorkers(64), 4u);
  low.rlim_cur = 30;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(AffordableWorkers(64), 1u);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(AffordableWorkers(3), 3u);
}

}  // namespace
}  // namespace godwit
