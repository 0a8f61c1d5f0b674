#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "lib/sync/command.h"
#include "lib/sync/event.h"

namespace godwit {

// What is wrong with the stores below the executor.
struct StoreFlaws {
  bool no_adapter = false;           // Listings come in the store's own order.
  bool publishes_unchecked = false;  // The digest is looked at when the object is already there.
  bool skips_sync = false;           // A local file gets its name before its bytes are durable.
};

// Sits between the engine and what carries out its commands and changes what passes, as a bug on
// either side would. The checkers see what is left of it: commands after the meddler, events and
// stores before. Lives for one run. One thread at a time.
class Meddler {
 public:
  virtual ~Meddler() = default;

  // May change what the engine hears of earlier runs.
  virtual void OnStart(Start&) {}
  // May change the command. An event: it is the answer, and nothing is carried out.
  virtual std::optional<Event> OnCommand(Command&) { return std::nullopt; }
  // May change the answer on its way to the engine.
  virtual void OnAnswer(const Command&, Event&) {}
  virtual StoreFlaws flaws() const { return {}; }
};

// Makes one for each run; may be empty, and may give null.
using MeddlerMaker = std::function<std::unique_ptr<Meddler>()>;

}  // namespace godwit
