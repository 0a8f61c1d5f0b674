#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/object_store.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/http/transport.h"
#include "lib/store/s3/s3_body.h"
#include "lib/store/s3/s3_channel.h"
#include "lib/store/s3/s3_config.h"

namespace godwit {

// One bucket of Amazon S3 or of a compatible service. Versions are ETags without their quotes; in
// a listing of versions they are version ids.
//
// Describe() tells what the host is known to do. At hosts that tell nothing it promises little
// until the first answer has named the server: ask Locate() first, and Describe() then. References
// that it returned stay valid.
//
// Bodies carry a digest that the service checks (S3Config::checksum). Where a service does not
// know CRC64NVME the object goes again with its MD5, and all after it at once. Receipts name the
// proof; kNone means that nothing proved the bytes.
//
// Upload ids are the service's own. What an upload was begun with is remembered, and asked of the
// service (ListParts) for uploads of earlier runs.
//
// Borrows transport, clock and log.
class S3Store final : public ObjectStore {
 public:
  // Sends nothing. Fails with kInvalidArgument where the configuration leads nowhere.
  static Result<std::unique_ptr<S3Store>> Create(S3Config config, HttpTransport& transport,
                                                 const Clock& clock, Log& log);

  // The bucket, equal for every spelling of it: to find overlaps, states and locks.
  std::string Identity() const { return "s3://" + S3Identity(channel_.config()); }
  // Endpoint without bucket: copies inside the service need it, and the credentials, to be equal.
  std::string ServiceIdentity() const;
  // Equal for equal credentials; tells nothing about them. Fails as the first request would.
  Result<std::string> CredentialSetId() { return channel_.CredentialSetId(); }

  const Capabilities& Describe() const override { return channel_.knowledge().capabilities(); }
  std::string Name() const override { return channel_.BucketName(); }
  Result<Location> Locate(const CallContext& context) override;
  Result<ListPage> List(const CallContext& context, const ListRequest& request) override;
  Result<ObjectMeta> Head(const CallContext& context, std::string_view key) override;
  Result<ObjectMeta> Get(const CallContext& context, std::string_view key,
                         const GetOptions& options, ByteSink& sink) override;
  Result<PutReceipt> Put(const CallContext& context, const WritePermit& permit,
                         std::string_view key, const PutOptions& options,
                         ByteSource& body) override;
  Result<std::vector<Status>> Delete(const CallContext& context, const WritePermit& permit,
                                     std::span<const DeleteRequest> requests) override;
  // Attributes with nothing but a storage class leave the source's in place; others replace all of
  // them. Tags are replaced only where some are given.
  Result<PutReceipt> Copy(const CallContext& context, const WritePermit& permit,
                          const CopySource& source, std::string_view key,
                          const PutOptions& options) override;
  Result<PutReceipt> SetMetadata(const CallContext& context, const WritePermit& permit,
                                 std::string_view key, const Version& version,
                                 const ObjectAttributes& attributes) override;
  Result<Secret> BeginUpload(const CallContext& context, const WritePermit& permit,
                             std::string_view key, const UploadOptions& options) override;
  Result<PartReceipt> PutPart(const CallContext& context, const WritePermit& permit,
                              std::string_view key, const Secret& upload_id, const UploadPart& part,
                              ByteSource& body) override;
  Result<PartReceipt> CopyPart(const CallContext& context, const WritePermit& permit,
                               std::string_view key, const Secret& upload_id,
                               const UploadPart& part, const CopySource& source,
                               std::uint64_t length) override;
  Result<UploadedParts> ListParts(const CallContext& context, std::string_view key,
                                  const Secret& upload_id) override;
  Result<std::vector<UploadEntry>> ListUploads(const CallContext& context,
                                               std::string_view prefix) override;
  Result<PutReceipt> FinishUpload(const CallContext& context, const WritePermit& permit,
                                  std::string_view key, const Secret& upload_id,
                                  std::span<const PartReceipt> parts,
                                  const FinishOptions& options) override;
  Status AbortUpload(const CallContext& context, const WritePermit& permit, std::string_view key,
                     const Secret& upload_id) override;
  Status CreateContainer(const CallContext& context, const WritePermit& permit,
                         std::string_view region) override;

 private:
  S3Store(S3Config config, S3Route route, HttpTransport& transport, const Clock& clock, Log& log);

