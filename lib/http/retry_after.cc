#include "lib/http/retry_after.h"

#include <algorithm>
#include <cstdint>

#include "lib/base/text.h"

namespace godwit {
namespace {

constexpr std::chrono::milliseconds kPauseMax = std::chrono::hours(24);

std::chrono::milliseconds Capped(std::uint64_t count, std::chrono::milliseconds unit) {
  return std::min<std::uint64_t>(count, kPauseMax / unit) * unit;
}

// From the answer's own date on: the two clocks need not agree.
std::optional<std::chrono::milliseconds> PauseUntil(std::string_view until,
                                                    const HttpHeaders& headers) {
  const auto end = ParseHttpDate(until);
  const auto now = ParseHttpDate(headers.Find("date").value_or(""));
  if (!end.has_value() || !now.has_value() || end->time <= now->time) return std::nullopt;
  return std::min(std::chrono::ceil<std::chrono::milliseconds>(end->time - now->time), kPauseMax);
}

}  // namespace

std::optional<std::chrono::milliseconds> RetryAfter(
    const HttpHeaders& headers, std::initializer_list<std::string_view> millisecond_headers) {
  for (const std::string_view name : millisecond_headers) {
    const std::optional<std::uint64_t> millis = ParseUint64(headers.Find(name).value_or(""));
    if (millis) return Capped(*millis, std::chrono::milliseconds(1));
  }
  const std::string_view pause = headers.Find("retry-after").value_or("");
  if (const std::optional<std::uint64_t> seconds = ParseUint64(pause)) {
    return Capped(*seconds, std::chrono::seconds(1));
  }
  return PauseUntil(pause, headers);
}

}  // namespace godwit
