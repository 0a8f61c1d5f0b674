#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "godwit/capabilities.h"
#include "lib/base/retry_policy.h"
#include "lib/plan/attributes.h"
#include "lib/plan/compare.h"
#include "lib/plan/delete_guard.h"
#include "lib/plan/filter.h"

namespace godwit {

enum class JobMode : std::uint8_t {
  kSync,    // Make the target folder equal to the source folder.
  kCopy,    // cp: copy all, compare nothing, delete nothing, keep no state.
  kRemove,  // rm --recursive: there is no source; every key of the target goes.
};
enum class ConflictMode : std::uint8_t { kOverwrite, kSkip, kFail };
enum class SymlinkMode : std::uint8_t { kFollow, kSkip, kFail };

// What one run is to do, resolved from the command line. Immutable during the run.
struct SyncOptions {
  // Changes what happens.
  JobMode mode = JobMode::kSync;
  bool dry_run = false;
  bool delete_extra = false;
  bool delete_excluded = false;
  bool allow_empty_source = false;
  DeleteLimit max_delete;
  CompareMode compare = CompareMode::kAuto;
  bool check_tags = false;
  KeyFilter filter;
  SourceLimits limits;
  ConflictMode conflict = ConflictMode::kOverwrite;
  SymlinkMode symlinks = SymlinkMode::kSkip;
  AttributeRules attributes;
  bool report_unchanged = false;  // -v: also `unchanged` action lines.
  // cp of one object: relative keys on both sides; the folders are not listed.
  struct SingleObject {
    std::string source_key;
    std::string target_key;
  };
  std::optional<SingleObject> single;

  // Changes cost only.
  std::optional<std::uint64_t> part_size_bytes;  // None: auto.
  std::uint64_t memory_bytes = 256ULL << 20;
  std::optional<std::uint32_t> jobs;  // None: adaptive.
  std::uint32_t jobs_max = 64;        // Worker threads that exist.
  RetryPolicy retry;
  std::optional<std::chrono::milliseconds> max_runtime;
  bool resume = true;

  // Whether its uploads are journaled, and those of earlier runs are its to go on with.
  bool journals_uploads() const { return mode != JobMode::kRemove && !dry_run; }
  // Whether a run that succeeds, and skips nothing, has compared each object by its content: what
  // earlier runs left in no record is in the state after it.
  bool settles() const {
    const bool by_content = compare != CompareMode::kSize && compare != CompareMode::kSizeMtime;
    return mode == JobMode::kSync && !dry_run && by_content && filter.empty() && !limits.any();
  }
};

// What the engine must know about each side, as constants.
struct JobEndpoints {
  Capabilities source;
  Capabilities target;
  std::string source_prefix;  // "" or ends in '/': full key = prefix + relative key.
  std::string target_prefix;
  // Same service, endpoint and credential set on both sides: server-side copies are possible.
  bool server_copy_possible = false;
  std::string target_own_folder = {};  // Of godwit's own state: relative, ends in '/', or "".
  std::string target_name = {};        // As the user wrote it, for messages.
};

}  // namespace godwit
