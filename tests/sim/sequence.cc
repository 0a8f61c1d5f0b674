#include "tests/sim/sequence.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/plan/merge.h"
#include "tests/sim/model.h"
#include "tests/sim/run_checker.h"
#include "tests/sim/sim_runner.h"

namespace godwit {
namespace {

std::string Quoted(const std::string& key) { return "'" + EscapeForDisplay(key) + "'"; }

std::uint64_t CountActions(const RunRecord& record, ActionKind action, ActionStatus status) {
  return static_cast<std::uint64_t>(
      std::count_if(record.actions.begin(), record.actions.end(), [&](const ActionReport& report) {
        return report.action == action && report.status == status;
      }));
}

// One world from its first run to its last.
class Sequence {
 public:
  Sequence(const Scenario& scenario, const PlaySettings& settings)
      : scenario_(scenario), settings_(settings), world_(scenario_), uploads_(world_) {}

  SequenceResult Play() {
    Print(scenario_.Describe());
    outside_ = world_.Outside();
    for (const RunPlan& plan : scenario_.runs) {
      Random random(SeedOf(plan) ^ 0xc4a05);
      for (int i = 0; i < plan.changes_before; ++i) Print(world_.ChangeSomething(random));
      if (plan.uploads_forgotten) world_.ForgetUploads(random);
      PlayRun(plan);
    }
    // A run that a late write disturbed may have ended early.
    if (!last_.clean()) PlayRun(InPeace());
    if (!last_.clean()) PlayRun(InPeace());
    if (!last_.clean()) Violate("a run in peace was not left in peace");
    PlayAgain();
    PlayWithoutState();
    Violate(uploads_.AfterCleanUp());
    result_.parts_reused = uploads_.parts_reused();
    result_.parts_sent_again = uploads_.parts_sent_again();
    return std::move(result_);
  }

 private:
  std::uint64_t SeedOf(const RunPlan& plan) const {
    return scenario_.seed * 1'000 + static_cast<std::uint64_t>(plan.number);
  }
  RunPlan InPeace() {
    RunPlan plan;
    plan.number = ++in_peace_;
    return plan;
  }

  void PlayRun(const RunPlan& plan) {
    if (!result_.violation.empty()) return;
    ++result_.runs;
    Print(fmt::format("---- run {} ----", result_.runs));
    const Tree source = world_.Source();
    const Tree target = world_.Target();
    const std::size_t uploads = world_.OpenUploads().size();
    world_.ForgetChanges();
    RunChecker checker(world_, uploads_);
    const std::unique_ptr<Meddler> meddler = settings_.meddler ? settings_.meddler() : nullptr;
    SimRunner runner(world_, checker, plan, SeedOf(plan), meddler.get(), settings_.trace);
    runner.AddLateWrites(std::exchange(late_, {}));
    runner.Run();
    late_ = runner.TakeLateWrites();
    if (runner.crashed()) ReplaceUnrecorded(plan, checker.record().published);
    if (runner.crashed()) ++(plan.death == Death::kKilled ? result_.kills : result_.power_cuts);
    last_ = checker.record();
    for (const auto& [kind, count] : last_.issued) result_.commands += count;
    if (!checker.violation().empty()) return Violate(checker.violation());
    CheckUntouched(source);
    CheckAccounting();
    CheckTarget(source, target);
    CheckLeftovers(plan, uploads);
  }

  // What a run that died had written and not recorded changes within the same second.
  void ReplaceUnrecorded(const RunPlan& plan, const std::set<std::string>& published) {
    if (!scenario_.source.whole_seconds) return;
    Random random(SeedOf(plan) ^ 0xa11ce);
    for (const std::string& key : published) {
      const bool chosen = random.Chance(0.5);
      if (!chosen || world_.jobs().rows().contains(key)) continue;
      if (world_.ReplaceAlike(key, random)) Print("outside: source replaced " + key);
    }
  }

