#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/unit/sync/scripted_runner.h"

namespace godwit {
namespace {

// Ten objects at both sides and `extra` more at the target.
struct DeleteRun : ScriptedRunner {
  explicit DeleteRun(int extra) {
    options.delete_extra = true;
    for (int i = 0; i < 10; ++i) {
      for (FakeSide* side : {&source, &target}) {
        side->Set("k" + std::to_string(i), "x").listed_digests = SumOf("x").digests();
      }
    }
    for (int i = 0; i < extra; ++i) target.Set(Extra(i), "y");
  }
  static std::string Extra(int i) { return "m" + std::to_string(100000 + i); }
};

bool IsHead(const Command& command, Side side) {
  const auto* head = std::get_if<HeadCommand>(&command.body);
  return head != nullptr && head->side == side;
}

TEST(EngineDelete, ExtraKeysGoInTheirListedVersionAndTheirStateToo) {
  DeleteRun run(3);
  const Version listed = run.target.objects.at(DeleteRun::Extra(0)).version;

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.deleted, 3U);
  EXPECT_EQ(summary.unchanged, 10U);
  EXPECT_EQ(run.target.objects.size(), 10U);
  EXPECT_EQ(run.Sent<DeleteCommand>().at(0).requests.at(0).if_version, listed);
  EXPECT_EQ(run.ActionOf(DeleteRun::Extra(1))->reason, Reason::kNotInSource);
  EXPECT_EQ(run.Kept<DropStateRecord>().size(), 3U);
}

TEST(EngineDelete, NothingIsDeletedWithoutTheOption) {
  DeleteRun run(3);
  run.options.delete_extra = false;
  EXPECT_EQ(run.Run().deleted, 0U);
  EXPECT_TRUE(run.Sent<SpoolCommand>().empty());
}

TEST(EngineDelete, DeletesComeAfterAllCopiesI2) {
  DeleteRun run(3);
  for (int i = 0; i < 50; ++i) run.source.Set("a" + std::to_string(i), "new");
  bool deleting = false;
  run.watch = [&](const Command& command) {
    deleting = deleting || Is<DeleteCommand>(command);
    EXPECT_FALSE(deleting && Is<TransferWholeCommand>(command));
  };
  EXPECT_EQ(run.Run().deleted, 3U);
}

TEST(EngineDelete, AFailedCopyBlocksAllDeletesI2) {
  DeleteRun run(3);
  run.source.Set("new", "n");
  run.before = FailFirst<TransferWholeCommand>(1, Status(ErrorKind::kPermissionDenied, "403"));

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 1);
  EXPECT_EQ(summary.deleted, 0U);
  EXPECT_EQ(summary.skipped, 3U);
  EXPECT_EQ(run.ActionOf(DeleteRun::Extra(0))->reason, Reason::kDeleteBlocked);
  EXPECT_EQ(run.ActionOf(DeleteRun::Extra(0))->status, ActionStatus::kSkipped);
  EXPECT_EQ(run.notices.at(0).topic, "delete-blocked");
}

// The listing that the halt cuts short must not turn "disk full" into "listing failed".
TEST(EngineDelete, FullDiskBlocksDeletesAndStaysExitEight) {
  DeleteRun run(3);
  run.source.page_keys = 3;
  run.options.jobs = 1;
  run.source.Set("a", "new");
  run.before = FailFirst<TransferWholeCommand>(1, Status(ErrorKind::kNoSpace, "ENOSPC"));
  EXPECT_EQ(run.Run().exit_code, 8);
  EXPECT_TRUE(run.Sent<DeleteCommand>().empty());
}

TEST(EngineDelete, EachKeyIsProvenAbsentByAHeadI3) {
  DeleteRun run(3);
  run.Run();
  std::set<std::string> asked;
  for (const HeadCommand& head : run.Sent<HeadCommand>()) {
    EXPECT_EQ(head.side, Side::kSource);
    asked.insert(head.key);
  }
  EXPECT_EQ(asked.size(), 3U);
}

