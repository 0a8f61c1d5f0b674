#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fakecloud/query_params.h"
#include "fakecloud/s3_call.h"

namespace fakecloud {

// Where a listing goes on. Given to clients as an opaque text with a check value, so that one that
// was made up is refused; it holds '/', '+' and '=' now and then, which a client must escape.
struct ListingPosition {
  int page = 1;
  std::string after;       // The last key or common prefix of the page before.
  bool is_prefix = false;  // `after` is a common prefix: all keys below it are done.

  std::string Token() const;
  static std::optional<ListingPosition> FromToken(std::string_view token);
};

// The page that a listing request asks for, from 1; also if its token is broken.
int PageOfListing(const QueryParams& query);

// The parameters that all listings share.
struct ListingShape {
  std::string prefix;
  std::string delimiter;
  bool url_encoded = false;
  std::uint64_t keys_max = 1000;  // As asked for.
  std::uint64_t page_max = 1000;  // What the server gives.

  static S3Result<ListingShape> Read(const S3Options& options, const QueryParams& query,
                                     std::string_view max_name);
  std::string Encode(std::string_view key) const;  // For XML, url-encoded if asked.
  // The common prefix that `key` falls under; empty if it stands for itself.
  std::string_view CommonPrefixOf(std::string_view key) const;
};

// The first key that is after all keys that begin with `prefix`; none if there is no such key.
std::optional<std::string> SuccessorOfPrefix(std::string prefix);

}  // namespace fakecloud
