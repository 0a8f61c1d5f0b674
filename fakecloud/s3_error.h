#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace fakecloud {

// A refusal in S3's terms: status, code, message, and further elements of the error document.
struct S3Error {
  int status = 500;
  std::string code;
  std::string message;
  std::vector<std::pair<std::string, std::string>> details;
  std::vector<std::pair<std::string, std::string>> headers;

  S3Error With(std::string_view element, std::string_view text) && {
    details.emplace_back(element, text);
    return std::move(*this);
  }
  S3Error WithHeader(std::string_view name, std::string_view value) && {
    headers.emplace_back(name, value);
    return std::move(*this);
  }
};

// None: all is well.
using MaybeError = std::optional<S3Error>;

// A value or a refusal.
template <typename T>
using S3Result = std::variant<T, S3Error>;
template <typename T>
const S3Error* ErrorOf(const S3Result<T>& result) {
  return std::get_if<S3Error>(&result);
}

S3Error AccessDenied(std::string message = "Access Denied");
S3Error InvalidArgument(std::string message, std::string_view name, std::string_view value);
S3Error InvalidRequest(std::string message);
S3Error MalformedXml();
S3Error NoSuchBucket(std::string_view bucket);
S3Error NoSuchKey(std::string_view key);
S3Error NoSuchUpload(std::string_view upload_id);
S3Error NoSuchVersion(std::string_view key, std::string_view version_id);
S3Error NotImplemented(std::string_view header);
S3Error PreconditionFailed(std::string_view condition);
S3Error BadDigest(std::string message);
S3Error InvalidPart(std::string_view upload_id, std::string_view part_number);
S3Error IncompleteBody();
S3Error InvalidObjectState(std::string_view storage_class);
// A code that a fault script names; its usual status and message where known.
S3Error ErrorByCode(std::string_view code);

}  // namespace fakecloud
