// Uploads in blocks, up to the commit.

#include <algorithm>
#include <utility>

#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/http/entity_tag.h"
#include "lib/http/xml_reader.h"
#include "lib/store/azure/azure_body.h"
#include "lib/store/azure/azure_store.h"
#include "lib/store/call_check.h"

namespace godwit {
namespace {

constexpr int kUploadPagesMax = 100'000;

std::string NewIdentity() {
  const std::uint64_t random = RandomSeed();
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(random >> (8 * i) & 0xFF);
  return HexEncode(bytes);
}

// The names of empty blobs in a page that also lists those which exist by their blocks only.
class EmptyBlobReader final : public XmlHandler {
 public:
  struct Blob {
    std::string key;
    PreciseTime modified;
  };
  std::vector<Blob> blobs;
  std::string token;

  void OnStart(std::string_view, int depth) override {
    if (depth == 3) blob_ = {};
    if (depth == 3) empty_ = false;
  }
  void OnEnd(std::string_view name, std::string_view text, int depth) override {
    if (depth == 2 && name == "NextMarker") token = text;
    if (depth == 4 && name == "Name") blob_.key = text;
    if (depth == 5 && name == "Content-Length") empty_ = text == "0";
    if (depth == 5 && name == "Last-Modified") {
      blob_.modified = ParseHttpDate(text).value_or(PreciseTime());
    }
    if (depth == 3 && name == "Blob" && empty_) blobs.push_back(std::move(blob_));
  }

