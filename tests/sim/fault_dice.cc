#include "tests/sim/fault_dice.h"

#include <utility>

namespace godwit {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

template <typename... T>
bool HoldsAny(const Command& command) {
  return (std::holds_alternative<T>(command.body) || ...);
}

bool ReadsSource(const Command& command) {
  return HoldsAny<TransferWholeCommand, TransferPartCommand>(command);
}

Side SideOf(const Command& command) {
  if (const auto* list = std::get_if<ListCommand>(&command.body)) return list->side;
  if (const auto* head = std::get_if<HeadCommand>(&command.body)) return head->side;
  if (const auto* hash = std::get_if<HashCommand>(&command.body)) return hash->side;
  return Side::kTarget;
}

}  // namespace

bool IsWrite(const Command& command) {
  return HoldsAny<TransferWholeCommand, BeginUploadCommand, TransferPartCommand,
                  ServerCopyPartCommand, FinishUploadCommand, AbortUploadCommand, ServerCopyCommand,
                  SetMetadataCommand, DeleteCommand>(command);
}

bool IsStoreCommand(const Command& command) {
  return IsWrite(command) || HoldsAny<ListCommand, HeadCommand, HashCommand, ListPartsCommand,
                                      ListUploadsCommand, PruneFoldersCommand>(command);
}

Fate FaultDice::Timed(const Command& command) {
  Fate fate;
  fate.side = SideOf(command);
  const std::uint64_t span = IsStoreCommand(command) ? 40'000 : 4'000;
  fate.until_effect = microseconds(1 + random_.Below(span));
  fate.until_answer = microseconds(1 + random_.Below(span));
  // Now and then one that takes its time, so that others overtake it.
  if (random_.Chance(0.03)) fate.until_effect += milliseconds(random_.Below(3'000));
  if (random_.Chance(0.03)) fate.until_answer += milliseconds(random_.Below(3'000));
  return fate;
}

Status FaultDice::Transient(bool is_write) {
  static constexpr ErrorKind kKinds[] = {ErrorKind::kUnavailable, ErrorKind::kTimeout,
                                         ErrorKind::kThrottled, ErrorKind::kConflict};
  const ErrorKind kind = kKinds[random_.Below(is_write ? 4 : 3)];
  return Status(kind, "simulated fault");
}

Status FaultDice::Refusal() {
  static constexpr ErrorKind kKinds[] = {ErrorKind::kPermissionDenied, ErrorKind::kLocalIo,
                                         ErrorKind::kInvalidArgument};
  return Status(kKinds[random_.Below(3)], "simulated refusal");
}

StoreFault FaultDice::Damage(const Command& command) {
  const Capabilities& source = scenario_.source.capabilities;
  const Capabilities& target = scenario_.target.capabilities;
  // Without a digest at the source nobody can know what it should have sent.
  const bool read_is_checked = !source.is_local && !source.digests_stored.empty();
  switch (random_.Below(3)) {
    case 0:
      return read_is_checked && ReadsSource(command) ? StoreFault::kDamageRead
                                                     : StoreFault::kDamageSent;
    // A local target is verified by the store itself, before the file gets its name.
    case 1:
      return target.is_local ? StoreFault::kDamageSent : StoreFault::kDamageStored;
    default:
      return StoreFault::kDamageSent;
  }
}

void FaultDice::Spoil(const Command& command, Fate& fate) {
  const bool is_write = IsWrite(command);
  if (ReadsSource(command) && random_.Chance(0.4)) fate.side = Side::kSource;
  if (random_.Chance(rates_.before)) {
    fate.kind = Fate::Kind::kFailsBefore;
    fate.status = Transient(is_write);
  } else if (random_.Chance(rates_.throttled)) {
    fate.kind = Fate::Kind::kFailsBefore;
    fate.status = Status(ErrorKind::kThrottled, "simulated throttling")
                      .WithRetryAfter(milliseconds(random_.Below(5'000)));
  } else if (random_.Chance(rates_.final_error)) {
    fate.kind = Fate::Kind::kFailsBefore;
    fate.status = Refusal();
  } else if (is_write && random_.Chance(rates_.lost)) {
    fate.kind = Fate::Kind::kLost;
    fate.side = Side::kTarget;
    fate.takes_effect = random_.Chance(0.7);
    fate.status = Status(random_.Chance(0.5) ? ErrorKind::kUnavailable : ErrorKind::kTimeout,
                         "simulated loss of the answer")
                      .WithMaybeApplied(true);
    if (random_.Chance(0.3)) fate.until_answer += std::chrono::seconds(60);
  } else if (is_write && random_.Chance(rates_.damage)) {
    fate.damage = Damage(command);
  }
}

bool FaultDice::Spend() {
  if (faults_ >= faults_max_) return false;
  ++faults_;
  return true;
}

Fate FaultDice::ForCommand(const Command& command) {
  Fate fate = Throw(command);
  const bool suffers = fate.kind != Fate::Kind::kNormal || fate.damage != StoreFault::kNone;
  if (suffers && !Spend()) {
    fate.kind = Fate::Kind::kNormal;
    fate.damage = StoreFault::kNone;
  }
  return fate;
}

Fate FaultDice::Throw(const Command& command) {
  Fate fate = Timed(command);
  if (HoldsAny<JournalCommand, SpoolCommand, ReadStateCommand>(command)) {
    if (random_.Chance(rates_.journal)) {
      fate.kind = Fate::Kind::kFailsBefore;
      fate.status = Status(ErrorKind::kLocalIo, "simulated fault of the journal");
    }
    return fate;
  }
  if (!IsStoreCommand(command)) return fate;
  if (HoldsAny<ListCommand>(command)) {
    if (!dead_listing_ && random_.Chance(rates_.listing_dies)) {
      static constexpr ErrorKind kKinds[] = {ErrorKind::kUnavailable, ErrorKind::kPermissionDenied,
                                             ErrorKind::kContainerNotFound,
                                             ErrorKind::kUnauthenticated, ErrorKind::kCorrupted};
      dead_listing_ = fate.side;
      dead_kind_ = kKinds[random_.Below(5)];
    }
    if (dead_listing_ == fate.side) {
      fate.kind = Fate::Kind::kFailsBefore;
      fate.status = Status(dead_kind_, "simulated dead listing");
      // A target folder that is missing counts as empty.
      const bool missing = dead_kind_ == ErrorKind::kContainerNotFound;
      lied_ = lied_ || (missing && fate.side == Side::kTarget);
      return fate;
    }
  }
  Spoil(command, fate);
  return fate;
}

bool FaultDice::BatchKeyFails() { return random_.Chance(rates_.batch_key) && Spend(); }

PageFault FaultDice::ForPage(bool may_lie) {
  if (random_.Chance(rates_.listing_lies) && Spend()) {
    lied_ = lied_ || may_lie;
    return may_lie ? PageFault::kEndsEarly : PageFault::kNone;
  }
  if (!random_.Chance(rates_.listing_broken) || !Spend()) return PageFault::kNone;
  static constexpr PageFault kFaults[] = {PageFault::kUnordered, PageFault::kRepeatsToken,
                                          PageFault::kForeignToken};
  return kFaults[random_.Below(3)];
}

}  // namespace godwit
