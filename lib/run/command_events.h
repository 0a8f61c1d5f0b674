#pragma once

#include <utility>

#include "godwit/result.h"
#include "lib/sync/command.h"
#include "lib/sync/event.h"

// How answers of stores become terminal events.

namespace godwit {

inline Event FailedEvent(CommandId id, Status status, Side side, DigestSet sent = {}) {
  return Failed{id, std::move(status), side, std::move(sent)};
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

inline Event EventOf(CommandId id, Side side, Status status) {
  if (!status.ok()) return FailedEvent(id, std::move(status), side);
  return DoneEvent(id, Finished{});
}

}  // namespace godwit