 private:
  Blob blob_;
  bool empty_ = false;
};

void AddUploads(const AzureBlockList& blocks, const std::string& key, const PreciseTime& started,
                std::vector<UploadEntry>& uploads) {
  for (const AzureBlock& block : blocks.uncommitted) {
    const std::optional<AzureBlockId> id = AzureBlockId::Parse(block.id);
    if (!id.has_value()) continue;
    const Secret upload_id = AzureUpload{id->identity, block.id.size()}.ToId();
    const bool known = std::ranges::any_of(uploads, [&](const UploadEntry& entry) {
      return entry.key == key && entry.upload_id == upload_id;
    });
    if (!known) uploads.push_back({key, upload_id, started});
  }
}

}  // namespace

Result<AzureUpload> AzureStore::OpenUpload(std::string_view operation, std::string_view key,
                                           const Secret& upload_id) const {
  GODWIT_RETURN_IF_ERROR(CheckNewKey(operation, key));
  std::optional<AzureUpload> upload = AzureUpload::FromId(upload_id);
  const std::lock_guard lock(uploads_mutex_);
  if (upload.has_value() && !ended_uploads_.contains(upload_id.Reveal())) return *upload;
  return Status(ErrorKind::kNotFound, "no such upload")
      .WithOperation(operation)
      .WithObject(channel_.ObjectName(key));
}

void AzureStore::ForgetUpload(const Secret& upload_id) {
  const std::lock_guard lock(uploads_mutex_);
  uploads_.erase(upload_id.Reveal());
  ended_uploads_.insert(upload_id.Reveal());
}

Result<std::optional<AzureBlockList>> AzureStore::ReadBlocks(const CallContext& context,
                                                             std::string_view key, bool committed) {
  AzureRequest request;
  request.request_class = RequestClass::kPut;
  request.operation = "look at the blocks of";
  request.key = key;
  request.parameters = {{"comp", "blocklist"},
                        {"blocklisttype", committed ? "all" : "uncommitted"}};
  // 50,000 committed and 100,000 other blocks at most.
  request.choose = [](const HttpResponse&) -> Result<HttpBodyPlan> {
    return HttpBodyPlan{nullptr, 0, 32 << 20};
  };
  const Result<HttpResponse> response = channel_.Send(context, request);
  if (response.status().Is(ErrorKind::kNotFound)) return std::optional<AzureBlockList>();
  if (!response.ok()) return response.status();
  Result<AzureBlockList> list = ReadAzureBlockList(response->body);
  if (!list.ok()) return channel_.Explain(request, list.status());
  list->version = UnquoteEtag(response->headers.Find("etag").value_or(""));
  return std::optional<AzureBlockList>(std::move(*list));
}

Result<Secret> AzureStore::BeginUpload(const CallContext& context, const WritePermit&,
                                       std::string_view key, const UploadOptions&) {
  GODWIT_RETURN_IF_ERROR(CheckNewKey("begin an upload of", key));
  // All ids of one blob must be of one length, also those that another program has left.
  const Result<std::optional<AzureBlockList>> blocks = ReadBlocks(context, key, false);
  if (!blocks.ok() && !blocks.status().Is(ErrorKind::kPermissionDenied)) return blocks.status();
  AzureUpload upload{NewIdentity(), kAzureBlockIdWidth};
  if (blocks.ok() && blocks->has_value() && !(*blocks)->uncommitted.empty()) {
    const std::size_t width = (*blocks)->uncommitted.front().id.size();
    upload.width = std::clamp(width, kAzureBlockIdWidth, kAzureBlockIdWidthMax);
  }
  const std::lock_guard lock(uploads_mutex_);
  uploads_[upload.ToId().Reveal()] = {std::string(key), clock_.WallNow()};
  return upload.ToId();
}

Result<PartReceipt> AzureStore::PutPart(const CallContext& context, const WritePermit&,
                                        std::string_view key, const Secret& upload_id,
                                        const UploadPart& part, ByteSource& source) {
  const Result<AzureUpload> upload = OpenUpload("write a part of", key, upload_id);
  if (!upload.ok()) return upload.status();
  const AzureBody body(source, part.digests);
  AzurePartToken token{FormatAzureBlockId(*upload, part.index, body.sent_crc()),
                       AzurePartToken::Proof::kNone};
  AzureRequest request = AzurePutRequest(key);
  request.operation = "write a part of";
  request.parameters = AzureBlockParameters(token.block_id);
  body.AttachTo(request);
  const Result<HttpResponse> response = channel_.Send(context, request);
  if (!response.ok()) return response.status();
  const Result<WriteProof> proof = body.Judge(response->headers);
  if (!proof.ok()) return channel_.Explain(request, proof.status());
  const bool echoed = !body.sent_crc().has_value() && *proof == WriteProof::kCrc64Nvme;
  if (echoed) token.proof = AzurePartToken::Proof::kEchoed;
  PartReceipt receipt{part.index, source.size_bytes(), token.ToText(), {}};
  if (*proof == WriteProof::kCrc64Nvme) receipt.digests.Set(Digest::Crc64Nvme(*body.crc()));
  return receipt;
}

Result<UploadedParts> AzureStore::ListParts(const CallContext& context, std::string_view key,
                                            const Secret& upload_id) {
  const Result<AzureUpload> upload = OpenUpload("list the parts of", key, upload_id);
  if (!upload.ok()) return upload.status();
  const Result<std::optional<AzureBlockList>> blocks = ReadBlocks(context, key, true);
  if (!blocks.ok()) return blocks.status();
  UploadedParts kept;
  if (!blocks->has_value()) return kept;
  const auto is_ours = [&](const AzureBlock& block) {
    const std::optional<AzureBlockId> id = AzureBlockId::Parse(block.id);
    return id.has_value() && id->identity == upload->identity;
  };
  // Finished, by this process's forerunner.
  if (std::ranges::any_of((*blocks)->committed, is_ours)) {
    ForgetUpload(upload_id);
    return OpenUpload("list the parts of", key, upload_id).status();
  }
  std::map<std::uint32_t, std::vector<PartReceipt>> by_index;
  for (const AzureBlock& block : (*blocks)->uncommitted) {
    if (!is_ours(block)) continue;
    const AzureBlockId id = *AzureBlockId::Parse(block.id);
    PartReceipt receipt{id.index, block.size_bytes, block.id, {}};
    if (id.crc64nvme.has_value()) receipt.digests.Set(Digest::Crc64Nvme(*id.crc64nvme));
    by_index[id.index].push_back(std::move(receipt));
  }
  // A part that was sent with different bytes is there twice, and nobody knows which one counts.
  for (auto& [index, receipts] : by_index) {
    if (receipts.size() == 1) kept.parts.push_back(std::move(receipts.front()));
  }
  return kept;
}

Result<std::vector<UploadEntry>> AzureStore::ListUploads(const CallContext& context,
                                                         std::string_view prefix) {
  std::vector<UploadEntry> uploads;
  {
    const std::lock_guard lock(uploads_mutex_);
    for (const auto& [id, known] : uploads_) {
      if (!known.key.starts_with(prefix)) continue;
      uploads.push_back({known.key, Secret(id), PreciseTime{known.started, 9}});
    }
  }
  ListRequest list;
  list.prefix = prefix;
  std::string marker;
  for (int page = 0; page < kUploadPagesMax; ++page) {
    AzureRequest request = AzureListRequest(list, marker, Describe().page_keys_max);
    request.operation = "list the uploads in";
    std::erase_if(request.parameters, [](const auto& item) { return item.first == "include"; });
    request.parameters.emplace_back("include", "uncommittedblobs");
    request.choose = [](const HttpResponse&) -> Result<HttpBodyPlan> {
      return HttpBodyPlan{nullptr, 0, 32 << 20};
    };
    const Result<HttpResponse> response = channel_.Send(context, request);
    if (!response.ok()) return response.status();
    EmptyBlobReader reader;
    const Status read = ReadXml(response->body, "EnumerationResults", reader);
    if (!read.ok()) return channel_.Explain(request, read);
    for (const EmptyBlobReader::Blob& blob : reader.blobs) {
      const Result<std::optional<AzureBlockList>> blocks = ReadBlocks(context, blob.key, false);
      if (!blocks.ok()) return blocks.status();
      if (blocks->has_value()) AddUploads(**blocks, blob.key, blob.modified, uploads);
    }
    if (reader.token.empty() || reader.token == marker) break;
    marker = std::move(reader.token);
  }
  const std::lock_guard lock(uploads_mutex_);
  std::erase_if(uploads, [this](const UploadEntry& entry) {
    return ended_uploads_.contains(entry.upload_id.Reveal());
  });
  return uploads;
}

Status AzureStore::AbortUpload(const CallContext& context, const WritePermit&, std::string_view,
                               const Secret& upload_id) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context, clock_.Now()));
  ForgetUpload(upload_id);
  return Status::Ok();
}

}  // namespace godwit
