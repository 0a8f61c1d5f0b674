// The small machines that the engine is made of.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lib/sync/concurrency.h"
#include "lib/sync/exit_strength.h"
#include "lib/sync/failure_rules.h"
#include "lib/sync/lanes.h"
#include "lib/sync/ledger.h"
#include "lib/sync/retry_schedule.h"
#include "lib/sync/upload_places.h"

namespace godwit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using TimePoint = std::chrono::steady_clock::time_point;

// One window of commands at the current limit, each taking `latency`, all places taken.
void Feed(AdaptiveLimit& limit, TimePoint& now, milliseconds latency) {
  const std::uint32_t before = limit.limit();
  for (int wave = 0; wave < 64 && limit.limit() == before; ++wave) {
    now += latency;
    for (std::uint32_t i = 0; i < before; ++i) limit.OnDone(now, latency, 1 << 20, true);
    if (wave > 8 && now.time_since_epoch() > seconds(1)) break;
  }
}

TEST(AdaptiveLimit, DoublesWhileGoodputGrows) {
  AdaptiveLimit limit(std::nullopt, 64);
  EXPECT_EQ(limit.limit(), 8U);
  TimePoint now{};
  Feed(limit, now, milliseconds(60));
  EXPECT_EQ(limit.limit(), 16U);
  Feed(limit, now, milliseconds(60));
  Feed(limit, now, milliseconds(60));
  Feed(limit, now, milliseconds(60));
  EXPECT_EQ(limit.limit(), 64U);
}

TEST(AdaptiveLimit, StopsDoublingWhenLatencyEatsTheGain) {
  AdaptiveLimit limit(std::nullopt, 256);
  TimePoint now{};
  Feed(limit, now, milliseconds(60));
  const std::uint32_t reached = limit.limit();
  for (int i = 0; i < 5; ++i) Feed(limit, now, milliseconds(400));
  EXPECT_LE(limit.limit(), reached);
}

TEST(AdaptiveLimit, IdlePlacesSayNothing) {
  AdaptiveLimit limit(std::nullopt, 64);
  TimePoint now{};
  for (int i = 0; i < 100; ++i) limit.OnDone(now += milliseconds(10), milliseconds(5), 1, false);
  EXPECT_EQ(limit.limit(), 8U);
}

TEST(AdaptiveLimit, ThrottlingHalvesAtMostOnceASecond) {
  AdaptiveLimit limit(32, 64);
  EXPECT_EQ(limit.limit(), 32U);
  TimePoint now{};
  limit.OnThrottled(now);
  limit.OnThrottled(now + milliseconds(500));
  EXPECT_EQ(limit.limit(), 16U);
  limit.OnThrottled(now + milliseconds(1001));
  EXPECT_EQ(limit.limit(), 8U);
  for (int i = 0; i < 10; ++i) limit.OnThrottled(now + seconds(10 + 2 * i));
  EXPECT_EQ(limit.limit(), 1U);
}

TEST(AdaptiveLimit, FixedNumberIsTheCap) {
  AdaptiveLimit limit(4, 64);
  TimePoint now{};
  for (int i = 0; i < 10; ++i) Feed(limit, now, milliseconds(60));
  EXPECT_EQ(limit.limit(), 4U);
}

Lanes::Entry EntryOf(CommandId id, std::uint64_t bytes) {
  Lanes::Entry entry;
  entry.id = id;
  entry.bytes = bytes;
  return entry;
}

TEST(Lanes, NeitherLaneStarvesTheOther) {
  Lanes lanes(1 << 20);
  for (CommandId id = 1; id <= 10; ++id) lanes.Push(Lane::kSmall, EntryOf(id, 1));
  for (CommandId id = 11; id <= 20; ++id) lanes.Push(Lane::kPart, EntryOf(id, 1));
  int parts = 0;
  for (int i = 0; i < 6; ++i) parts += lanes.Pop(6)->id > 10 ? 1 : 0;
  EXPECT_EQ(parts, 3);
  EXPECT_FALSE(lanes.Pop(6).has_value());
}

TEST(Lanes, ListingsAlwaysGo) {
  Lanes lanes(1 << 20);
  lanes.Push(Lane::kSmall, EntryOf(1, 1));
  ASSERT_TRUE(lanes.Pop(1).has_value());
  lanes.Push(Lane::kListing, EntryOf(2, 1));
  EXPECT_EQ(lanes.Pop(1)->id, 2U);
}

TEST(Lanes, BodiesWaitForTheirWholeShareAndOversizedOnesGoAlone) {
  Lanes lanes(400);  // 300 for parts.
  lanes.Push(Lane::kPart, EntryOf(1, 200));
  lanes.Push(Lane::kPart, EntryOf(2, 200));
  lanes.Push(Lane::kPart, EntryOf(3, 900));
  EXPECT_EQ(lanes.Pop(9)->id, 1U);
  EXPECT_FALSE(lanes.Pop(9).has_value());
  lanes.Release(Lane::kPart, 200);
  EXPECT_EQ(lanes.Pop(9)->id, 2U);
  EXPECT_FALSE(lanes.Pop(9).has_value());
  lanes.Release(Lane::kPart, 200);
  EXPECT_EQ(lanes.Pop(9)->id, 3U);
}

