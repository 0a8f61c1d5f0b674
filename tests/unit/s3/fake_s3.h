#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "lib/policy/permit_issuer.h"
#include "lib/store/s3/s3_store.h"
#include "tests/unit/fake_transport.h"

// A store on top of a transport that answers from a script.

namespace godwit {

// Answers with keys from a list, the last one for ever.
class FakeCredentials final : public AwsCredentialProvider {
 public:
  explicit FakeCredentials(std::vector<std::string> ids) : ids_(std::move(ids)) {}
  Result<AwsCredentials> Get(bool force_refresh) override {
    ++calls;
    if (force_refresh && at_ + 1 < ids_.size()) ++at_;
    AwsCredentials keys;
    keys.access_key_id = ids_[at_];
    keys.secret_access_key = Secret("secret-of-" + ids_[at_]);
    keys.session_token = Secret("token-of-" + ids_[at_]);
    return keys;
  }
  int calls = 0;

 private:
  std::vector<std::string> ids_;
  std::size_t at_ = 0;
};

// Everything that a test of the store needs.
struct FakeS3 {
  // Default: a MinIO on loopback.
  explicit FakeS3(const std::function<void(S3Config&)>& change = {}) {
    S3Config config;
    config.bucket = "lake";
    config.endpoint = "http://127.0.0.1:9000";
    config.credentials = credentials;
    if (change) change(config);
    Result<std::unique_ptr<S3Store>> made = S3Store::Create(config, transport, clock, log);
    store = std::move(made.value());
    context.meter = &meter;
  }
  static FakeS3 Amazon() {
    return FakeS3([](S3Config& config) { config.endpoint = ""; });
  }
  // A store that has seen a MinIO answer, so that its row is known.
  void BeMinio() {
    transport.Answer(200, {{"Server", "MinIO"}});
    (void)store->Locate(context);
    transport.sent.clear();
  }

  std::shared_ptr<FakeCredentials> credentials =
      std::make_shared<FakeCredentials>(std::vector<std::string>{"AK"});
  FakeTransport transport;
  FakeClock clock;
  std::ostringstream log_text;
  Log log{log_text, LogLevel::kDebug, LogFormat::kText};
  RequestMeter meter;
  CallContext context;
  WritePermit permit = PermitIssuer().Judge("");
  std::unique_ptr<S3Store> store;
};

inline std::string ErrorXml(std::string_view code, std::string_view extra = "") {
  return "<?xml version=\"1.0\"?>\n<Error><Code>" + std::string(code) +
         "</Code><Message>said so</Message>" + std::string(extra) +
         "<RequestId>R1</RequestId></Error>";
}

// The kind and the message of a failure: "not-found: no such object".
inline std::string Brief(const Status& status) {
  if (status.ok()) return "ok";
  return std::string(ErrorKindName(status.kind())) + ": " + status.message();
}

// The checksum and the MD5 of "hello".
constexpr char kHelloCrc[] = "M3eFcAZSQlc=";
constexpr char kHelloMd5[] = "5d41402abc4b2a76b9719d911017c592";

inline Fields Etag(std::string_view etag, const Fields& more = {}) {
  Fields fields{{"ETag", "\"" + std::string(etag) + "\""}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

constexpr char kBegun[] =
    "<InitiateMultipartUploadResult><UploadId>U/+1</UploadId></InitiateMultipartUploadResult>";

// Begins an upload of "k"; the service names it U/+1.
inline Secret Begin(FakeS3& s3, bool by_copy = false) {
  UploadOptions options;
  options.by_copy = by_copy;
  s3.transport.Answer(200, {}, kBegun);
  const Result<Secret> id = s3.store->BeginUpload(s3.context, s3.permit, "k", options);
  EXPECT_TRUE(id.ok()) << id.status();
  return id.ok() ? *id : Secret();
}

// "version proof", or the kind and the message of a failure.
inline std::string ProofOf(const Result<PutReceipt>& receipt) {
  return receipt.ok() ? receipt->version + " " + std::string(WriteProofName(receipt->proof))
                      : Brief(receipt.status());
}

// A page of a part list.
inline std::string PartsXml(std::string_view parts, std::string_view rest) {
  return "<ListPartsResult>" + std::string(parts) + std::string(rest) + "</ListPartsResult>";
}
inline std::string PartXml(int number) {
  return "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><ETag>&quot;" + kHelloMd5 +
         "&quot;</ETag><Size>5</Size><ChecksumCRC64NVME>" + kHelloCrc +
         "</ChecksumCRC64NVME></Part>";
}
constexpr char kPartsEnd[] = "<IsTruncated>false</IsTruncated>";

}  // namespace godwit
