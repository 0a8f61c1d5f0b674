// What stands beside a blob's bytes.

#include <algorithm>
#include <functional>

#include "fakecloud/azure_call.h"
#include "fakecloud/encoding.h"
#include "lib/http/xml_reader.h"

namespace fakecloud {
namespace {

bool IsMetadata(const std::pair<std::string, std::string>& header) {
  return HasPrefix(header.first, "x-ms-meta-");
}

// Replaces a blob by a changed copy of itself, if the call's conditions hold.
AzureResult<Response> Change(AzureContext& context, const AzureCall& call, bool new_etag,
                             const std::function<void(AzureBlob&)>& change) {
  AzureStorage::Access access = context.storage.Lock();
  AzureContainer* container = access.Find(call.container);
  if (container == nullptr) return AzureErrorByCode("ContainerNotFound");
  const AzureBlobPtr current = container->Find(call.blob);
  if (!current) return AzureErrorByCode("BlobNotFound");
  if (MaybeAzureError error = CheckAzureWrite(call, current)) return *error;
  AzureBlob next = *current;
  change(next);
  if (new_etag) {
    next.etag = context.storage.NextEtag();
    next.modified = call.now;
  }
  Response response = AzureAnswer(200);
  AddBlobVersion(next, response);
  container->blobs[call.blob] = std::make_shared<AzureBlob>(std::move(next));
  return response;
}

class TagReader final : public godwit::XmlHandler {
 public:
  NameValues tags;
  void OnStart(std::string_view, int) override {}
  void OnEnd(std::string_view name, std::string_view text, int depth) override {
    if (depth != 4) return;
    if (name == "Key") tags.emplace_back(text, "");
    if (name == "Value" && !tags.empty()) tags.back().second = text;
  }
};

}  // namespace

AzureResult<Response> SetAzureMetadata(AzureContext& context, AzureCall& call) {
  AzureBlob described;
  if (MaybeAzureError error = ReadAzureHeaders(call, described)) return *error;
  return Change(context, call, true, [&](AzureBlob& blob) {
    std::erase_if(blob.headers, IsMetadata);
    for (const auto& header : described.headers) {
      if (IsMetadata(header)) blob.headers.push_back(header);
    }
  });
}

AzureResult<Response> SetAzureProperties(AzureContext& context, AzureCall& call) {
  AzureBlob described;
  if (MaybeAzureError error = ReadAzureHeaders(call, described)) return *error;
  // Whatever is not given is cleared.
  return Change(context, call, true, [&](AzureBlob& blob) {
    std::erase_if(blob.headers, [](const auto& header) { return !IsMetadata(header); });
    for (const auto& header : described.headers) {
      if (!IsMetadata(header)) blob.headers.push_back(header);
    }
    blob.md5 = call.Header("x-ms-blob-content-md5");
  });
}

AzureResult<Response> SetAzureTier(AzureContext& context, AzureCall& call) {
  AzureBlob described;
  if (MaybeAzureError error = ReadAzureHeaders(call, described)) return *error;
  return Change(context, call, false, [&](AzureBlob& blob) { blob.tier = described.tier; });
}

AzureResult<Response> SetAzureTags(AzureContext& context, AzureCall& call) {
  const AzureResult<AzureBody> body = ReceiveAzureBody(context, call, AzureBodyUse::kCommand);
  if (const AzureError* error = AzureErrorOf(body)) return *error;
  TagReader reader;
  if (!godwit::ReadXml(std::get<AzureBody>(body).content.ToText(), "Tags", reader).ok()) {
    return AzureErrorByCode("InvalidInput");
  }
  AzureResult<Response> changed =
      Change(context, call, false, [&](AzureBlob& blob) { blob.tags = reader.tags; });
  if (Response* response = std::get_if<Response>(&changed)) response->status = 204;
  return changed;
}

AzureResult<Response> GetAzureTags(AzureContext& context, AzureCall& call) {
  const AzureResult<AzureBlobPtr> found = FindAzureBlob(context, call.container, call.blob);
  if (const AzureError* error = AzureErrorOf(found)) return *error;
  std::string xml = "<Tags><TagSet>";
  for (const auto& [name, value] : std::get<AzureBlobPtr>(found)->tags) {
    xml += "<Tag><Key>" + EscapeXml(name) + "</Key><Value>" + EscapeXml(value) + "</Value></Tag>";
  }
  return AzureXml(xml + "</TagSet></Tags>");
}

}  // namespace fakecloud
