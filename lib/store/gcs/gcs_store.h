#pragma once

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
#include "lib/store/gcs/gcs_channel.h"
#include "lib/store/gcs/gcs_config.h"
#include "lib/store/gcs/gcs_object_cache.h"
#include "lib/store/gcs/gcs_sessions.h"

namespace godwit {

// One bucket of Google Cloud Storage, by its JSON API. Versions are generations.
//
// Bodies carry their crc32c, which the service checks, and its answer is compared. Objects with
// Content-Encoding gzip are read and written as the bytes that are stored.
//
// An upload is one resumable stream: parts come in order, each but the last a multiple of 256 KiB;
// what is left of the last waits in memory for the finish, which alone publishes the object. Where
// Describe() allows parts in any order the upload goes by the XML multipart API instead. That has
// no conditions: the generation is looked at right before the finish, and the object's digest
// right after it. Upload ids hold the session's address, which is as good as a password.
//
// ListUploads tells uploads by parts only: the service does not list sessions, which end by
// themselves after a week.
//
// Borrows transport, clock and log.
class GcsStore final : public ObjectStore {
 public:
  GcsStore(GcsConfig config, HttpTransport& transport, const Clock& clock, Log& log);

  // The bucket, equal for every spelling of it: to find overlaps, states and locks.
  std::string Identity() const;
  // Equal for equal accounts; tells no secret. Fails as the first request would.
  Result<std::string> CredentialSetId();

  const Capabilities& Describe() const override { return capabilities_; }
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
  // them.
  Result<PutReceipt> Copy(const CallContext& context, const WritePermit& permit,
                          const CopySource& source, std::string_view key,
                          const PutOptions& options) override;
  // The version stays, unless the storage class changes: then the object is rewritten.
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
  Status CheckKey(std::string_view operation, std::string_view key) const;
  bool HasXml() const;
  Result<ListPage> ListOnce(const CallContext& context, const ListRequest& request,
                            std::uint32_t keys_max, bool& too_large);

  // gcs_reads.cc. The object and its resource, of that version if one is named.
  struct Looked {
    GcsObject object;
    JsonValue resource;
  };
  Result<Looked> Look(const CallContext& context, std::string_view bucket, std::string_view key,
                      const Version& version);
  Result<ObjectMeta> Download(const CallContext& context, const GcsObject& object,
                              const GetOptions& options, ByteSink& sink);
  Status RefreshAttributes(const CallContext& context, std::string_view metageneration,
                           GcsObject& object);

  // gcs_writes.cc. The receipt of a write whose answer is the object; a failure if it is another
  // one than was sent.
  Result<PutReceipt> Receive(const GcsRequest& request, const JsonValue& resource,
                             std::string_view key, std::uint64_t size_bytes,
                             const std::optional<Digest>& crc32c) const;
  Result<JsonValue> RewriteToEnd(const CallContext& context, GcsRequest& request,
                                 const std::string& query);

  // gcs_deletes.cc
  Status DeleteOne(const CallContext& context, const DeleteRequest& request);
  Status DeleteBatch(const CallContext& context, std::span<const DeleteRequest> requests,
                     std::vector<Status>& statuses);
  Status JudgeDeleted(const CallContext& context, const DeleteRequest& request, int status,
                      const GcsError& error);

  Result<GcsUploadId> OpenUpload(const Secret& upload_id);
  void RedactSession(const std::string& path);

  // gcs_stream.cc: uploads as one stream.
  Result<Secret> BeginStream(const CallContext& context, std::string_view key,
                             const UploadOptions& options);
  Result<PartReceipt> PutStreamPart(const CallContext& context, std::string_view key,
                                    const GcsUploadId& id, const UploadPart& part,
                                    ByteSource& body);
  Status SendChunks(const CallContext& context, std::string_view key, const GcsUploadId& id,
                    ByteSource& body, std::uint64_t begin, GcsSession& session);
  Result<std::uint64_t> SendChunk(const CallContext& context, std::string_view key,
                                  const GcsUploadId& id, ByteSource& body, std::uint64_t begin);
  // How many bytes the session has kept, or the resource of the object that it has become.
  struct SessionState {
    std::uint64_t kept_bytes = 0;
    std::optional<JsonValue> finished;
  };
  Result<SessionState> AskSession(const CallContext& context, std::string_view key,
                                  const GcsUploadId& id);
  Result<UploadedParts> ListStreamParts(const CallContext& context, std::string_view key,
                                        const GcsUploadId& id);
  Result<PutReceipt> FinishStream(const CallContext& context, std::string_view key,
                                  const GcsUploadId& id, const FinishOptions& options);
  Result<PutReceipt> SendLast(const CallContext& context, std::string_view key,
                              const GcsUploadId& id, const FinishOptions& options,
                              GcsSession& session);

  // gcs_parts.cc: uploads by the XML multipart API.
  Result<Secret> BeginParts(const CallContext& context, std::string_view key,
                            const UploadOptions& options);
  Result<PartReceipt> PutXmlPart(const CallContext& context, std::string_view key,
                                 const GcsUploadId& id, const UploadPart& part, ByteSource& body);
  Result<UploadedParts> ListXmlParts(const CallContext& context, std::string_view key,
                                     const GcsUploadId& id);
  Result<PutReceipt> FinishParts(const CallContext& context, std::string_view key,
                                 const GcsUploadId& id, std::span<const PartReceipt> parts,
                                 const FinishOptions& options);
  Status LookBeforeFinish(const CallContext& context, std::string_view key,
                          const WriteCondition& condition);
  Result<PutReceipt> LookAfterFinish(const CallContext& context, const GcsRequest& request,
                                     const FinishOptions& options);

  GcsChannel channel_;
  const Capabilities capabilities_;
  GcsObjectCache cache_;
  GcsSessions sessions_;
};

}  // namespace godwit