  // A run after a run in peace has nothing to do.
  void PlayAgain() {
    if (!result_.violation.empty()) return;
    const RunRecord first = last_;
    const Expected expected = Predict(scenario_, world_.Source(), world_.Target());
    PlayRun(InPeace());
    if (!result_.violation.empty()) return;
    const bool idempotent = scenario_.options.mode == JobMode::kSync &&
                            scenario_.options.compare != CompareMode::kAlways;
    if (!idempotent) return;
    if (!scenario_.options.dry_run && (!last_.published.empty() || !last_.deleted.empty())) {
      Violate("the second run changed " +
              Quoted(last_.published.empty() ? *last_.deleted.begin() : *last_.published.begin()));
    }
    if (!expected.converges || scenario_.options.dry_run) return;
    const bool remembers = scenario_.options.compare == CompareMode::kAuto ||
                           scenario_.options.compare == CompareMode::kMtime;
    for (const char* kind : {"transfer", "begin", "copy", "metadata", "hash", "head"}) {
      const bool may_ask = std::string_view(kind) == "head" || std::string_view(kind) == "hash";
      if (may_ask && !remembers) continue;
      if (last_.issued[kind] > 0) Violate(fmt::format("the second run needed a {}", kind));
    }
  }

  // What an earlier run has marked is known without its state.
  void PlayWithoutState() {
    if (!result_.violation.empty() || !scenario_.all_marked) return;
    world_.jobs().ForgetState();
    PlayRun(InPeace());
    for (const char* kind : {"transfer", "begin", "copy", "delete"}) {
      if (last_.issued[kind] > 0) Violate(fmt::format("the run without state needed a {}", kind));
    }
  }

  // Neither the source nor anything outside of the two folders.
  void CheckUntouched(const Tree& source_before) {
    const std::map<std::string, Version> outside = world_.Outside();
    if (outside != outside_) Violate("something outside of the target folder changed");
    if (world_.source_changed()) return;
    const Tree source = world_.Source();
    const bool same =
        std::equal(source.begin(), source.end(), source_before.begin(), source_before.end(),
                   [](const auto& a, const auto& b) {
                     return a.first == b.first && a.second.version() == b.second.version();
                   });
    if (!same) Violate("the source changed");
  }

  // The summary, the reports, and what really happened agree (I10).
  void CheckAccounting() {
    if (!last_.summary) return;
    const SyncSummary& s = *last_.summary;
    const ActionStatus done =
        scenario_.options.dry_run ? ActionStatus::kPlanned : ActionStatus::kDone;
    ExpectCount("copied", s.copied, CountActions(last_, ActionKind::kCopy, done));
    ExpectCount("metadata", s.metadata, CountActions(last_, ActionKind::kMetadata, done));
    if (!scenario_.options.dry_run) {
      ExpectCount("deleted", s.deleted, CountActions(last_, ActionKind::kDelete, done));
    }
    std::uint64_t failed = 0;
    std::uint64_t bytes = 0;
    for (const ActionReport& report : last_.actions) {
      failed += report.status == ActionStatus::kFailed ? 1 : 0;
      if (report.action == ActionKind::kCopy && report.status == done) bytes += report.bytes;
    }
    ExpectCount("failed", s.failed, failed);
    ExpectCount("bytes", s.bytes_copied, bytes);
    std::uint64_t evidence = 0;
    for (const std::uint64_t count : s.evidence) evidence += count;
    ExpectCount("unchanged", s.unchanged, evidence);
    CheckExit(s);
    CheckHappened();
  }

  void ExpectCount(const std::string& what, std::uint64_t said, std::uint64_t counted) {
    if (said != counted) {
      Violate(fmt::format("the summary says {} {}, there were {}", what, said, counted));
    }
  }

