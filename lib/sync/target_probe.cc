#include "lib/sync/target_probe.h"

#include <utility>

namespace godwit {
namespace {

HeadCommand TargetHead(const CopyJob& job) {
  HeadCommand head;
  head.side = Side::kTarget;
  head.key = job.target_key;
  return head;
}

void ReadBack(RunCore& core, const CopyJob& job, const Version& version,
              AnswerHandler<Hashed> then) {
  HashCommand hash;
  hash.side = Side::kTarget;
  hash.key = job.target_key;
  hash.version = version;
  hash.size_bytes = job.source.size_bytes;
  core.Ask<Hashed>({.lane = Lane::kPart, .moved_bytes = hash.size_bytes}, std::move(hash),
                   std::move(then));
}

PutReceipt ReceiptOf(const ObjectEntry& entry, WriteProof proof) {
  return PutReceipt{entry.version, entry.modified, entry.digests, proof};
}

Found Judged(Found::What what, PutReceipt receipt = {}) {
  return Found{what, std::move(receipt), Status::Ok()};
}

// Where the old content of the target is unknown, a difference proves nothing: repeat.
Found Different(const CopyJob& job) {
  return Judged(job.target_known ? Found::What::kForeign : Found::What::kNotApplied);
}

// What can be said without reading bytes; none if only they can tell.
std::optional<Found> JudgeHead(const CopyJob& job, const DigestSet& sent, const ObjectMeta& meta) {
  const ObjectEntry& entry = meta.entry;
  if (job.target && job.target->version == entry.version) {
    return Judged(Found::What::kNotApplied);
  }
  if (entry.size_bytes != job.source.size_bytes) return Different(job);
  if (const std::optional<DigestKind> common = DigestSet::Common(entry.digests, sent)) {
    if (*entry.digests.Find(*common) != *sent.Find(*common)) return Different(job);
    return Judged(Found::What::kOurs, ReceiptOf(entry, ProofOf(*common)));
  }
  if (!sent.empty()) return std::nullopt;
  const ObjectMeta source = job.SourceMeta();
  const PreciseTime wanted = source.attributes.mtime.value_or(source.entry.modified);
  if (meta.attributes.mtime && PreciseTime::Same(*meta.attributes.mtime, wanted)) {
    return Judged(Found::What::kOurs, ReceiptOf(entry, WriteProof::kNone));
  }
  return Different(job);
}

void OnHeadAfterWrite(RunCore& core, const CopyJob& job, const DigestSet& sent,
                      Answer<ObjectMeta> answer, const std::function<void(Found)>& then) {
  if (!answer.ok()) {
    if (answer.status.Is(ErrorKind::kNotFound)) return then(Judged(Found::What::kNotApplied));
    return then(Found{Found::What::kUnclear, {}, std::move(answer.status)});
  }
  if (std::optional<Found> found = JudgeHead(job, sent, *answer.value)) return then(*found);
  const ObjectEntry entry = answer.value->entry;
  ReadBack(core, job, entry.version, [job, sent, entry, then](Answer<Hashed> read) {
    if (!read.ok()) return then(Found{Found::What::kUnclear, {}, std::move(read.status)});
    const DigestSet& digests = read.value->digests;
    const std::optional<DigestKind> common = DigestSet::Common(digests, sent);
    const bool equal = common && *digests.Find(*common) == *sent.Find(*common);
    if (!equal) return then(Different(job));
    then(Judged(Found::What::kOurs, ReceiptOf(entry, WriteProof::kReadBack)));
  });
}

// Deletes exactly `version` of a target key, if it is still there; nothing if it is not known.
void RemoveOwnVersion(RunCore& core, const std::string& target_key, const Version& version,
                      std::function<void(bool removed)> then) {
  if (version.empty()) return then(true);
  DeleteCommand command;
  command.requests.push_back(DeleteRequest{target_key, version});
  core.Ask<DeleteStatuses>({.cleanup = true}, std::move(command),
                           [then = std::move(then)](const Answer<DeleteStatuses>& answer) {
                             then(answer.ok() && answer.value->statuses.front().ok());
                           });
}

}  // namespace

WriteProof ProofOf(DigestKind kind) {
  switch (kind) {
    case DigestKind::kCrc64Nvme:
      return WriteProof::kCrc64Nvme;
    case DigestKind::kCrc32c:
      return WriteProof::kCrc32c;
    case DigestKind::kMd5:
      return WriteProof::kMd5;
    case DigestKind::kSha256:
    case DigestKind::kXxh3:
      break;
  }
  return WriteProof::kReadBack;
}

void LookBefore(RunCore& core, const CopyJob& job, bool starts,
                std::function<void(Look, Status)> then) {
  core.Notice("no-conditions",
              core.endpoints().target.service +
                  " cannot make every write conditional on what it replaces: godwit looks right "
                  "before it writes, but another writer may still come in between");
  core.Ask<ObjectMeta>(
      {.starts = starts}, TargetHead(job),
      [condition = job.condition, then = std::move(then)](Answer<ObjectMeta> answer) {
        if (answer.dropped) return then(Look::kDropped, std::move(answer.status));
        const bool missing = answer.status.Is(ErrorKind::kNotFound);
        if (!answer.ok() && !missing) return then(Look::kFailed, std::move(answer.status));
        const bool expected = condition.kind == WriteCondition::Kind::kCreateOnly
                                  ? missing
                                  : answer.ok() && answer.value->entry.version == condition.version;
        then(expected ? Look::kAsExpected : Look::kChanged, Status::Ok());
      });
}

void LookUpWrite(RunCore& core, const CopyJob& job, const DigestSet& sent,
                 std::function<void(Found)> then) {
  core.Ask<ObjectMeta>({}, TargetHead(job),
                       [&core, job, sent, then = std::move(then)](Answer<ObjectMeta> answer) {
                         OnHeadAfterWrite(core, job, sent, std::move(answer), then);
                       });
}

WriteCondition AfterDamage(const WriteCondition& condition, const Proven& proven) {
  const Version& left = proven.receipt.version;
  if (!left.empty()) return WriteCondition::IfVersion(left);
  // What was there before is gone with our damaged version.
  const bool replaced = condition.kind == WriteCondition::Kind::kIfVersion;
  return replaced ? WriteCondition::CreateOnly() : condition;
}

void ProveWrite(RunCore& core, const CopyJob& job, PutReceipt receipt, const DigestSet& digests,
                std::function<void(Proven)> then) {
  const auto damaged = [&core, key = job.target_key, version = receipt.version, then] {
    RemoveOwnVersion(core, key, version, [version, then](bool removed) {
      Proven proven{Proven::What::kDamaged, {}, {}};
      if (!removed) proven.receipt.version = version;
      then(std::move(proven));
    });
  };
  if (const std::optional<DigestKind> common = DigestSet::Common(receipt.digests, digests)) {
    if (*receipt.digests.Find(*common) != *digests.Find(*common)) return damaged();
  }
  const bool enough =
      receipt.proof != WriteProof::kNone || core.endpoints().target.is_local || digests.empty();
  if (enough) return then(Proven{Proven::What::kAgrees, std::move(receipt), {}});

  const Version version = receipt.version;
  ReadBack(core, job, version,
           [receipt = std::move(receipt), digests, damaged, then](Answer<Hashed> read) mutable {
             if (!read.ok()) {
               const bool replaced = read.status.Is(ErrorKind::kPreconditionFailed) ||
                                     read.status.Is(ErrorKind::kNotFound);
               const Proven::What what =
                   replaced ? Proven::What::kReplaced : Proven::What::kUnclear;
               return then(Proven{what, {}, std::move(read.status).WithMaybeApplied(true)});
             }
             const DigestSet& back = read.value->digests;
             const std::optional<DigestKind> common = DigestSet::Common(back, digests);
             if (!common || *back.Find(*common) != *digests.Find(*common)) return damaged();
             receipt.proof = WriteProof::kReadBack;
             then(Proven{Proven::What::kAgrees, std::move(receipt), {}});
           });
}

}  // namespace godwit