// A short but well-formed listing: the page ends early and its token is missing, once.
TEST(EngineDelete, ShortListingIsFoundOutByTheSecondProofI3) {
  for (const int keys : {12, 1500}) {
    ScriptedRunner run;
    run.options.delete_extra = true;
    run.options.max_delete = {DeleteLimit::Kind::kAll, 0};
    for (int i = 0; i < keys; ++i) {
      run.source.Set(DeleteRun::Extra(i), "x");
      run.target.Set(DeleteRun::Extra(i), "x");
    }
    bool first = true;
    run.answer = [&first](CommandResult& result) {
      auto* page = std::get_if<ListPage>(&result);
      if (page == nullptr || !std::exchange(first, false)) return;
      page->entries.resize(page->entries.size() / 2);
      page->next_page_token.clear();
    };
    run.target.page_keys = 100000;

    const SyncSummary summary = run.Run();

    EXPECT_EQ(summary.exit_code, 7);
    EXPECT_EQ(summary.deleted, 0U);
    EXPECT_EQ(run.target.objects.size(), static_cast<std::size_t>(keys));
    ASSERT_EQ(run.errors.size(), 1U);
    EXPECT_TRUE(run.target.objects.contains(run.errors[0].key));
  }
}

TEST(EngineDelete, UnclearProofStopsAllDeletesI3) {
  for (const ErrorKind kind : {ErrorKind::kPermissionDenied, ErrorKind::kUnavailable,
                               ErrorKind::kTimeout, ErrorKind::kContainerNotFound}) {
    DeleteRun run(3);
    run.before = [kind](const Command& command) -> std::optional<Status> {
      const auto* head = std::get_if<HeadCommand>(&command.body);
      if (head == nullptr || head->key != DeleteRun::Extra(1)) return std::nullopt;
      return Status(kind, "unclear");
    };

    const SyncSummary summary = run.Run();

    EXPECT_EQ(summary.exit_code, 7);
    EXPECT_TRUE(run.Sent<DeleteCommand>().empty());
    EXPECT_EQ(summary.skipped, 3U);
  }
}

TEST(EngineDelete, ManyKeysAreProvenByASecondListingI3) {
  DeleteRun run(1001);
  run.options.max_delete = {DeleteLimit::Kind::kAll, 0};

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.deleted, 1001U);
  EXPECT_TRUE(run.Sent<HeadCommand>().empty());
  EXPECT_EQ(run.target.objects.size(), 10U);
}

TEST(EngineDelete, FailedSecondListingStopsAllDeletesI3) {
  DeleteRun run(1001);
  run.options.max_delete = {DeleteLimit::Kind::kAll, 0};
  bool spooled = false;
  run.before = [&](const Command& command) -> std::optional<Status> {
    spooled = spooled || Is<ReadSpoolCommand>(command);
    if (!spooled || !Is<ListCommand>(command)) return std::nullopt;
    return Status(ErrorKind::kPermissionDenied, "403");
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 7);
  EXPECT_EQ(summary.deleted, 0U);
  EXPECT_EQ(summary.skipped, 1001U);
}

TEST(EngineDelete, UnorderedSecondListingStopsAllDeletesI24) {
  DeleteRun run(1001);
  run.options.max_delete = {DeleteLimit::Kind::kAll, 0};
  bool spooled = false;
  run.watch = [&](const Command& command) { spooled = spooled || Is<ReadSpoolCommand>(command); };
  for (const char* key : {"n1", "n2", "n3"}) run.source.Set(key, "x");
  run.answer = [&](CommandResult& result) {
    auto* page = std::get_if<ListPage>(&result);
    if (page != nullptr && spooled) std::swap(page->entries.at(0), page->entries.at(1));
  };
  EXPECT_EQ(run.Run().exit_code, 7);
  EXPECT_TRUE(run.Sent<DeleteCommand>().empty());
}

