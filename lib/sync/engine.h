#pragma once

#include <chrono>
#include <memory>

#include "lib/sync/command.h"
#include "lib/sync/event.h"
#include "lib/sync/options.h"

namespace godwit {

// Decides everything that happens in one run: what is listed, compared, transferred, repeated,
// looked up, deleted, remembered and reported. Does no I/O, reads no clock, draws no randomness
// but from the seed of Start: the same events give the same commands. One thread at a time.
//
// The runner calls Step with every event, carries out the commands, and stops after End.
class Engine {
 public:
  Engine(SyncOptions options, JobEndpoints endpoints);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Commands Step(Event event, std::chrono::steady_clock::time_point now);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace godwit
