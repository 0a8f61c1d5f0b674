#include "lib/run/command_executor.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>
#include <vector>

#include "lib/run/command_events.h"

namespace godwit {

namespace {

// Makes the keys of a page relative, in place. Entries that were not asked for are an error: they
// would be compared with, or deleted from, another folder.
Status MakeRelative(const std::string& prefix, const ListRequest& request, bool keep_root_marker,
                    std::vector<ObjectEntry>& entries) {
  for (ObjectEntry& entry : entries) {
    const bool asked = entry.key.starts_with(prefix) && entry.key > request.start_after &&
                       (request.end_before.empty() || entry.key < request.end_before);
    if (!asked) {
      return Status(ErrorKind::kCorrupted, "the listing contains a key that was not asked for")
          .WithOperation("list")
          .WithObject(entry.key);
    }
    entry.key.erase(0, prefix.size());
  }
  if (!keep_root_marker) {
    std::erase_if(entries, [](const ObjectEntry& entry) { return entry.key.empty(); });
  }
  return Status::Ok();
}

// The order of `start_after` and the page's keys holds in byte order only; stores with another
// order are wrapped by an adapter before they come here.
Result<ListPage> ListRelative(const Endpoint& side, const ListCommand& list, bool keep_root_marker,
                              const CallContext& context) {
  ListRequest request;
  request.prefix = side.prefix;
  if (!list.start_after.empty()) request.start_after = side.prefix + list.start_after;
  if (!list.end_before.empty()) request.end_before = side.prefix + list.end_before;
  request.page_token = list.page_token;
  request.keys_max = list.keys_max;
  request.include_folders = side.store->Describe().is_local;
  Result<ListPage> page = side.store->List(context, request);
  if (!page.ok()) return page;
  if (!page->next_page_token.empty() && page->next_page_token == list.page_token) {
    return Status(ErrorKind::kCorrupted, "the listing does not advance: its continuation repeats")
        .WithOperation("list")
        .WithObject(side.url);
  }
  GODWIT_RETURN_IF_ERROR(MakeRelative(side.prefix, request, keep_root_marker, page->entries));
  return page;
}

}  // namespace

Event CommandExecutor::Execute(const Command& command, std::stop_token stop) const {
  if (stop.stop_requested()) {
    return FailedEvent(command.id, Status(ErrorKind::kCancelled, "stopped before it began"),
                       Side::kTarget);
  }
  CallContext context;
  context.stop = std::move(stop);
  context.stall_timeout = settings_.stall_timeout;
  context.meter = &meter_;
  return std::visit([&](const auto& body) { return Carry(command.id, body, context); },
                    command.body);
}

template <typename Control>
Event CommandExecutor::Carry(CommandId id, const Control&, const CallContext&) const {
  return FailedEvent(id, Status(ErrorKind::kInternal, "not a command for a store"), Side::kTarget);
}

Event CommandExecutor::Carry(CommandId id, const ListCommand& list,
                             const CallContext& context) const {
  return EventOf(id, list.side,
                 ListRelative(At(list.side), list, settings_.keep_root_marker, context));
}

Event CommandExecutor::Carry(CommandId id, const HeadCommand& head,
                             const CallContext& context) const {
  const Endpoint& side = At(head.side);
  Result<ObjectMeta> meta = side.store->Head(context, side.prefix + head.key);
  if (meta.ok()) meta->entry.key = head.key;
  return EventOf(id, head.side, std::move(meta));
}

Event CommandExecutor::Carry(CommandId id, const BeginUploadCommand& begin,
                             const CallContext& context) const {
  const std::string key = TargetKey(begin.target_key);
  Result<Secret> upload =
      target_.store->BeginUpload(context, permits_.Judge(key), key, begin.options);
  if (!upload.ok()) return FailedEvent(id, std::move(upload).status(), Side::kTarget);
  return DoneEvent(id, UploadBegan{std::move(upload).value()});
}

Event CommandExecutor::Carry(CommandId id, const ServerCopyPartCommand& part,
                             const CallContext& context) const {
  const std::string key = TargetKey(part.target_key);
  Result<PartReceipt> receipt = target_.store->CopyPart(
      context, permits_.Judge(key), key, part.upload_id, UploadPart{part.index, part.offset, {}},
      SourceObject(part.source_key, part.source_version), part.length);
  if (!receipt.ok()) return FailedEvent(id, std::move(receipt).status(), Side::kTarget);
  return DoneEvent(id, PartTransferred{std::move(receipt).value()});
}

Event CommandExecutor::Carry(CommandId id, const ListPartsCommand& parts,
                             const CallContext& context) const {
  return EventOf(id, Side::kTarget,
                 target_.store->ListParts(context, TargetKey(parts.target_key), parts.upload_id));
}

Event CommandExecutor::Carry(CommandId id, const ListUploadsCommand& uploads,
                             const CallContext& context) const {
  const std::string key = TargetKey(uploads.target_key);
  Result<std::vector<UploadEntry>> found = target_.store->ListUploads(context, key);
  if (!found.ok()) return FailedEvent(id, std::move(found).status(), Side::kTarget);
  UploadList list;
  for (UploadEntry& entry : *found) {
    if (entry.key != key) continue;
    entry.key = uploads.target_key;
    list.uploads.push_back(std::move(entry));
  }
  return DoneEvent(id, std::move(list));
}

Event CommandExecutor::Carry(CommandId id, const FinishUploadCommand& finish,
                             const CallContext& context) const {
  const std::string key = TargetKey(finish.target_key);
  Result<PutReceipt> receipt = target_.store->FinishUpload(
      context, permits_.Judge(key), key, finish.upload_id, finish.parts, finish.options);
  if (!receipt.ok()) {
    return FailedEvent(id, std::move(receipt).status(), Side::kTarget, finish.options.digests);
  }
  return DoneEvent(id, std::move(receipt).value());
}

Event CommandExecutor::Carry(CommandId id, const AbortUploadCommand& abort,
                             const CallContext& context) const {
  const std::string key = TargetKey(abort.target_key);
  return EventOf(id, Side::kTarget,
                 target_.store->AbortUpload(context, permits_.Judge(key), key, abort.upload_id));
}

Event CommandExecutor::Carry(CommandId id, const ServerCopyCommand& copy,
                             const CallContext& context) const {
  const std::string key = TargetKey(copy.target_key);
  Result<PutReceipt> receipt =
      target_.store->Copy(context, permits_.Judge(key),
                          SourceObject(copy.source_key, copy.source_version), key, copy.options);
  if (!receipt.ok()) {
    return FailedEvent(id, std::move(receipt).status(), Side::kTarget, copy.options.digests);
  }
  return DoneEvent(id, std::move(receipt).value());
}

Event CommandExecutor::Carry(CommandId id, const SetMetadataCommand& set,
                             const CallContext& context) const {
  const std::string key = TargetKey(set.target_key);
  return EventOf(
      id, Side::kTarget,
      target_.store->SetMetadata(context, permits_.Judge(key), key, set.version, set.attributes));
}

Event CommandExecutor::Carry(CommandId id, const DeleteCommand& remove,
                             const CallContext& context) const {
  std::vector<DeleteRequest> requests = remove.requests;
  for (DeleteRequest& request : requests) request.key.insert(0, target_.prefix);
  Result<std::vector<Status>> statuses =
      target_.store->Delete(context, permits_.Judge(target_.prefix), requests);
  if (!statuses.ok()) return FailedEvent(id, std::move(statuses).status(), Side::kTarget);
  if (statuses->size() != requests.size()) {
    return FailedEvent(
        id,
        Status(ErrorKind::kInternal, "a delete was answered for other keys").WithMaybeApplied(true),
        Side::kTarget);
  }
  return DoneEvent(id, DeleteStatuses{std::move(statuses).value()});
}

// A folder that is not empty, or gone already, is as it should be; only what the file system
// refuses is a failure, and the first such is told.
Event CommandExecutor::Carry(CommandId id, const PruneFoldersCommand& prune,
                             const CallContext& context) const {
  std::vector<std::string> folders = prune.folders;
  // A folder sorts before what lies in it: descending order is deepest first.
  std::sort(folders.begin(), folders.end(), std::greater<>());
  Status first_failure;
  for (const std::string& folder : folders) {
    const DeleteRequest request{TargetKey(folder), {}};
    Result<std::vector<Status>> statuses =
        target_.store->Delete(context, permits_.Judge(request.key), {&request, 1});
    const Status status = statuses.ok() ? statuses->front() : std::move(statuses).status();
    if (status.Is(ErrorKind::kCancelled)) return FailedEvent(id, status, Side::kTarget);
    const bool fine =
        status.ok() || status.Is(ErrorKind::kBlocked) || status.Is(ErrorKind::kNotFound);
    if (!fine && first_failure.ok()) first_failure = status;
  }
  return EventOf(id, Side::kTarget, std::move(first_failure));
}

CopySource CommandExecutor::SourceObject(std::string_view key, const Version& version) const {
  return CopySource{source_.container, SourceKey(key), version};
}

}  // namespace godwit