TEST(EngineDelete, KeysAmongManyThatReappearAreFoundI3) {
  DeleteRun run(1500);
  run.options.max_delete = {DeleteLimit::Kind::kAll, 0};
  run.source.page_keys = 7;
  run.watch = [&run](const Command& command) {
    if (Is<ReadSpoolCommand>(command)) run.source.Set(DeleteRun::Extra(1499), "back");
  };
  EXPECT_EQ(run.Run().exit_code, 7);
  EXPECT_TRUE(run.Sent<DeleteCommand>().empty());
}

TEST(EngineDelete, CapStopsAllDeletesI5) {
  DeleteRun run(21);
  const SyncSummary summary = run.Run();
  EXPECT_EQ(summary.exit_code, 6);
  EXPECT_EQ(summary.deleted, 0U);
  EXPECT_EQ(summary.skipped, 21U);
  ASSERT_EQ(run.errors.size(), 1U);
  EXPECT_EQ(run.errors[0].status.message(),
            "refusing to delete 21 of 31 objects in mem://target: more than --max-delete 25% (20 "
            "at least); raise it with --max-delete 21 or --max-delete all");
}

TEST(EngineDelete, EmptySourceIsRefusedUnlessAllowedI4) {
  for (const bool allowed : {false, true}) {
    ScriptedRunner run;
    run.options.delete_extra = true;
    run.options.allow_empty_source = allowed;
    run.target.Set("a", "x");

    const SyncSummary summary = run.Run();

    EXPECT_EQ(summary.exit_code, allowed ? 0 : 6);
    EXPECT_EQ(summary.deleted, allowed ? 1U : 0U);
  }
}

TEST(EngineDelete, ExcludedKeysAreProtectedUnlessAskedForI7) {
  for (const bool asked : {false, true}) {
    DeleteRun run(2);
    run.options.delete_excluded = asked;
    run.source.Set("log/a", "x");
    run.target.Set("log/a", "x");
    ASSERT_TRUE(run.options.filter.Add(false, "log/**").ok());

    const SyncSummary summary = run.Run();

    EXPECT_EQ(summary.exit_code, 0);
    EXPECT_EQ(summary.deleted, asked ? 3U : 2U);
    EXPECT_EQ(run.target.objects.contains("log/a"), !asked);
    EXPECT_EQ(run.ActionOf("log/a").value_or(ActionReport{}).reason,
              asked ? Reason::kExcluded : Reason::kNone);
    // What was asked for by name needs no proof: the source has it.
    EXPECT_EQ(run.Sent<HeadCommand>().size(), 2U);
  }
}

TEST(EngineDelete, KeyFilteredBySizeIsNeverDeletedNorCopied) {
  DeleteRun run(0);
  run.options.limits.size_max = 3;
  run.source.Set("huge", "too large");
  run.target.Set("huge", "old");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.deleted + summary.copied, 0U);
  EXPECT_EQ(run.target.objects.at("huge").bytes, "old");
}

TEST(EngineDelete, ChangedTargetIsLeftAloneWithExitTen) {
  DeleteRun run(2);
  run.watch = [&run](const Command& command) {
    if (Is<DeleteCommand>(command)) run.target.Set(DeleteRun::Extra(0), "theirs");
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 10);
  EXPECT_EQ(summary.deleted, 1U);
  EXPECT_EQ(summary.failed, 1U);
  EXPECT_EQ(run.ActionOf(DeleteRun::Extra(0))->action, ActionKind::kDelete);
  EXPECT_EQ(run.ActionOf(DeleteRun::Extra(0))->reason, Reason::kTargetChanged);
  EXPECT_TRUE(run.target.objects.contains(DeleteRun::Extra(0)));
}

