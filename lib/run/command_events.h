#pragma once

#include <optional>
#include <string>
#include <utility>

#include "godwit/result.h"
#include "lib/checksum/content_hasher.h"
#include "lib/sync/command.h"
#include "lib/sync/event.h"

// How answers of stores become terminal events.

namespace godwit {

inline Event FailedEvent(CommandId id, Status status, Side side, DigestSet sent = {},
                         std::string running_md5 = {}) {
  return Failed{id, std::move(status), side, std::move(sent), std::move(running_md5)};
}

template <typename T>
Event DoneEvent(CommandId id, T result) {
  return Done{id, CommandResult(std::in_place_type<T>, std::move(result))};
}

// Done with the value, or Failed on `side`.
template <typename T>
Event EventOf(CommandId id, Side side, Result<T> result) {
  if (!result.ok()) return FailedEvent(id, std::move(result).status(), side);
  return DoneEvent(id, std::move(result).value());
}

// Done with a part whose bytes have `sum`. Failed if the service says that it has kept others
// (I14).
inline Event PartEvent(CommandId id, PartReceipt receipt, const ContentSum& sum) {
  const DigestSet sent = sum.digests();
  const std::optional<DigestKind> common = DigestSet::Common(receipt.digests, sent);
  if (common && *receipt.digests.Find(*common) != *sent.Find(*common)) {
    return FailedEvent(id,
                       Status(ErrorKind::kCorrupted, "the service kept other bytes than were sent"),
                       Side::kTarget, sent);
  }
  return DoneEvent(id, PartTransferred{std::move(receipt), true, sum.crc64nvme, sum.crc32c});
}

inline Event EventOf(CommandId id, Side side, Status status) {
  if (!status.ok()) return FailedEvent(id, std::move(status), side);
  return DoneEvent(id, Finished{});
}

}  // namespace godwit
