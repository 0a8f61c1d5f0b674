#include "lib/run/spool_file.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/run/temporary_folder.h"

namespace godwit {
namespace {

SpooledDelete Row(std::uint64_t number) {
  return SpooledDelete{"key" + std::to_string(number), "v", number, number % 2 == 0, false};
}

void Fill(SpoolFile& spool, std::uint64_t count, std::uint64_t page) {
  std::vector<SpooledDelete> rows;
  for (std::uint64_t i = 0; i < count; ++i) {
    rows.push_back(Row(i));
    if (rows.size() < page && i + 1 < count) continue;
    ASSERT_TRUE(spool.Append(rows).ok());
    rows.clear();
  }
}

// Reads all in pages and checks order and content.
void ExpectAll(const SpoolFile& spool, std::uint64_t count, std::uint32_t page) {
  std::uint64_t next = 0;
  for (;;) {
    const Result<std::vector<SpooledDelete>> rows = spool.Read(next, page);
    ASSERT_TRUE(rows.ok()) << rows.status();
    for (const SpooledDelete& row : *rows) {
      EXPECT_EQ(row.key, Row(next).key);
      EXPECT_EQ(row.excluded, Row(next).excluded);
      ++next;
    }
    if (rows->size() < page) break;
  }
  EXPECT_EQ(next, count);
}

TEST(SpoolFile, GivesBackAnyPageInOrder) {
  const TemporaryFolder folder;
  for (const std::uint64_t count : {0u, 1u, 255u, 256u, 257u, 3000u}) {
    SpoolFile spool(folder.path());
    Fill(spool, count, 100);
    EXPECT_EQ(spool.count(), count);
    for (const std::uint32_t page : {1u, 7u, 256u, 1000u}) ExpectAll(spool, count, page);
  }
}

TEST(SpoolFile, APageBeyondTheEndIsEmpty) {
  const TemporaryFolder folder;
  SpoolFile spool(folder.path());
  Fill(spool, 300, 300);
  const Result<std::vector<SpooledDelete>> rows = spool.Read(300, 10);
  ASSERT_TRUE(rows.ok());
  EXPECT_TRUE(rows->empty());
}

TEST(SpoolFile, LeavesNoNameBehind) {
  const TemporaryFolder folder;
  SpoolFile spool(folder.path());
  Fill(spool, 3000, 1000);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(SpoolFile, FewRowsNeedNoFile) {
  SpoolFile spool("/nonexistent");
  Fill(spool, 255, 255);
  ExpectAll(spool, 255, 100);
}

TEST(SpoolFile, AFolderThatCannotBeWrittenIsAnError) {
  SpoolFile spool("/nonexistent");
  std::vector<SpooledDelete> rows(256);
  const Status status = spool.Append(rows);
  EXPECT_TRUE(status.Is(ErrorKind::kNotFound)) << status;
}

}  // namespace
}  // namespace godwit
