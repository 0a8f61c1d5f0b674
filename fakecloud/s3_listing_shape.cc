#include <algorithm>

#include "fakecloud/digests.h"
#include "fakecloud/encoding.h"
#include "fakecloud/s3_listing.h"

namespace fakecloud {
namespace {

constexpr std::string_view kTokenSalt = "fakecloud listing";

}  // namespace

std::string ListingPosition::Token() const {
  const std::string plain = std::to_string(page) + (is_prefix ? "p" : "k") + after;
  const std::string check = Checksum(ChecksumKind::kCrc32, std::string(kTokenSalt) + plain);
  return ToBase64(check + plain);
}

std::optional<ListingPosition> ListingPosition::FromToken(std::string_view token) {
  const std::optional<std::string> raw = FromBase64(token);
  if (!raw || raw->size() < 6) return std::nullopt;
  const std::string plain = raw->substr(4);
  if (Checksum(ChecksumKind::kCrc32, std::string(kTokenSalt) + plain) != raw->substr(0, 4)) {
    return std::nullopt;
  }
  const std::size_t end = plain.find_first_not_of("0123456789");
  if (end == std::string::npos) return std::nullopt;
  ListingPosition position;
  position.page = static_cast<int>(ParseDecimal(plain.substr(0, end)).value_or(1));
  position.is_prefix = plain[end] == 'p';
  position.after = plain.substr(end + 1);
  return position;
}

int PageOfListing(const QueryParams& query) {
  const std::string* token = query.Find("continuation-token");
  if (token == nullptr) return 1;
  const std::optional<ListingPosition> position = ListingPosition::FromToken(*token);
  return position ? position->page : 1;
}

S3Result<ListingShape> ListingShape::Read(const S3Options& options, const QueryParams& query,
                                          std::string_view max_name) {
  ListingShape shape;
  shape.prefix = query.Get("prefix");
  shape.delimiter = query.Get("delimiter");
  if (const std::string* encoding = query.Find("encoding-type")) {
    if (*encoding != "url") {
      return InvalidArgument("Invalid Encoding Method specified in Request", "encoding-type",
                             *encoding);
    }
    shape.url_encoded = true;
  }
  if (const std::string* max = query.Find(max_name); max != nullptr && !max->empty()) {
    const std::optional<std::uint64_t> count = ParseDecimal(*max);
    if (!count || *count > 2147483647) {
      return InvalidArgument(
          "Provided " + std::string(max_name) + " not an integer or within integer range", max_name,
          *max);
    }
    shape.keys_max = *count;
  }
  shape.page_max = std::min<std::uint64_t>(shape.keys_max, options.page_size);
  shape.keys_max = std::min<std::uint64_t>(shape.keys_max, 1000);
  return shape;
}

std::string ListingShape::Encode(std::string_view key) const {
  return url_encoded ? EncodeForListing(key) : std::string(key);
}

std::string_view ListingShape::CommonPrefixOf(std::string_view key) const {
  if (delimiter.empty()) return {};
  const std::size_t at = key.find(delimiter, prefix.size());
  return at == std::string_view::npos ? std::string_view() : key.substr(0, at + delimiter.size());
}

std::optional<std::string> SuccessorOfPrefix(std::string prefix) {
  while (!prefix.empty()) {
    const auto last = static_cast<unsigned char>(prefix.back());
    if (last != 0xFF) {
      prefix.back() = static_cast<char>(last + 1);
      return prefix;
    }
    prefix.pop_back();
  }
  return std::nullopt;
}

}  // namespace fakecloud
