// The commands that only look: ls, du, stat, cat; and mb, version.

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>

#include "cli/exit_code.h"
#include "cli/open_store.h"
#include "cli/session.h"
#include "lib/base/text.h"
#include "lib/plan/attributes.h"
#include "lib/plan/merge.h"
#include "lib/policy/permit_issuer.h"
#include "lib/store/digest_check.h"

namespace godwit {
namespace {

// A store opened for direct calls, and the location it was opened for.
struct Target {
  ParsedLocation location;
  OpenedStore opened;
  std::unique_ptr<ObjectStore> store;
};

Result<Target> OpenTarget(Session& session, const std::string& text, bool as_object) {
  Result<ParsedLocation> location = ParseLocation(text, session.config);
  if (!location.ok()) return location.status();
  if (location->kind == ParsedLocation::Kind::kStdio) {
    return Status(ErrorKind::kInvalidArgument, "'-' is not a location here");
  }
  Target target{std::move(*location), {}, nullptr};
  ParsedLocation container = target.location;
  if (as_object && container.is_local()) {
    // A single file: its folder is the container.
    const std::size_t slash = container.path.rfind('/');
    target.location.path = container.path.substr(slash == std::string::npos ? 0 : slash + 1);
    container.path = slash == std::string::npos ? "." : container.path.substr(0, slash);
    if (container.path.empty()) container.path = "/";
  }
  Result<OpenedStore> opened = OpenStore(session, container, RootMode::kMustExist);
  if (!opened.ok()) return opened.status();
  target.opened = std::move(*opened);
  target.store = MakeRetrying(session, target.opened.store());
  return target;
}

// Calls `visit` with each page of the listing of `prefix`. A page that brings nothing new is an
// error, never the end.
Status ForEachPage(const Session& session, ObjectStore& store, ListRequest request,
                   const std::function<void(const ListPage&)>& visit) {
  int empty_pages = 0;
  while (true) {
    Result<ListPage> page = store.List(session.Context(), request);
    if (!page.ok()) return page.status();
    visit(*page);
    if (page->next_page_token.empty()) return Status::Ok();
    const bool empty = page->entries.empty() && page->common_prefixes.empty();
    empty_pages = empty ? empty_pages + 1 : 0;
    if (page->next_page_token == request.page_token || empty_pages > 1000) {
      return Status(ErrorKind::kCorrupted, "the service repeats a page of the listing")
          .WithOperation("list")
          .WithObject(store.Name());
    }
    request.page_token = page->next_page_token;
  }
}

std::string LongLine(const std::string& key, const ObjectEntry& entry) {
  std::string size = std::to_string(entry.size_bytes);
  size.insert(0, 14 - std::min<std::size_t>(size.size(), 13), ' ');
  return FormatRfc3339(entry.modified.time, 0) + size + "  " + entry.version + "  " +
         EscapeForDisplay(key);
}

// What `ls` shows of one listing.
class Lister {
 public:
  Lister(Session& session, std::size_t prefix_size)
      : session_(session), prefix_size_(prefix_size) {}

  void Show(const ListPage& page) {
    std::size_t next_prefix = 0;
    for (const ObjectEntry& entry : page.entries) {
      while (next_prefix < page.common_prefixes.size() &&
             page.common_prefixes[next_prefix] < entry.key) {
        ShowPrefix(page.common_prefixes[next_prefix++]);
      }
      ShowEntry(entry);
    }
    while (next_prefix < page.common_prefixes.size()) {
      ShowPrefix(page.common_prefixes[next_prefix++]);
    }
  }

 private:
  void ShowEntry(const ObjectEntry& entry) {
    const std::string key = entry.key.substr(prefix_size_);
    const bool data = entry.type == EntryType::kObject || entry.type == EntryType::kDeleteMarker;
    if (!data || IsReservedKey(key) || (key.empty() && prefix_size_ > 0)) return;
    if (session_.settings.json) {
      session_.results.Line(ObjectJson(key, entry));
    } else if (session_.values.IsOn("long")) {
      session_.results.Line(LongLine(key, entry));
    } else {
      session_.results.Line(EscapeForDisplay(key));
    }
  }
  void ShowPrefix(const std::string& prefix) {
    const std::string key = prefix.substr(prefix_size_);
    if (IsReservedKey(key)) return;
    session_.results.Line(session_.settings.json ? PrefixJson(key) : EscapeForDisplay(key));
  }

