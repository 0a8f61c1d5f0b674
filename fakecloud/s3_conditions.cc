#include "fakecloud/s3_conditions.h"

#include <algorithm>

#include "fakecloud/encoding.h"

namespace fakecloud {

bool EtagListed(std::string_view condition, std::string_view etag) {
  for (std::string_view candidate : Split(condition, ',')) {
    candidate = Trim(candidate);
    if (candidate == "*") return true;
    if (candidate.size() >= 2 && candidate.front() == '"' && candidate.back() == '"') {
      candidate = candidate.substr(1, candidate.size() - 2);
    }
    if (candidate == etag) return true;
  }
  return false;
}

ReadConditions ReadConditions::OfRequest(const S3Call& call) {
  const Headers& headers = call.request.headers;
  return {headers.Find("if-match"), headers.Find("if-none-match"),
          headers.Find("if-modified-since"), headers.Find("if-unmodified-since")};
}

ReadConditions ReadConditions::OfCopySource(const S3Call& call) {
  const Headers& headers = call.request.headers;
  return {headers.Find("x-amz-copy-source-if-match"),
          headers.Find("x-amz-copy-source-if-none-match"),
          headers.Find("x-amz-copy-source-if-modified-since"),
          headers.Find("x-amz-copy-source-if-unmodified-since")};
}

MaybeError ReadConditions::Check(const ObjectVersion& object, int not_modified_status) const {
  const auto not_modified = [&](std::string_view condition) {
    S3Error error = PreconditionFailed(condition);
    if (not_modified_status == 304) error.headers.emplace_back("ETag", Quoted(object.etag));
    error.status = not_modified_status;
    return error;
  };
  const auto newer_than = [&](const std::string* date) {
    const std::optional<std::int64_t> time = ParseHttpTime(*date);
    return !time || object.modified > *time;
  };
  if (if_match != nullptr) {
    if (!EtagListed(*if_match, object.etag)) return PreconditionFailed("If-Match");
  } else if (if_unmodified_since != nullptr && newer_than(if_unmodified_since)) {
    return PreconditionFailed("If-Unmodified-Since");
  }
  if (if_none_match != nullptr) {
    if (EtagListed(*if_none_match, object.etag)) return not_modified("If-None-Match");
  } else if (if_modified_since != nullptr && !newer_than(if_modified_since)) {
    return not_modified("If-Modified-Since");
  }
  return std::nullopt;
}

S3Result<std::optional<ByteRange>> ParseRange(std::string_view header, std::uint64_t object_size) {
  const std::optional<ByteRange> whole;
  if (!HasPrefix(header, "bytes=")) return whole;
  header.remove_prefix(6);
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return whole;
  const std::string_view first_text = header.substr(0, dash), last_text = header.substr(dash + 1);
  const std::optional<std::uint64_t> first = ParseDecimal(first_text);
  const std::optional<std::uint64_t> last = ParseDecimal(last_text);
  if ((!first && !first_text.empty()) || (!last && !last_text.empty()) || (!first && !last)) {
    return whole;
  }
  // Without a first byte it is the length of the object's tail.
  const std::uint64_t begin =
      first ? *first : object_size - std::min(last.value_or(0), object_size);
  if (begin >= object_size) {
    return S3Error{416,
                   "InvalidRange",
                   "The requested range is not satisfiable",
                   {{"RangeRequested", "bytes=" + std::string(header)},
                    {"ActualObjectSize", std::to_string(object_size)}},
                   {{"Content-Range", "bytes */" + std::to_string(object_size)}}};
  }
  const std::uint64_t end = first && last ? std::min(*last, object_size - 1) : object_size - 1;
  if (end < begin) return whole;
  return std::optional<ByteRange>(ByteRange{begin, end - begin + 1});
}

}  // namespace fakecloud
