#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "godwit/call_context.h"
#include "godwit/object_store.h"
#include "godwit/result.h"
#include "lib/base/log.h"
#include "lib/run/job_store.h"
#include "lib/sync/options.h"
#include "lib/sync/report.h"

namespace godwit {

// One side of a job: a folder of a container.
struct Endpoint {
  ObjectStore* store = nullptr;  // Borrowed.
  std::string prefix;            // "" or ends in '/'.
  std::string url;               // As the user wrote it, for messages.
  // Canonical: service, endpoint, container and prefix. Keys state and locks; two spellings of
  // one place have one identity. Never holds a secret.
  std::string identity;
  // The container as its service names it ("lake"); names the source of server-side copies.
  std::string container = {};
  // Service, endpoint and credential set: equal, not empty ones may copy inside the service.
  std::string copy_domain = {};
  // Where godwit's own state lies beneath a local folder, relative, ending in '/'; empty:
  // elsewhere.
  std::string own_folder = {};
};

// How far a job has come; for progress displays.
struct Progress {
  std::uint64_t objects_done = 0;
  std::uint64_t objects_planned = 0;
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_planned = 0;
  std::uint64_t listed_source = 0;
  std::uint64_t listed_target = 0;
  bool planning = true;  // The totals may still grow.
};

// Receives what a job reports. Called from one thread at a time.
class JobObserver {
 public:
  virtual ~JobObserver() = default;
  virtual void OnReport(const Report& report) = 0;
  virtual void OnProgress(const Progress& progress) = 0;  // About ten times a second.
  virtual bool OnConfirm(std::uint64_t object_count, std::uint64_t bytes) = 0;
};

struct JobOutcome {
  SyncSummary summary;
  std::chrono::milliseconds elapsed{0};
};

struct JobSettings {
  SyncOptions options;
  std::chrono::milliseconds stall_timeout{60'000};
  std::uint64_t seed = 0;  // 0: from the kernel.
  // Both sides are one service, endpoint and credential set: server-side copies are possible.
  bool server_copy_possible = false;
  // When the earliest run began whose last writes may be in no record (UnsettledSince).
  std::optional<Timestamp> unsettled_since = {};
  // 0 while the job may run; else the exit code of a clean stop (129, 130, 143). Polled.
  const volatile int* stop_signal = nullptr;
};

// Runs one job to its end: an Engine, worker threads that carry out its commands on the two
// stores, and the job store for state. `meter` counts the requests of both sides. Never throws;
// failures are in the summary's exit code and were reported to `observer`.
JobOutcome RunJob(const Endpoint& source, const Endpoint& target, const JobSettings& settings,
                  JobStore& job_store, RequestMeter& meter, JobObserver& observer, Log& log);

}  // namespace godwit
