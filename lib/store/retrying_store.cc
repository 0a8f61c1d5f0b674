#include "lib/store/retrying_store.h"

#include <algorithm>
#include <condition_variable>
#include <numeric>
#include <optional>
#include <utility>

#include "lib/checksum/crc.h"
#include "lib/store/call_check.h"

namespace godwit {
namespace {

Status StatusOf(const Status& status) { return status; }
template <typename T>
Status StatusOf(const Result<T>& result) {
  return result.status();
}

Status Counted(Status status, int attempts) { return std::move(status).WithAttempts(attempts); }
template <typename T>
Result<T> Counted(Result<T> result, int attempts) {
  return std::move(result).status().WithAttempts(attempts);
}

Status NotOurs() {
  return Status(ErrorKind::kNotFound, "the object is not the one that was written");
}

// The CRCs of what passes; a read that begins again begins them again.
class SummingSink final : public ByteSink {
 public:
  Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override {
    if (offset == 0) {
      crc64nvme_ = 0;
      crc32c_ = 0;
    }
    crc64nvme_ = Crc64Nvme(crc64nvme_, bytes);
    crc32c_ = Crc32c(crc32c_, bytes);
    return Status::Ok();
  }
  DigestSet digests() const { return {Digest::Crc64Nvme(crc64nvme_), Digest::Crc32c(crc32c_)}; }

