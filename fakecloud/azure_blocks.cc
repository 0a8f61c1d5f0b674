// Blocks and their lists.

#include <algorithm>

#include "fakecloud/azure_blocks.h"
#include "fakecloud/azure_call.h"
#include "fakecloud/encoding.h"
#include "lib/http/xml_reader.h"

namespace fakecloud {
namespace {

constexpr std::size_t kBlockIdBytesMax = 64;
constexpr std::size_t kBlocksMax = 50'000;

// The wanted ids, in order, and where each is to be looked for.
class ListReader final : public godwit::XmlHandler {
 public:
  std::vector<std::pair<std::string, std::string>> wanted;
  void OnStart(std::string_view, int) override {}
  void OnEnd(std::string_view name, std::string_view text, int depth) override {
    if (depth == 2) wanted.emplace_back(name, text);
  }
};

const AzureBlock* Find(const std::vector<AzureBlock>& blocks, std::string_view id) {
  for (const AzureBlock& block : blocks) {
    if (block.id == id) return &block;
  }
  return nullptr;
}

AzureResult<std::vector<AzureBlock>> Choose(
    const AzureContainer& container, const std::string& name,
    const std::vector<std::pair<std::string, std::string>>& wanted) {
  static const std::vector<AzureBlock> kNone;
  const auto staged = container.staged.find(name);
  const AzureBlobPtr blob = container.Find(name);
  const std::vector<AzureBlock>& fresh = staged == container.staged.end() ? kNone : staged->second;
  const std::vector<AzureBlock>& old = blob ? blob->blocks : kNone;
  std::vector<AzureBlock> chosen;
  for (const auto& [where, id] : wanted) {
    const AzureBlock* block = where == "Committed" ? nullptr : Find(fresh, id);
    if (block == nullptr && where != "Uncommitted") block = Find(old, id);
    if (block == nullptr) return AzureErrorByCode("InvalidBlockList");
    chosen.push_back(*block);
  }
  return chosen;
}

std::string BlocksXml(const std::vector<AzureBlock>& blocks) {
  std::string xml;
  for (const AzureBlock& block : blocks) {
    xml += "<Block><Name>" + block.id + "</Name><Size>" + std::to_string(block.content.size()) +
           "</Size></Block>";
  }
  return xml;
}

}  // namespace

MaybeAzureError StageAzureBlock(AzureContext& context, const AzureCall& call, Content content) {
  const std::string id(call.query.Get("blockid"));
  const std::optional<std::string> raw = FromBase64(id);
  if (!raw || raw->empty() || raw->size() > kBlockIdBytesMax) {
    return AzureErrorByCode("InvalidQueryParameterValue");
  }
  AzureStorage::Access access = context.storage.Lock();
  AzureContainer* container = access.Find(call.container);
  if (container == nullptr) return AzureErrorByCode("ContainerNotFound");
  std::vector<AzureBlock>& staged = container->staged[call.blob];
  if (!staged.empty() && FromBase64(staged.front().id)->size() != raw->size()) {
    return AzureErrorByCode("InvalidBlobOrBlock");
  }
  std::erase_if(staged, [&](const AzureBlock& block) { return block.id == id; });
  staged.push_back({id, std::move(content)});
  return std::nullopt;
}

AzureResult<Response> PutAzureBlock(AzureContext& context, AzureCall& call) {
  AzureResult<AzureBody> received = ReceiveAzureBody(context, call);
  if (const AzureError* error = AzureErrorOf(received)) return *error;
  AzureBody& body = std::get<AzureBody>(received);
  if (MaybeAzureError error = StageAzureBlock(context, call, std::move(body.content))) {
    return *error;
  }
  Response response = AzureAnswer(201);
  if (call.request.headers.Has("content-md5")) {
    response.headers.Add("Content-MD5", body.md5);
  } else {
    response.headers.Add("x-ms-content-crc64", body.crc64);
  }
  return response;
}

AzureResult<Response> PutAzureBlockList(AzureContext& context, AzureCall& call) {
  AzureBlob blob;
  if (MaybeAzureError error = ReadAzureHeaders(call, blob)) return *error;
  const AzureResult<AzureBody> body = ReceiveAzureBody(context, call, AzureBodyUse::kCommand);
  if (const AzureError* error = AzureErrorOf(body)) return *error;
  ListReader reader;
  const std::string xml = std::get<AzureBody>(body).content.ToText();
  if (!godwit::ReadXml(xml, "BlockList", reader).ok() || reader.wanted.size() > kBlocksMax) {
    return AzureErrorByCode("InvalidInput");
  }
  {
    AzureStorage::Access access = context.storage.Lock();
    const AzureContainer* container = access.Find(call.container);
    if (container == nullptr) return AzureErrorByCode("ContainerNotFound");
    if (MaybeAzureError error = CheckAzureWrite(call, container->Find(call.blob))) return *error;
    AzureResult<std::vector<AzureBlock>> chosen = Choose(*container, call.blob, reader.wanted);
    if (const AzureError* error = AzureErrorOf(chosen)) return *error;
    blob.blocks = std::move(std::get<0>(chosen));
  }
  for (const AzureBlock& block : blob.blocks) blob.content.Append(block.content);
  // Kept as it is claimed: nobody has read the whole.
  blob.md5 = call.Header("x-ms-blob-content-md5");
  const AzureResult<AzureBlobPtr> stored = PublishAzureBlob(context, call, std::move(blob));
  if (const AzureError* error = AzureErrorOf(stored)) return *error;
  Response response = AzureAnswer(201);
  AddBlobVersion(*std::get<AzureBlobPtr>(stored), response);
  return response;
}

AzureResult<Response> GetAzureBlockList(AzureContext& context, AzureCall& call) {
  AzureStorage::Access access = context.storage.Lock();
  const AzureContainer* container = access.Find(call.container);
  if (container == nullptr) return AzureErrorByCode("ContainerNotFound");
  const AzureBlobPtr blob = container->Find(call.blob);
  const auto staged = container->staged.find(call.blob);
  const bool has_staged = staged != container->staged.end() && !staged->second.empty();
  if (!blob && !has_staged) return AzureErrorByCode("BlobNotFound");
  const std::string_view type = call.query.Get("blocklisttype");
  std::string xml = "<BlockList>";
  if (type != "uncommitted") {
    xml += "<CommittedBlocks>" + (blob ? BlocksXml(blob->blocks) : "") + "</CommittedBlocks>";
  }
  if (type == "uncommitted" || type == "all") {
    xml += "<UncommittedBlocks>" + (has_staged ? BlocksXml(staged->second) : "") +
           "</UncommittedBlocks>";
  }
  Response response = AzureXml(xml + "</BlockList>");
  if (blob) AddBlobVersion(*blob, response);
  return response;
}

}  // namespace fakecloud
