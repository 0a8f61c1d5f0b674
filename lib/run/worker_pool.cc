#include "lib/run/worker_pool.h"

#include <algorithm>
#include <utility>

#include <sys/resource.h>

#include "lib/run/quiet_thread.h"

namespace godwit {

namespace {

// Enough for TLS, XML and name resolution; sanitizers multiply each frame.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kStackBytes = 2UL << 20;
#else
constexpr std::size_t kStackBytes = 256UL << 10;
#endif

// Sockets to both sides, a temporary file, its folder and one to spare.
constexpr std::uint64_t kFilesPerWorker = 5;
// Standard streams, journal, lock, listing.
constexpr std::uint64_t kFilesOfProcess = 40;

}  // namespace

WorkerPool::WorkerPool(std::uint32_t threads_max, std::function<Event(Task&)> run,
                       EventQueue& events)
    : threads_max_(std::max(threads_max, 1U)), run_(std::move(run)), events_(events) {}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    for (Worker* worker : idle_) {
      worker->called = true;
      worker->wake.notify_one();
    }
    idle_.clear();
  }
  for (const std::unique_ptr<Worker>& worker : workers_) pthread_join(worker->thread, nullptr);
}

void WorkerPool::Submit(std::vector<Task>& tasks) {
  if (tasks.empty()) return;
  std::vector<Worker*> called;
  bool alone = false;
  {
    const std::lock_guard lock(mutex_);
    for (Task& task : tasks) queue_.push_back(std::move(task));
    tasks.clear();
    Grow();
    called = CallIdle();
    alone = workers_.empty();
  }
  for (Worker* worker : called) worker->wake.notify_one();
  if (alone) RunAllHere();
}

std::uint32_t WorkerPool::thread_count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint32_t>(workers_.size());
}

// Takes as many resting workers off the stack as there are tasks. They wake once the lock is free.
std::vector<WorkerPool::Worker*> WorkerPool::CallIdle() {
  std::vector<Worker*> called;
  while (!idle_.empty() && called.size() < queue_.size()) {
    idle_.back()->called = true;
    called.push_back(idle_.back());
    idle_.pop_back();
  }
  return called;
}

void WorkerPool::Grow() {
  const std::size_t wanted = std::min<std::size_t>(threads_max_, busy_ + queue_.size());
  while (workers_.size() < wanted && StartWorker()) {
  }
}

bool WorkerPool::StartWorker() {
  auto worker = std::make_unique<Worker>();
  worker->pool = this;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, kStackBytes);
  const SignalsBlocked blocked;
  const int error = pthread_create(&worker->thread, &attributes, &WorkerPool::Main, worker.get());
  pthread_attr_destroy(&attributes);
  if (error != 0) return false;
  workers_.push_back(std::move(worker));
  return true;
}

void WorkerPool::RunAllHere() {
  std::unique_lock lock(mutex_);
  while (!queue_.empty()) {
    Task task = std::move(queue_.front());
    queue_.pop_front();
    ++busy_;
    lock.unlock();
    Carry(task);
    lock.lock();
  }
}

void* WorkerPool::Main(void* worker) {
  Worker& self = *static_cast<Worker*>(worker);
  self.pool->Work(self);
  return nullptr;
}

void WorkerPool::Work(Worker& worker) {
  for (;;) {
    Task task;
    if (!Next(worker, task)) return;
    Carry(task);
  }
}

// Waits for a task; false when the pool closes and none is left.
bool WorkerPool::Next(Worker& worker, Task& task) {
  std::unique_lock lock(mutex_);
  while (queue_.empty()) {
    if (closing_) return false;
    worker.called = false;
    idle_.push_back(&worker);
    worker.wake.wait(lock, [&worker] { return worker.called; });
  }
  task = std::move(queue_.front());
  queue_.pop_front();
  ++busy_;
  return true;
}

void WorkerPool::Carry(Task& task) {
  Event event = run_(task);
  {
    // Free before the answer is known: the next task, should the answer bring one, needs no other
    // worker.
    const std::lock_guard lock(mutex_);
    --busy_;
  }
  events_.Push(std::move(event));
}

std::uint32_t AffordableWorkers(std::uint32_t wanted) {
  rlimit files{};
  std::uint64_t affordable = wanted;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY) {
    const std::uint64_t spare =
        files.rlim_cur > kFilesOfProcess ? files.rlim_cur - kFilesOfProcess : 0;
    affordable = std::min<std::uint64_t>(affordable, spare / kFilesPerWorker);
  }
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(affordable, 1));
}

}  // namespace godwit
