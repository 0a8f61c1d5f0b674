#include "lib/store/s3/s3_promises.h"

#include <algorithm>
#include <array>

#include "lib/base/text.h"

namespace godwit {
namespace {

constexpr S3Promises kUnknown = [] {
  S3Promises row;
  row.service = "this S3 service";
  return row;
}();

constexpr S3Promises kAws = [] {
  S3Promises row;
  row.service = "Amazon S3";
  row.is_aws = true;
  row.condition_on_put = row.condition_on_finish = row.condition_on_copy = true;
  row.condition_on_delete = S3DeleteCondition::kBatch;
  row.checksums = S3ChecksumSupport::kSupported;
  row.trailers = row.object_size_header = true;
  row.etag_is_md5 = row.part_etag_is_md5_of_md5s = true;
  row.server_copy = row.checksums_of_copied_parts = row.restore_status = true;
  return row;
}();

// Ignores If-Match of deletes and conditions on a copy's target.
constexpr S3Promises kMinio = [] {
  S3Promises row;
  row.service = "MinIO";
  row.condition_on_put = row.condition_on_finish = true;
  row.checksums = S3ChecksumSupport::kSupported;
  row.trailers = row.object_size_header = true;
  row.etag_is_md5 = row.part_etag_is_md5_of_md5s = true;
  row.server_copy = true;
  return row;
}();

// Stores "aws-chunked" as the object's encoding when trailers are used.
constexpr S3Promises kVersity = [] {
  S3Promises row;
  row.service = "versitygw";
  row.condition_on_put = row.condition_on_finish = true;
  row.condition_on_delete = S3DeleteCondition::kSingle;
  row.checksums = S3ChecksumSupport::kSupported;
  row.object_size_header = true;
  row.etag_is_md5 = row.part_etag_is_md5_of_md5s = true;
  row.server_copy = true;
  return row;
}();

// As version 16 does it: newer ones can more, and are asked for checksums on first use. Hashes what
// the client sent, before it encrypts.
constexpr S3Promises kCeph = [] {
  S3Promises row;
  row.service = "Ceph";
  row.condition_on_put = true;
  row.etags_unquoted = true;
  row.etag_is_md5 = row.part_etag_is_md5_of_md5s = row.listed_etag_is_md5 = true;
  return row;
}();

constexpr S3Promises kFakecloud = [] {
  S3Promises row = kAws;
  row.service = "fakecloud";
  row.is_aws = false;
  return row;
}();

constexpr S3Promises kR2 = [] {
  S3Promises row;
  row.service = "Cloudflare R2";
  row.condition_on_put = true;
  row.checksums = S3ChecksumSupport::kSupported;
  row.etag_is_md5 = true;
  row.tags = false;
  return row;
}();

constexpr S3Promises kB2 = [] {
  S3Promises row;
  row.service = "Backblaze B2";
  row.conditions_accepted = false;
  row.checksums = S3ChecksumSupport::kUnsupported;
  row.tags = false;
  return row;
}();

constexpr S3Promises kGcs = [] {
  S3Promises row;
  row.service = "Google Cloud Storage";
  row.checksums = S3ChecksumSupport::kUnsupported;
  row.tags = false;
  return row;
}();

struct Row {
  std::string_view name;
  const S3Promises* promises;
};

constexpr std::array kHosts = std::to_array<Row>({
    {"amazonaws.com", &kAws},
    {"amazonaws.com.cn", &kAws},
    {"amazonaws.eu", &kAws},
    {"r2.cloudflarestorage.com", &kR2},
    {"backblazeb2.com", &kB2},
    {"storage.googleapis.com", &kGcs},
});

// By the beginning of the Server header.
constexpr std::array kServers = std::to_array<Row>({
    {"minio", &kMinio},
    {"versitygw", &kVersity},
    {"ceph object gateway", &kCeph},
    {"fakecloud", &kFakecloud},
});

// "tx000003eef92cfc961a3fa-006b036add-100c-default": time and zone behind a number.
bool IsCephRequestId(std::string_view id) {
  constexpr std::size_t kNumberEnd = 23;
  return id.starts_with("tx") && id.size() > kNumberEnd && id[kNumberEnd] == '-' &&
         std::count(id.begin(), id.end(), '-') >= 3;
}

bool IsUnder(std::string_view host, std::string_view domain) {
  if (!host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

}  // namespace

const S3Promises& PromisesOfHost(std::string_view host) {
  for (const Row& row : kHosts) {
    if (IsUnder(host, row.name)) return *row.promises;
  }
  return kUnknown;
}

const S3Promises* PromisesOfServer(std::string_view server, std::string_view request_id) {
  const std::string lower = AsciiLower(server);
  for (const Row& row : kServers) {
    if (lower.starts_with(row.name)) return row.promises;
  }
  return lower.empty() && IsCephRequestId(request_id) ? &kCeph : nullptr;
}

Capabilities CapabilitiesOf(const S3Promises& promises) {
  Capabilities capabilities;
  capabilities.service = "s3";
  capabilities.key_rules = KeyRules::kS3;
  capabilities.condition_on_put = promises.condition_on_put;
  capabilities.condition_on_finish =
      promises.condition_on_finish ? ConditionSupport::kAtFinish : ConditionSupport::kNone;
  capabilities.condition_on_delete = promises.condition_on_delete != S3DeleteCondition::kIgnored;
  capabilities.condition_on_copy = promises.condition_on_copy;
  capabilities.server_copy = promises.server_copy;
  capabilities.set_metadata = promises.server_copy;
  if (promises.checksums == S3ChecksumSupport::kSupported) {
    capabilities.digests_stored.push_back(DigestKind::kCrc64Nvme);
  }
  capabilities.digests_stored.push_back(DigestKind::kMd5);
  return capabilities;
}

}  // namespace godwit
