// The commands that move bytes through a buffer, or only read them.

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "lib/plan/attributes.h"
#include "lib/run/command_events.h"
#include "lib/run/command_executor.h"
#include "lib/run/read_sinks.h"

namespace godwit {

namespace {

using std::chrono::nanoseconds;

// A clock tick of the file system: two changes within it can carry the same times.
constexpr nanoseconds kTick = std::chrono::milliseconds(20);
constexpr nanoseconds kWholeSecondTick = std::chrono::seconds(2);

Status NoMemory(std::uint64_t size) {
  return Status(ErrorKind::kInternal,
                "no memory for a buffer of " + std::to_string(size) + " bytes");
}

Status ShortRead() {
  return Status(ErrorKind::kCorrupted, "the source sent fewer bytes than it announced")
      .WithOperation("read");
}

// The last change of a local file by its version "dev:ino:size:mtime_ns:ctime_ns".
std::optional<Timestamp> ChangeTime(const Version& version) {
  const std::size_t colon = version.rfind(':');
  if (colon == Version::npos) return std::nullopt;
  std::int64_t value = 0;
  const char* end = version.data() + version.size();
  const auto [stop, error] = std::from_chars(version.data() + colon + 1, end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return Timestamp(nanoseconds(value));
}

}  // namespace

Status CommandExecutor::AwaitAge(Side side, const Version& version,
                                 const CallContext& context) const {
  if (!At(side).store->Describe().is_local) return Status::Ok();
  const std::optional<Timestamp> changed = ChangeTime(version);
  if (!changed) return Status::Ok();
  const bool whole_seconds =
      changed->time_since_epoch() % std::chrono::seconds(1) == nanoseconds(0);
  const nanoseconds tick = whole_seconds ? kWholeSecondTick : kTick;
  // A time in the future is another clock's; waiting for it proves nothing.
  const nanoseconds missing = std::min(*changed + tick - clock_.WallNow(), tick);
  if (missing <= nanoseconds(0)) return Status::Ok();
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any never;
  never.wait_for(lock, context.stop, missing, [] { return false; });
  if (!context.stop.stop_requested()) return Status::Ok();
  return Status(ErrorKind::kCancelled, "stopped while waiting for a fresh file to settle");
}

Event CommandExecutor::Carry(CommandId id, const HashCommand& hash,
                             const CallContext& context) const {
  const Endpoint& side = At(hash.side);
  if (Status status = AwaitAge(hash.side, hash.version, context); !status.ok()) {
    return FailedEvent(id, std::move(status), hash.side);
  }
  HashSink sink(0, hash.want_md5, hash.want_sha256);
  Result<ObjectMeta> meta =
      side.store->Get(context, side.prefix + hash.key, GetOptions{0, 0, hash.version}, sink);
  if (!meta.ok()) return FailedEvent(id, std::move(meta).status(), hash.side);
  if (sink.sum().size_bytes != hash.size_bytes) return FailedEvent(id, ShortRead(), hash.side);
  return DoneEvent(id, Hashed{sink.Finish()});
}

Event CommandExecutor::Carry(CommandId id, const TransferWholeCommand& whole,
                             const CallContext& context) const {
  if (Status status = AwaitAge(Side::kSource, whole.source_version, context); !status.ok()) {
    return FailedEvent(id, std::move(status), Side::kSource);
  }
  return whole.stream ? PutStreamed(id, whole, context) : PutBuffered(id, whole, context);
}

Event CommandExecutor::Carry(CommandId id, const TransferPartCommand& part,
                             const CallContext& context) const {
  if (Status status = AwaitAge(Side::kSource, part.source_version, context); !status.ok()) {
    return FailedEvent(id, std::move(status), Side::kSource);
  }
  return part.stream ? PutPartStreamed(id, part, context) : PutPartBuffered(id, part, context);
}

Event CommandExecutor::PutBuffered(CommandId id, const TransferWholeCommand& whole,
                                   const CallContext& context) const {
  const BufferPool::Buffer buffer = buffers_.Take(whole.size_bytes);
  if (!buffer) return FailedEvent(id, NoMemory(whole.size_bytes), Side::kTarget);
  BufferSink sink(0, buffer.bytes());
  Result<ObjectMeta> meta = source_.store->Get(context, SourceKey(whole.source_key),
                                               GetOptions{0, 0, whole.source_version}, sink);
  if (!meta.ok()) return FailedEvent(id, std::move(meta).status(), Side::kSource);
  if (!sink.full()) return FailedEvent(id, ShortRead(), Side::kSource);

  Transferred transferred;
  transferred.digests = sink.sum().digests();
  const DigestSet told = ToldDigests(whole.source.digests, *meta);
  if (NeedsMd5(told)) transferred.digests.Set(Digest(DigestKind::kMd5, Md5(buffer.bytes())));
  Status agreed = CheckSource(transferred.digests, told, transferred.source_checked);
  if (!agreed.ok()) {
    return FailedEvent(id, std::move(agreed).WithObject(whole.source_key), Side::kSource);
  }

  meta->entry.key = whole.source_key;
  const std::string key = TargetKey(whole.target_key);
  const PutOptions options{whole.condition, TargetAttributes(*whole.rules, *meta, whole.target_key),
                           transferred.digests};
  MemorySource body(buffer.bytes());
  Result<PutReceipt> receipt = target_.store->Put(context, permits_.Judge(key), key, options, body);
  if (!receipt.ok()) {
    return FailedEvent(id, std::move(receipt).status(), Side::kTarget, transferred.digests);
  }
  transferred.receipt = std::move(receipt).value();
  transferred.source = std::move(meta).value();
  return DoneEvent(id, std::move(transferred));
}

Event CommandExecutor::PutPartBuffered(CommandId id, const TransferPartCommand& part,
                                       const CallContext& context) const {
  const BufferPool::Buffer buffer = buffers_.Take(part.length);
  if (!buffer) return FailedEvent(id, NoMemory(part.length), Side::kTarget);
  BufferSink sink(part.offset, buffer.bytes());
  const GetOptions range{part.offset, part.length, part.source_version};
  Result<ObjectMeta> meta = source_.store->Get(context, SourceKey(part.source_key), range, sink);
  if (!meta.ok()) return FailedEvent(id, std::move(meta).status(), Side::kSource);
  if (!sink.full()) return FailedEvent(id, ShortRead(), Side::kSource);

  PartMd5 md5(part.offset, part.md5_before);
  md5.Write(part.offset, buffer.bytes());
  const std::string key = TargetKey(part.target_key);
  MemorySource body(buffer.bytes());
  Result<PartReceipt> receipt =
      target_.store->PutPart(context, permits_.Judge(key), key, part.upload_id,
                             UploadPart{part.index, part.offset, sink.sum().digests()}, body);
  if (!receipt.ok()) {
    return FailedEvent(id, std::move(receipt).status(), Side::kTarget, sink.sum().digests(),
                       md5.State());
  }
  receipt->running_md5 = md5.State();
  return PartEvent(id, std::move(receipt).value(), sink.sum());
}

}  // namespace godwit
