// Copies inside of the account.

#include <algorithm>

#include "fakecloud/azure_blocks.h"
#include "fakecloud/azure_call.h"
#include "fakecloud/digests.h"
#include "fakecloud/encoding.h"
#include "fakecloud/s3_conditions.h"

namespace fakecloud {
namespace {

// The blob behind x-ms-copy-source, if the call may read it.
AzureResult<AzureBlobPtr> ReadSource(AzureContext& context, const AzureCall& call) {
  std::string_view url = call.Header("x-ms-copy-source");
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return AzureErrorByCode("InvalidHeaderValue");
  url.remove_prefix(scheme + 3);
  url.remove_prefix(std::min(url.find('/'), url.size()));
  const std::size_t question = url.find('?');
  std::string container;
  std::string blob;
  const std::optional<QueryParams> query =
      QueryParams::Parse(question == std::string_view::npos ? "" : url.substr(question + 1));
  if (!query || !SplitAzurePath(context.options, url.substr(0, question), container, blob)) {
    return AzureErrorByCode("InvalidHeaderValue");
  }
  const std::string_view bearer = call.Header("x-ms-copy-source-authorization");
  const bool by_token = HasPrefix(bearer, "Bearer ") &&
                        context.options.bearer_tokens.contains(std::string(bearer.substr(7)));
  // Copy Blob inside of one account takes the request's own authorisation.
  const bool allowed = by_token || call.operation == "CopyBlob" ||
                       AzureSasAllows(context.options, *query, container, blob, "r", call.now);
  if (!allowed) return AzureErrorByCode("CannotVerifyCopySource");
  AzureResult<AzureBlobPtr> found = FindAzureBlob(context, container, blob);
  if (AzureErrorOf(found) != nullptr) return AzureErrorByCode("CannotVerifyCopySource");
  const std::string_view match = call.Header("x-ms-source-if-match");
  if (!match.empty() && !EtagListed(match, std::get<0>(found)->etag)) {
    return AzureErrorByCode("SourceConditionNotMet");
  }
  return found;
}

AzureResult<Response> Store(AzureContext& context, const AzureCall& call, AzureBlob blob,
                            int status) {
  const AzureResult<AzureBlobPtr> stored = PublishAzureBlob(context, call, std::move(blob));
  if (const AzureError* error = AzureErrorOf(stored)) return *error;
  Response response = AzureAnswer(status);
  AddBlobVersion(*std::get<AzureBlobPtr>(stored), response);
  response.headers.Add("x-ms-copy-id", call.request_id);
  response.headers.Add("x-ms-copy-status", "success");
  return response;
}

}  // namespace

AzureResult<Response> CopyAzureBlob(AzureContext& context, AzureCall& call) {
  AzureResult<AzureBlobPtr> source = ReadSource(context, call);
  if (const AzureError* error = AzureErrorOf(source)) return *error;
  AzureBlob described;
  if (MaybeAzureError error = ReadAzureHeaders(call, described)) return *error;
  AzureBlob blob = *std::get<AzureBlobPtr>(source);
  const auto is_metadata = [](const auto& header) { return HasPrefix(header.first, "x-ms-meta-"); };
  // Any metadata replaces all of the source's; none keeps it.
  if (std::any_of(described.headers.begin(), described.headers.end(), is_metadata)) {
    std::erase_if(blob.headers, is_metadata);
    for (const auto& header : described.headers) {
      if (is_metadata(header)) blob.headers.push_back(header);
    }
  }
  blob.tier = described.tier;
  blob.tags = described.tags;
  return Store(context, call, std::move(blob), 202);
}

AzureResult<Response> PutAzureBlobFromUrl(AzureContext& context, AzureCall& call) {
  AzureResult<AzureBlobPtr> source = ReadSource(context, call);
  if (const AzureError* error = AzureErrorOf(source)) return *error;
  AzureBlob blob;
  if (MaybeAzureError error = ReadAzureHeaders(call, blob)) return *error;
  blob.content = std::get<AzureBlobPtr>(source)->content;
  blob.md5 = std::get<AzureBlobPtr>(source)->md5;
  return Store(context, call, std::move(blob), 201);
}

AzureResult<Response> PutAzureBlockFromUrl(AzureContext& context, AzureCall& call) {
  AzureResult<AzureBlobPtr> source = ReadSource(context, call);
  if (const AzureError* error = AzureErrorOf(source)) return *error;
  Content content = std::get<AzureBlobPtr>(source)->content;
  const std::string_view range = call.Header("x-ms-source-range");
  if (!range.empty()) {
    const S3Result<std::optional<ByteRange>> parsed = ParseRange(range, content.size());
    if (ErrorOf(parsed) != nullptr || !std::get<0>(parsed)) {
      return AzureErrorByCode("InvalidRange");
    }
    content = content.Slice(std::get<0>(parsed)->offset, std::get<0>(parsed)->size);
  }
  std::string crc = Checksum(ChecksumKind::kCrc64Nvme, content.ToText());
  std::reverse(crc.begin(), crc.end());
  if (MaybeAzureError error = StageAzureBlock(context, call, std::move(content))) return *error;
  Response response = AzureAnswer(201);
  response.headers.Add("x-ms-content-crc64", ToBase64(crc));
  return response;
}

}  // namespace fakecloud
