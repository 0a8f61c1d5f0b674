#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "lib/base/log.h"
#include "lib/run/process_identity.h"

namespace godwit {

enum class JobState : std::uint8_t {
  kRunning,      // Or killed: whether its process lives tells.
  kInterrupted,  // Stopped by a signal or by --max-runtime.
  kFailed,       // Ended by itself, and left unfinished uploads behind.
};

// What is needed to repeat a run: the command as it was given, where it ran, and who ran it. Holds
// no secret: locations and options cannot carry one.
struct JobRecord {
  using Option = std::pair<std::string, std::string>;

  std::string id;       // Of the job: the same for each run of the same command.
  std::string command;  // "sync", "cp"
  std::vector<std::string> operands;
  std::vector<Option> options;  // All that were given, by whatever means; in order.
  std::string working_folder;   // What relative paths are relative to.
  std::string config_path;      // Empty: there was no configuration file.
  std::string source_identity;
  std::string target_identity;
  Timestamp started{};
  JobState state = JobState::kRunning;
  ProcessIdentity process;

  bool operator==(const JobRecord& other) const = default;
};

// What makes two runs one job: command, source, target, and the options that change bytes, keys or
// metadata.
std::string MakeJobId(std::string_view command, std::string_view source_identity,
                      std::string_view target_identity,
                      const std::vector<JobRecord::Option>& options);

// The job that uploads in the journal belong to: a cp's record may have a number behind its id.
std::string OwnerOf(const JobRecord& record);

// Lines of text with a sum at the end. None if any byte is damaged.
std::string EncodeJobRecord(const JobRecord& record);
std::optional<JobRecord> DecodeJobRecord(std::string_view text);

// Records are files beside the state of their (source, target): a run holds its database for
// itself, and must be seen by others all the same.
//
// Writes the record of a job, in place of the one of an earlier run. Durable on return.
Status WriteJobRecord(const std::string& folder, const JobRecord& record);
Status RemoveJobRecord(const std::string& folder, const std::string& id);

struct FoundJob {
  std::string folder;
  JobRecord record;
};
// All records of a state folder, oldest run first; none if there is no such folder. Damaged ones
// are set aside, with a warning.
Result<std::vector<FoundJob>> FindJobs(const std::string& state_dir, Log& log);

}  // namespace godwit
