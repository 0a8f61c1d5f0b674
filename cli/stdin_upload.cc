#include "cli/stdin_upload.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <vector>

#include "cli/exit_code.h"
#include "cli/job_run.h"
#include "cli/open_store.h"
#include "lib/base/text.h"
#include "lib/checksum/content_hasher.h"
#include "lib/plan/attributes.h"
#include "lib/policy/permit_issuer.h"

namespace godwit {
namespace {

constexpr std::uint64_t kPartBytes = 16ULL << 20;

// How often a wait for stdin looks whether the run is to stop.
constexpr int kPollMs = 100;
constexpr std::chrono::seconds kAbortAfterStop{8};

// Waits until stdin has something to read or has ended. A signal does not interrupt a read.
Status WaitForStdin(const volatile int* stop_signal) {
  while (*stop_signal == 0) {
    pollfd waited{STDIN_FILENO, POLLIN, 0};
    if (poll(&waited, 1, kPollMs) > 0) return Status::Ok();
  }
  return Status(ErrorKind::kCancelled, "the run was stopped");
}

// Fills `buffer` from stdin; less only at its end.
Result<std::size_t> FillFromStdin(std::span<std::byte> buffer, const volatile int* stop_signal) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    GODWIT_RETURN_IF_ERROR(WaitForStdin(stop_signal));
    const ssize_t count = read(STDIN_FILENO, buffer.data() + filled, buffer.size() - filled);
    if (count == 0) break;
    if (count > 0) {
      filled += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      return Status(ErrorKind::kLocalIo, std::string("stdin: ") + std::strerror(errno));
    }
  }
  return filled;
}

class StdinUpload {
 public:
  StdinUpload(Session& session, ObjectStore& store, const std::string& key,
              const volatile int* stop_signal)
      : session_(session),
        store_(MakeRetrying(session, store)),
        key_(key),
        stop_signal_(stop_signal) {
    ObjectMeta nameless;
    attributes_ = TargetAttributes(session.settings.sync.attributes, nameless, key);
    attributes_.mtime.reset();
    part_bytes_ = session.settings.sync.part_size_bytes.value_or(
        std::max(kPartBytes, store.Describe().part_bytes_min));
  }

  // Whether an object is there that --conflict keeps.
  Result<bool> IsKept() {
    if (session_.settings.sync.conflict == ConflictMode::kOverwrite) return false;
    const Result<ObjectMeta> meta = store_->Head(session_.Context(), key_);
    if (meta.ok()) return true;
    if (!meta.status().Is(ErrorKind::kNotFound)) return meta.status();
    condition_ = WriteCondition::CreateOnly();
    return false;
  }

  Status Run() {
    std::vector<std::byte> buffer(part_bytes_);
    Result<std::size_t> filled = FillFromStdin(buffer, stop_signal_);
    if (!filled.ok()) return filled.status();
    if (*filled < buffer.size()) return PutWhole(std::span(buffer).first(*filled));
    UploadOptions options;
    options.attributes = attributes_;
    options.part_size_bytes = part_bytes_;
    Result<Secret> id = store_->BeginUpload(session_.Context(), permit_, key_, options);
    if (!id.ok()) return id.status();
    const Status sent = PutParts(*id, buffer, *filled);
    if (!sent.ok()) {
      // The first failure is what the user must hear of.
      const Status aborted = store_->AbortUpload(AbortContext(), permit_, key_, *id);
      if (!aborted.ok()) session_.log.Warn(aborted.ToString());
    }
    return sent;
  }

  std::uint64_t size_bytes() const { return whole_.size_bytes; }
  WriteProof proof() const { return proof_; }

 private:
  // Within the time that a stop may take.
  CallContext AbortContext() const {
    CallContext context = session_.CleanupContext();
    if (*stop_signal_ != 0) context.deadline = std::chrono::steady_clock::now() + kAbortAfterStop;
    return context;
  }

