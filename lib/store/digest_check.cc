#include "lib/store/digest_check.h"

#include <array>
#include <string>

#include "lib/checksum/crc.h"

namespace godwit {
namespace {

// By what a gigabyte costs; XXH3 is missing because it cannot be compared.
constexpr std::array<DigestKind, 4> kCheapestFirst{DigestKind::kCrc64Nvme, DigestKind::kCrc32c,
                                                   DigestKind::kSha256, DigestKind::kMd5};

DigestSet ToCompare(const DigestSet& given, DigestCheck::Extent extent) {
  DigestSet chosen;
  for (const DigestKind kind : kCheapestFirst) {
    const Digest* digest = given.Find(kind);
    if (digest == nullptr) continue;
    chosen.Set(*digest);
    if (extent == DigestCheck::Extent::kCheapest) break;
  }
  return chosen;
}

}  // namespace

DigestCheck::DigestCheck(const DigestSet& expected, Extent extent)
    : expected_(ToCompare(expected, extent)) {
  if (expected_.Find(DigestKind::kCrc64Nvme) != nullptr) crc64nvme_ = 0;
  if (expected_.Find(DigestKind::kCrc32c) != nullptr) crc32c_ = 0;
  if (expected_.Find(DigestKind::kMd5) != nullptr) md5_.emplace();
  if (expected_.Find(DigestKind::kSha256) != nullptr) sha256_.emplace();
}

void DigestCheck::Update(std::span<const std::byte> bytes) {
  if (crc64nvme_) crc64nvme_ = Crc64Nvme(*crc64nvme_, bytes);
  if (crc32c_) crc32c_ = Crc32c(*crc32c_, bytes);
  if (md5_) md5_->Update(bytes);
  if (sha256_) sha256_->Update(bytes);
}

Status DigestCheck::Finish() {
  if (crc64nvme_) GODWIT_RETURN_IF_ERROR(Compare(Digest::Crc64Nvme(*crc64nvme_)));
  if (crc32c_) GODWIT_RETURN_IF_ERROR(Compare(Digest::Crc32c(*crc32c_)));
  if (md5_) GODWIT_RETURN_IF_ERROR(Compare(Digest(DigestKind::kMd5, md5_->Finish())));
  if (sha256_) GODWIT_RETURN_IF_ERROR(Compare(Digest(DigestKind::kSha256, sha256_->Finish())));
  return Status::Ok();
}

Status DigestCheck::Compare(const Digest& computed) {
  const Digest* expected = expected_.Find(computed.kind());
  if (expected == nullptr) return Status::Ok();
  if (*expected != computed) {
    return Status(ErrorKind::kCorrupted, std::string(DigestName(computed.kind())) +
                                             " of the bytes is " + computed.hex() + ", expected " +
                                             expected->hex());
  }
  confirmed_.Set(computed);
  return Status::Ok();
}

WriteProof DigestCheck::proof() const {
  if (confirmed_.Find(DigestKind::kCrc64Nvme) != nullptr) return WriteProof::kCrc64Nvme;
  if (confirmed_.Find(DigestKind::kCrc32c) != nullptr) return WriteProof::kCrc32c;
  if (confirmed_.Find(DigestKind::kMd5) != nullptr) return WriteProof::kMd5;
  return WriteProof::kNone;
}

}  // namespace godwit
