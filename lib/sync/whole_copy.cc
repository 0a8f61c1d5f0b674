#include "lib/sync/whole_copy.h"

#include <utility>

#include "lib/plan/attributes.h"
#include "lib/sync/failure_rules.h"

namespace godwit {
namespace {

// A body up to this is a small request, above it competes with parts.
constexpr std::uint64_t kSmallBytes = 1ULL << 20;

bool Refused(const Status& status) {
  return status.Is(ErrorKind::kPermissionDenied) || status.Is(ErrorKind::kUnsupported);
}

}  // namespace

void WholeCopy::Start() {
  const Capabilities& target = core_.endpoints().target;
  const bool guarded = job_.server_copy ? target.condition_on_copy : target.condition_on_put;
  if (guarded || job_.condition.kind == WriteCondition::Kind::kNone) return Send();
  LookBefore(core_, job_, !begun_, [self = shared_from_this()](Look look, Status status) {
    switch (look) {
      case Look::kAsExpected:
        return self->Send();
      case Look::kChanged:
        return self->End(CopyEnd::Kind::kTargetChanged);
      case Look::kFailed:
        return self->End(CopyEnd::Kind::kFailed, std::move(status));
      case Look::kDropped:
        return self->End(self->begun_ ? CopyEnd::Kind::kCancelled : CopyEnd::Kind::kDropped);
    }
  });
}

void WholeCopy::Send() { job_.server_copy ? SendCopy() : SendPut(); }

// True if the answer is a success; otherwise its failure has been dealt with.
template <typename T>
bool WholeCopy::Succeeded(Answer<T>& answer) {
  if (answer.dropped) {
    End(begun_ ? CopyEnd::Kind::kCancelled : CopyEnd::Kind::kDropped);
    return false;
  }
  begun_ = true;
  ++attempts_;
  if (!answer.ok()) OnFailure(std::move(answer.status), answer.side, answer.sent);
  return answer.ok();
}

void WholeCopy::SendPut() {
  TransferWholeCommand put;
  put.source_key = job_.source_key;
  put.target_key = job_.target_key;
  put.source_version = job_.source.version;
  put.source = job_.source;
  put.size_bytes = job_.source.size_bytes;
  put.condition = job_.condition;
  put.rules = job_.rules;
  put.stream = put.size_bytes > core_.buffered_bytes_max();
  CallOptions options;
  options.lane = put.size_bytes <= kSmallBytes ? Lane::kSmall : Lane::kPart;
  options.body_bytes = put.stream ? kPipeBytes : put.size_bytes;
  options.moved_bytes = put.size_bytes;
  options.starts = !begun_;
  core_.Call<Transferred>(
      options, std::move(put), [self = shared_from_this()](Answer<Transferred> answer) {
        if (!self->Succeeded(answer)) return;
        const ObjectMeta& source = answer.value->source;
        self->source_mtime_ = source.attributes.mtime;
        self->dropped_ = DroppedAttributes(*self->job_.rules, source, self->job_.target_key);
        self->Prove(std::move(answer.value->receipt), answer.value->digests);
      });
}

void WholeCopy::SendCopy() {
  ServerCopyCommand copy;
  copy.source_key = job_.source_key;
  copy.target_key = job_.target_key;
  copy.source_version = job_.source.version;
  copy.options.condition = job_.condition;
  copy.options.attributes = TargetAttributes(*job_.rules, job_.SourceMeta(), job_.target_key);
  copy.options.digests = job_.SourceDigests();
  source_mtime_ = job_.SourceMeta().attributes.mtime;
  dropped_ = DroppedAttributes(*job_.rules, job_.SourceMeta(), job_.target_key);
  core_.Call<PutReceipt>({.moved_bytes = job_.source.size_bytes, .starts = !begun_},
                         std::move(copy), [self = shared_from_this()](Answer<PutReceipt> answer) {
                           if (!self->Succeeded(answer)) return;
                           self->Prove(std::move(*answer.value), self->job_.SourceDigests());
                         });
}

void WholeCopy::OnFailure(Status status, Side side, const DigestSet& sent) {
  if (side == Side::kTarget && job_.server_copy && Refused(status)) {
    return End(CopyEnd::Kind::kCopyRefused, std::move(status));
  }
  switch (ClassifyFailure(status, side)) {
    case FailureClass::kRetry:
      break;
    case FailureClass::kSourceChanged:
      return End(CopyEnd::Kind::kSourceChanged, std::move(status), side);
    case FailureClass::kSourceGone:
      return End(CopyEnd::Kind::kSourceGone, std::move(status), side);
    case FailureClass::kArchived:
      return End(CopyEnd::Kind::kArchived, std::move(status), side);
    case FailureClass::kBlocked:
      return End(CopyEnd::Kind::kBlocked, std::move(status));
    case FailureClass::kCancelled:
      return End(CopyEnd::Kind::kCancelled, std::move(status), side);
    case FailureClass::kTargetChanged:
      // A store that resent the request by itself may have met its own first attempt.
      // So may a repetition of a write whose answer was lost.
      if (!status.maybe_applied() && !lost_) {
        return End(CopyEnd::Kind::kTargetChanged, std::move(status));
      }
      return LookUp(std::move(status), sent);
    case FailureClass::kFinal:
      if (!status.maybe_applied()) return End(CopyEnd::Kind::kFailed, std::move(status), side);
      break;
  }
  if (side == Side::kTarget && status.maybe_applied()) {
    lost_ = true;
    return LookUp(std::move(status), sent);
  }
  RepeatOrFail(status, side);
}

void WholeCopy::LookUp(Status status, const DigestSet& sent) {
  if (core_.stopping()) return End(CopyEnd::Kind::kCancelled, std::move(status));
  const DigestSet digests = job_.server_copy && sent.empty() ? job_.SourceDigests() : sent;
  LookUpWrite(core_, job_, digests,
              [self = shared_from_this(), status = std::move(status), digests](Found found) {
                switch (found.what) {
                  case Found::What::kOurs:
                    return self->Prove(std::move(found.receipt), digests);
                  case Found::What::kNotApplied:
                    if (ClassifyFailure(status, Side::kTarget) == FailureClass::kTargetChanged) {
                      return self->End(CopyEnd::Kind::kTargetChanged, status);
                    }
                    return self->RepeatOrFail(status, Side::kTarget);
                  case Found::What::kForeign:
                    return self->End(CopyEnd::Kind::kTargetChanged);
                  case Found::What::kUnclear:
                    return self->End(CopyEnd::Kind::kFailed, status);
                }
              });
}

void WholeCopy::RepeatOrFail(const Status& status, Side side) {
  const auto delay = core_.RetryDelay(status, attempts_);
  if (!delay) {
    const CopyEnd::Kind kind =
        core_.stopping() ? CopyEnd::Kind::kCancelled : CopyEnd::Kind::kFailed;
    return End(kind, status, side);
  }
  core_.After(*delay, [self = shared_from_this(), status] {
    if (self->core_.stopping()) return self->End(CopyEnd::Kind::kCancelled, status);
    self->Start();
  });
}

void WholeCopy::Prove(PutReceipt receipt, const DigestSet& digests) {
  ProveWrite(core_, job_, std::move(receipt), digests,
             [self = shared_from_this(), digests](Proven proven) {
               self->OnProven(std::move(proven), digests);
             });
}

void WholeCopy::OnProven(Proven proven, const DigestSet& digests) {
  switch (proven.what) {
    case Proven::What::kAgrees: {
      CopyEnd end;
      end.kind = CopyEnd::Kind::kDone;
      end.receipt = std::move(proven.receipt);
      end.digests = digests;
      end.source_mtime = source_mtime_;
      end.attempts = attempts_;
      end.dropped = std::move(dropped_);
      return done_(std::move(end));
    }
    case Proven::What::kReplaced:
      return End(CopyEnd::Kind::kTargetChanged);
    case Proven::What::kUnclear:
      return End(CopyEnd::Kind::kFailed, std::move(proven.status));
    case Proven::What::kDamaged:
      break;
  }
  job_.target.reset();
  job_.damaged = true;
  job_.condition = AfterDamage(job_.condition, proven);
  RepeatOrFail(Status(ErrorKind::kCorrupted, "what the target stored is not what was sent")
                   .WithObject(job_.target_key),
               Side::kTarget);
}

void WholeCopy::End(CopyEnd::Kind kind, Status status, Side side) {
  CopyEnd end;
  end.kind = kind;
  end.unproven = lost_ || status.maybe_applied() || job_.damaged;
  end.status = std::move(status).WithAttempts(attempts_);
  end.side = side;
  end.attempts = attempts_;
  if (job_.damaged) end.after_damage = job_.condition;
  done_(std::move(end));
}

}  // namespace godwit