  void CheckExit(const SyncSummary& s) {
    if (s.exit_code == 0 && s.failed > 0) Violate("exit 0 although objects failed");
    if (s.exit_code == 0 && !last_.errors.empty()) Violate("exit 0 although errors were reported");
    const bool said = s.failed > 0 || !last_.errors.empty() || last_.stopped || s.skipped > 0;
    if (s.exit_code != 0 && !said) Violate(fmt::format("exit {} without a word", s.exit_code));
    if (last_.stopped && s.exit_code != 130 && s.exit_code != 5) {
      Violate(fmt::format("exit {} of a run that was stopped", s.exit_code));
    }
    // What an earlier run left may not fit the target any more, or hold damaged bytes.
    if (last_.quiet() && !s.resumed && s.retries > 0) Violate("retries without a fault");
  }

  void CheckHappened() {
    for (const ActionReport& report : last_.actions) {
      if (report.status != ActionStatus::kDone) continue;
      const bool wrote =
          report.action == ActionKind::kCopy || report.action == ActionKind::kMetadata;
      // Where a listing lied, nobody looked, or somebody else wrote, the same may have been there
      // already: a lost answer is then taken for it.
      const bool looked = scenario_.options.mode == JobMode::kSync && !last_.lies;
      const bool alone = looked && !last_.late_writes && !last_.outside_changes;
      if (wrote && alone && !last_.published.contains(report.key)) {
        Violate("reported as copied, but was not: " + Quoted(report.key));
      }
      const bool gone = last_.deleted.contains(report.key) || last_.outside_changes;
      if (report.action == ActionKind::kDelete && !gone) {
        Violate("reported as deleted, but was not: " + Quoted(report.key));
      }
    }
    const auto reported = [this](const std::string& key) {
      return std::any_of(last_.actions.begin(), last_.actions.end(), [&](const ActionReport& r) {
        return r.key == key && r.status != ActionStatus::kSkipped;
      });
    };
    for (const std::set<std::string>* keys : {&last_.published, &last_.deleted}) {
      for (const std::string& key : *keys) {
        // What somebody else has replaced or removed since is not this run's to tell of.
        const bool excused = last_.late_writes || world_.foreign_writes().contains(key);
        if (!reported(key) && !excused) Violate("changed without a word: " + Quoted(key));
      }
    }
  }

  bool Failed(const std::string& key) const {
    return std::any_of(last_.actions.begin(), last_.actions.end(), [&](const ActionReport& r) {
      return r.key == key && r.status == ActionStatus::kFailed;
    });
  }

  // After a run in peace the target is what the model says. After any other each key is what it
  // was, what it should become, or what somebody else made of it.
  void CheckTarget(const Tree& source, const Tree& before) {
    const Expected expected = Predict(scenario_, source, before);
    const Tree after = world_.Target();
    std::set<std::string> keys;
    for (const auto& [key, object] : before) keys.insert(key);
    for (const auto& [key, object] : after) keys.insert(key);
    for (const auto& [key, contents] : expected.contents) keys.insert(key);
    for (const std::string& key : keys) CheckKey(key, expected, before, after);
    if (last_.clean()) CheckClean(expected);
    if (last_.clean() && scenario_.all_marked) CheckNeedless(source, before);
    const bool converged = last_.summary && last_.summary->exit_code == 0 && expected.converges;
    if (converged && !last_.outside_changes && !last_.lies) CheckEqual(source, after);
  }

