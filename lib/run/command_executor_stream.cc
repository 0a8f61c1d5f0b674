// Transfers of bodies too large to buffer: a reader and a writer joined by a bounded pipe.

#include <atomic>
#include <functional>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "lib/plan/attributes.h"
#include "lib/run/command_events.h"
#include "lib/run/command_executor.h"
#include "lib/run/quiet_thread.h"
#include "lib/run/read_sinks.h"
#include "lib/store/bounded_pipe.h"

namespace godwit {

namespace {

constexpr std::size_t kPipeBytes = 1UL << 20;

// Hashes and passes on all bytes but the last, which goes only when the whole read was found good:
// without it the writer cannot finish, so that a damaged body is never published.
class HoldBackSink final : public ByteSink {
 public:
  HoldBackSink(ByteSink& next, std::uint64_t first, std::uint64_t size_bytes, bool want_md5,
               const std::optional<std::string>& md5_before = std::nullopt)
      : next_(next),
        last_offset_(first + size_bytes - 1),
        hasher_(first, want_md5, false),
        part_md5_(first, md5_before) {}

  Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override {
    GODWIT_RETURN_IF_ERROR(hasher_.Write(offset, bytes));
    part_md5_.Write(offset, bytes);
    if (!bytes.empty() && offset + bytes.size() - 1 == last_offset_) {
      last_ = bytes.back();
      bytes = bytes.first(bytes.size() - 1);
    }
    return Pass(offset, bytes);
  }

  Status Release() {
    if (!last_) return Status(ErrorKind::kCorrupted, "the source sent fewer bytes than announced");
    return Pass(last_offset_, {&*last_, 1});
  }

  DigestSet Finish() { return hasher_.Finish(); }
  const ContentSum& sum() const { return hasher_.sum(); }
  std::string running_md5() const { return part_md5_.State(); }

 private:
  Status Pass(std::uint64_t offset, std::span<const std::byte> bytes) {
    return bytes.empty() ? Status::Ok() : next_.Write(offset, bytes);
  }

  ByteSink& next_;
  const std::uint64_t last_offset_;
  HashSink hasher_;
  PartMd5 part_md5_;
  std::optional<std::byte> last_;
};

using ReadBody = std::function<Status(const CallContext&, HoldBackSink&)>;
using WriteBody = std::function<Status(const CallContext&, ByteSource&)>;

struct StreamEnd {
  Status status;
  Side side = Side::kTarget;  // Which side failed first.
};

// Runs `read`, which fills the sink, and `write`, which sends the source, at once. The read has a
// stop of its own, so that it ends soon after the write has failed.
StreamEnd RunStream(const CallContext& context, BoundedPipe& pipe, HoldBackSink& sink,
                    const ReadBody& read, const WriteBody& write) {
  std::stop_source stop_reading;
  const std::stop_callback forward(context.stop, [&stop_reading] { stop_reading.request_stop(); });
  CallContext read_context = context;
  read_context.stop = stop_reading.get_token();
  std::atomic<bool> write_ended = false;
  Status read_failure;
  std::jthread reader;
  try {
    reader = StartWithoutSignals([&] {
      Status status = read(read_context, sink);
      if (status.ok()) status = sink.Release();
      if (!status.ok() && !write_ended) read_failure = status;
      pipe.CloseSink(std::move(status));
    });
  } catch (const std::system_error& error) {
    return {Status(ErrorKind::kLocalIo, std::string("no thread for a stream: ") + error.what())};
  }
  Status written = write(context, pipe.source());
  write_ended = true;
  pipe.CloseSource(written.ok() ? Status(ErrorKind::kCancelled, "the write has ended") : written);
  stop_reading.request_stop();
  reader.join();
  if (!read_failure.ok()) return {std::move(read_failure), Side::kSource};
  return {std::move(written), Side::kTarget};
}

}  // namespace

Event CommandExecutor::PutStreamed(CommandId id, const TransferWholeCommand& whole,
                                   const CallContext& context) const {
  // The target's metadata must be known before the first byte.
  Result<ObjectMeta> meta = source_.store->Head(context, SourceKey(whole.source_key));
  if (!meta.ok()) return FailedEvent(id, std::move(meta).status(), Side::kSource);
  if (meta->entry.version != whole.source_version) {
    return FailedEvent(id,
                       Status(ErrorKind::kPreconditionFailed, "the source has changed")
                           .WithOperation("read")
                           .WithObject(whole.source_key),
                       Side::kSource);
  }
  const DigestSet told = ToldDigests(whole.source.digests, *meta);
  BoundedPipe pipe(kPipeBytes, 0, whole.size_bytes);
  HoldBackSink sink(pipe.sink(), 0, whole.size_bytes, NeedsMd5(told));
  Transferred transferred;
  const auto read = [&](const CallContext& read_context, HoldBackSink& into) {
    const Result<ObjectMeta> got = source_.store->Get(read_context, SourceKey(whole.source_key),
                                                      GetOptions{0, 0, whole.source_version}, into);
    if (!got.ok()) return got.status();
    transferred.digests = into.Finish();
    Status agreed = CheckSource(transferred.digests, ToldDigests(whole.source.digests, *got),
                                transferred.source_checked);
    return agreed.ok() ? agreed : std::move(agreed).WithObject(whole.source_key);
  };
  const auto write = [&](const CallContext& write_context, ByteSource& body) {
    const std::string key = TargetKey(whole.target_key);
    const PutOptions options{whole.condition,
                             TargetAttributes(*whole.rules, *meta, whole.target_key), told};
    Result<PutReceipt> receipt =
        target_.store->Put(write_context, permits_.Judge(key), key, options, body);
    if (receipt.ok()) transferred.receipt = *receipt;
    return receipt.status();
  };
  StreamEnd end = RunStream(context, pipe, sink, read, write);
  if (!end.status.ok()) {
    return FailedEvent(id, std::move(end.status), end.side, std::move(transferred.digests));
  }
  meta->entry.key = whole.source_key;
  transferred.source = std::move(meta).value();
  return DoneEvent(id, std::move(transferred));
}

Event CommandExecutor::PutPartStreamed(CommandId id, const TransferPartCommand& part,
                                       const CallContext& context) const {
  BoundedPipe pipe(kPipeBytes, part.offset, part.length);
  HoldBackSink sink(pipe.sink(), part.offset, part.length, false, part.md5_before);
  PartReceipt receipt;
  const auto read = [&](const CallContext& read_context, HoldBackSink& into) {
    const GetOptions range{part.offset, part.length, part.source_version};
    return source_.store->Get(read_context, SourceKey(part.source_key), range, into).status();
  };
  const auto write = [&](const CallContext& write_context, ByteSource& body) {
    const std::string key = TargetKey(part.target_key);
    Result<PartReceipt> answer =
        target_.store->PutPart(write_context, permits_.Judge(key), key, part.upload_id,
                               UploadPart{part.index, part.offset, {}}, body);
    if (answer.ok()) receipt = *answer;
    return answer.status();
  };
  StreamEnd end = RunStream(context, pipe, sink, read, write);
  if (!end.status.ok()) {
    const bool whole = sink.sum().size_bytes == part.length;
    if (!whole) return FailedEvent(id, std::move(end.status), end.side);
    return FailedEvent(id, std::move(end.status), end.side, sink.sum().digests(),
                       sink.running_md5());
  }
  receipt.running_md5 = sink.running_md5();
  return PartEvent(id, std::move(receipt), sink.sum());
}

}  // namespace godwit
