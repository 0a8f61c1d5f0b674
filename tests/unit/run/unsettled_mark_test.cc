#include "lib/run/unsettled_mark.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "tests/unit/run/temporary_folder.h"

namespace godwit {
namespace {

using std::chrono::seconds;

Timestamp At(int second) { return Timestamp(seconds(1'700'000'000 + second)); }

TEST(UnsettledMark, IsNotThereBeforeTheFirstRunNorAfterOneThatSucceeded) {
  const TemporaryFolder folder;
  EXPECT_EQ(UnsettledSince(folder.path()), std::nullopt);
  ASSERT_TRUE(MarkUnsettled(folder.path(), At(1)).ok());
  EXPECT_EQ(UnsettledSince(folder.path()), At(1));
  ASSERT_TRUE(RemoveUnsettledMark(folder.path()).ok());
  EXPECT_EQ(UnsettledSince(folder.path()), std::nullopt);
  EXPECT_TRUE(RemoveUnsettledMark(folder.path()).ok());
}

TEST(UnsettledMark, KeepsTheEarliestOfTheRunsThatDied) {
  const TemporaryFolder folder;
  ASSERT_TRUE(MarkUnsettled(folder.path(), At(1)).ok());
  ASSERT_TRUE(MarkUnsettled(folder.path(), At(2)).ok());
  EXPECT_EQ(UnsettledSince(folder.path()), At(1));
}

TEST(UnsettledMark, OneFromTheFutureGivesWay) {
  const TemporaryFolder folder;
  ASSERT_TRUE(MarkUnsettled(folder.path(), At(9)).ok());
  ASSERT_TRUE(MarkUnsettled(folder.path(), At(2)).ok());
  EXPECT_EQ(UnsettledSince(folder.path()), At(2));
}

TEST(UnsettledMark, ThatCannotBeReadCountsFromTheBeginningOfTime) {
  const TemporaryFolder folder;
  ASSERT_TRUE(MarkUnsettled(folder.path(), At(1)).ok());
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    std::ofstream(entry.path()) << "?";
  }
  EXPECT_EQ(UnsettledSince(folder.path()), Timestamp());
  ASSERT_TRUE(MarkUnsettled(folder.path(), At(3)).ok());
  EXPECT_EQ(UnsettledSince(folder.path()), Timestamp());
}

TEST(UnsettledMark, ThatCannotBeMadeSaysWhy) {
  const Status status = MarkUnsettled("/proc/godwit", At(1));
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.ToString().find("mark the job state"), std::string::npos) << status.ToString();
}

}  // namespace
}  // namespace godwit
