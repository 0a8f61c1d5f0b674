#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fakecloud/content.h"
#include "fakecloud/fake_cloud.h"
#include "fakecloud/storage.h"

namespace fakecloud {

// One block of a blob, committed or not.
struct AzureBlock {
  std::string id;  // As sent: base64.
  Content content;
};

// One blob, never changed once it is published.
struct AzureBlob {
  Content content;
  std::string etag;           // Without quotes.
  std::string md5;            // Base64; empty: the service has none.
  std::int64_t modified = 0;  // Unix seconds.
  NameValues headers;         // Content-Type and the like, x-ms-meta-..., as they are answered.
  std::string tier = "Hot";
  NameValues tags;
  std::vector<AzureBlock> blocks;  // That it was made of; empty: it was put whole.
  bool directory = false;          // Of a hierarchical account.
};
using AzureBlobPtr = std::shared_ptr<const AzureBlob>;

// The order of a listing: UTF-16 code units, or '/' before all others in a hierarchical account.
struct AzureKeyLess {
  using is_transparent = void;
  bool slash_first = false;
  bool operator()(std::string_view a, std::string_view b) const;
};

struct AzureContainer {
  explicit AzureContainer(bool hierarchical) : blobs(AzureKeyLess{hierarchical}) {}
  std::map<std::string, AzureBlobPtr, AzureKeyLess> blobs;
  // Uncommitted blocks by blob name.
  std::map<std::string, std::vector<AzureBlock>, std::less<>> staged;

  AzureBlobPtr Find(std::string_view name) const;
};

// All containers of the account. Every access goes through Lock(), which gives exclusive access
// until it ends; hold it only for look-ups and changes, never while bytes move.
class AzureStorage {
 public:
  class Access {
   public:
    explicit Access(AzureStorage& storage) : storage_(storage), lock_(storage.mutex_) {}
    AzureContainer* Find(std::string_view name);
    bool Create(std::string_view name);  // False if it is there.
    bool Remove(std::string_view name);
    void Clear() { storage_.containers_.clear(); }
    // As those of S3.
    void Save() { storage_.saved_ = storage_.containers_; }
    void Restore() { storage_.containers_ = storage_.saved_; }

   private:
    AzureStorage& storage_;
    std::lock_guard<std::mutex> lock_;
  };

  AzureStorage(StoragePolicy policy, bool hierarchical)
      : policy_(std::move(policy)), hierarchical_(hierarchical) {}
  Access Lock() { return Access(*this); }
  const StoragePolicy& policy() const { return policy_; }
  bool hierarchical() const { return hierarchical_; }
  // Blobs with uncommitted blocks.
  std::vector<godwit::FakeUpload> OpenUploads(std::string_view container);
  // An ETag that was not given before.
  std::string NextEtag();

 private:
  const StoragePolicy policy_;
  const bool hierarchical_;
  std::atomic<std::uint64_t> serial_{0};
  std::mutex mutex_;  // Guards both.
  std::map<std::string, AzureContainer, std::less<>> containers_;
  std::map<std::string, AzureContainer, std::less<>> saved_;
};

}  // namespace fakecloud
