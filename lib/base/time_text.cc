#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "lib/base/text.h"

namespace godwit {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kWeekdays{"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};

// Takes fixed pieces from the front of a text; the first mismatch makes it fail for good.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int Digits(std::size_t count) {
    int value = 0;
    const bool enough = rest_.size() >= count;
    for (std::size_t i = 0; ok_ && enough && i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') ok_ = false;
      value = value * 10 + (rest_[i] - '0');
    }
    Drop(count);
    return value;
  }
  void Literal(std::string_view expected) {
    if (!rest_.starts_with(expected)) ok_ = false;
    Drop(expected.size());
  }
  char Next() {
    const char c = rest_.empty() ? '\0' : rest_[0];
    Drop(1);
    return c;
  }
  char Peek() const { return rest_.empty() ? '\0' : rest_[0]; }
  int Month() {
    const auto* found = std::find(kMonths.begin(), kMonths.end(), rest_.substr(0, 3));
    if (found == kMonths.end()) ok_ = false;
    Drop(3);
    return static_cast<int>(found - kMonths.begin()) + 1;
  }
  void Fail() { ok_ = false; }
  bool AtEnd() const { return ok_ && rest_.empty(); }
  bool ok() const { return ok_; }

 private:
  void Drop(std::size_t count) {
    if (rest_.size() < count) ok_ = false;
    rest_.remove_prefix(std::min(count, rest_.size()));
  }
  std::string_view rest_;
  bool ok_ = true;
};

// The digits after a decimal point as nanoseconds; more than nine are cut.
struct Fraction {
  std::int64_t nanoseconds = 0;
  int digits = 0;
};

Fraction ScanFraction(Scanner& scanner) {
  Fraction fraction;
  while (scanner.Peek() >= '0' && scanner.Peek() <= '9') {
    const int digit = scanner.Next() - '0';
    if (fraction.digits == 9) continue;
    fraction.nanoseconds = fraction.nanoseconds * 10 + digit;
    ++fraction.digits;
  }
  if (fraction.digits == 0) scanner.Fail();
  for (int i = fraction.digits; i < 9; ++i) fraction.nanoseconds *= 10;
  return fraction;
}

