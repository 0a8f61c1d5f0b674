#include "lib/run/progress_tracker.h"

#include <string>

#include <gtest/gtest.h>

namespace godwit {
namespace {

Command Whole(CommandId id, const std::string& key, std::uint64_t size_bytes) {
  TransferWholeCommand whole;
  whole.target_key = key;
  whole.size_bytes = size_bytes;
  return Command{id, whole};
}

Event Moved(CommandId id, std::uint64_t size_bytes) {
  Transferred transferred;
  transferred.source.entry.size_bytes = size_bytes;
  return Done{id, transferred};
}

Report Ended(const std::string& key) {
  ActionReport action;
  action.key = key;
  action.status = ActionStatus::kDone;
  return action;
}

TEST(ProgressTracker, AnObjectIsPlannedWhenItBeginsAndDoneWhenItEnds) {
  ProgressTracker tracker;
  tracker.OnCommand(Whole(1, "a", 100));
  tracker.OnCommand(Whole(2, "b", 50));
  tracker.OnEvent(Moved(1, 100));
  tracker.OnReport(Ended("a"));
  EXPECT_EQ(tracker.progress().objects_planned, 2u);
  EXPECT_EQ(tracker.progress().objects_done, 1u);
  EXPECT_EQ(tracker.progress().bytes_planned, 150u);
  EXPECT_EQ(tracker.progress().bytes_done, 100u);
}

TEST(ProgressTracker, ARepeatedAttemptIsNotAnotherObject) {
  ProgressTracker tracker;
  tracker.OnCommand(Whole(1, "a", 100));
  tracker.OnEvent(Failed{1, Status(ErrorKind::kUnavailable, "busy"), Side::kTarget, {}});
  tracker.OnCommand(Whole(2, "a", 100));
  EXPECT_EQ(tracker.progress().objects_planned, 1u);
  EXPECT_EQ(tracker.progress().bytes_planned, 100u);
}

TEST(ProgressTracker, PartsCountAsTheyArrive) {
  ProgressTracker tracker;
  BeginUploadCommand begin;
  begin.target_key = "a";
  begin.options.size_bytes = 300;
  tracker.OnCommand(Command{1, begin});
  TransferPartCommand part;
  part.length = 100;
  tracker.OnCommand(Command{2, part});
  tracker.OnCommand(Command{3, part});
  tracker.OnEvent(Done{2, PartTransferred{}});
  tracker.OnEvent(Failed{3, Status(ErrorKind::kUnavailable, "busy"), Side::kTarget, {}});
  EXPECT_EQ(tracker.progress().bytes_planned, 300u);
  EXPECT_EQ(tracker.progress().bytes_done, 100u);
}

TEST(ProgressTracker, PlanningEndsWithBothListings) {
  ProgressTracker tracker;
  ListPage page;
  page.entries.resize(3);
  page.next_page_token = "more";
  tracker.OnCommand(Command{1, ListCommand{Side::kSource, "", "", "", 0}});
  tracker.OnEvent(Done{1, page});
  EXPECT_TRUE(tracker.progress().planning);
  page.next_page_token = "";
  tracker.OnCommand(Command{2, ListCommand{Side::kSource, "", "", "more", 0}});
  tracker.OnEvent(Done{2, page});
  tracker.OnCommand(Command{3, ListCommand{Side::kTarget, "", "", "", 0}});
  EXPECT_TRUE(tracker.progress().planning);
  tracker.OnEvent(Done{3, page});
  EXPECT_FALSE(tracker.progress().planning);
  EXPECT_EQ(tracker.progress().listed_source, 6u);
  EXPECT_EQ(tracker.progress().listed_target, 3u);
}

TEST(ProgressTracker, AProofOfAbsenceIsNoProgress) {
  ProgressTracker tracker;
  ListPage page;
  page.entries.resize(3);
  for (CommandId id = 1; id <= 2; ++id) {
    tracker.OnCommand(Command{id, ListCommand{Side::kSource, "", "", "", 0}});
    tracker.OnEvent(Done{id, page});
  }
  EXPECT_EQ(tracker.progress().listed_source, 3u);
}

}  // namespace
}  // namespace godwit
