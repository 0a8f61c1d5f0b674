#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "godwit/object_meta.h"

namespace godwit {

// Names as they may be shown: control bytes, DEL, C1, bidi controls and bytes that are not UTF-8
// come as \xNN (of each byte), a backslash as itself.
std::string EscapeForDisplay(std::string_view bytes);

bool IsValidUtf8(std::string_view bytes);

// Strict decimal: digits only, no sign, no space, no overflow; the whole text.
std::optional<std::uint64_t> ParseUint64(std::string_view text);

// "4096", "64KiB", "5MB", "1.5GiB" (units B, kB/KB, KiB, MB, MiB, ... TiB).
std::optional<std::uint64_t> ParseByteSize(std::string_view text);
// "16.0 MiB"; below 1 KiB "512 B".
std::string FormatByteSize(std::uint64_t bytes);

// "30s", "10m", "2h", "7d", "250ms".
std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text);

// RFC 3339 / ISO 8601 with Z or an offset and 0..9 fractional digits, which are remembered.
std::optional<PreciseTime> ParseRfc3339(std::string_view text);
// UTC with exactly `fraction_digits` digits, e.g. "2026-01-31T12:00:00.000Z".
std::string FormatRfc3339(Timestamp time, int fraction_digits);
// "Fri, 24 May 2013 00:00:00 GMT", also the two obsolete forms of RFC 9110.
std::optional<PreciseTime> ParseHttpDate(std::string_view text);
std::string FormatHttpDate(Timestamp time);
// Decimal seconds since the epoch with up to 9 fractional digits ("1700000000.123456789").
std::optional<PreciseTime> ParseEpochSeconds(std::string_view text);
std::string FormatEpochSeconds(const PreciseTime& time);

std::string HexEncode(std::string_view bytes);  // Lower case.
std::optional<std::string> HexDecode(std::string_view text);
std::string Base64Encode(std::string_view bytes);
std::optional<std::string> Base64Decode(std::string_view text);

// RFC 3986: unreserved bytes stay, all others become %XX (upper case); '/' stays if asked.
std::string PercentEncode(std::string_view bytes, bool keep_slash);
// Fails on a '%' that is not followed by two hex digits. '+' stays itself.
std::optional<std::string> PercentDecode(std::string_view text);

std::string AsciiLower(std::string_view text);

}  // namespace godwit
