#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Text codecs of the server. They are its own on purpose: the server judges the client, so it must
// not share the code that it judges. Pure; safe from any thread.

namespace fakecloud {

std::string ToHex(std::string_view bytes);  // Lower case.
std::string ToBase64(std::string_view bytes);
// Strict: padding required, no white space.
std::optional<std::string> FromBase64(std::string_view text);

// Decodes %XX; fails on a '%' without two hex digits. '+' becomes a space only if asked.
std::optional<std::string> DecodePercent(std::string_view text, bool plus_is_space);
// SigV4's encoding: all but A-Z a-z 0-9 - . _ ~ become %XX, '/' stays if asked.
std::string EncodeCanonical(std::string_view bytes, bool keep_slash);
// The encoding of `encoding-type=url` as AWS does it: space is '+', '/' stays, '~' is escaped.
std::string EncodeForListing(std::string_view bytes);

// XML 1.0 element content. Control characters come as references ("&#x1;"), which a conforming
// reader refuses: AWS does the same, and a client must notice.
std::string EscapeXml(std::string_view text);

bool IsUtf8(std::string_view bytes);
bool HasPrefix(std::string_view text, std::string_view prefix);
bool EqualsIgnoringCase(std::string_view a, std::string_view b);
std::string LowerCase(std::string_view text);
std::string_view Trim(std::string_view text);  // Spaces and tabs at both ends.
std::vector<std::string_view> Split(std::string_view text, char separator);
std::optional<std::uint64_t> ParseDecimal(std::string_view text);  // Digits only, no overflow.

// Glob over bytes: '*' any run, '/' included; '?' one byte; '\' takes the next byte as itself.
bool GlobMatches(std::string_view pattern, std::string_view text);

// Seconds since the epoch in the forms that S3 uses.
std::string FormatIsoTime(std::int64_t unix_seconds);   // "2026-01-31T12:00:00.000Z"
std::string FormatHttpTime(std::int64_t unix_seconds);  // "Sat, 31 Jan 2026 12:00:00 GMT"
std::optional<std::int64_t> ParseHttpTime(std::string_view text);
std::optional<std::int64_t> ParseBasicTime(std::string_view text);  // "20260131T120000Z"

}  // namespace fakecloud
