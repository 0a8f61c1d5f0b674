#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/store/memory/memory_store.h"
#include "tests/sim/meddler.h"
#include "tests/sim/sim_disk.h"

namespace godwit {

// What is stored under a key at one instant.
struct SimObject {
  ObjectMeta meta;
  std::string content;

  const Version& version() const { return meta.entry.version; }
};

// What the next call of its kind suffers.
enum class StoreFault : std::uint8_t {
  kNone,
  kDamageRead,    // One byte of what Get reads is another.
  kDamageSent,    // One byte of a body is another when it arrives.
  kDamageStored,  // One byte is another once it is stored: the service does not notice.
};

// Hears of every change that goes through a SimStore, right after it.
class StoreObserver {
 public:
  virtual ~StoreObserver() = default;
  virtual void OnPublished(const std::string& key, const std::optional<SimObject>& before,
                           const SimObject& after, bool damaged) = 0;
  virtual void OnDeleted(const std::string& key, const SimObject& before) = 0;
};

// A MemoryStore as one run sees it: reports every change to an observer, and carries out armed
// faults. Where it is local it has folders: a key that would need a file where a folder is, or the
// reverse, is kBlocked, and keys that no file can have are refused; and what is published there
// stands on a disk that can lose it. One thread at a time.
class SimStore final : public ObjectStore {
 public:
  explicit SimStore(MemoryStore& inner) : inner_(inner) {}

  // While it lives, changes are those of the outside world: not observed, and without faults.
  class Outside {
   public:
    explicit Outside(SimStore& store)
        : store_(store), observer_(store.observer_), fault_(store.fault_) {
      store.observer_ = nullptr;
      store.fault_ = StoreFault::kNone;
    }
    ~Outside() {
      store_.observer_ = observer_;
      store_.fault_ = fault_;
    }
    Outside(const Outside&) = delete;
    Outside& operator=(const Outside&) = delete;

   private:
    SimStore& store_;
    StoreObserver* const observer_;
    const StoreFault fault_;
  };

  // What becomes of a page that was asked for.
  using PageSpoiler = std::function<void(const ListRequest& request, ListPage& page)>;

  void set_page_spoiler(PageSpoiler spoiler) { spoiler_ = std::move(spoiler); }
  // Null: what is written is durable at once. Changes from outside are in any case.
  void set_disk(SimDisk* disk) { disk_ = disk; }
  void set_flaws(const StoreFlaws& flaws) { flaws_ = flaws; }
  void set_observer(StoreObserver* observer) { observer_ = observer; }
  // For the next call that it fits; a call that it does not fit leaves it armed.
  void Arm(StoreFault fault) { fault_ = fault; }
  void Disarm() { fault_ = StoreFault::kNone; }

  std::optional<SimObject> Look(std::string_view key);

  const Capabilities& Describe() const override { return inner_.Describe(); }
  std::string Name() const override { return inner_.Name(); }
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
  bool Fires(StoreFault fault);
  Status Admit(std::string_view key) const;
  // `write` is told whether to check the digests.
  template <typename Write>
  Result<PutReceipt> Observe(std::string_view key, bool damaged, Write write);

  MemoryStore& inner_;
  StoreObserver* observer_ = nullptr;  // Borrowed.
  SimDisk* disk_ = nullptr;            // Borrowed.
  StoreFlaws flaws_;
  PageSpoiler spoiler_;
  StoreFault fault_ = StoreFault::kNone;
};

}  // namespace godwit
