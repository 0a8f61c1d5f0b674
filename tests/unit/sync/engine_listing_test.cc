#include <gtest/gtest.h>

#include <string>

#include "tests/unit/sync/scripted_runner.h"

namespace godwit {
namespace {

// Three keys a page at both sides, something to copy and something to delete.
struct PagedRun : ScriptedRunner {
  PagedRun() {
    options.delete_extra = true;
    options.max_delete = {DeleteLimit::Kind::kAll, 0};
    source.page_keys = 3;
    target.page_keys = 3;
    for (int i = 10; i < 22; ++i) source.Set("k" + std::to_string(i), "x");
    for (int i = 16; i < 28; ++i) target.Set("k" + std::to_string(i), "y");
  }
};

bool IsList(const Command& command, Side side) {
  const auto* list = std::get_if<ListCommand>(&command.body);
  return list != nullptr && list->side == side;
}

TEST(EngineListing, FailedPageOfEitherSideDeletesNothingAndIsExitSevenI1) {
  for (const Side side : {Side::kSource, Side::kTarget}) {
    for (int page = 0; page < 4; ++page) {
      PagedRun run;
      int seen = 0;
      run.before = [&](const Command& command) -> std::optional<Status> {
        if (!IsList(command, side) || seen++ < page) return std::nullopt;
        return Status(ErrorKind::kPermissionDenied, "403");
      };

      const SyncSummary summary = run.Run();

      EXPECT_EQ(summary.exit_code, 7);
      EXPECT_TRUE(run.Sent<DeleteCommand>().empty());
      EXPECT_EQ(summary.deleted, 0U);
      ASSERT_GE(run.errors.size(), 1U);
      EXPECT_EQ(run.errors[0].key, "");
    }
  }
}

TEST(EngineListing, RetryRepeatsThePageI1) {
  PagedRun run;
  int seen = 0;
  run.before = [&](const Command& command) -> std::optional<Status> {
    if (!IsList(command, Side::kSource) || seen++ % 2 == 0) return std::nullopt;
    return Passing();
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.listed_source, 12U);
  EXPECT_EQ(summary.deleted, 6U);
  EXPECT_EQ(run.target.objects.size(), 12U);
}

TEST(EngineListing, NothingNewStartsAfterAListingHasFailed) {
  PagedRun run;
  int seen = 0;
  run.before = [&](const Command& command) -> std::optional<Status> {
    if (!IsList(command, Side::kSource) || seen++ < 1) return std::nullopt;
    return Status(ErrorKind::kCorrupted, "cut");
  };
  run.options.retry = RetryPolicy::Immediate(0);
  run.options.jobs = 1;
  std::size_t puts_before = 0;
  bool failed = false;
  run.watch = [&](const Command& command) {
    if (Is<ReportCommand>(command)) failed = failed || !run.errors.empty();
    if (Is<TransferWholeCommand>(command) && !failed) ++puts_before;
  };

  EXPECT_EQ(run.Run().exit_code, 7);
  EXPECT_EQ(run.Sent<TransferWholeCommand>().size(), puts_before);
  EXPECT_LT(puts_before, 6U);
}

TEST(EngineListing, RepeatedAndCyclicTokensFailTheListingI24) {
  for (int cycle = 1; cycle <= 5; ++cycle) {
    PagedRun run;
    int page = 0;
    run.answer = [&](CommandResult& result) {
      auto* list = std::get_if<ListPage>(&result);
      if (list == nullptr) return;
      list->entries.clear();
      list->next_page_token = "token" + std::to_string(page++ % cycle);
    };

    EXPECT_EQ(run.Run().exit_code, 7) << cycle;
    EXPECT_LE(run.Sent<ListCommand>().size(), 14U);
  }
}

TEST(EngineListing, EndlessEmptyPagesFailTheListingI24) {
  PagedRun run;
  int page = 0;
  run.answer = [&](CommandResult& result) {
    auto* list = std::get_if<ListPage>(&result);
    if (list == nullptr) return;
    list->entries.clear();
    list->next_page_token = "token" + std::to_string(page++);
  };

  EXPECT_EQ(run.Run().exit_code, 7);
  EXPECT_LE(run.Sent<ListCommand>().size(), 2010U);
}

TEST(EngineListing, AFewEmptyPagesAreFine) {
  ScriptedRunner run;
  run.source.Set("a", "x");
  int empty = 3;
  run.answer = [&](CommandResult& result) {
    auto* list = std::get_if<ListPage>(&result);
    if (list == nullptr || list->entries.empty() || empty == 0) return;
    list->entries.clear();
    list->next_page_token = "t:" + std::string(static_cast<std::size_t>(empty--), '\x01');
  };

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_TRUE(run.target.objects.contains("a"));
}

TEST(EngineListing, UnorderedKeysFailTheListingI6) {
  for (const bool across_pages : {false, true}) {
    PagedRun run;
    int page = 0;
    run.answer = [&](CommandResult& result) {
      auto* list = std::get_if<ListPage>(&result);
      if (list == nullptr || list->entries.size() < 3 || ++page != 3) return;
      if (across_pages) {
        list->entries[0].key = "a";
      } else {
        std::swap(list->entries[1], list->entries[2]);
      }
    };

    EXPECT_EQ(run.Run().exit_code, 7);
    EXPECT_TRUE(run.Sent<DeleteCommand>().empty());
  }
}

TEST(EngineListing, RejectedCredentialsAreExitThree) {
  PagedRun run;
  run.before = FailFirst<ListCommand>(9, Status(ErrorKind::kUnauthenticated, "401"));
  EXPECT_EQ(run.Run().exit_code, 3);
}

TEST(EngineListing, MissingBucketIsExitSevenAlsoWithAllowEmptySource) {
  PagedRun run;
  run.options.allow_empty_source = true;
  run.before = [](const Command& command) -> std::optional<Status> {
    if (!IsList(command, Side::kSource)) return std::nullopt;
    return Status(ErrorKind::kContainerNotFound, "NoSuchBucket");
  };
  EXPECT_EQ(run.Run().exit_code, 7);
  EXPECT_TRUE(run.Sent<DeleteCommand>().empty());
}

TEST(EngineListing, MissingSourceFolderIsExitSevenAndNothingIsAskedI4) {
  PagedRun run;
  run.source_exists = false;
  run.options.allow_empty_source = true;

  EXPECT_EQ(run.Run().exit_code, 7);
  EXPECT_TRUE(run.Sent<ListCommand>().empty());
  EXPECT_TRUE(run.Sent<DeleteCommand>().empty());
}

TEST(EngineListing, MissingLocalTargetFolderIsAnEmptyOne) {
  ScriptedRunner run;
  run.target.capabilities.is_local = true;
  run.source.Set("a", "x");
  run.before = [](const Command& command) -> std::optional<Status> {
    if (!IsList(command, Side::kTarget)) return std::nullopt;
    return Status(ErrorKind::kContainerNotFound, "ENOENT");
  };
  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_TRUE(run.target.objects.contains("a"));
}

TEST(EngineListing, LocalTargetFolderThatGoesAwayWhileItIsListedIsNotI1) {
  PagedRun run;
  run.target.capabilities.is_local = true;
  run.before = [](const Command& command) -> std::optional<Status> {
    const auto* list = std::get_if<ListCommand>(&command.body);
    const bool later = list != nullptr && !list->page_token.empty();
    if (!later || list->side != Side::kTarget) return std::nullopt;
    return Status(ErrorKind::kContainerNotFound, "ENOENT");
  };
  EXPECT_EQ(run.Run().exit_code, 7);
  EXPECT_TRUE(run.Sent<DeleteCommand>().empty());
}

TEST(EngineListing, UnreadableStateOnlyCostsEvidence) {
  ScriptedRunner run;
  run.source.Set("a", "x").listed_digests = SumOf("x").digests();
  run.target.Set("a", "x").listed_digests = SumOf("x").digests();
  run.before = FailFirst<ReadStateCommand>(1, Status(ErrorKind::kLocalIo, "torn"));

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.unchanged, 1U);
  EXPECT_EQ(run.notices.at(0).topic, "state-unreadable");
}

// A million keys must cost no more memory than a thousand: what is asked ahead is bounded.
TEST(EngineListing, CopiesInFlightAndPagesAheadAreBounded) {
  ScriptedRunner run;
  run.source.page_keys = 100;
  for (int i = 0; i < 3000; ++i) run.source.Set("k" + std::to_string(10000 + i), "x");
  std::size_t listed = 0;
  std::size_t copied = 0;
  std::size_t ahead = 0;
  run.watch = [&](const Command& command) {
    if (IsList(command, Side::kSource)) listed += 100;
    if (Is<TransferWholeCommand>(command)) ++copied;
    ahead = std::max(ahead, listed - std::min(listed, copied));
  };

  EXPECT_EQ(run.Run().copied, 3000U);
  EXPECT_LE(ahead, 600U);
  EXPECT_LE(run.in_flight_max, 80U);
}

}  // namespace
}  // namespace godwit
