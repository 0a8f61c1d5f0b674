#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include <pthread.h>

#include "lib/run/event_queue.h"
#include "lib/sync/command.h"
#include "lib/sync/event.h"

namespace godwit {

// One command, and how it is told to stop.
struct Task {
  Command command;
  std::stop_token stop;
};

// Threads with small stacks that carry out tasks by blocking calls.
//
// Starts a thread only when there are more tasks than threads, up to the limit. The thread that
// rested last works first, so that its connections and caches are warm. All signals are blocked in
// the threads: they go to the thread that made the pool. Submit from one thread; the destructor
// waits for all tasks.
class WorkerPool {
 public:
  // `run` is called from every worker; what it returns goes to `events`, which is borrowed.
  WorkerPool(std::uint32_t threads_max, std::function<Event(Task&)> run, EventQueue& events);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Takes the tasks and leaves `tasks` empty. Where the system allows no thread at all, they are
  // carried out before Submit returns.
  void Submit(std::vector<Task>& tasks);

  std::uint32_t thread_count() const;

 private:
  struct Worker {
    WorkerPool* pool = nullptr;
    pthread_t thread{};
    std::condition_variable wake;
    bool called = false;
  };

  static void* Main(void* worker);
  void Work(Worker& worker);
  bool Next(Worker& worker, Task& task);
  void Carry(Task& task);
  std::vector<Worker*> CallIdle();
  void Grow();
  bool StartWorker();
  void RunAllHere();

  const std::uint32_t threads_max_;
  const std::function<Event(Task&)> run_;
  EventQueue& events_;

  mutable std::mutex mutex_;  // Guards all below.
  std::deque<Task> queue_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Worker*> idle_;  // The last one rested last.
  std::uint32_t busy_ = 0;     // Tasks being carried out.
  bool closing_ = false;
};

// How many workers the process can afford: `wanted`, but no more than its limit of open files
// allows with the few that each may hold at once, and at least one.
std::uint32_t AffordableWorkers(std::uint32_t wanted);

}  // namespace godwit