TEST(EngineDelete, StoreWithoutDeleteConditionsIsLookedAtRightBefore) {
  DeleteRun run(2);
  run.target.capabilities.condition_on_delete = false;
  run.watch = [&run](const Command& command) {
    if (IsHead(command, Side::kTarget) && run.Sent<DeleteCommand>().empty()) {
      if (run.target.objects.at(DeleteRun::Extra(0)).bytes == "y") {
        run.target.Set(DeleteRun::Extra(0), "theirs");
      }
    }
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 10);
  EXPECT_EQ(summary.deleted, 1U);
  EXPECT_EQ(run.target.objects.at(DeleteRun::Extra(0)).bytes, "theirs");
  EXPECT_EQ(run.Sent<DeleteCommand>().at(0).requests.size(), 1U);
  EXPECT_EQ(run.notices.at(0).topic, "no-delete-conditions");
}

TEST(EngineDelete, BatchesKeepToTheServicesLimit) {
  DeleteRun run(20);
  run.target.capabilities.delete_keys_max = 6;
  EXPECT_EQ(run.Run().deleted, 20U);
  EXPECT_EQ(run.Sent<DeleteCommand>().size(), 4U);
  for (const DeleteCommand& remove : run.Sent<DeleteCommand>()) {
    EXPECT_LE(remove.requests.size(), 6U);
  }
}

TEST(EngineDelete, ErrorsInsideABatchAnswerCountAsFailures) {
  DeleteRun run(3);
  run.answer = [](CommandResult& result) {
    auto* statuses = std::get_if<DeleteStatuses>(&result);
    if (statuses == nullptr) return;
    statuses->statuses[1] = Status(ErrorKind::kPermissionDenied, "AccessDenied");
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 1);
  EXPECT_EQ(summary.deleted, 2U);
  EXPECT_EQ(summary.failed, 1U);
  EXPECT_EQ(run.errors.at(0).key, DeleteRun::Extra(1));
}

TEST(EngineDelete, PassingErrorsInsideABatchAnswerAreRepeated) {
  DeleteRun run(3);
  bool first = true;
  run.answer = [&first](CommandResult& result) {
    auto* statuses = std::get_if<DeleteStatuses>(&result);
    if (statuses != nullptr && std::exchange(first, false)) {
      statuses->statuses[1] = Status(ErrorKind::kThrottled, "SlowDown");
    }
  };
  EXPECT_EQ(run.Run().deleted, 3U);
  EXPECT_EQ(run.Sent<DeleteCommand>().at(1).requests.size(), 1U);
}

TEST(EngineDelete, EmptiedLocalFoldersGoButNotThoseOfMarkers) {
  ScriptedRunner run;
  run.options.delete_extra = true;
  run.target.capabilities.is_local = true;
  run.source.Set("a", "x");
  run.source.Set("kept/", "");
  for (const char* key : {"gone/x/1", "gone/x/2", "kept/sub/1"}) run.target.Set(key, "y");
  run.target.Set("kept/", "").type = EntryType::kFolder;

  EXPECT_EQ(run.Run().deleted, 3U);
  EXPECT_EQ(run.pruned, (std::vector<std::string>{"kept/sub/", "gone/x/", "gone/"}));
}

TEST(EngineDelete, LostSpoolDeletesNothing) {
  DeleteRun run(3);
  run.before = FailFirst<SpoolCommand>(1, Status(ErrorKind::kNoSpace, "disk full"));
  EXPECT_EQ(run.Run().exit_code, 8);
  EXPECT_TRUE(run.Sent<DeleteCommand>().empty());
}

TEST(EngineDelete, SkippedNamesProtectOnlyTheirOwnKeys) {
  DeleteRun run(1);
  run.source.Set("link", "").type = EntryType::kSymlink;
  run.target.Set("link", "old");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.deleted, 1U);
  EXPECT_EQ(summary.skipped, 1U);
  EXPECT_TRUE(run.target.objects.contains("link"));
}

}  // namespace
}  // namespace godwit
