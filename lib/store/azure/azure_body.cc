#include "lib/store/azure/azure_body.h"

#include <string>
#include <utility>

#include "lib/base/digest_text.h"
#include "lib/base/text.h"
#include "lib/checksum/crc.h"

namespace godwit {

// Hashes what passes, for a reader that goes from the first byte to the last, perhaps again.
class AzureBody::HashingSource final : public ByteSource {
 public:
  explicit HashingSource(ByteSource& source) : source_(source) {}

  std::uint64_t size_bytes() const override { return source_.size_bytes(); }
  Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) override {
    Result<std::size_t> count = source_.Read(offset, buffer);
    if (!count.ok()) return count;
    if (offset == 0) {
      crc_ = 0;
      hashed_ = 0;
    }
    if (offset == hashed_) {
      crc_ = Crc64Nvme(crc_, buffer.first(*count));
      hashed_ += *count;
    }
    return count;
  }

  std::optional<std::uint64_t> crc() const {
    return hashed_ == size_bytes() ? std::optional(crc_) : std::nullopt;
  }

 private:
  ByteSource& source_;
  std::uint64_t crc_ = 0;
  std::uint64_t hashed_ = 0;
};

AzureBody::AzureBody(ByteSource& source, const DigestSet& known) : source_(source) {
  const Digest* crc = known.Find(DigestKind::kCrc64Nvme);
  const auto* memory = dynamic_cast<const MemorySource*>(&source);
  if (crc != nullptr) {
    sent_crc_ = crc->crc64nvme();
  } else if (memory != nullptr) {
    sent_crc_ = Crc64Nvme(0, memory->bytes());
  } else {
    hashing_ = std::make_unique<HashingSource>(source);
    if (const Digest* md5 = known.Find(DigestKind::kMd5)) sent_md5_ = *md5;
  }
}

AzureBody::~AzureBody() = default;

void AzureBody::AttachTo(AzureRequest& request) const {
  request.body = hashing_ != nullptr ? hashing_.get() : &source_;
  request.object_bytes = source_.size_bytes();
  request.headers.Set("content-type", "application/octet-stream");
  if (sent_crc_.has_value()) request.headers.Set("x-ms-content-crc64", AzureCrcText(*sent_crc_));
  if (sent_md5_.has_value()) {
    request.headers.Set("content-md5", Base64Of(*sent_md5_));
  }
}

std::optional<std::uint64_t> AzureBody::crc() const {
  return hashing_ != nullptr ? hashing_->crc() : sent_crc_;
}

Result<WriteProof> AzureBody::Judge(const HttpHeaders& headers) const {
  const Status other(ErrorKind::kCorrupted, "the service has received other bytes than were sent");
  const auto told_crc = ParseAzureCrc(headers.Find("x-ms-content-crc64").value_or(""));
  const std::optional<std::uint64_t> ours = crc();
  if (told_crc.has_value() && ours.has_value()) {
    if (*told_crc != *ours) return other;
    return WriteProof::kCrc64Nvme;
  }
  const auto told_md5 =
      DigestFromBase64(DigestKind::kMd5, headers.Find("content-md5").value_or(""));
  if (sent_md5_.has_value() && told_md5.has_value() && *told_md5 != *sent_md5_) return other;
  if (sent_crc_.has_value()) return WriteProof::kCrc64Nvme;
  return sent_md5_.has_value() ? WriteProof::kMd5 : WriteProof::kNone;
}

}  // namespace godwit
