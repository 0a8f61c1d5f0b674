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

std::vector<Task> Tasks(std::size_t count) {
  std::vector<Task> tasks(count);
  for (std::size_t i = 0; i < count; ++i) tasks[i].command.id = i + 1;
  return tasks;
}

Event DoneOf(const Task& task) { return Done{task.command.id, Finished{}}; }

// Takes `count` events and returns the ids of their commands.
std::set<CommandId> TakeAll(EventQueue& queue, std::size_t count) {
  std::set<CommandId> ids;
  std::vector<Event> events;
  while (ids.size() < count) {
    queue.Take(std::chrono::steady_clock::time_point::max(), events);
    for (const Event& event : events) ids.insert(std::get<Done>(event).id);
    events.clear();
  }
  return ids;
}

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

TEST(WorkerPool, EveryTaskIsAnsweredOnce) {
  EventQueue events;
  std::atomic<int> count{0};
  WorkerPool pool(
      8,
      [&count](Task& task) {
        ++count;
        return DoneOf(task);
      },
      events);
  for (int i = 0; i < 100; ++i) {
    std::vector<Task> tasks = Tasks(37);
    pool.Submit(tasks);
    EXPECT_TRUE(tasks.empty());
    EXPECT_EQ(TakeAll(events, 37).size(), 37u);
  }
  EXPECT_EQ(count, 3700);
}

TEST(WorkerPool, TasksSubmittedTogetherRunTogether) {
  EventQueue events;
  Meeting meeting(5);
  WorkerPool pool(
      5,
      [&meeting](Task& task) {
        meeting.Attend();
        return DoneOf(task);
      },
      events);
  std::vector<Task> tasks = Tasks(5);
  pool.Submit(tasks);
  EXPECT_EQ(TakeAll(events, 5).size(), 5u);
  EXPECT_EQ(pool.thread_count(), 5u);
}

TEST(WorkerPool, OneTaskAfterTheOtherNeedsOneThread) {
  EventQueue events;
  WorkerPool pool(64, DoneOf, events);
  EXPECT_EQ(pool.thread_count(), 0u);
  for (int i = 0; i < 1000; ++i) {
    std::vector<Task> tasks = Tasks(1);
    pool.Submit(tasks);
    TakeAll(events, 1);
  }
  EXPECT_EQ(pool.thread_count(), 1u);
}

TEST(WorkerPool, StartsNoMoreThreadsThanItsLimit) {
  EventQueue events;
  WorkerPool pool(4, DoneOf, events);
  std::vector<Task> tasks = Tasks(1000);
  pool.Submit(tasks);
  EXPECT_EQ(TakeAll(events, 1000).size(), 1000u);
  EXPECT_EQ(pool.thread_count(), 4u);
}

TEST(WorkerPool, ItsEndWaitsForAllTasks) {
  EventQueue events;
  std::atomic<int> count{0};
  {
    WorkerPool pool(
        2,
        [&count](Task& task) {
          ++count;
          return DoneOf(task);
        },
        events);
    std::vector<Task> tasks = Tasks(100);
    pool.Submit(tasks);
  }
  EXPECT_EQ(count, 100);
}

TEST(EventQueue, TakeEndsAtItsTime) {
  EventQueue queue;
  std::vector<Event> events;
  queue.Take(std::chrono::steady_clock::now(), events);
  EXPECT_TRUE(events.empty());
}

TEST(EventQueue, EventsComeInTheOrderOfTheirThread) {
  EventQueue queue;
  std::thread pusher([&queue] {
    for (CommandId id = 0; id < 10'000; ++id) queue.Push(Done{id, Finished{}});
  });
  std::vector<Event> events;
  for (CommandId next = 0; next < 10'000;) {
    queue.Take(std::chrono::steady_clock::time_point::max(), events);
    for (const Event& event : events) EXPECT_EQ(std::get<Done>(event).id, next++);
    events.clear();
  }
  pusher.join();
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
