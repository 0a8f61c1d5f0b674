#include "lib/store/service_errors.h"

#include <gtest/gtest.h>

#include <array>

namespace godwit {
namespace {

constexpr std::array kTable = std::to_array<CodeKind>({
    {"Archived", ErrorKind::kArchived},
    {"Busy", ErrorKind::kThrottled},
    {"Gone", ErrorKind::kNotFound},
});

TEST(ServiceErrors, CodesAreFoundByTheirWholeName) {
  EXPECT_EQ(KindOfCode(kTable, "Archived"), ErrorKind::kArchived);
  EXPECT_EQ(KindOfCode(kTable, "Gone"), ErrorKind::kNotFound);
  for (const char* other : {"", "Arch", "Archived ", "Zebra"}) {
    EXPECT_EQ(KindOfCode(kTable, other), std::nullopt) << other;
  }
  EXPECT_EQ(KindOfCode({}, "Gone"), std::nullopt);
}

TEST(ServiceErrors, TableOutOfOrderIsNoticed) {
  constexpr std::array kWrong =
      std::to_array<CodeKind>({{"B", ErrorKind::kNotFound}, {"A", ErrorKind::kNotFound}});
  static_assert(IsSortedByCode(kTable));
  static_assert(!IsSortedByCode(kWrong));
}

TEST(ServiceErrors, EveryServerErrorHasAKindAndEveryOtherUnclearStatusNone) {
  for (int status = 500; status < 600; ++status) EXPECT_TRUE(KindOfStatus(status)) << status;
  EXPECT_EQ(KindOfStatus(503), ErrorKind::kUnavailable);
  EXPECT_EQ(KindOfStatus(501), ErrorKind::kUnsupported);
  EXPECT_EQ(KindOfStatus(429), ErrorKind::kThrottled);
  EXPECT_EQ(KindOfStatus(412), ErrorKind::kPreconditionFailed);
  for (const int status : {200, 301, 307, 400, 404, 409, 416}) {
    EXPECT_EQ(KindOfStatus(status), std::nullopt) << status;
  }
}

TEST(ServiceErrors, LostConditionNamesTheSideThatChanged) {
  EXPECT_EQ(ChangedMessage(false, false), "the object has changed");
  EXPECT_EQ(ChangedMessage(true, true), "the object at the target has changed");
  EXPECT_EQ(ChangedMessage(true, false), "the source object has changed");
}

}  // namespace
}  // namespace godwit
