#include "godwit/object_meta.h"

#include <chrono>
#include <cstdint>
#include <set>
#include <string_view>

#include <gtest/gtest.h>

#include "godwit/store_messages.h"

namespace godwit {
namespace {

PreciseTime At(std::int64_t nanos, int fraction_digits) {
  return {Timestamp(std::chrono::nanoseconds(nanos)), fraction_digits};
}

TEST(PreciseTime, ComparesWhatBothKeep) {
  // Nanoseconds against milliseconds.
  EXPECT_TRUE(PreciseTime::Same(At(1'123'456'789, 9), At(1'123'000'000, 3)));
  EXPECT_TRUE(PreciseTime::Same(At(1'123'000'000, 3), At(1'123'456'789, 9)));
  EXPECT_FALSE(PreciseTime::Same(At(1'123'456'789, 9), At(1'124'000'000, 3)));
  // Against whole seconds.
  EXPECT_TRUE(PreciseTime::Same(At(1'999'999'999, 9), At(1'000'000'000, 0)));
  EXPECT_FALSE(PreciseTime::Same(At(1'999'999'999, 9), At(2'000'000'000, 0)));
  // Both in full.
  EXPECT_TRUE(PreciseTime::Same(At(1'000'000'001, 9), At(1'000'000'001, 9)));
  EXPECT_FALSE(PreciseTime::Same(At(1'000'000'001, 9), At(1'000'000'002, 9)));
}

TEST(PreciseTime, CutsTimesBeforeTheEpochDown) {
  EXPECT_TRUE(PreciseTime::Same(At(-1'500'000'000, 9), At(-2'000'000'000, 0)));
  EXPECT_FALSE(PreciseTime::Same(At(-1'500'000'000, 9), At(-1'000'000'000, 0)));
  EXPECT_FALSE(PreciseTime::Same(At(-1, 9), At(0, 0)));
  EXPECT_TRUE(PreciseTime::Same(At(-2'000'000'000, 9), At(-2'000'000'000, 0)));
}

TEST(PreciseTime, EqualityIsExact) {
  EXPECT_EQ(At(5, 9), At(5, 9));
  EXPECT_NE(At(5, 9), At(5, 3));
  EXPECT_NE(At(5, 9), At(6, 9));
}

TEST(WriteProofName, IsUnique) {
  std::set<std::string_view> names;
  for (int proof = 0; proof <= static_cast<int>(WriteProof::kReadBack); ++proof) {
    EXPECT_TRUE(names.insert(WriteProofName(static_cast<WriteProof>(proof))).second);
  }
  EXPECT_EQ(WriteProofName(WriteProof::kCrc64Nvme), "crc64nvme");
}

}  // namespace
}  // namespace godwit
