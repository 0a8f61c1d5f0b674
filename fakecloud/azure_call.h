#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "fakecloud/azure_storage.h"
#include "fakecloud/fault.h"
#include "fakecloud/http_message.h"
#include "fakecloud/query_params.h"

namespace fakecloud {

// How this account behaves.
struct AzureOptions {
  std::string account;
  std::string key;                      // Raw.
  std::set<std::string> bearer_tokens;  // That are accepted.
  std::uint32_t page_size = 5000;
  std::int64_t clock_offset_seconds = 0;
};

// A refusal in Azure's terms.
struct AzureError {
  int status = 500;
  std::string code;
  std::string message;
  NameValues headers;
};
using MaybeAzureError = std::optional<AzureError>;
template <typename T>
using AzureResult = std::variant<T, AzureError>;
template <typename T>
const AzureError* AzureErrorOf(const AzureResult<T>& result) {
  return std::get_if<AzureError>(&result);
}
// The error of a code, with its usual status and message.
AzureError AzureErrorByCode(std::string_view code);

// One request on its way through the service. Lives as long as the request.
struct AzureCall {
  Request& request;
  std::string request_id;
  QueryParams query;
  std::string_view operation;  // Azure's name of it.
  std::string container;
  std::string blob;
  int page = 0;               // Of a listing, from 1.
  std::string credential;     // For expire_credentials.
  std::vector<Fault> faults;  // That fired for this request.
  std::int64_t now = 0;       // Unix seconds, by the server's clock.

  std::string_view Header(std::string_view name) const { return request.headers.Get(name); }
  const Fault* FindFault(FaultKind kind, FaultSide side) const;
};

struct AzureContext {
  const AzureOptions& options;
  AzureStorage& storage;
};

using AzureHandler = AzureResult<Response> (*)(AzureContext& context, AzureCall& call);

// The operation that a request asks for; empty if it is none that this server knows.
std::string_view AzureOperationOf(const AzureCall& call);
// Its handler; null for operations that the service carries out itself, and for unknown ones.
AzureHandler AzureHandlerOf(std::string_view operation);

// Verifies a SharedKey signature, a shared access signature or a bearer token; a request without
// any is refused. Sets call.credential.
MaybeAzureError AuthenticateAzure(const AzureOptions& options, AzureCall& call);

// Whether the credentials of `query` (a copy's source) allow to read that blob.
bool AzureSasAllows(const AzureOptions& options, const QueryParams& query,
                    std::string_view container, std::string_view blob, std::string_view permission,
                    std::int64_t now);

// Path and query of an address on this server taken apart; false if it is none.
bool SplitAzurePath(const AzureOptions& options, std::string_view path, std::string& container,
                    std::string& blob);

// Answers.
Response AzureAnswer(int status);
Response AzureXml(std::string body);
Response AzureErrorAnswer(const AzureCall& call, const AzureError& error);
void AddBlobVersion(const AzureBlob& blob, Response& response);  // ETag, Last-Modified.

// If-Match and If-None-Match of a write against what is there.
MaybeAzureError CheckAzureWrite(const AzureCall& call, const AzureBlobPtr& current);
// Publishes `blob` under the call's name if its conditions hold; sweeps uncommitted blocks away.
AzureResult<AzureBlobPtr> PublishAzureBlob(AzureContext& context, const AzureCall& call,
                                           AzureBlob blob);
// Content headers, metadata, tier and tags of a write.
MaybeAzureError ReadAzureHeaders(const AzureCall& call, AzureBlob& blob);

// A body, received and verified against its digests.
struct AzureBody {
  Content content;
  std::string md5;    // Base64.
  std::string crc64;  // Base64, as Azure writes it.
};
enum class AzureBodyUse : std::uint8_t { kContent, kCommand };  // Commands are never discarded.
AzureResult<AzureBody> ReceiveAzureBody(AzureContext& context, AzureCall& call,
                                        AzureBodyUse use = AzureBodyUse::kContent);

// The blob that a request names, or a refusal.
AzureResult<AzureBlobPtr> FindAzureBlob(AzureContext& context, std::string_view container,
                                        std::string_view blob);

// azure_faults.cc: the answer that a fault gives instead of the operation, and what faults do to
// an answer.
std::optional<Response> AzureFaultBefore(const AzureCall& call);
void AzureFaultAfter(AzureContext& context, const AzureCall& call, Response& response);

// azure_blobs.cc
AzureResult<Response> PutAzureBlob(AzureContext& context, AzureCall& call);
AzureResult<Response> GetAzureBlob(AzureContext& context, AzureCall& call);  // Properties too.
AzureResult<Response> DeleteAzureBlob(AzureContext& context, AzureCall& call);
// azure_properties.cc
AzureResult<Response> SetAzureMetadata(AzureContext& context, AzureCall& call);
AzureResult<Response> SetAzureProperties(AzureContext& context, AzureCall& call);
AzureResult<Response> SetAzureTier(AzureContext& context, AzureCall& call);
AzureResult<Response> SetAzureTags(AzureContext& context, AzureCall& call);
AzureResult<Response> GetAzureTags(AzureContext& context, AzureCall& call);
// azure_blocks.cc
AzureResult<Response> PutAzureBlock(AzureContext& context, AzureCall& call);
AzureResult<Response> PutAzureBlockList(AzureContext& context, AzureCall& call);
AzureResult<Response> GetAzureBlockList(AzureContext& context, AzureCall& call);
// azure_copies.cc
AzureResult<Response> CopyAzureBlob(AzureContext& context, AzureCall& call);
AzureResult<Response> PutAzureBlobFromUrl(AzureContext& context, AzureCall& call);
AzureResult<Response> PutAzureBlockFromUrl(AzureContext& context, AzureCall& call);
// azure_containers.cc
AzureResult<Response> ListAzureBlobs(AzureContext& context, AzureCall& call);
AzureResult<Response> CreateAzureContainer(AzureContext& context, AzureCall& call);
AzureResult<Response> DeleteAzureContainer(AzureContext& context, AzureCall& call);
AzureResult<Response> GetAzureContainer(AzureContext& context, AzureCall& call);
AzureResult<Response> GetAzureAccount(AzureContext& context, AzureCall& call);

}  // namespace fakecloud
