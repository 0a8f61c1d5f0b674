// Times, sizes and durations as text: any bytes are one or none, and what was read survives being
// written and read again.

#include <string>

#include "lib/base/text.h"
#include "tests/fuzz/fuzz_target.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace godwit;
  const std::string_view text = InputOf(data, size);
  if (const auto time = ParseHttpDate(text)) {
    const auto again = ParseHttpDate(FormatHttpDate(time->time));
    Require(again && again->time == time->time, "HTTP dates survive being written");
  }
  if (const auto time = ParseRfc3339(text)) {
    const auto again = ParseRfc3339(FormatRfc3339(time->time, time->fraction_digits));
    Require(again && again->time == time->time, "RFC 3339 survives being written");
    Require(again->fraction_digits == time->fraction_digits, "the digits are remembered");
  }
  if (const auto time = ParseEpochSeconds(text)) {
    const auto again = ParseEpochSeconds(FormatEpochSeconds(*time));
    Require(again && again->time == time->time, "seconds survive being written");
  }
  if (const auto bytes = ParseByteSize(text)) {
    Require(!FormatByteSize(*bytes).empty(), "sizes can be told");
  }
  if (const auto number = ParseUint64(text)) {
    const auto again = ParseUint64(std::to_string(*number));
    Require(again == number, "numbers survive being written");
  }
  if (const auto duration = ParseDuration(text)) {
    Require(duration->count() >= 0, "no duration is negative");
  }
  return 0;
}
