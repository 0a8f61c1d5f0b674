#include "lib/http/retry_after.h"

#include <gtest/gtest.h>

namespace godwit {
namespace {

using std::chrono::milliseconds;

std::optional<milliseconds> RetryAfterOf(
    std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  HttpHeaders headers;
  for (const auto& [name, value] : fields) headers.Add(std::string(name), std::string(value));
  return RetryAfter(headers, {"retry-after-ms"});
}

TEST(RetryAfter, ReadsSecondsMillisecondsAndDates) {
  EXPECT_EQ(RetryAfterOf({}), std::nullopt);
  EXPECT_EQ(RetryAfterOf({{"Retry-After", "7"}}), milliseconds(7000));
  EXPECT_EQ(RetryAfterOf({{"Retry-After", "7"}, {"retry-after-ms", "20"}}), milliseconds(20));
  EXPECT_EQ(RetryAfterOf({{"Date", "Mon, 23 Nov 2026 10:00:00 GMT"},
                          {"Retry-After", "Mon, 23 Nov 2026 10:00:05 GMT"}}),
            milliseconds(5000));
}

TEST(RetryAfter, NeverAsksForMoreThanADay) {
  const milliseconds day = std::chrono::hours(24);
  EXPECT_EQ(RetryAfterOf({{"Retry-After", "18446744073709551615"}}), day);
  EXPECT_EQ(RetryAfterOf({{"retry-after-ms", "18446744073709551615"}}), day);
  EXPECT_EQ(RetryAfterOf({{"Date", "Mon, 23 Nov 2026 10:00:00 GMT"},
                          {"Retry-After", "Mon, 23 Nov 2099 10:00:00 GMT"}}),
            day);
}

TEST(RetryAfter, DateThatHasPassedOrCannotBeComparedIsNoWish) {
  EXPECT_EQ(RetryAfterOf({{"Retry-After", "Mon, 23 Nov 2026 10:00:05 GMT"}}), std::nullopt);
  EXPECT_EQ(RetryAfterOf({{"Date", "Mon, 23 Nov 2026 10:00:05 GMT"},
                          {"Retry-After", "Mon, 23 Nov 2026 10:00:00 GMT"}}),
            std::nullopt);
  EXPECT_EQ(RetryAfterOf({{"Retry-After", "-1"}}), std::nullopt);
  EXPECT_EQ(RetryAfterOf({{"Retry-After", "soon"}}), std::nullopt);
}

}  // namespace
}  // namespace godwit