struct CivilTime {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

std::optional<Timestamp> FromCivil(const CivilTime& t) {
  const std::chrono::year_month_day date{std::chrono::year{t.year},
                                         std::chrono::month(static_cast<unsigned>(t.month)),
                                         std::chrono::day(static_cast<unsigned>(t.day))};
  // Nanoseconds since the epoch reach from 1678 to 2262.
  if (!date.ok() || t.hour > 23 || t.minute > 59 || t.second > 60) return std::nullopt;
  if (t.year < 1678 || t.year > 2261) return std::nullopt;
  return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(t.hour) +
         std::chrono::minutes(t.minute) + seconds(t.second);
}

struct Split {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<seconds> time;
  std::chrono::weekday weekday;
  std::int64_t nanoseconds;
};

// Cuts to seconds first: midnight before the earliest Timestamp is not a Timestamp.
Split ToCivil(Timestamp time) {
  const auto whole = std::chrono::floor<seconds>(time);
  const auto days = std::chrono::floor<std::chrono::days>(whole);
  const std::int64_t rest = time.time_since_epoch().count() % 1'000'000'000;
  return {std::chrono::year_month_day(days), std::chrono::hh_mm_ss<seconds>(whole - days),
          std::chrono::weekday(days), rest < 0 ? rest + 1'000'000'000 : rest};
}

std::optional<PreciseTime> WholeSeconds(const CivilTime& civil, const Scanner& scanner) {
  if (!scanner.AtEnd()) return std::nullopt;
  const std::optional<Timestamp> time = FromCivil(civil);
  if (!time) return std::nullopt;
  return PreciseTime{*time, 0};
}

void ScanClock(Scanner& scanner, CivilTime& civil) {
  civil.hour = scanner.Digits(2);
  scanner.Literal(":");
  civil.minute = scanner.Digits(2);
  scanner.Literal(":");
  civil.second = scanner.Digits(2);
}

// "Fri, 24 May 2013 00:00:00 GMT"
std::optional<PreciseTime> ParseImfFixdate(std::string_view text) {
  Scanner scanner(text);
  CivilTime civil;
  civil.day = scanner.Digits(2);
  scanner.Literal(" ");
  civil.month = scanner.Month();
  scanner.Literal(" ");
  civil.year = scanner.Digits(4);
  scanner.Literal(" ");
  ScanClock(scanner, civil);
  scanner.Literal(" GMT");
  return WholeSeconds(civil, scanner);
}

// "Friday, 24-May-13 00:00:00 GMT"
std::optional<PreciseTime> ParseRfc850(std::string_view text) {
  Scanner scanner(text);
  CivilTime civil;
  civil.day = scanner.Digits(2);
  scanner.Literal("-");
  civil.month = scanner.Month();
  scanner.Literal("-");
  civil.year = scanner.Digits(2);
  civil.year += civil.year < 70 ? 2000 : 1900;
  scanner.Literal(" ");
  ScanClock(scanner, civil);
  scanner.Literal(" GMT");
  return WholeSeconds(civil, scanner);
}

// "Fri May 24 00:00:00 2013"
std::optional<PreciseTime> ParseAsctime(std::string_view text) {
  Scanner scanner(text);
  CivilTime civil;
  scanner.Next();
  scanner.Next();
  scanner.Next();
  scanner.Literal(" ");
  civil.month = scanner.Month();
  scanner.Literal(" ");
  if (scanner.Peek() == ' ') {
    scanner.Next();
    civil.day = scanner.Digits(1);
  } else {
    civil.day = scanner.Digits(2);
  }
  scanner.Literal(" ");
  ScanClock(scanner, civil);
  scanner.Literal(" ");
  civil.year = scanner.Digits(4);
  return WholeSeconds(civil, scanner);
}

// "Z", "+02:00", "-0530".
seconds ScanZone(Scanner& scanner) {
  const char sign = scanner.Next();
  if (sign == 'Z' || sign == 'z') return seconds{0};
  if (sign != '+' && sign != '-') scanner.Fail();
  const int hours = scanner.Digits(2);
  if (scanner.Peek() == ':') scanner.Next();
  const int minutes = scanner.Digits(2);
  if (hours > 23 || minutes > 59) scanner.Fail();
  const seconds offset{hours * 3600 + minutes * 60};
  return sign == '-' ? -offset : offset;
}

void AppendFraction(std::string& text, std::int64_t nanos, int digits) {
  if (digits <= 0) return;
  std::string all = std::to_string(nanos);
  all.insert(0, 9 - all.size(), '0');
  text += '.';
  text.append(all, 0, static_cast<std::size_t>(std::min(digits, 9)));
}

}  // namespace

std::optional<PreciseTime> ParseRfc3339(std::string_view text) {
  Scanner scanner(text);
  CivilTime civil;
  civil.year = scanner.Digits(4);
  scanner.Literal("-");
  civil.month = scanner.Digits(2);
  scanner.Literal("-");
  civil.day = scanner.Digits(2);
  const char separator = scanner.Next();
  if (separator != 'T' && separator != 't' && separator != ' ') scanner.Fail();
  ScanClock(scanner, civil);
  Fraction fraction;
  if (scanner.Peek() == '.') {
    scanner.Next();
    fraction = ScanFraction(scanner);
  }
  const seconds zone = ScanZone(scanner);
  if (!scanner.AtEnd()) return std::nullopt;
  const std::optional<Timestamp> time = FromCivil(civil);
  if (!time) return std::nullopt;
  return PreciseTime{*time - zone + nanoseconds(fraction.nanoseconds), fraction.digits};
}

std::string FormatRfc3339(Timestamp time, int fraction_digits) {
  const Split split = ToCivil(time);
  char buffer[40];
  std::snprintf(
      buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(split.date.year()),
      static_cast<unsigned>(split.date.month()), static_cast<unsigned>(split.date.day()),
      static_cast<int>(split.time.hours().count()), static_cast<int>(split.time.minutes().count()),
      static_cast<int>(split.time.seconds().count()));
  std::string text = buffer;
  AppendFraction(text, split.nanoseconds, fraction_digits);
  return text + 'Z';
}

std::optional<PreciseTime> ParseHttpDate(std::string_view text) {
  const std::size_t comma = text.find(", ");
  if (comma == std::string_view::npos) return ParseAsctime(text);
  const std::string_view rest = text.substr(comma + 2);
  return comma == 3 ? ParseImfFixdate(rest) : ParseRfc850(rest);
}

std::string FormatHttpDate(Timestamp time) {
  const Split split = ToCivil(time);
  const std::string_view month = kMonths[static_cast<unsigned>(split.date.month()) - 1];
  const std::string_view weekday = kWeekdays[split.weekday.c_encoding()];
  char buffer[48];
  std::snprintf(buffer, sizeof buffer, "%s, %02u %s %04d %02d:%02d:%02d GMT", weekday.data(),
                static_cast<unsigned>(split.date.day()), month.data(),
                static_cast<int>(split.date.year()), static_cast<int>(split.time.hours().count()),
                static_cast<int>(split.time.minutes().count()),
                static_cast<int>(split.time.seconds().count()));
  return buffer;
}

std::optional<PreciseTime> ParseEpochSeconds(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t dot = text.find('.');
  const std::optional<std::uint64_t> whole = ParseUint64(text.substr(0, dot));
  constexpr std::uint64_t kSecondsMax = INT64_MAX / 1'000'000'000 - 1;
  if (!whole || *whole > kSecondsMax) return std::nullopt;
  Fraction fraction;
  if (dot != std::string_view::npos) {
    Scanner scanner(text.substr(dot + 1));
    fraction = ScanFraction(scanner);
    if (!scanner.AtEnd()) return std::nullopt;
  }
  const auto magnitude = static_cast<std::int64_t>(*whole) * 1'000'000'000 + fraction.nanoseconds;
  return PreciseTime{Timestamp(nanoseconds(negative ? -magnitude : magnitude)), fraction.digits};
}

std::string FormatEpochSeconds(const PreciseTime& time) {
  const std::int64_t count = time.time.time_since_epoch().count();
  std::uint64_t magnitude = static_cast<std::uint64_t>(count);
  if (count < 0) {
    // Times are cut downward, which is away from zero here.
    std::uint64_t unit = 1;
    for (int i = std::max(time.fraction_digits, 0); i < 9; ++i) unit *= 10;
    magnitude = (0 - magnitude + unit - 1) / unit * unit;
  }
  std::string text = (count < 0 ? "-" : "") + std::to_string(magnitude / 1'000'000'000);
  AppendFraction(text, static_cast<std::int64_t>(magnitude % 1'000'000'000), time.fraction_digits);
  return text;
}

}  // namespace godwit
