#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
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
#include "lib/store/cursor_cache.h"
#include "lib/store/local/excluded_folder.h"
#include "lib/store/local/file_identity.h"
#include "lib/store/local/folder_sync.h"
#include "lib/store/local/list_cursor.h"
#include "lib/store/local/local_key.h"
#include "lib/store/local/local_root.h"
#include "lib/store/local/output_file.h"
#include "lib/store/local/path_jail.h"
#include "lib/store/local/tree_walker.h"

namespace godwit {

struct LocalOptions {
  // Changes what happens.

  std::string root;  // The folder that is the container.
  // Whether a write makes a root that is missing; else it fails with kContainerNotFound.
  bool create_root = false;
  // Reads and listings follow symbolic links, also out of the root; writes never do. A link that
  // leads nowhere, or back to a folder above it, is listed as a link.
  bool follow_symlinks = false;
  // A write is durable before it counts as done. Without it a power cut may lose files.
  bool sync = true;
  // A folder that is no data: never listed, read, written or deleted, wherever it lies beneath the
  // root. Empty: none.
  std::string excluded_folder = {};

  // Changes cost only.

  std::size_t names_in_memory_max = 32'768;  // Of one folder that is being listed.
  std::string spill_folder = "/tmp";         // For the names of larger folders.
  std::size_t cursors_max = 16;              // Listings that go on without a search.
  bool use_openat2 = true;                   // False: as on a kernel before 5.6.
};

// A folder tree as an ObjectStore: a key is a path beneath the root.
//
// Versions are stat tuples, so every change of a file is seen, and a read whose file changes
// meanwhile fails with kPreconditionFailed. A write goes to a file `.godwit-*` in the target's
// folder, which takes the key's place whole; folders are made as needed. No key reaches outside of
// the root (I20): unsafe ones fail with kInvalidArgument, and a link, folder or special file in the
// way with kBlocked. A key that ends in '/' is a folder: Put makes it, Delete removes it if it is
// empty. Of the attributes only the mtime is kept, as the file's own; a folder's is not set.
// A listing with a delimiter names empty folders too.
//
// Conditions are checked immediately before the rename or unlink; against writers that are not
// godwit a gap of microseconds remains for kIfVersion, none for create-only.
class LocalStore final : public ObjectStore {
 public:
  // The root may be missing. Fails with kInvalidArgument if it is no folder.
  static Result<std::unique_ptr<LocalStore>> Open(LocalOptions options);

  const Capabilities& Describe() const override { return capabilities_; }
  std::string Name() const override { return options_.root; }
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
  // Whether listings have come upon ".godwit-*" files that this object did not make.
  bool own_files_seen() const { return own_files_seen_; }
  // Folders in which files were written, the first few thousand ("" is the root).
  std::set<std::string> WrittenFolders();

 private:
  using Root = std::shared_ptr<const FileDescriptor>;
  struct KeptPart {
    PartReceipt receipt;
    std::uint64_t offset = 0;
  };
  // An upload that this object began, or took up.
  struct Upload {
    std::string key;
    LocalKey path;
    UploadOptions options;
    PreciseTime started;
    FileDescriptor folder;
    std::optional<OutputFile> file;  // Always, once it is in the table.
    std::mutex mutex;                // Guards all below.
    std::map<std::uint32_t, KeptPart> parts;
    bool damaged = false;  // A sync failed: what was written is not to be trusted.
  };

  explicit LocalStore(LocalOptions options);

  // Of a key, for messages: as a person would type it.
  std::string Shown(std::string_view key) const;
  Result<Root> RootForWriting();
  Status CheckNotExcluded(const FileDescriptor& root, std::string_view key) const;
  std::string NewTemporaryName();
  std::mutex& FolderLock(const std::string& folder);

  // Reading.
  Opened OpenFile(const FileDescriptor& root, std::string_view key, int flags) const;
  Result<ListCursor> CursorFor(const CallContext& context, const ListRequest& request);

  // Writing. `shown` is the key's name in messages.
  Result<FileDescriptor> OpenOrMakeFolder(const FileDescriptor& root, const std::string& folder,
                                          std::string_view shown);
  Result<FileDescriptor> MakeFolders(const FileDescriptor& root, const std::string& folder,
                                     std::string_view shown);
  Result<FileDescriptor> MakeFolder(int parent, const std::string& name, const std::string& path,
                                    std::string_view shown);
  Result<OutputFile> CreateOutput(const FileDescriptor& folder, const LocalKey& path,
                                  std::string_view shown, std::string name,
                                  std::uint64_t size_bytes);
  Result<PutReceipt> PutFolder(const CallContext& context, std::string_view key,
                               const PutOptions& options, const ByteSource& body);
  // Everything from the last byte written to the receipt.
  Result<PutReceipt> Publish(const FileDescriptor& folder, const LocalKey& path,
                             std::string_view shown, OutputFile& file,
                             const ObjectAttributes& attributes, const WriteCondition& condition);
  Status Rename(const FileDescriptor& folder, const LocalKey& path, std::string_view shown,
                OutputFile& file, const WriteCondition& condition);
  Status CheckTarget(const FileDescriptor& folder, const LocalKey& path, std::string_view shown,
                     const WriteCondition& condition) const;
  Status DeleteOne(const FileDescriptor& root, const DeleteRequest& request);

  // Uploads.
  Result<std::shared_ptr<Upload>> FindUpload(std::string_view key, const Secret& upload_id);
  // local_resume.cc
  Result<std::shared_ptr<Upload>> Reopen(const CallContext& context, std::string_view key,
                                         const Secret& upload_id);
  Status ReadParts(const CallContext& context, Upload& upload);
  Status CheckMd5(const CallContext& context, const Upload& upload, std::uint64_t size_bytes,
                  const Digest& expected) const;
  Result<Digest> CheckParts(Upload& upload, std::span<const PartReceipt> parts,
                            std::uint64_t size_bytes) const;

  const LocalOptions options_;
  const Capabilities capabilities_;
  const PathJail jail_;
  const std::string temporary_prefix_;  // ".godwit-<random>-": no two stores share one.
  const ExcludedFolder excluded_;
  std::atomic<bool> own_files_seen_{false};
  FileIdentity identity_;
  LocalRoot root_;
  CursorCache<ListCursor> cursors_;
  FolderSync folder_sync_;
  // One writer at a time changes a folder: the kernel's own lock makes the others spin, which
  // costs a third of the CPU time of many small writes.
  std::array<std::mutex, 64> folder_locks_;
  std::atomic<std::uint64_t> temporary_sequence_{0};

  std::mutex uploads_mutex_;  // Guards all below.
  std::set<std::string> written_folders_;
  std::map<std::string, std::shared_ptr<Upload>, std::less<>> uploads_;
};

}  // namespace godwit