 private:
  std::uint64_t crc64nvme_ = 0;
  std::uint32_t crc32c_ = 0;
};

}  // namespace

void SleepInterruptibly(const CallContext& context, std::chrono::milliseconds delay) {
  auto until = std::chrono::steady_clock::now() + delay;
  if (context.deadline) until = std::min(until, *context.deadline);
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_until(lock, context.stop, until, [] { return false; });
}

RetryingStore::RetryingStore(ObjectStore& store, RetryPolicy policy, std::uint64_t seed,
                             Sleeper sleeper)
    : store_(store), policy_(policy), sleeper_(std::move(sleeper)), random_(seed) {}

// Sleeps before the next attempt; false if there is none.
bool RetryingStore::Pause(const CallContext& context, const Status& status, int attempts) {
  std::optional<std::chrono::milliseconds> delay;
  {
    const std::lock_guard lock(mutex_);
    delay = policy_.Next(status, attempts, random_);
  }
  if (!delay || context.stop.stop_requested()) return false;
  if (context.deadline && std::chrono::steady_clock::now() + *delay >= *context.deadline) {
    return false;
  }
  sleeper_(context, *delay);
  return !context.stop.stop_requested();
}

template <typename Call>
auto RetryingStore::Repeat(const CallContext& context, Call call) -> decltype(call()) {
  for (int attempts = 1;; ++attempts) {
    GODWIT_RETURN_IF_ERROR(CheckCall(context));
    auto result = call();
    const Status status = StatusOf(result);
    if (status.ok()) return result;
    if (!Pause(context, status, attempts)) return Counted(std::move(result), attempts);
  }
}

template <typename Call, typename Recognise>
Result<PutReceipt> RetryingStore::RepeatWrite(const CallContext& context, Call call,
                                              Recognise recognise) {
  bool ambiguous = false;
  for (int attempts = 1;; ++attempts) {
    GODWIT_RETURN_IF_ERROR(CheckCall(context));
    Result<PutReceipt> result = call();
    if (result.ok()) return result;
    const Status status = result.status();
    ambiguous |= status.maybe_applied();
    if (ambiguous) {
      // The failure may be our own success seen from behind: a condition that no longer holds, an
      // upload that is no longer known.
      Result<PutReceipt> found = recognise();
      if (found.ok()) return found;
    }
    if (!Pause(context, status, attempts)) return Counted(std::move(result), attempts);
  }
}

Result<PutReceipt> RetryingStore::LookUp(const CallContext& context, std::string_view key,
                                         std::optional<std::uint64_t> size_bytes,
                                         const DigestSet& digests, bool read_back) {
  Result<ObjectMeta> meta = Head(context, key);
  if (!meta.ok()) return meta.status();
  if (size_bytes && meta->entry.size_bytes != *size_bytes) return NotOurs();
  const std::optional<DigestKind> kind = DigestSet::Common(meta->entry.digests, digests);
  PutReceipt receipt;
  receipt.version = meta->entry.version;
  receipt.modified = meta->entry.modified;
  receipt.digests = meta->entry.digests;
  if (!kind) {
    if (digests.empty() || !read_back) return NotOurs();
    // Only the bytes can tell whose object this is.
    SummingSink sink;
    const Status read = Get(context, key, {0, 0, receipt.version}, sink).status();
    GODWIT_RETURN_IF_ERROR(read);
    const DigestSet found = sink.digests();
    const std::optional<DigestKind> common = DigestSet::Common(found, digests);
    if (!common || *found.Find(*common) != *digests.Find(*common)) return NotOurs();
    receipt.proof = WriteProof::kReadBack;
    return receipt;
  }
  if (*meta->entry.digests.Find(*kind) != *digests.Find(*kind)) return NotOurs();
  receipt.proof = *kind == DigestKind::kCrc64Nvme ? WriteProof::kCrc64Nvme
                  : *kind == DigestKind::kCrc32c  ? WriteProof::kCrc32c
                  : *kind == DigestKind::kMd5     ? WriteProof::kMd5
                                                  : WriteProof::kReadBack;
  return receipt;
}

// Whether the metadata that was to be set is there. Not every service makes a version of that.
Result<PutReceipt> RetryingStore::LookUpMetadata(const CallContext& context, std::string_view key,
                                                 const ObjectAttributes& attributes) {
  Result<ObjectMeta> meta = Head(context, key);
  if (!meta.ok()) return meta.status();
  const ObjectAttributes& found = meta->attributes;
  const bool ours =
      found.mtime == attributes.mtime && found.user_metadata == attributes.user_metadata &&
      (attributes.content_type.empty() || found.content_type == attributes.content_type);
  if (!ours) return NotOurs();
  return PutReceipt{meta->entry.version, meta->entry.modified, meta->entry.digests,
                    WriteProof::kNone};
}

const Capabilities& RetryingStore::Describe() const { return store_.Describe(); }

std::string RetryingStore::Name() const { return store_.Name(); }

Result<Location> RetryingStore::Locate(const CallContext& context) {
  return Repeat(context, [&] { return store_.Locate(context); });
}

Result<ListPage> RetryingStore::List(const CallContext& context, const ListRequest& request) {
  return Repeat(context, [&] { return store_.List(context, request); });
}

Result<ObjectMeta> RetryingStore::Head(const CallContext& context, std::string_view key) {
  return Repeat(context, [&] { return store_.Head(context, key); });
}

Result<ObjectMeta> RetryingStore::Get(const CallContext& context, std::string_view key,
                                      const GetOptions& options, ByteSink& sink) {
  GetOptions pinned = options;
  if (pinned.version.empty()) {
    // Two attempts must not splice two versions (I12), so the first is pinned as well.
    Result<ObjectMeta> meta = Head(context, key);
    if (!meta.ok()) return meta.status();
    pinned.version = meta->entry.version;
  }
  return Repeat(context, [&] { return store_.Get(context, key, pinned, sink); });
}

Result<PutReceipt> RetryingStore::Put(const CallContext& context, const WritePermit& permit,
                                      std::string_view key, const PutOptions& options,
                                      ByteSource& body) {
  return RepeatWrite(
      context, [&] { return store_.Put(context, permit, key, options, body); },
      [&] { return LookUp(context, key, body.size_bytes(), options.digests, true); });
}

Result<std::vector<Status>> RetryingStore::Delete(const CallContext& context,
                                                  const WritePermit& permit,
                                                  std::span<const DeleteRequest> requests) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  OpenDeletes open;
  open.requests.assign(requests.begin(), requests.end());
  open.places.resize(requests.size());
  std::iota(open.places.begin(), open.places.end(), std::size_t{0});
  std::vector<Status> answers(requests.size());
  for (int attempts = 1;; ++attempts) {
    const Result<std::vector<Status>> result = store_.Delete(context, permit, open.requests);
    Status again = result.status();
    bool lost = again.maybe_applied();
    if (result.ok()) {
      OpenDeletes left;
      for (std::size_t i = 0; i < open.requests.size(); ++i) {
        const Status& answer = (*result)[i];
        answers[open.places[i]] = answer.ok() ? answer : Counted(answer, attempts);
        if (!IsRetryable(answer)) continue;
        again = answer;
        lost = lost || answer.maybe_applied();
        left.Add(std::move(open.requests[i]), open.places[i]);
      }
      open = std::move(left);
    }
    if (lost) DropDone(context, open, answers);
    if (open.requests.empty()) return answers;
    if (Pause(context, again, attempts)) continue;
    if (!result.ok() && open.requests.size() == requests.size()) return Counted(again, attempts);
    for (const std::size_t place : open.places) answers[place] = Counted(again, attempts);
    return answers;
  }
}

