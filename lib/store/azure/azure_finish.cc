// The commit of an upload.

#include <unordered_map>
#include <utility>

#include "lib/base/digest_text.h"
#include "lib/base/text.h"
#include "lib/checksum/crc.h"
#include "lib/store/azure/azure_metadata.h"
#include "lib/store/azure/azure_store.h"

namespace godwit {
namespace {

// What the parts are together.
struct WholeOfParts {
  std::uint64_t size_bytes = 0;
  std::optional<std::uint64_t> crc64nvme = 0;  // None: that of a part is not known.
  bool all_proven = true;                      // The service has checked every byte,
  bool any_copied = false;                     // or has copied some by itself.
  std::vector<std::string> block_ids;
};

// Fails where a part is not the one that its place asks for.
Result<WholeOfParts> AddUp(const AzureUpload& upload, std::span<const PartReceipt> parts) {
  using Proof = AzurePartToken::Proof;
  WholeOfParts whole;
  for (const PartReceipt& part : parts) {
    AzurePartToken token = AzurePartToken::FromText(part.token);
    const std::optional<AzureBlockId> id = AzureBlockId::Parse(token.block_id);
    if (!id.has_value() || id->identity != upload.identity || id->index != part.index ||
        part.index != whole.block_ids.size()) {
      return Status(ErrorKind::kCorrupted, "the parts are not those of the upload, in order");
    }
    std::optional<std::uint64_t> crc = id->crc64nvme;
    const Digest* known = part.digests.Find(DigestKind::kCrc64Nvme);
    if (!crc.has_value() && known != nullptr) crc = known->crc64nvme();
    if (crc.has_value() && whole.crc64nvme.has_value()) {
      whole.crc64nvme = CombineCrc64Nvme(*whole.crc64nvme, *crc, part.size_bytes);
    } else {
      whole.crc64nvme.reset();
    }
    const bool proven = id->crc64nvme.has_value() || token.proof != Proof::kNone;
    whole.all_proven = whole.all_proven && proven;
    whole.any_copied = whole.any_copied || token.proof == Proof::kCopied;
    whole.size_bytes += part.size_bytes;
    whole.block_ids.push_back(std::move(token.block_id));
  }
  return whole;
}

Status CompareWhole(const WholeOfParts& whole, const FinishOptions& options) {
  if (whole.size_bytes != options.size_bytes) {
    return Status(ErrorKind::kCorrupted, "the parts do not add up to the object");
  }
  const Digest* crc = options.digests.Find(DigestKind::kCrc64Nvme);
  if (crc != nullptr && whole.crc64nvme.has_value() && *whole.crc64nvme != crc->crc64nvme()) {
    return Status(ErrorKind::kCorrupted, "the parts that were sent are not those of the object");
  }
  return Status::Ok();
}

WriteProof ProofOf(const WholeOfParts& whole) {
  if (!whole.all_proven) return WriteProof::kNone;
  return whole.any_copied ? WriteProof::kServiceCopy : WriteProof::kBlockCrc64;
}

// Whether the blob that is there was made of exactly these blocks.
bool IsCommitted(const AzureBlockList& blocks, const std::vector<std::string>& ids) {
  if (blocks.version.empty() || blocks.committed.size() != ids.size()) return false;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (blocks.committed[i].id != ids[i]) return false;
  }
  return !ids.empty();
}

// Every block must be there, in the size that was sent.
bool HasAll(const AzureBlockList& blocks, const WholeOfParts& whole,
            std::span<const PartReceipt> parts) {
  std::unordered_map<std::string_view, std::uint64_t> sizes;
  for (const AzureBlock& block : blocks.uncommitted) sizes[block.id] = block.size_bytes;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto found = sizes.find(whole.block_ids[i]);
    if (found == sizes.end() || found->second != parts[i].size_bytes) return false;
  }
  return true;
}

}  // namespace

Result<PutReceipt> AzureStore::Commit(const CallContext& context, std::string_view key,
                                      const std::vector<std::string>& block_ids, bool proven,
                                      const FinishOptions& options) {
  AzureRequest request = AzurePutRequest(key);
  request.operation = "finish";
  request.errors.upload = true;
  request.parameters = {{"comp", "blocklist"}};
  request.first_byte_timeout = kSlowAzureAnswer;
  ObjectAttributes attributes = options.attributes;
  const Digest* crc = options.digests.Find(DigestKind::kCrc64Nvme);
  if (crc != nullptr && !attributes.claimed_crc64nvme.has_value()) {
    attributes.claimed_crc64nvme = crc->crc64nvme();
  }
  AzureAttributeParts parts;
  parts.tags = HasTags();
  const Status added = AddAzureAttributes(attributes, parts, request.headers);
  if (!added.ok()) return Refuse("finish", key, added.message());
  // The service does not check it: it is kept only where it has checked every block.
  const Digest* md5 = options.digests.Find(DigestKind::kMd5);
  if (md5 != nullptr && proven) {
    request.headers.Add("x-ms-blob-content-md5", Base64Of(*md5));
  }
  AddAzureCondition(options.condition, request);
  AzureXmlBody body(AzureBlockListXml(block_ids));
  body.AttachTo(request);
  const Result<HttpResponse> response = channel_.Send(context, request);
  if (!response.ok()) return response.status();
  return ReceiptOf(request, *response);
}

Result<PutReceipt> AzureStore::FinishUpload(const CallContext& context, const WritePermit&,
                                            std::string_view key, const Secret& upload_id,
                                            std::span<const PartReceipt> parts,
                                            const FinishOptions& options) {
  const auto refused = [&](Status status) {
    return std::move(status).WithOperation("finish").WithObject(channel_.ObjectName(key));
  };
  const Result<AzureUpload> upload = OpenUpload("finish", key, upload_id);
  if (!upload.ok()) return upload.status();
  const Result<WholeOfParts> whole = AddUp(*upload, parts);
  if (!whole.ok()) return refused(whole.status());
  if (Status status = CompareWhole(*whole, options); !status.ok()) return refused(status);
  const Result<std::optional<AzureBlockList>> blocks = ReadBlocks(context, key, true);
  if (!blocks.ok()) return blocks.status();
  PutReceipt receipt;
  if (blocks->has_value() && IsCommitted(**blocks, whole->block_ids)) {
    receipt.version = (*blocks)->version;
  } else if (!parts.empty() && (!blocks->has_value() || !HasAll(**blocks, *whole, parts))) {
    return refused(Status(ErrorKind::kNotFound, "the service no longer has all parts"));
  } else {
    Result<PutReceipt> committed =
        Commit(context, key, whole->block_ids, whole->all_proven, options);
    if (!committed.ok()) return committed;
    receipt = std::move(*committed);
  }
  ForgetUpload(upload_id);
  receipt.proof = ProofOf(*whole);
  if (receipt.proof != WriteProof::kNone && whole->crc64nvme.has_value()) {
    receipt.digests.Set(Digest::Crc64Nvme(*whole->crc64nvme));
  }
  return receipt;
}

}  // namespace godwit