  Session& session_;
  const std::size_t prefix_size_;
};

ListRequest FolderRequest(const Target& target) {
  ListRequest request;
  if (!target.location.is_local()) request.prefix = target.location.FolderPrefix();
  return request;
}

// Passes bytes to stdout. A closed pipe ends the read quietly.
class StdoutSink final : public ByteSink {
 public:
  // `expected` are the digests of all the bytes that are to pass.
  StdoutSink(ResultWriter& results, const DigestSet& expected)
      : results_(results), check_(expected, DigestCheck::Extent::kCheapest) {}
  Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override {
    // A repeated read begins again at its first byte: what was written is skipped.
    if (offset + bytes.size() <= written_) return Status::Ok();
    if (offset < written_) bytes = bytes.subspan(written_ - offset);
    check_.Update(bytes);
    results_.Raw(bytes);
    written_ = std::max(written_, offset + bytes.size());
    if (results_.open()) return Status::Ok();
    return Status(ErrorKind::kCancelled, "stdout was closed");
  }
  void StartAt(std::uint64_t offset) { written_ = offset; }
  // Fails with kCorrupted if what was printed is not what the service says it keeps.
  Status Check() { return check_.Finish(); }

 private:
  ResultWriter& results_;
  DigestCheck check_;
  std::uint64_t written_ = 0;
};

// "A-B", both included.
Result<GetOptions> ParseRange(const std::string& text) {
  GetOptions options;
  if (text.empty()) return options;
  const std::size_t dash = text.find('-');
  const auto first = ParseUint64(text.substr(0, dash));
  const auto last = dash == std::string::npos ? std::nullopt : ParseUint64(text.substr(dash + 1));
  if (!first || !last || *last < *first || *last == UINT64_MAX) {
    return Status(ErrorKind::kInvalidArgument,
                  "--range '" + EscapeForDisplay(text) + "': expected A-B with A not over B");
  }
  options.offset = *first;
  options.length = *last - *first + 1;
  return options;
}

}  // namespace

int RunLs(Session& session) {
  Result<Target> target = OpenTarget(session, session.line.operands[0], false);
  if (!target.ok()) return session.Fail(target.status());
  ListRequest request = FolderRequest(*target);
  if (!session.settings.recursive) request.delimiter = "/";
  request.versions = session.values.IsOn("versions");
  Lister lister(session, request.prefix.size());
  const Status status = ForEachPage(session, *target->store, request,
                                    [&](const ListPage& page) { lister.Show(page); });
  if (!status.ok()) {
    // A listing that could not be completed, for whatever reason but the credentials.
    const int code = session.Fail(status);
    return code == 3 || code == kExitUsage ? code : kExitNotFound;
  }
  return kExitDone;
}

int RunDu(Session& session) {
  Result<Target> target = OpenTarget(session, session.line.operands[0], false);
  if (!target.ok()) return session.Fail(target.status());
  const ListRequest request = FolderRequest(*target);
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
  const Status status = ForEachPage(session, *target->store, request, [&](const ListPage& page) {
    for (const ObjectEntry& entry : page.entries) {
      if (entry.type != EntryType::kObject) continue;
      if (IsReservedKey(std::string_view(entry.key).substr(request.prefix.size()))) continue;
      ++objects;
      bytes += entry.size_bytes;
    }
  });
  if (!status.ok()) {
    const int code = session.Fail(status);
    return code == 3 || code == kExitUsage ? code : kExitNotFound;
  }
  session.results.Line(session.settings.json
                           ? UsageJson(objects, bytes)
                           : std::to_string(objects) + " objects, " + std::to_string(bytes) +
                                 " bytes (" + FormatByteSize(bytes) + ")");
  return kExitDone;
}

int RunStat(Session& session) {
  Result<Target> target = OpenTarget(session, session.line.operands[0], true);
  if (!target.ok()) return session.Fail(target.status());
  const std::string& key = target->location.path;
  Result<ObjectMeta> meta = target->store->Head(session.Context(), key);
  if (!meta.ok()) return session.Fail(meta.status());
  std::string place;
  if (Result<Location> location = target->store->Locate(session.Context()); location.ok()) {
    place = location->place;
  }
  if (session.settings.json) {
    session.results.Line(StatJson(key, *meta, place));
    return kExitDone;
  }
  const auto line = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) session.results.Line(name + ": " + EscapeForDisplay(value));
  };
  const ObjectAttributes& attributes = meta->attributes;
  line("key", key);
  line("bytes", std::to_string(meta->entry.size_bytes));
  line("modified", FormatRfc3339(meta->entry.modified.time, meta->entry.modified.fraction_digits));
  line("version", meta->entry.version);
  line("content-type", attributes.content_type);
  line("cache-control", attributes.cache_control);
  line("content-encoding", attributes.content_encoding);
  line("content-disposition", attributes.content_disposition);
  line("content-language", attributes.content_language);
  line("storage-class", meta->entry.storage_class);
  if (attributes.mtime) {
    line("mtime", FormatRfc3339(attributes.mtime->time, attributes.mtime->fraction_digits));
  }
  for (const auto& [name, value] : attributes.user_metadata) line("metadata " + name, value);
  for (const Digest& digest : meta->entry.digests.all()) {
    line(std::string(DigestName(digest.kind())), digest.hex());
  }
  line("location", place);
  return kExitDone;
}