  Status PutWhole(std::span<const std::byte> bytes) {
    ContentHasher hasher;
    hasher.Update(bytes);
    whole_ = hasher.sum();
    MemorySource body(bytes);
    PutOptions options;
    options.attributes = attributes_;
    options.digests = whole_.digests();
    options.condition = condition_;
    Result<PutReceipt> receipt = store_->Put(session_.Context(), permit_, key_, options, body);
    if (!receipt.ok()) return receipt.status();
    proof_ = receipt->proof;
    return Status::Ok();
  }

  Status PutParts(const Secret& id, std::vector<std::byte>& buffer, std::size_t filled) {
    std::vector<PartReceipt> parts;
    while (filled > 0) {
      if (parts.size() == store_->Describe().parts_max) {
        return Status(ErrorKind::kInvalidArgument,
                      "stdin is longer than " + std::to_string(parts.size()) + " parts of " +
                          FormatByteSize(part_bytes_) + "; raise --part-size");
      }
      ContentHasher hasher;
      hasher.Update(std::span(buffer).first(filled));
      UploadPart part;
      part.index = static_cast<std::uint32_t>(parts.size());
      part.offset = whole_.size_bytes;
      part.digests = hasher.sum().digests();
      const std::span<const std::byte> bytes = std::span(buffer).first(filled);
      MemorySource body(bytes);
      Result<PartReceipt> receipt =
          store_->PutPart(session_.Context(), permit_, key_, id, part, body);
      if (!receipt.ok()) return receipt.status();
      parts.push_back(std::move(*receipt));
      whole_ = whole_.Then(hasher.sum());
      Result<std::size_t> next = FillFromStdin(buffer, stop_signal_);
      if (!next.ok()) return next.status();
      filled = *next;
    }
    FinishOptions finish;
    finish.size_bytes = whole_.size_bytes;
    finish.digests = whole_.digests();
    finish.attributes = attributes_;
    finish.condition = condition_;
    Result<PutReceipt> receipt =
        store_->FinishUpload(session_.Context(), permit_, key_, id, parts, finish);
    if (!receipt.ok()) return receipt.status();
    proof_ = receipt->proof;
    return Status::Ok();
  }

  Session& session_;
  const std::unique_ptr<ObjectStore> store_;
  const std::string& key_;
  const volatile int* const stop_signal_;
  WriteCondition condition_;
  const WritePermit permit_ = PermitIssuer().Judge(key_);
  ObjectAttributes attributes_;
  std::uint64_t part_bytes_;
  ContentSum whole_;
  WriteProof proof_ = WriteProof::kNone;
};

}  // namespace

int UploadStdin(Session& session, ObjectStore& store, const std::string& key,
                const std::string& target_text) {
  const StopScope stop(session);
  StdinUpload upload(session, store, key, session.stop_signal);
  const JobLabel label{"cp", "-", target_text};
  ActionReport action;
  action.key = key;
  action.reason = Reason::kAlways;
  const Result<bool> kept = upload.IsKept();
  Status status = kept.status();
  int exit_code = session.ExitCode(status);
  if (status.ok() && *kept) {
    const bool fails = session.settings.sync.conflict == ConflictMode::kFail;
    action.reason = Reason::kExistsAtTarget;
    action.action = fails ? ActionKind::kCopy : ActionKind::kSkip;
    action.status = fails ? ActionStatus::kFailed : ActionStatus::kSkipped;
    if (fails) {
      status = Status(ErrorKind::kAlreadyExists,
                      "the target holds another object of this name, which --conflict fail keeps")
                   .WithObject(target_text);
      exit_code = kExitSomeFailed;
    }
    return ReportDirect(session, label, action, status, exit_code);
  }
  const bool dry_run = session.settings.sync.dry_run;
  if (status.ok() && !dry_run) {
    status = upload.Run();
    exit_code = !status.ok() && session.stop_exit_code() != 0 ? session.stop_exit_code()
                                                              : ExitCodeOf(status);
  }
  action.bytes = upload.size_bytes();
  action.proof = upload.proof();
  action.status = !status.ok() ? ActionStatus::kFailed
                  : dry_run    ? ActionStatus::kPlanned
                               : ActionStatus::kDone;
  return ReportDirect(session, label, action, status, exit_code);
}

}  // namespace godwit
