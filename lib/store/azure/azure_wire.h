#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/byte_stream.h"
#include "godwit/call_context.h"
#include "godwit/digest.h"
#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "godwit/store_messages.h"
#include "lib/http/transport.h"
#include "lib/store/azure/azure_errors.h"

// Requests and the headers of answers, without a network. Pure.

namespace godwit {

// One request before it has an address and a signature.
struct AzureRequest {
  HttpMethod method = HttpMethod::kGet;
  RequestClass request_class = RequestClass::kOther;
  std::string_view operation;                                   // For messages: "read".
  std::string container;                                        // Empty: the store's own.
  std::string key;                                              // Empty: the container.
  std::vector<std::pair<std::string, std::string>> parameters;  // Decoded.
  HttpHeaders headers;
  ByteSource* body = nullptr;
  std::uint64_t object_bytes = 0;  // Of the body, for the meter.
  std::chrono::milliseconds first_byte_timeout{0};
  HttpBodyChooser choose;  // For the body of a success; null: keep it.
  AzureErrorContext errors;
};

// Answers to these come only when the work is done, which may take minutes.
inline constexpr std::chrono::milliseconds kSlowAzureAnswer = std::chrono::minutes(10);

AzureRequest AzureHeadRequest(std::string_view key);
AzureRequest AzureGetRequest(std::string_view key, const GetOptions& options);
AzureRequest AzurePutRequest(std::string_view key);
AzureRequest AzureDeleteRequest(const DeleteRequest& request);
AzureRequest AzureListRequest(const ListRequest& request, std::string_view marker,
                              std::uint32_t keys_max);

// What Put Block and Put Block From URL name their block by.
std::vector<std::pair<std::string, std::string>> AzureBlockParameters(std::string_view block_id);

// An XML body, kept alive by its owner while it is sent.
class AzureXmlBody {
 public:
  explicit AzureXmlBody(std::string xml);
  void AttachTo(AzureRequest& request);

 private:
  std::string xml_;
  MemorySource source_;
};

// If-None-Match or If-Match.
void AddAzureCondition(const WriteCondition& condition, AzureRequest& request);

// ETags are kept without their quotes, which listings do not write.
std::string UnquoteAzureEtag(std::string_view etag);
std::string QuoteAzureEtag(std::string_view etag);

// MD5 as headers and listings carry it.
std::string Base64OfMd5(const Digest& md5);
std::optional<Digest> Md5FromBase64(std::string_view text);
// CRC64NVME as Azure writes it: base64 of eight bytes, the lowest first.
std::string AzureCrcText(std::uint64_t crc64nvme);
std::optional<std::uint64_t> ParseAzureCrc(std::string_view text);

// The object of a HEAD answer, or of a GET answer to a request for `options`.
//
// Fails with kNotFound on a folder, with kCorrupted on answers that are not Azure's (no ETag, no
// length, no time, another range than the one asked for), with kPreconditionFailed if another
// version than the one asked for came, and with kInvalidArgument if the range does not lie within
// the object.
Result<ObjectMeta> AzureObjectFromHead(std::string_view key, const HttpHeaders& headers);
struct AzureDownload {
  ObjectMeta meta;
  std::uint64_t length = 0;  // Of the body that follows.
  HttpHeaders headers;       // Of the answer, once it is whole.
};
Result<AzureDownload> AzureObjectFromGet(std::string_view key, const HttpResponse& head,
                                         const GetOptions& options);

}  // namespace godwit