  Status CheckKey(std::string_view operation, std::string_view key) const;
  Result<ListPage> ListOnce(const CallContext& context, const ListRequest& request,
                            std::uint32_t keys_max, bool& too_large);
  Status ReadTags(const CallContext& context, std::string_view key, const HttpHeaders& headers,
                  ObjectAttributes& attributes);

  // Sends a request that may carry a condition, adapting to services that want ETags unquoted or
  // know no conditions. `make` builds the request without it. A body that cannot be sent again
  // makes the call fail as kUnavailable, with what was learned remembered for the next.
  using RequestMaker = std::function<Result<S3Request>()>;
  struct Sent {
    S3Request request;
    S3Channel::Answer answer;
  };
  Result<Sent> SendConditional(const CallContext& context, const WriteCondition& condition,
                               const RequestMaker& make, bool resendable);
  bool WantsUnquoted(const S3Request& request, const S3Channel::Answer& answer,
                     bool resendable) const;
  bool RefusesConditions(const S3Request& request, const S3Channel::Answer& answer);
  Status MustComeAgain(const S3Request& request) const;

  // What is known of a body once the service has it.
  struct StoredBody {
    std::string etag;
    DigestSet known;      // Every digest of it that was computed or given.
    DigestSet confirmed;  // Those that the service confirmed.
    WriteProof proof = WriteProof::kNone;
  };
  // A body on its way, as an object or a part.
  struct BodyJob {
    std::string_view key;
    WriteCondition condition;
    S3Checksum checksum = S3Checksum::kCrc64Nvme;  // Never kAuto.
    DigestSet digests;                             // As far as known.
    ByteSource* source = nullptr;
    bool replaces_itself = false;   // A part: sent again, it needs no condition.
    bool without_checksum = false;  // Content-MD5 took the place of a refused checksum.
    // The request without body and condition, for a body with that checksum.
    std::function<Result<S3Request>(const BodyJob&)> make;
  };
  // Sends the body, if need be again with Content-MD5, and judges what the service made of it.
  Result<StoredBody> StoreBody(const CallContext& context, BodyJob job);
  Result<StoredBody> StoreBodyOnce(const CallContext& context, BodyJob& job, bool& again);
  Status JudgeChecksum(const Sent& sent, const S3Body& body, BodyJob& job, StoredBody& stored,
                       bool& again);
  Status JudgeMd5(const Sent& sent, bool told_md5, StoredBody& stored);

  Status OtherBytes(const Sent& sent) const;

  Result<PutReceipt> CopyWith(const CallContext& context, const CopySource& source,
                              std::string_view key, const PutOptions& options, bool replace);
  Status AddUploadHeaders(const ObjectAttributes& attributes, S3Checksum checksum,
                          S3Request& request) const;
  Status ProveFinish(const CallContext& context, const Sent& sent, const S3Document& document,
                     std::string_view key, const std::optional<Digest>& expected,
                     std::span<const PartReceipt> parts, PutReceipt& receipt);
  Version FindFinished(const CallContext& context, std::string_view key,
                       const std::optional<Digest>& expected, std::span<const PartReceipt> parts);
  Status ProveByParts(const Sent& sent, std::span<const PartReceipt> parts, PutReceipt& receipt);

  Status DeleteOne(const CallContext& context, const DeleteRequest& request);
  Status DeleteBatch(const CallContext& context, std::span<const DeleteRequest> requests,
                     std::span<const std::size_t> chosen, std::vector<Status>& statuses);

  // How an upload was begun, which decides what its parts and its finish may carry.
  struct UploadMode {
    S3Checksum checksum = S3Checksum::kMd5;  // Never kAuto.
    bool by_copy = false;
  };
  void RememberUpload(const Secret& upload_id, UploadMode mode);
  void ForgetUpload(const Secret& upload_id);
  UploadMode ModeOf(const Secret& upload_id) const;
  void LearnUpload(const Secret& upload_id, const S3Document& parts_page,
                   const UploadedParts& parts);

  S3Channel channel_;
  mutable std::mutex uploads_mutex_;           // Guards uploads_.
  std::map<std::string, UploadMode> uploads_;  // By id; those that are under way.
  HttpTransport& transport_;
  const Clock& clock_;
};

}  // namespace godwit