  void CheckKey(const std::string& key, const Expected& expected, const Tree& before,
                const Tree& after) {
    if (world_.foreign_writes().contains(key)) return;
    const auto content_in = [&key](const Tree& tree) -> std::optional<std::string> {
      const auto found = tree.find(key);
      if (found == tree.end()) return std::nullopt;
      return found->second.content;
    };
    const std::optional<std::string> now = content_in(after);
    const auto found = expected.contents.find(key);
    const bool as_expected = found != expected.contents.end() && found->second.contains(now);
    if (as_expected) return;
    if (last_.clean()) return Violate("not as the model says: " + Quoted(key));
    if (now == content_in(before)) return;
    if (world_.fallen_back().contains(key)) {
      const bool whole = !now || world_.TargetContent(after.at(key).version()) == now;
      return whole ? void() : Violate("torn by the power cut: " + Quoted(key));
    }
    // The service damaged it and then would not have it repaired, removed or read back.
    if (last_.damaged_keys.contains(key) && Failed(key)) return;
    if (!now) {
      // The guards judge what was listed.
      if ((last_.outside_changes || last_.lies) && last_.deleted.contains(key)) return;
      if (last_.deleted_late.contains(key)) return;
      return Violate("gone although it should stay: " + Quoted(key));
    }
    for (const auto& [version, object] : world_.SourceVersions(key)) {
      if (object.content == *now) return;
    }
    Violate("holds what it should not: " + Quoted(key));
  }

  // Nothing that bears the mark of an earlier run is copied. Two empty objects are equal without
  // it.
  void CheckNeedless(const Tree& source, const Tree& before) {
    for (const std::string& key : last_.published) {
      const auto there = before.find(key);
      if (there == before.end() || there->second.content.empty()) continue;
      const bool equal = there->second.content == source.at(key).content;
      if (equal) Violate("copied although it was there: " + Quoted(key));
    }
  }

  void CheckClean(const Expected& expected) {
    const SyncSummary& s = *last_.summary;
    if (!expected.exit_codes.contains(s.exit_code)) {
      Violate(fmt::format("exit {}, the model says {}", s.exit_code, *expected.exit_codes.begin()));
    }
    if (!expected.exact) return;
    ExpectCount("failed", s.failed, expected.failed.size());
    ExpectCount("deleted", s.deleted, expected.deleted);
    for (const ActionReport& report : last_.actions) {
      const bool failed = report.status == ActionStatus::kFailed;
      if (failed && !expected.failed.contains(report.key)) Violate("failed: " + Quoted(report.key));
    }
  }

  // An upload stays open only for the next run, where the service refuses to abort it, or where
  // nobody can know whether it is ours.
  void CheckLeftovers(const RunPlan& plan, std::size_t uploads_before) {
    if (!last_.summary) return;
    const bool unclear =
        plan.rates.journal > 0 || last_.outside_changes || last_.lies || last_.late_writes;
    if (unclear) uploads_.Excuse();
    const bool kept = last_.stopped || last_.summary->resumable;
    const bool hopeless = unclear || plan.rates.final_error > 0 || kept;
    if (!hopeless && world_.OpenUploads().size() > uploads_before)
      Violate("uploads were left open");
    if (last_.stop_took > std::chrono::seconds(10)) Violate("the stop took more than 10 s");
  }

  void CheckEqual(const Tree& source, const Tree& target) {
    for (const auto& [key, object] : source) {
      const SyncOptions& options = scenario_.options;
      const bool takes_part = options.filter.Includes(key) && !IsReservedKey(key) &&
                              options.limits.Allows(object.meta.entry);
      if (!takes_part) continue;
      const auto there = target.find(key);
      if (there == target.end() || there->second.content != object.content) {
        Violate("exit 0, but not equal: " + Quoted(key));
      }
    }
  }

  void Violate(const std::string& what) {
    if (what.empty() || !result_.violation.empty()) return;
    result_.violation = fmt::format("run {}: {}", result_.runs, what);
    Print("VIOLATION " + result_.violation);
  }

  void Print(const std::string& line) {
    if (settings_.trace != nullptr) *settings_.trace << line << '\n';
  }

  const Scenario scenario_;
  const PlaySettings& settings_;
  World world_;
  UploadChecker uploads_;
  int in_peace_ = 100;  // The number of the last run that the scenario does not name.
  SequenceResult result_;
  std::map<std::string, Version> outside_;
  std::vector<Command> late_;
  RunRecord last_;
};

}  // namespace

SequenceResult PlaySequence(const Scenario& scenario, const PlaySettings& settings) {
  return Sequence(scenario, settings).Play();
}

}  // namespace godwit
