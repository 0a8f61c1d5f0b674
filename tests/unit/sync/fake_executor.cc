#include "tests/unit/sync/fake_executor.h"

#include <chrono>
#include <span>
#include <string>
#include <utility>

#include "lib/crypto/running_md5.h"

namespace godwit {

Event FakeExecutor::Execute(const Command& command) {
  sent_ = {};
  return std::visit([&](const auto& body) { return Do(command, body); }, command.body);
}

Event FakeExecutor::Do(const Command& command, const ListCommand& list) {
  return Answer<ListPage>(command, At(list.side).List(list.start_after, list.page_token));
}

Event FakeExecutor::Do(const Command& command, const ReadStateCommand& read) {
  StateRows rows;
  for (auto at = state.upper_bound(read.after); at != state.end(); ++at) {
    if (rows.rows.size() == read.rows_max) return Answer<StateRows>(command, rows);
    rows.rows.push_back(at->second);
  }
  rows.last = true;
  return Answer<StateRows>(command, rows);
}

Event FakeExecutor::Do(const Command& command, const HeadCommand& head) {
  return Answer<ObjectMeta>(command, At(head.side).Head(head.key), head.side);
}

Event FakeExecutor::Do(const Command& command, const HashCommand& hash) {
  const Result<std::string> bytes = At(hash.side).Read(hash.key, hash.version);
  if (!bytes.ok()) return Failed{command.id, bytes.status(), hash.side, {}};
  return Answer<Hashed>(command, Hashed{SumOf(*bytes).digests()});
}

Event FakeExecutor::Do(const Command& command, const TransferWholeCommand& put) {
  const Result<std::string> bytes = source.Read(put.source_key, put.source_version);
  if (!bytes.ok()) return Failed{command.id, bytes.status(), Side::kSource, {}};
  sent_ = SumOf(*bytes).digests();
  if (Status lost = target.Check(put.target_key, put.condition); !lost.ok()) {
    return Failed{command.id, lost, Side::kTarget, sent_};
  }
  Transferred moved;
  moved.source = *source.Head(put.source_key);
  moved.digests = sent_;
  const ObjectAttributes attributes = TargetAttributes(*put.rules, moved.source, put.target_key);
  moved.receipt = target.Put(put.target_key, *bytes, attributes);
  return Answer<Transferred>(command, moved);
}

Event FakeExecutor::Do(const Command& command, const BeginUploadCommand& begin) {
  const std::string id = "u" + std::to_string(++last_upload_);
  FakeUpload upload{begin.target_key, begin.options, {}, {}};
  upload.started.time += std::chrono::duration_cast<std::chrono::nanoseconds>(
      now_ - TimePoint{} + std::chrono::hours(1));
  target.uploads[id] = upload;
  return Answer<UploadBegan>(command, UploadBegan{Secret(id)});
}

Event FakeExecutor::PutRange(const Command& command, const std::string& bytes, const Secret& id,
                             std::uint32_t index, bool summed) {
  const ContentSum sum = SumOf(bytes);
  sent_ = sum.digests();
  if (!target.uploads.contains(id.Reveal())) {
    return Failed{command.id, Status(ErrorKind::kNotFound, "no such upload"), Side::kTarget, {}};
  }
  target.uploads[id.Reveal()].parts[index] = bytes;
  PartTransferred part;
  part.receipt = {index, bytes.size(), "e" + std::to_string(index), sent_};
  part.has_sum = summed;
  part.crc64nvme = sum.crc64nvme;
  part.crc32c = sum.crc32c;
  return Answer<PartTransferred>(command, part);
}

Event FakeExecutor::Do(const Command& command, const TransferPartCommand& part) {
  const Result<std::string> bytes = source.Read(part.source_key, part.source_version);
  if (!bytes.ok()) return Failed{command.id, bytes.status(), Side::kSource, {}};
  Event event =
      PutRange(command, bytes->substr(part.offset, part.length), part.upload_id, part.index, true);
  auto* done = std::get_if<Done>(&event);
  if (done == nullptr || !part.md5_before) return event;
  RunningMd5 md5 = RunningMd5::After(*part.md5_before).value_or(RunningMd5());
  md5.Update(std::as_bytes(std::span(*bytes).subspan(part.offset, part.length)));
  std::get<PartTransferred>(done->result).receipt.running_md5 = md5.State();
  return event;
}

Event FakeExecutor::Do(const Command& command, const ServerCopyPartCommand& part) {
  const Result<std::string> bytes = source.Read(part.source_key, part.source_version);
  if (!bytes.ok()) return Failed{command.id, bytes.status(), Side::kSource, {}};
  return PutRange(command, bytes->substr(part.offset, part.length), part.upload_id, part.index,
                  false);
}

Event FakeExecutor::Do(const Command& command, const ListPartsCommand& list) {
  if (!target.uploads.contains(list.upload_id.Reveal())) {
    return Failed{command.id, Status(ErrorKind::kNotFound, "no such upload"), Side::kTarget, {}};
  }
  UploadedParts kept;
  for (const auto& [index, bytes] : target.uploads[list.upload_id.Reveal()].parts) {
    kept.parts.push_back(
        {index, bytes.size(), "e" + std::to_string(index), SumOf(bytes).digests()});
  }
  return Answer<UploadedParts>(command, kept);
}

Event FakeExecutor::Do(const Command& command, const ListUploadsCommand& list) {
  UploadList found;
  for (const auto& [id, upload] : target.uploads) {
    if (upload.key == list.target_key) {
      found.uploads.push_back({upload.key, Secret(id), upload.started});
    }
  }
  return Answer<UploadList>(command, found);
}

Event FakeExecutor::Do(const Command& command, const FinishUploadCommand& finish) {
  sent_ = finish.options.digests;
  const auto upload = target.uploads.find(finish.upload_id.Reveal());
  if (upload == target.uploads.end()) {
    return Failed{command.id, Status(ErrorKind::kNotFound, "no such upload"), Side::kTarget, {}};
  }
  for (const WriteCondition& condition :
       {finish.options.condition, upload->second.options.condition}) {
    if (Status lost = target.Check(finish.target_key, condition); !lost.ok()) {
      return Failed{command.id, lost, Side::kTarget, sent_};
    }
  }
  std::string bytes;
  for (const PartReceipt& part : finish.parts) bytes += upload->second.parts[part.index];
  const std::optional<DigestKind> common =
      DigestSet::Common(finish.options.digests, SumOf(bytes).digests());
  if (common && *finish.options.digests.Find(*common) != *SumOf(bytes).digests().Find(*common)) {
    return Failed{command.id, Status(ErrorKind::kCorrupted, "bad digest"), Side::kTarget, {}};
  }
  target.uploads.erase(upload);
  return Answer<PutReceipt>(command,
                            target.Put(finish.target_key, bytes, finish.options.attributes));
}

Event FakeExecutor::Do(const Command& command, const AbortUploadCommand& abort) {
  target.uploads.erase(abort.upload_id.Reveal());
  return Answer<Finished>(command, Finished{});
}

Event FakeExecutor::Do(const Command& command, const ServerCopyCommand& copy) {
  const Result<std::string> bytes = source.Read(copy.source_key, copy.source_version);
  if (!bytes.ok()) return Failed{command.id, bytes.status(), Side::kSource, {}};
  if (Status lost = target.Check(copy.target_key, copy.options.condition); !lost.ok()) {
    return Failed{command.id, lost, Side::kTarget, {}};
  }
  PutReceipt receipt = target.Put(copy.target_key, *bytes, copy.options.attributes);
  receipt.proof = WriteProof::kServiceCopy;
  return Answer<PutReceipt>(command, receipt);
}

Event FakeExecutor::Do(const Command& command, const SetMetadataCommand& set) {
  if (Status lost = target.Check(set.target_key, WriteCondition::IfVersion(set.version));
      !lost.ok()) {
    return Failed{command.id, lost, Side::kTarget, {}};
  }
  FakeObject& object = target.objects[set.target_key];
  object.attributes = set.attributes;
  object.version = target.NextVersion();
  return Answer<PutReceipt>(command, PutReceipt{object.version, object.modified, {}, {}});
}

Event FakeExecutor::Do(const Command& command, const DeleteCommand& remove) {
  DeleteStatuses statuses;
  for (const DeleteRequest& request : remove.requests) {
    statuses.statuses.push_back(target.Delete(request));
  }
  return Answer<DeleteStatuses>(command, statuses);
}

Event FakeExecutor::Do(const Command& command, const PruneFoldersCommand& prune) {
  pruned.insert(pruned.end(), prune.folders.begin(), prune.folders.end());
  return Answer<Finished>(command, Finished{});
}

Event FakeExecutor::Do(const Command& command, const SpoolCommand& rows) {
  spool.insert(spool.end(), rows.deletes.begin(), rows.deletes.end());
  return Answer<Finished>(command, Finished{});
}

Event FakeExecutor::Do(const Command& command, const ReadSpoolCommand& read) {
  SpooledDeletes rows;
  for (std::size_t row = read.first; row < spool.size() && rows.deletes.size() < read.rows_max;
       ++row) {
    rows.deletes.push_back(spool[row]);
  }
  return Answer<SpooledDeletes>(command, rows);
}

Event FakeExecutor::Do(const Command& command, const ConfirmCommand&) {
  return Answer<Confirmed>(command, Confirmed{confirms});
}

}  // namespace godwit
