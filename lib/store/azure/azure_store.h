#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/object_store.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/http/transport.h"
#include "lib/store/answer_sinks.h"
#include "lib/store/azure/azure_block_id.h"
#include "lib/store/azure/azure_channel.h"
#include "lib/store/azure/azure_config.h"
#include "lib/store/azure/azure_xml.h"

namespace godwit {

// One container of Azure Blob Storage. Versions are ETags without their quotes.
//
// Describe() tells the order of a hierarchical account once the service has told that it is one:
// ask Locate() or List() first. References that it returned stay valid. Folders of such accounts
// are no objects here, and are neither listed nor touched; nor are snapshots and old versions.
//
// Bodies carry a CRC64 that the service checks. The service knows nothing of an upload but its
// blocks: its id is made here, and the ids of its blocks say whose they are, which one, and what
// is in them (azure_block_id.h). Nothing can be aborted: blocks that are never used expire after a
// week. Another upload that is finished under the same key takes the blocks of this one away, which
// then fails with kNotFound. Keys that Azure alters or refuses are not written.
//
// Borrows transport, clock and log.
class AzureStore final : public ObjectStore {
 public:
  // Sends nothing. Fails with kInvalidArgument where the configuration leads nowhere. `tokens`
  // where the credential uses them, else null.
  static Result<std::unique_ptr<AzureStore>> Create(AzureConfig config,
                                                    std::shared_ptr<TokenCache> tokens,
                                                    HttpTransport& transport, const Clock& clock,
                                                    Log& log);

  // The container, equal for every spelling of it: to find overlaps, states and locks.
  std::string Identity() const;
  // Endpoint without container, and credential: where both are equal the service may copy.
  std::string CopyDomain() const;

  const Capabilities& Describe() const override;
  std::string Name() const override { return channel_.ContainerName(); }
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
  // them. Tags are not copied but where some are given.
  Result<PutReceipt> Copy(const CallContext& context, const WritePermit& permit,
                          const CopySource& source, std::string_view key,
                          const PutOptions& options) override;
  // Several requests, each pinned to the outcome of the one before.
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
  // Those of this process, and those of earlier ones whose key has no object yet.
  Result<std::vector<UploadEntry>> ListUploads(const CallContext& context,
                                               std::string_view prefix) override;
  Result<PutReceipt> FinishUpload(const CallContext& context, const WritePermit& permit,
                                  std::string_view key, const Secret& upload_id,
                                  std::span<const PartReceipt> parts,
                                  const FinishOptions& options) override;
  // Forgets the upload. Its blocks stay, unused, until they expire.
  Status AbortUpload(const CallContext& context, const WritePermit& permit, std::string_view key,
                     const Secret& upload_id) override;
  Status CreateContainer(const CallContext& context, const WritePermit& permit,
                         std::string_view region) override;

 private:
  AzureStore(AzureConfig config, AzureRoute route, std::shared_ptr<TokenCache> tokens,
             HttpTransport& transport, const Clock& clock, Log& log);

  // azure_store.cc
  Status Refuse(std::string_view operation, std::string_view key, std::string message) const;
  Status CheckKey(std::string_view operation, std::string_view key) const;
  Status CheckNewKey(std::string_view operation, std::string_view key) const;
  Status MeetAccount(const CallContext& context);
  Result<ListPage> ListOnce(const CallContext& context, const ListRequest& request,
                            std::uint32_t keys_max, bool& too_large);
  bool HasTags() const;

  // azure_reads.cc
  struct Download : ObjectDownload {
    HttpHeaders headers;
  };
  Result<Download> GetWhole(const CallContext& context, std::string_view key,
                            const GetOptions& options, ByteSink& sink);
  Result<Download> GetRanges(const CallContext& context, std::string_view key,
                             const GetOptions& options, ByteSink& sink);
  Result<Download> GetOnce(const CallContext& context, std::string_view key,
                           const GetOptions& options, ByteSink& sink, bool checked,
                           const std::function<bool(const ObjectDownload&)>& refuse);
  Status ReadTags(const CallContext& context, std::string_view key, const HttpHeaders& headers,
                  ObjectAttributes& attributes);

  // azure_writes.cc
  Result<PutReceipt> ReceiptOf(const AzureRequest& request, const HttpResponse& response) const;
  Result<PutReceipt> SetProperties(const CallContext& context, std::string_view key,
                                   const ObjectMeta& current, const ObjectAttributes& attributes);
  Result<PutReceipt> ReplaceMetadata(const CallContext& context, std::string_view key,
                                     const Version& version, const ObjectAttributes& attributes);
  struct HalfDescribed;
  bool IsOurs(std::string_view key, const Version& version, const ObjectMeta& current,
              const ObjectAttributes& wanted) const;
  void RememberHalf(std::string_view key, HalfDescribed half);
  Status SetTierAndTags(const CallContext& context, std::string_view key, const ObjectMeta& current,
                        const ObjectAttributes& attributes);

  // azure_copies.cc
  Result<ObjectMeta> HeadSource(const CallContext& context, const CopySource& source);
  Result<AzureRequest> CopyRequest(const CallContext& context, const CopySource& source,
                                   std::string_view key, const WriteCondition& condition);
  Result<PutReceipt> CopyWhole(const CallContext& context, const CopySource& source,
                               std::string_view key, const PutOptions& options);
  Result<PutReceipt> CopyThenDescribe(const CallContext& context, const CopySource& source,
                                      std::string_view key, const PutOptions& options);
  Result<PutReceipt> DescribeCopy(const CallContext& context, std::string_view key,
                                  const ObjectAttributes& attributes);

  // azure_deletes.cc
  Status DeleteOne(const CallContext& context, const DeleteRequest& request);
  Status DeleteBatch(const CallContext& context, std::span<const DeleteRequest> requests,
                     std::vector<Status>& statuses);

  // azure_uploads.cc, azure_finish.cc
  Result<AzureUpload> OpenUpload(std::string_view operation, std::string_view key,
                                 const Secret& upload_id) const;
  // None: there is no blob of that name, nor blocks for one.
  Result<std::optional<AzureBlockList>> ReadBlocks(const CallContext& context, std::string_view key,
                                                   bool committed);
  Result<PutReceipt> Commit(const CallContext& context, std::string_view key,
                            const std::vector<std::string>& block_ids, bool proven,
                            const FinishOptions& options);
  void ForgetUpload(const Secret& upload_id);

  struct KnownUpload {
    std::string key;
    Timestamp started{};
  };

  AzureChannel channel_;
  const Clock& clock_;
  // What the service has told of the account: -1 nothing yet, 0 flat, 1 hierarchical.
  std::atomic<int> hierarchy_{-1};
  std::atomic<bool> has_put_from_url_{true};
  std::atomic<bool> tells_range_crc_{true};
  std::mutex meet_mutex_;  // Held by the one who asks for it.
  bool met_ = false;
  mutable std::mutex uploads_mutex_;            // Guards what follows.
  std::map<std::string, KnownUpload> uploads_;  // By id; begun here and not ended.
  std::set<std::string> ended_uploads_;         // Ids; finished or aborted here.
  // By key: what an unfinished SetMetadata made of the version that it was asked for.
  struct HalfDescribed {
    Version asked;
    Version latest;
    // The blob before its properties were set, if the answer to that was lost.
    std::optional<ObjectMeta> before;
  };
  std::map<std::string, HalfDescribed, std::less<>> half_described_;
};

}  // namespace godwit
