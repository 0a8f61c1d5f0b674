#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "cli/job_run.h"
#include "cli/session.h"
#include "lib/run/job_record.h"
#include "lib/run/job_store.h"

namespace godwit {

// The record of a run that is about to begin, from what the session was given. The paths of its
// locations, files and configuration are as the user wrote them, with the folder that they are
// relative to.
JobRecord MakeJobRecord(const Session& session, const JobLabel& label,
                        const std::string& source_identity, const std::string& target_identity);

// Keeps the record of a run while the run goes on, and after it if it was interrupted or left
// uploads behind. What cannot be written is told to the log and is no reason not to run.
void OpenRecord(Session& session, const std::string& folder, const JobRecord& record);
void CloseRecord(Session& session, const std::string& folder, JobRecord record, JobStore& state,
                 const SyncSummary& summary);

// Fails with kInvalidArgument, naming both places, if the session repeats a recorded run and the
// identity of its source or target is not the recorded one: the environment names another
// endpoint or account, or a link leads elsewhere.
enum class RecordedSide : std::uint8_t { kSource, kTarget };
Status CheckRecorded(const Session& session, RecordedSide side, const std::string& identity);
// The same of a container (ends in '/') in which the place must lie, where more is not known yet.
Status CheckRecordedContainer(const Session& session, RecordedSide side,
                              const std::string& container_identity);
Status OtherPlace(const std::string& job_id, RecordedSide side, const std::string& then,
                  const std::string& now);

// A command that a record tells of, ready to be carried out again with the environment of now and
// the output of `outer`. Its stores see this session.
class RecordedCommand {
 public:
  enum class Options : std::uint8_t {
    kAll,   // Those of the record, with those of `outer` after them.
    kNone,  // Only those of `outer`: to open the stores.
  };
  // Enters the record's working folder. Fails with kInvalidArgument if that, the configuration or a
  // file that an option names is gone or does not fit any more.
  static Result<std::unique_ptr<RecordedCommand>> Make(Session& outer, const JobRecord& record,
                                                       Options options);
  Session& session() { return *session_; }

 private:
  RecordedCommand() = default;

  CommandLine line_;
  ConfigFile config_;
  OptionValues values_;
  std::optional<Log> log_;
  RequestMeter meter_;
  std::optional<Session> session_;
};

}  // namespace godwit
