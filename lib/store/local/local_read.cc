#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/store/call_check.h"
#include "lib/store/local/local_errors.h"
#include "lib/store/local/local_store.h"

namespace godwit {
namespace {

constexpr std::string_view kRead = "read";
constexpr std::size_t kReadBytes = 256 << 10;
constexpr std::size_t kLargeReadBytes = 1 << 20;  // Of ranges that are worth it.
constexpr std::uint64_t kLargeBytes = 8 << 20;

Status NotFound(std::string_view shown) {
  return Status(ErrorKind::kNotFound, "no such file").WithOperation(kRead).WithObject(shown);
}

// A link or a file where the path needs a folder means that no such key exists.
Status OpenStatus(int error, std::string_view shown) {
  if (error == ENOENT || error == ENOTDIR) return NotFound(shown);
  return ErrnoStatus(error, kRead, shown);
}

Status TypeStatus(const struct stat& info, std::string_view shown) {
  switch (EntryTypeOf(info)) {
    case EntryType::kObject:
      return Status::Ok();
    case EntryType::kFolder:
      return NotFound(shown);
    case EntryType::kSymlink:
      return BlockedStatus("a symbolic link", kRead, shown);
    default:
      return BlockedStatus("a special file", kRead, shown);
  }
}

ObjectMeta MetaOf(ObjectEntry entry) {
  ObjectMeta meta;
  meta.attributes.mtime = entry.modified;
  meta.entry = std::move(entry);
  return meta;
}

Result<std::uint64_t> EndOfRange(const GetOptions& options, std::uint64_t size,
                                 std::string_view shown) {
  const bool inside = options.offset <= size && options.length <= size - options.offset;
  if (!inside || (options.offset != 0 && options.offset == size)) {
    return Status(ErrorKind::kInvalidArgument, "the range lies outside of the file")
        .WithOperation(kRead)
        .WithObject(shown);
  }
  return options.length == 0 ? size : options.offset + options.length;
}

Status StreamRange(const CallContext& context, int fd, std::uint64_t offset, std::uint64_t end,
                   std::string_view shown, ByteSink& sink) {
  const std::uint64_t length = end - offset;
  const std::size_t wanted = length >= kLargeBytes ? kLargeReadBytes : kReadBytes;
  const std::size_t buffer_bytes = std::min<std::uint64_t>(wanted, length);
  std::unique_ptr<std::byte[]> own;
  while (offset < end) {
    GODWIT_RETURN_IF_ERROR(CheckCall(context));
    const std::size_t chunk = std::min<std::uint64_t>(buffer_bytes, end - offset);
    std::span<std::byte> buffer = sink.Room(offset, chunk);
    if (buffer.empty()) {
      if (!own) own = std::make_unique_for_overwrite<std::byte[]>(buffer_bytes);
      buffer = {own.get(), chunk};
    }
    const ssize_t count = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, kRead, shown);
    if (count == 0) return ChangedStatus(kRead, shown);  // It was cut meanwhile.
    const std::span<const std::byte> bytes = buffer.first(static_cast<std::size_t>(count));
    GODWIT_RETURN_IF_ERROR(sink.Write(offset, bytes));
    offset += bytes.size();
  }
  return Status::Ok();
}

}  // namespace

Opened LocalStore::OpenFile(const FileDescriptor& root, std::string_view key, int flags) const {
  if (key.back() == '/') {
    key.remove_suffix(1);
    flags |= O_DIRECTORY;
  }
  if (options_.follow_symlinks) return OpenFollowing(root.get(), key, flags);
  return jail_.Open(root.get(), key, flags);
}

Result<ObjectMeta> LocalStore::Head(const CallContext& context, std::string_view key) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  GODWIT_RETURN_IF_ERROR(CheckLocalKey(key));
  const std::string shown = Shown(key);
  const Result<Root> root = root_.Acquire();
  if (!root.ok()) return root.status();
  if (!CheckNotExcluded(**root, key).ok()) return NotFound(shown);
  const Opened file = OpenFile(**root, key, O_PATH);
  // Not followed, so nothing behind a link is here; the link itself opens.
  if (file.error == ELOOP) return NotFound(shown);
  if (!file.ok()) return OpenStatus(file.error, shown);
  struct stat info {};
  if (::fstat(file.fd.get(), &info) != 0) return ErrnoStatus(errno, kRead, shown);
  if (key.back() != '/') GODWIT_RETURN_IF_ERROR(TypeStatus(info, shown));
  return MetaOf(identity_.EntryOf(file.fd.get(), key, info));
}