int RunCat(Session& session) {
  Result<GetOptions> options = ParseRange(session.values.Value("range"));
  if (!options.ok()) return session.Fail(options.status());
  Result<Target> target = OpenTarget(session, session.line.operands[0], true);
  if (!target.ok()) return session.Fail(target.status());
  const std::string& key = target->location.path;
  const Result<ObjectMeta> meta = target->store->Head(session.Context(), key);
  if (!meta.ok()) return session.Fail(meta.status());
  options->version = meta->entry.version;
  const bool whole = options->offset == 0 && options->length == 0;
  // What lies wholly beyond the end is the store's to refuse.
  const std::uint64_t size_bytes = meta->entry.size_bytes;
  if (options->offset < size_bytes) {
    options->length = std::min(options->length, size_bytes - options->offset);
  }
  const DigestSet told = DigestsToMeet(meta->entry.digests, meta->attributes);
  StdoutSink sink(session.results, whole ? told : DigestSet());
  sink.StartAt(options->offset);
  Status status = target->store->Get(session.Context(), key, *options, sink).status();
  if (session.results.error() != 0) return kExitDone;  // main says what that means.
  if (status.ok()) status = sink.Check().WithOperation("read").WithObject(target->location.text);
  return status.ok() ? kExitDone : session.Fail(status);
}

int RunMb(Session& session) {
  Result<ParsedLocation> location = ParseLocation(session.line.operands[0], session.config);
  if (!location.ok()) return session.Fail(location.status());
  if (!location->is_local() && !location->path.empty()) {
    return session.Fail(Status(
        ErrorKind::kInvalidArgument,
        "'" + EscapeForDisplay(location->text) + "': a bucket has no prefix; write s3://BUCKET"));
  }
  Result<OpenedStore> opened = OpenStore(
      session, *location, location->is_local() ? RootMode::kCreate : RootMode::kMustExist);
  if (!opened.ok()) return session.Fail(opened.status());
  const std::unique_ptr<ObjectStore> store = MakeRetrying(session, opened->store());
  const Status status = store->CreateContainer(session.Context(), PermitIssuer().Judge(""),
                                               session.values.Value("region"));
  if (status.ok()) return kExitDone;
  const int code = session.Fail(status);
  return status.Is(ErrorKind::kPermissionDenied) ? 8 : code;
}

int RunVersion(Session& session) {
  session.results.Line(session.settings.json ? VersionJson(GODWIT_VERSION)
                                             : "godwit " GODWIT_VERSION);
  return kExitDone;
}

}  // namespace godwit
