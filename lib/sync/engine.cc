#include "lib/sync/engine.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "lib/sync/delete_phase.h"
#include "lib/sync/delete_spool.h"
#include "lib/sync/planner.h"
#include "lib/sync/run_core.h"
#include "lib/sync/single_object.h"
#include "lib/sync/upload_cleanup.h"

namespace godwit {

// The phases of a run, one after the other. Each goes on until nothing more happens in this step.
class Engine::Impl {
 public:
  Impl(SyncOptions options, JobEndpoints endpoints)
      : core_(std::move(options), std::move(endpoints)),
        spool_(core_),
        planner_(core_, spool_),
        deletes_(core_, spool_, planner_.kept_folders()),
        single_(core_) {}

  Commands Step(Event event, RunCore::TimePoint now) {
    if (phase_ == Phase::kEnded) return {};
    core_.Advance(now);
    if (const auto* start = std::get_if<Start>(&event)) {
      Begin(*start);
    } else if (const auto* stop = std::get_if<Stop>(&event)) {
      OnStop(stop->exit_code);
    }
    core_.Deliver(event);
    bool happened = true;
    while (happened) {
      happened = AdvancePhase();
      happened = core_.Flush() || happened;
    }
    EndIfIdle();
    return core_.Take();
  }

 private:
  enum class Phase : std::uint8_t {
    kNew,
    kPlanning,
    kSingle,
    kDeleting,
    kDeferred,
    kEnding,
    kEnded
  };

  void Begin(const Start& start) {
    if (phase_ != Phase::kNew) return;
    core_.Begin(start);
    source_exists_ = start.source_exists || core_.options().mode == JobMode::kRemove;
    if (const auto limit = core_.options().max_runtime) {
      core_.After(*limit, [this] { OnStop(1); });
    }
    if (!source_exists_) {
      core_.ReportError("", Status(ErrorKind::kContainerNotFound, "the source does not exist"));
      core_.ledger().NoteExit(7);
      phase_ = Phase::kEnding;
    } else if (core_.options().single) {
      phase_ = Phase::kSingle;
      single_.Start();
    } else {
      phase_ = Phase::kPlanning;
      planner_.Start();
    }
  }

  void OnStop(int exit_code) {
    if (phase_ == Phase::kNew || core_.stopping()) return;
    core_.Stop(exit_code);
    planner_.Stop();
    single_.Stop();
  }

  bool AdvancePhase() {
    switch (phase_) {
      case Phase::kPlanning:
        if (planner_.Advance()) return true;
        if (!planner_.copied()) return false;
        return LeavePlanning();
      case Phase::kSingle:
        if (!single_.done()) return false;
        phase_ = Phase::kEnding;
        return true;
      case Phase::kDeleting:
        if (deletes_.Advance()) return true;
        if (!deletes_.done()) return false;
        phase_ = Phase::kDeferred;
        planner_.StartDeferred(core_.ledger().deleted() > 0);
        return true;
      case Phase::kDeferred:
        if (!planner_.copied()) return false;
        phase_ = Phase::kEnding;
        return true;
      case Phase::kEnding:
        return AbortUnwantedUploads();
      case Phase::kNew:
      case Phase::kEnded:
        break;
    }
    return false;
  }

  bool LeavePlanning() {
    const SyncOptions& options = core_.options();
    if (!options.delete_extra && options.mode != JobMode::kRemove) {
      phase_ = Phase::kEnding;
      return true;
    }
    DeleteFacts facts;
    facts.source_keys = planner_.source_objects();
    facts.source_complete = planner_.source_complete();
    facts.target_complete = planner_.target_complete();
    facts.source_exists = source_exists_;
    deletes_.Start(std::move(facts));
    phase_ = Phase::kDeleting;
    return true;
  }

  void EndIfIdle() {
    if (phase_ != Phase::kEnding || !core_.idle()) return;
    phase_ = Phase::kEnded;
    if (core_.options().compare == CompareMode::kDigest && core_.objects_read() > 0) {
      core_.Notice("objects-read",
                   fmt::format("{} objects were read to be compared: nothing comparable is stored",
                               core_.objects_read()));
    }
    core_.Issue(Command{0, EndCommand{core_.ledger().Summary()}});
  }

  // What earlier runs left for objects that need no copy any more, once nothing else goes on.
  // False if there is nothing.
  bool AbortUnwantedUploads() {
    if (!core_.idle() || core_.halted() || !KnowsWhatIsUnwanted()) return false;
    const std::vector<JournaledUpload> uploads = core_.unfinished_uploads().TakeRest();
    for (const JournaledUpload& upload : uploads) EndUnwanted(core_, upload, [] {});
    return !uploads.empty();
  }

  // A cp of one object lists nothing; it knows once it has succeeded.
  bool KnowsWhatIsUnwanted() {
    if (core_.options().single) return core_.ledger().Summary().exit_code == 0;
    return planner_.source_complete();
  }

  RunCore core_;
  DeleteSpool spool_;
  Planner planner_;
  DeletePhase deletes_;
  SingleObject single_;
  Phase phase_ = Phase::kNew;
  bool source_exists_ = true;
};

Engine::Engine(SyncOptions options, JobEndpoints endpoints)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(endpoints))) {}

Engine::~Engine() = default;

Commands Engine::Step(Event event, std::chrono::steady_clock::time_point now) {
  return impl_->Step(std::move(event), now);
}

}  // namespace godwit