Result<ObjectMeta> LocalStore::Get(const CallContext& context, std::string_view key,
                                   const GetOptions& options, ByteSink& sink) {
  if (!key.empty() && key.back() == '/') return Head(context, key);
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  GODWIT_RETURN_IF_ERROR(CheckLocalKey(key));
  const std::string shown = Shown(key);
  const Result<Root> root = root_.Acquire();
  if (!root.ok()) return root.status();
  if (!CheckNotExcluded(**root, key).ok()) return NotFound(shown);
  // Non-blocking, so that a pipe does not wait for a writer.
  const Opened file = OpenFile(**root, key, O_RDONLY | O_NONBLOCK);
  if (!file.ok()) return OpenStatus(file.error, shown);
  const int fd = file.fd.get();
  struct stat before {};
  if (::fstat(fd, &before) != 0) return ErrnoStatus(errno, kRead, shown);
  GODWIT_RETURN_IF_ERROR(TypeStatus(before, shown));
  ObjectMeta meta = MetaOf(identity_.EntryOf(fd, key, before));
  if (!options.version.empty() && options.version != meta.entry.version) {
    return ChangedStatus(kRead, shown);
  }
  const Result<std::uint64_t> end = EndOfRange(options, meta.entry.size_bytes, shown);
  if (!end.ok()) return end.status();
  if (*end - options.offset >= kReadBytes) ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  GODWIT_RETURN_IF_ERROR(StreamRange(context, fd, options.offset, *end, shown, sink));
  struct stat after {};
  if (::fstat(fd, &after) != 0) return ErrnoStatus(errno, kRead, shown);
  if (!SameFile(before, after)) return ChangedStatus(kRead, shown);
  return meta;
}

Result<ListCursor> LocalStore::CursorFor(const CallContext& context, const ListRequest& request) {
  WalkRange range{request.prefix,     request.start_after,        false,
                  request.end_before, !request.delimiter.empty(), request.include_folders};
  if (!request.page_token.empty()) {
    Result<ListToken> token = ListToken::Parse(request.page_token);
    if (!token.ok()) return token.status();
    const auto fits = [&range](const ListCursor& kept) {
      return SameEnd(kept.walker->range(), range);
    };
    if (std::optional<ListCursor> kept = cursors_.Take(token->cursor, fits)) {
      return std::move(*kept);
    }
    range.start_after = std::move(token->last_key);
    range.past_folder = token->past_folder;
  }
  Result<Root> root = root_.Acquire();
  if (!root.ok()) return root.status();
  WalkSettings settings;
  settings.follow_symlinks = options_.follow_symlinks;
  settings.names_in_memory_max = options_.names_in_memory_max;
  settings.spill_folder = options_.spill_folder;
  settings.excluded = &excluded_;
  settings.own_files_seen = &own_files_seen_;
  settings.temporary_prefix = temporary_prefix_;
  settings.shown_root = Shown("");
  ListCursor cursor;
  cursor.root = std::move(*root);
  cursor.walker = std::make_unique<TreeWalker>(cursor.root->get(), jail_, identity_,
                                               std::move(range), settings);
  GODWIT_RETURN_IF_ERROR(cursor.walker->Begin(context));
  Result<std::optional<TreeWalker::Item>> first = cursor.walker->Next(context);
  if (!first.ok()) return first.status();
  cursor.pending = std::move(*first);
  return cursor;
}

Result<ListPage> LocalStore::List(const CallContext& context, const ListRequest& request) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  if (request.versions) return Status(ErrorKind::kUnsupported, "old versions are not kept");
  if (!request.delimiter.empty() && request.delimiter != "/") {
    return Status(ErrorKind::kUnsupported, "the only delimiter of local folders is /");
  }
  const std::uint32_t page_max = capabilities_.page_keys_max;
  const std::uint32_t limit =
      request.keys_max == 0 ? page_max : std::min(request.keys_max, page_max);
  Result<ListCursor> cursor = CursorFor(context, request);
  if (!cursor.ok()) return cursor.status();
  ListPage page;
  ListToken token;
  for (std::uint32_t count = 0; count < limit && cursor->pending; ++count) {
    ObjectEntry& entry = cursor->pending->entry;
    token.last_key = entry.key;
    token.past_folder = cursor->pending->common_prefix;
    if (token.past_folder) {
      page.common_prefixes.push_back(std::move(entry.key));
    } else {
      page.entries.push_back(std::move(entry));
    }
    Result<std::optional<TreeWalker::Item>> next = cursor->walker->Next(context);
    if (!next.ok()) return next.status();
    cursor->pending = std::move(*next);
  }
  // A root that was deleted under way looks like one that has ended.
  if (LocalRoot::IsDeleted(*cursor->root)) {
    return Status(ErrorKind::kContainerNotFound, "the folder was deleted while it was listed")
        .WithOperation("list")
        .WithObject(options_.root);
  }
  if (cursor->pending) {
    token.cursor = cursors_.Keep(std::move(*cursor));
    page.next_page_token = token.Text();
  }
  return page;
}

}  // namespace godwit