// Looks which deletes in doubt need no repetition: what is gone, and what somebody has replaced.
void RetryingStore::DropDone(const CallContext& context, OpenDeletes& open,
                             std::vector<Status>& answers) {
  OpenDeletes left;
  for (std::size_t i = 0; i < open.requests.size(); ++i) {
    DeleteRequest& request = open.requests[i];
    const Result<ObjectMeta> now = Head(context, request.key);
    const bool replaced =
        now.ok() && !request.if_version.empty() && now->entry.version != request.if_version;
    if (now.status().Is(ErrorKind::kNotFound)) {
      answers[open.places[i]] = Status::Ok();
    } else if (replaced) {
      answers[open.places[i]] =
          Status(ErrorKind::kPreconditionFailed, "the object at the target has changed")
              .WithOperation("delete")
              .WithObject(request.key);
    } else {
      left.Add(std::move(request), open.places[i]);
    }
  }
  open = std::move(left);
}

Result<PutReceipt> RetryingStore::Copy(const CallContext& context, const WritePermit& permit,
                                       const CopySource& source, std::string_view key,
                                       const PutOptions& options) {
  return RepeatWrite(
      context, [&] { return store_.Copy(context, permit, source, key, options); },
      [&] { return LookUp(context, key, std::nullopt, options.digests, true); });
}

Result<PutReceipt> RetryingStore::SetMetadata(const CallContext& context, const WritePermit& permit,
                                              std::string_view key, const Version& version,
                                              const ObjectAttributes& attributes) {
  return RepeatWrite(
      context, [&] { return store_.SetMetadata(context, permit, key, version, attributes); },
      [&] { return LookUpMetadata(context, key, attributes); });
}

Result<Secret> RetryingStore::BeginUpload(const CallContext& context, const WritePermit& permit,
                                          std::string_view key, const UploadOptions& options) {
  return Repeat(context, [&] { return store_.BeginUpload(context, permit, key, options); });
}

Result<PartReceipt> RetryingStore::PutPart(const CallContext& context, const WritePermit& permit,
                                           std::string_view key, const Secret& upload_id,
                                           const UploadPart& part, ByteSource& body) {
  return Repeat(context,
                [&] { return store_.PutPart(context, permit, key, upload_id, part, body); });
}

Result<PartReceipt> RetryingStore::CopyPart(const CallContext& context, const WritePermit& permit,
                                            std::string_view key, const Secret& upload_id,
                                            const UploadPart& part, const CopySource& source,
                                            std::uint64_t length) {
  return Repeat(context, [&] {
    return store_.CopyPart(context, permit, key, upload_id, part, source, length);
  });
}

Result<UploadedParts> RetryingStore::ListParts(const CallContext& context, std::string_view key,
                                               const Secret& upload_id) {
  return Repeat(context, [&] { return store_.ListParts(context, key, upload_id); });
}

Result<std::vector<UploadEntry>> RetryingStore::ListUploads(const CallContext& context,
                                                            std::string_view prefix) {
  return Repeat(context, [&] { return store_.ListUploads(context, prefix); });
}

Result<PutReceipt> RetryingStore::FinishUpload(const CallContext& context,
                                               const WritePermit& permit, std::string_view key,
                                               const Secret& upload_id,
                                               std::span<const PartReceipt> parts,
                                               const FinishOptions& options) {
  return RepeatWrite(
      context, [&] { return store_.FinishUpload(context, permit, key, upload_id, parts, options); },
      [&] { return LookUp(context, key, options.size_bytes, options.digests, false); });
}

Status RetryingStore::AbortUpload(const CallContext& context, const WritePermit& permit,
                                  std::string_view key, const Secret& upload_id) {
  return Repeat(context, [&] { return store_.AbortUpload(context, permit, key, upload_id); });
}

Status RetryingStore::CreateContainer(const CallContext& context, const WritePermit& permit,
                                      std::string_view region) {
  return Repeat(context, [&] { return store_.CreateContainer(context, permit, region); });
}

}  // namespace godwit