TEST(Lanes, DropTakesOutOnlyWhatIsNamed) {
  Lanes lanes(1000);
  lanes.Push(Lane::kSmall, EntryOf(1, 1));
  lanes.Push(Lane::kSmall, EntryOf(2, 1));
  EXPECT_EQ(lanes.Drop([](const Lanes::Entry& entry) { return entry.id == 1; }).size(), 1U);
  EXPECT_EQ(lanes.Pop(9)->id, 2U);
  EXPECT_FALSE(lanes.waiting());
}

TEST(Ledger, FirstExitCodeOfTheManualsOrderWins) {
  const std::vector<int> order = {5, 130, 143, 129, 4, 3, 7, 6, 10, 9, 8, 1};
  for (std::size_t first = 0; first < order.size(); ++first) {
    Ledger ledger(false);
    for (std::size_t i = order.size(); i-- > first;) ledger.NoteExit(order[i]);
    EXPECT_EQ(ledger.Summary().exit_code, order[first]);
  }
  EXPECT_EQ(Ledger(false).Summary().exit_code, 0);
}

TEST(Ledger, AnExitCodeThatTheOrderDoesNotKnowIsNoSuccess) {
  Ledger ledger(false);
  ledger.NoteExit(77);
  EXPECT_EQ(ledger.Summary().exit_code, 77);
  ledger.NoteExit(1);
  EXPECT_EQ(ledger.Summary().exit_code, 1);
  EXPECT_EQ(StrongerExitCode(0, 77), 77);
  EXPECT_EQ(StrongerExitCode(77, 0), 77);
}

TEST(RetrySchedule, RunsInOrderOfTimeThenOfAsking) {
  RetrySchedule schedule;
  std::string ran;
  const TimePoint start{};
  schedule.At(start + seconds(2), [&] { ran += "c"; });
  schedule.At(start + seconds(1), [&] { ran += "a"; });
  schedule.At(start + seconds(1), [&] { ran += "b"; });
  schedule.RunDue(start + seconds(1));
  EXPECT_EQ(ran, "ab");
  EXPECT_EQ(schedule.next(), start + seconds(2));
  schedule.RunAll();
  EXPECT_EQ(ran, "abc");
  EXPECT_EQ(schedule.next(), std::nullopt);
}

TEST(UploadPlaces, OpenUploadsAndTheirPartsAreBounded) {
  UploadPlaces places;
  int granted = 0;
  for (int i = 0; i < 10; ++i) {
    places.Ask(15'000, [&granted](bool yes) { granted += yes ? 1 : 0; });
  }
  places.Grant(64, false);
  EXPECT_EQ(granted, 2);
  places.Give(15'000);
  places.Grant(64, false);
  EXPECT_EQ(granted, 3);
  int refused = 0;
  places.Ask(1, [&refused](bool yes) { refused += yes ? 0 : 1; });
  places.Grant(64, true);
  EXPECT_EQ(refused, 1);
}

TEST(UploadPlaces, AnUploadOverTheBoundGoesAlone) {
  UploadPlaces places;
  bool granted = false;
  places.Ask(1'000'000, [&granted](bool yes) { granted = yes; });
  places.Grant(1, false);
  EXPECT_TRUE(granted);
}

struct ExitCase {
  ErrorKind kind;
  Side side;
  bool target_is_local;
  int exit_code;
  bool ends_run;
};

TEST(FailureRules, EachKindHasTheExitCodeOfTheManual) {
  const std::vector<ExitCase> cases = {
      {ErrorKind::kUnauthenticated, Side::kTarget, false, 3, true},
      {ErrorKind::kResidencyDenied, Side::kTarget, false, 4, false},
      {ErrorKind::kCorrupted, Side::kSource, false, 5, false},
      {ErrorKind::kContainerNotFound, Side::kTarget, false, 7, true},
      {ErrorKind::kUntrusted, Side::kTarget, false, 7, true},
      {ErrorKind::kUnreachable, Side::kSource, false, 7, true},
      {ErrorKind::kNoSpace, Side::kTarget, true, 8, true},
      {ErrorKind::kUnsupported, Side::kTarget, false, 8, false},
      {ErrorKind::kPermissionDenied, Side::kTarget, true, 8, false},
      {ErrorKind::kPermissionDenied, Side::kTarget, false, 1, false},
      {ErrorKind::kPermissionDenied, Side::kSource, true, 1, false},
      {ErrorKind::kPreconditionFailed, Side::kTarget, false, 10, false},
      {ErrorKind::kPreconditionFailed, Side::kSource, false, 1, false},
      {ErrorKind::kTimeout, Side::kTarget, false, 1, false},
  };
  for (const ExitCase& expected : cases) {
    JobEndpoints endpoints;
    endpoints.target.is_local = expected.target_is_local;
    const Status status(expected.kind, "");
    SCOPED_TRACE(ErrorKindName(expected.kind));
    EXPECT_EQ(ExitCodeOf(status, expected.side, endpoints, true), expected.exit_code);
    EXPECT_EQ(EndsRun(status), expected.ends_run);
  }
}

}  // namespace
}  // namespace godwit
