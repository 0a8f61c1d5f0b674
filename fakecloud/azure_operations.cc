#include <array>

#include "fakecloud/azure_call.h"
#include "fakecloud/encoding.h"

namespace fakecloud {
namespace {

struct OperationRow {
  std::string_view name;
  AzureHandler handler;
};
constexpr auto kOperations = std::to_array<OperationRow>({
    {"ListBlobs", ListAzureBlobs},
    {"CreateContainer", CreateAzureContainer},
    {"DeleteContainer", DeleteAzureContainer},
    {"GetContainerProperties", GetAzureContainer},
    {"GetAccountInformation", GetAzureAccount},
    {"PutBlob", PutAzureBlob},
    {"GetBlob", GetAzureBlob},
    {"GetBlobProperties", GetAzureBlob},
    {"DeleteBlob", DeleteAzureBlob},
    {"SetBlobMetadata", SetAzureMetadata},
    {"SetBlobProperties", SetAzureProperties},
    {"SetBlobTier", SetAzureTier},
    {"SetBlobTags", SetAzureTags},
    {"GetBlobTags", GetAzureTags},
    {"PutBlock", PutAzureBlock},
    {"PutBlockList", PutAzureBlockList},
    {"GetBlockList", GetAzureBlockList},
    {"CopyBlob", CopyAzureBlob},
    {"PutBlobFromURL", PutAzureBlobFromUrl},
    {"PutBlockFromURL", PutAzureBlockFromUrl},
});

std::string_view ContainerOperation(std::string_view method, std::string_view comp) {
  if (method == "GET" && comp == "list") return "ListBlobs";
  if (method == "POST" && comp == "batch") return "BlobBatch";
  if (!comp.empty()) return "";
  if (method == "PUT") return "CreateContainer";
  if (method == "DELETE") return "DeleteContainer";
  return method == "GET" || method == "HEAD" ? "GetContainerProperties" : "";
}

std::string_view PutOperation(const AzureCall& call, std::string_view comp) {
  const bool copies = call.request.headers.Has("x-ms-copy-source");
  if (comp == "block") return copies ? "PutBlockFromURL" : "PutBlock";
  if (comp == "blocklist") return "PutBlockList";
  if (comp == "metadata") return "SetBlobMetadata";
  if (comp == "properties") return "SetBlobProperties";
  if (comp == "tier") return "SetBlobTier";
  if (comp == "tags") return "SetBlobTags";
  if (!comp.empty()) return "";
  if (!copies) return "PutBlob";
  return call.request.headers.Has("x-ms-blob-type") ? "PutBlobFromURL" : "CopyBlob";
}

}  // namespace

std::string_view AzureOperationOf(const AzureCall& call) {
  const std::string_view method = call.request.method;
  const std::string_view comp = call.query.Get("comp");
  if (call.query.Get("restype") == "account") return "GetAccountInformation";
  if (call.container.empty()) return method == "POST" && comp == "batch" ? "BlobBatch" : "";
  if (call.blob.empty()) return ContainerOperation(method, comp);
  if (method == "PUT") return PutOperation(call, comp);
  if (method == "DELETE") return "DeleteBlob";
  if (method == "HEAD") return "GetBlobProperties";
  if (method != "GET") return "";
  if (comp == "blocklist") return "GetBlockList";
  return comp == "tags" ? "GetBlobTags" : "GetBlob";
}

AzureHandler AzureHandlerOf(std::string_view operation) {
  for (const OperationRow& row : kOperations) {
    if (row.name == operation) return row.handler;
  }
  return nullptr;
}

bool SplitAzurePath(const AzureOptions& options, std::string_view path, std::string& container,
                    std::string& blob) {
  const std::string account = "/" + options.account;
  if (!HasPrefix(path, account)) return false;
  std::string_view rest = path.substr(account.size());
  if (rest.empty() || rest == "/") return true;
  if (rest.front() != '/') return false;
  rest.remove_prefix(1);
  const std::size_t slash = rest.find('/');
  const std::optional<std::string> name = DecodePercent(rest.substr(0, slash), false);
  const std::optional<std::string> key =
      DecodePercent(slash == std::string_view::npos ? "" : rest.substr(slash + 1), false);
  if (!name || !key || !IsUtf8(*key)) return false;
  container = *name;
  blob = *key;
  // The service takes both for the same.
  for (char& c : blob) {
    if (c == '\\') c = '/';
  }
  return true;
}

}  // namespace fakecloud
