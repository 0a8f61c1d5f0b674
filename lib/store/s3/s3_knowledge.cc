#include "lib/store/s3/s3_knowledge.h"

#include <algorithm>

namespace godwit {
namespace {

Capabilities Describe(const S3Promises& row, S3Checksum setting) {
  Capabilities capabilities = CapabilitiesOf(row);
  std::vector<DigestKind>& kinds = capabilities.digests_stored;
  if (setting == S3Checksum::kMd5 || setting == S3Checksum::kNone) {
    std::erase(kinds, DigestKind::kCrc64Nvme);
  }
  if (setting == S3Checksum::kCrc32c) {
    std::replace(kinds.begin(), kinds.end(), DigestKind::kCrc64Nvme, DigestKind::kCrc32c);
  }
  return capabilities;
}

}  // namespace

S3Knowledge::S3Knowledge(const S3Promises& host_row, S3Checksum setting)
    : setting_(setting),
      host_capabilities_(Describe(host_row, setting)),
      promises_(&host_row),
      capabilities_(&host_capabilities_),
      is_row_found_(&host_row != &PromisesOfHost("")),
      checksums_(host_row.checksums),
      etag_is_md5_(host_row.etag_is_md5) {}

void S3Knowledge::SeeAnswer(const HttpHeaders& headers) {
  if (is_row_found_.load(std::memory_order_acquire)) return;
  const S3Promises* row = PromisesOfServer(headers.Find("server").value_or(""),
                                           headers.Find("x-amz-request-id").value_or(""));
  if (row == nullptr) return;
  const std::lock_guard lock(mutex_);
  if (is_row_found_) return;
  server_capabilities_ = Describe(*row, setting_);
  promises_.store(row, std::memory_order_release);
  capabilities_.store(&server_capabilities_, std::memory_order_release);
  S3ChecksumSupport untested = S3ChecksumSupport::kUntested;
  checksums_.compare_exchange_strong(untested, row->checksums);
  if (row->etag_is_md5) etag_is_md5_ = true;
  is_row_found_.store(true, std::memory_order_release);
}

S3Checksum S3Knowledge::BodyChecksum() const {
  if (setting_ != S3Checksum::kAuto) return setting_;
  return checksums_ == S3ChecksumSupport::kUnsupported ? S3Checksum::kMd5 : S3Checksum::kCrc64Nvme;
}

void S3Knowledge::ChecksumWasChecked() {
  if (checksums_ != S3ChecksumSupport::kSupported) checksums_ = S3ChecksumSupport::kSupported;
}

void S3Knowledge::ChecksumIsUnknown() {
  S3ChecksumSupport untested = S3ChecksumSupport::kUntested;
  checksums_.compare_exchange_strong(untested, S3ChecksumSupport::kUnsupported);
}

}  // namespace godwit
