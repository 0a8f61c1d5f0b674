#pragma once

#include <cstddef>
#include <cstdint>
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

namespace godwit {

struct MemoryOptions {
  // What the store claims and enforces: limits, conditions, upload rules, digests that it keeps,
  // `is_local` (no metadata but mtime), the order of listings.
  Capabilities capabilities;
  std::string container = "memory";
  bool container_exists = true;
  bool whole_seconds = false;      // How fine the times of objects are.
  bool digests_in_listing = true;  // Whether List tells the kept digests, or only Head and Get.
  // Borrowed; times of objects and deadlines. Null: the machine's clock.
  const Clock* clock = nullptr;

  // Capabilities of a capable service: digests CRC64NVME and CRC32C kept, server-side copies,
  // metadata that can be set, every condition.
  static MemoryOptions Capable();
};

// The reference ObjectStore: one container in memory, every rule of the contract kept to the
// letter, nothing outlives the object. Objects whose storage class is "GLACIER" or "DEEP_ARCHIVE"
// count as archived. Conditions that the capabilities deny are ignored, as such services do.
class MemoryStore final : public ObjectStore {
 public:
  explicit MemoryStore(MemoryOptions options = MemoryOptions::Capable());
  explicit MemoryStore(Capabilities capabilities);

  using Bytes = std::vector<std::byte>;
  // Shared so that a reader keeps the content that it began with while a writer replaces it.
  using Body = std::shared_ptr<const Bytes>;
  struct Object {
    ObjectMeta meta;
    Body body;
  };

  // For tests.

  // How often `key` has been published (put, copied, finished, new metadata), deletes included or
  // not: the number never falls.
  std::uint64_t VersionCount(std::string_view key) const;
  // Keys and bytes of all objects.
  std::map<std::string, std::string> Contents() const;
  // What is stored under `key`; none: nothing.
  std::optional<Object> Find(std::string_view key) const;
  // Puts back what Find gave, its version included: so does a power cut with what was not durable.
  void Restore(std::string_view key, std::optional<Object> object);
  // Forgets a part of an unfinished upload, as services do when its time is over.
  void LosePart(const Secret& upload_id, std::uint32_t index);
  // How many uploads are neither finished nor aborted.
  std::size_t OpenUploadCount() const;

  const Capabilities& Describe() const override { return options_.capabilities; }
  std::string Name() const override { return "memory://" + options_.container; }
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
  struct Part {
    PartReceipt receipt;
    Bytes bytes;
  };
  struct Upload {
    std::string key;
    UploadOptions options;
    PreciseTime started;
    std::map<std::uint32_t, Part> parts;
    std::uint64_t contiguous_bytes = 0;
  };
  struct KeyOrder {
    using is_transparent = void;
    ListingOrder order = ListingOrder::kUtf8Bytes;
    bool operator()(std::string_view a, std::string_view b) const;
  };
  using Objects = std::map<std::string, Object, KeyOrder>;

  // Of a key, for messages.
  std::string Shown(std::string_view key) const { return Name() + "/" + std::string(key); }
  Status Admit(const CallContext& context) const;
  Status AdmitKey(std::string_view key) const;
  PreciseTime WallNow() const;
  Result<Object> Snapshot(std::string_view key) const;
  Result<Object> CopyableSource(const CopySource& source) const;

  // All below with mutex_ held.
  Status CheckCondition(std::string_view key, const WriteCondition& condition) const;
  PutReceipt Publish(std::string_view key, const ObjectAttributes& attributes, Body body);
  Status DeleteOne(const DeleteRequest& request);
  Result<Upload*> FindUpload(std::string_view key, const Secret& upload_id);
  Status AdmitPart(const Upload& upload, const UploadPart& part, std::uint64_t size_bytes) const;
  Result<PartReceipt> KeepPart(std::string_view key, const Secret& upload_id,
                               const UploadPart& part, Bytes bytes);
  Status CheckParts(const Upload& upload, std::span<const PartReceipt> parts) const;
  Result<Objects::const_iterator> FirstOfPage(const ListRequest& request) const;
  Objects::const_iterator PastPrefix(Objects::const_iterator at, std::string_view prefix) const;

  const MemoryOptions options_;
  const SystemClock system_clock_;
  const Clock& clock_;

  mutable std::mutex mutex_;  // Guards all below.
  bool container_exists_;
  Objects objects_;
  std::map<std::string, std::uint64_t, std::less<>> version_counts_;
  std::map<std::string, Upload, std::less<>> uploads_;  // By id.
  std::uint64_t sequence_ = 0;                          // Of versions and upload ids.
};

}  // namespace godwit
