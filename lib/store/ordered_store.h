#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/object_store.h"
#include "lib/store/cursor_cache.h"
#include "lib/store/listing_restorer.h"

namespace godwit {

struct OrderedOptions {
  std::size_t held_max = 8192;        // Displaced keys of a group in memory; more are spilled.
  std::string spill_folder = "/tmp";  // For the others.
  std::size_t cursors_max = 8;        // Listings that go on at once without beginning anew.
  std::uint32_t pages_max = 64;       // Pages of the store that one page may cost.
};

// Lists another store in byte order, whatever order that store declares (Describe().order; asked
// anew for each page). A store that lists in byte order is passed through. All else is forwarded.
//
// Displaced keys are held back until what belongs before them has come, in memory, or in a
// temporary file when they are many; so a page may be empty although the listing goes on. A listing
// with a delimiter, or of a store without an order, is held back as a whole. A store that breaks
// its declared order, leaves the prefix or repeats a page token fails the listing with kCorrupted.
//
// A page token can be used again: without its cursor the listing begins anew behind the last key.
// Safe from any thread.
class OrderedStore final : public ObjectStore {
 public:
  // `store` is borrowed.
  explicit OrderedStore(ObjectStore& store, OrderedOptions options = {});

  // As the store's, but for the order. References stay valid.
  const Capabilities& Describe() const override;
  std::string Name() const override { return store_.Name(); }
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
  // A listing that is under way.
  struct Cursor {
    ListRequest inner;  // Of the store's next page.
    ListRequest asked;  // What the caller wants; its page token aside.
    ListingOrder order = ListingOrder::kNone;
    std::unique_ptr<ListingRestorer> restorer;
    bool ended = false;     // The store has no more pages.
    bool past_end = false;  // What comes next was not asked for.
    std::deque<std::string> tokens;
    std::optional<std::string> last_entry;   // In the store's order.
    std::optional<std::string> last_prefix;  // Likewise.
    std::string floor;                       // Keys up to it were given before.
    std::optional<std::string> given;        // The last key of this cursor's pages.
    std::optional<ListedItem> next;
  };

  struct Place {
    std::uint64_t number = 0;  // Of a kept cursor; 0: none.
    Cursor cursor;
  };

  std::uint32_t PagesMax(const ListRequest& request) const;
  Result<Place> CursorFor(const ListRequest& request, ListingOrder order);
  Cursor NewCursor(const ListRequest& request, ListingOrder order, std::string floor) const;
  Status Advance(const CallContext& context, Cursor& cursor, std::uint32_t pages_max);
  Status TakePage(Cursor& cursor, ListPage page);
  Status CheckToken(Cursor& cursor, const std::string& token) const;
  Status TakeItem(Cursor& cursor, ListedItem item, std::optional<std::string>& last);
  Status Peek(Cursor& cursor) const;
  Result<ListPage> MakePage(Cursor& cursor, std::uint32_t limit) const;
  Status Broken(std::string_view what, std::string_view key) const;

  ObjectStore& store_;
  const OrderedOptions options_;
  CursorCache<Cursor> cursors_;
  mutable std::mutex mutex_;  // Guards what follows.
  mutable std::map<const Capabilities*, Capabilities> described_;
};

}  // namespace godwit
