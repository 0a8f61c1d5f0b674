#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fakecloud/content.h"
#include "fakecloud/digests.h"

namespace fakecloud {

using NameValues = std::vector<std::pair<std::string, std::string>>;

// One checksum that is stored with an object, a part, or an upload's promise of one.
struct StoredChecksum {
  ChecksumKind kind = ChecksumKind::kCrc64Nvme;
  bool composite = false;
  std::string value;  // Base64; of a composite one with "-N".
};

// One part that went into an object, for `partNumber=` and GetObjectAttributes.
struct ObjectPart {
  std::uint32_t number = 0;
  std::uint64_t size = 0;
  std::string checksum;  // Base64, of the object's kind; may be empty.
};

// One version of an object, never changed once it is published.
struct ObjectVersion {
  std::string version_id;  // "null" while versioning was never on.
  bool delete_marker = false;
  Content content;
  std::string etag;           // Without quotes.
  std::string crc64nvme;      // Raw, of the content; always known, whatever checksum is stored.
  std::int64_t modified = 0;  // Unix seconds.
  NameValues headers;         // Content-Type and the like, x-amz-meta-..., as they are answered.
  std::string storage_class = "STANDARD";
  std::string encryption = "AES256";
  std::optional<StoredChecksum> checksum;
  std::vector<ObjectPart> parts;  // Empty: not made by a multipart upload.
  NameValues tags;
  std::string upload_id;  // Of the multipart upload that made it.

  std::uint64_t size() const { return content.size(); }
};
using ObjectPtr = std::shared_ptr<const ObjectVersion>;

struct Part {
  std::string etag;
  Content content;
  std::string crc64nvme;  // Raw.
  std::string checksum;   // Base64, of the upload's kind; may be empty.
  std::int64_t modified = 0;
};

// An open multipart upload.
struct Upload {
  std::string id;
  std::string key;
  std::int64_t initiated = 0;
  ObjectVersion draft;  // Headers, class, tags and encryption of the object to be.
  std::optional<StoredChecksum> checksum;  // As declared at the start; value is empty.
  std::map<std::uint32_t, Part> parts;
};

enum class Versioning : std::uint8_t { kOff, kEnabled, kSuspended };

// Generated keys that are listed without being stored.
struct Synthetic {
  std::uint64_t count = 0;
  ObjectVersion object;                          // The same for all.
  std::string KeyAt(std::uint64_t index) const;  // "d000012/f000012345.bin", ascending.
  // Index of the first key >= `key`.
  std::uint64_t LowerBound(std::string_view key) const;
  std::optional<std::uint64_t> Find(std::string_view key) const;
};

struct Bucket {
  std::string name;
  std::string region;
  std::int64_t created = 0;
  Versioning versioning = Versioning::kOff;
  std::map<std::string, std::vector<ObjectPtr>, std::less<>> keys;  // Versions, oldest first.
  std::map<std::string, Upload> uploads;                            // By id.
  std::optional<Synthetic> synthetic;

  // The latest version, also if it is a delete marker; null if there is none.
  ObjectPtr Latest(std::string_view key) const;
  // The latest version unless it is a delete marker.
  ObjectPtr Live(std::string_view key) const;
  ObjectPtr Version(std::string_view key, std::string_view version_id) const;
  // Makes `version` the latest, with a version id as the bucket's versioning demands.
  ObjectPtr Publish(std::string_view key, std::shared_ptr<ObjectVersion> version,
                    std::uint64_t serial);
  // Shows live objects with keys >= `from`, in byte order, until `visit` returns false.
  void VisitLive(std::string_view from,
                 const std::function<bool(const std::string&, const ObjectVersion&)>& visit) const;
};

// All buckets of the account. Every access goes through Lock(), which gives exclusive access until
// it ends; hold it only for look-ups and changes, never while bytes move.
class Storage {
 public:
  class Access {
   public:
    explicit Access(Storage& storage) : storage_(storage), lock_(storage.mutex_) {}
    Bucket* Find(std::string_view name);
    Bucket& Create(std::string_view name, std::string_view region, std::int64_t now);
    void Remove(std::string_view name);
    void Clear() { storage_.buckets_.clear(); }
    // Keeps all buckets as they are, with their open uploads, and brings what was kept back. What
    // is published does not change, so that only the names of it are copied.
    void Save() { storage_.saved_ = storage_.buckets_; }
    void Restore() { storage_.buckets_ = storage_.saved_; }
    const std::map<std::string, Bucket, std::less<>>& all() const { return storage_.buckets_; }

   private:
    Storage& storage_;
    std::lock_guard<std::mutex> lock_;
  };

  explicit Storage(StoragePolicy policy) : policy_(std::move(policy)) {}
  Access Lock() { return Access(*this); }
  const StoragePolicy& policy() const { return policy_; }
  // A number that was not given before.
  std::uint64_t NextSerial() { return ++serial_; }
  // An id that looks random and is unique, for versions and uploads.
  static std::string OpaqueId(std::uint64_t serial, std::size_t length);

 private:
  const StoragePolicy policy_;
  std::atomic<std::uint64_t> serial_{0};
  std::mutex mutex_;  // Guards both.
  std::map<std::string, Bucket, std::less<>> buckets_;
  std::map<std::string, Bucket, std::less<>> saved_;
};

}  // namespace fakecloud
