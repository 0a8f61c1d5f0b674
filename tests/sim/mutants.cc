#include "tests/sim/mutants.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "lib/run/command_events.h"

namespace godwit {
namespace {

// A delete is as good as proven: nobody asks the source a second time.
class DropsDeleteProof final : public Meddler {
 public:
  std::optional<Event> OnCommand(Command& command) override {
    deletes_ = deletes_ || std::holds_alternative<ReadSpoolCommand>(command.body);
    const auto* head = std::get_if<HeadCommand>(&command.body);
    if (deletes_ && head != nullptr && head->side == Side::kSource) {
      return FailedEvent(command.id, Status(ErrorKind::kNotFound, "not asked"), Side::kSource);
    }
    const auto* list = std::get_if<ListCommand>(&command.body);
    if (deletes_ && list != nullptr) return DoneEvent(command.id, ListPage());
    return std::nullopt;
  }

 private:
  bool deletes_ = false;
};

// The digest of what was sent is looked at when the object has its name.
class PublishesBeforeDigest final : public Meddler {
 public:
  StoreFlaws flaws() const override {
    StoreFlaws flaws;
    flaws.publishes_unchecked = true;
    return flaws;
  }
};

// What the journal says of an upload is what the service has.
class TrustsJournal final : public Meddler {
 public:
  void OnStart(Start& start) override {
    for (const JournaledUpload& upload : start.uploads) {
      parts_[upload.upload_id.Reveal()].parts = upload.parts;
    }
  }
  std::optional<Event> OnCommand(Command& command) override {
    const auto* list = std::get_if<ListPartsCommand>(&command.body);
    if (list == nullptr) return std::nullopt;
    auto known = parts_.extract(list->upload_id.Reveal());
    if (known.empty()) return std::nullopt;
    return DoneEvent(command.id, std::move(known.mapped()));
  }

 private:
  std::map<std::string, UploadedParts> parts_;
};

// A time in whole seconds tells two contents apart, whoever wrote and died meanwhile.
class TrustsTimes final : public Meddler {
 public:
  void OnStart(Start& start) override { start.unsettled_since.reset(); }
};

// Parts are read from whatever the source holds now.
class SplicesVersions final : public Meddler {
 public:
  std::optional<Event> OnCommand(Command& command) override {
    if (auto* part = std::get_if<TransferPartCommand>(&command.body)) part->source_version.clear();
    return std::nullopt;
  }
};

// The first attempt is pinned, the others are not.
class ForgetsPinOnRetry final : public Meddler {
 public:
  std::optional<Event> OnCommand(Command& command) override {
    if (auto* whole = std::get_if<TransferWholeCommand>(&command.body)) {
      if (!seen_.emplace(whole->source_key, 0).second) whole->source_version.clear();
    } else if (auto* part = std::get_if<TransferPartCommand>(&command.body)) {
      if (!seen_.emplace(part->source_key, part->index).second) part->source_version.clear();
    }
    return std::nullopt;
  }

 private:
  std::set<std::pair<std::string, std::uint32_t>> seen_;
};

// A listing that failed has no more keys.
class CountsFailedListingAsEmpty final : public Meddler {
 public:
  void OnAnswer(const Command& command, Event& event) override {
    const bool listing = std::holds_alternative<ListCommand>(command.body);
    if (listing && std::holds_alternative<Failed>(event)) event = DoneEvent(command.id, ListPage());
  }
};

// A store is taken to list in byte order, whatever it says.
class IgnoresListingOrder final : public Meddler {
 public:
  StoreFlaws flaws() const override {
    StoreFlaws flaws;
    flaws.no_adapter = true;
    return flaws;
  }
};

// The order adapter forgets what it held back: keys with characters above U+FFFF.
class LosesHeldKeys final : public Meddler {
 public:
  void OnAnswer(const Command& command, Event& event) override {
    auto* done = std::get_if<Done>(&event);
    if (!std::holds_alternative<ListCommand>(command.body) || done == nullptr) return;
    std::erase_if(std::get<ListPage>(done->result).entries, [](const ObjectEntry& entry) {
      return entry.key.find('\xF0') != std::string::npos;
    });
  }
};

// A local file gets its name first and its bytes some time later.
class SkipsSync final : public Meddler {
 public:
  StoreFlaws flaws() const override {
    StoreFlaws flaws;
    flaws.skips_sync = true;
    return flaws;
  }
};

// The journal says that it has written.
class WritesNoJournal final : public Meddler {
 public:
  std::optional<Event> OnCommand(Command& command) override {
    const auto* journal = std::get_if<JournalCommand>(&command.body);
    if (journal == nullptr) return std::nullopt;
    return Durable{command.id, journal->sequence};
  }
};

// What was listed may be overwritten, whatever has become of it.
class OverwritesAnything final : public Meddler {
 public:
  std::optional<Event> OnCommand(Command& command) override {
    if (auto* whole = std::get_if<TransferWholeCommand>(&command.body)) whole->condition = {};
    if (auto* finish = std::get_if<FinishUploadCommand>(&command.body)) {
      finish->options.condition = {};
    }
    return std::nullopt;
  }
};

class DeletesAnything final : public Meddler {
 public:
  std::optional<Event> OnCommand(Command& command) override {
    if (auto* remove = std::get_if<DeleteCommand>(&command.body)) {
      for (DeleteRequest& request : remove->requests) request.if_version.clear();
    }
    return std::nullopt;
  }
};

// A batch that was answered has deleted all its keys.
class IgnoresKeyErrors final : public Meddler {
 public:
  void OnAnswer(const Command&, Event& event) override {
    auto* done = std::get_if<Done>(&event);
    auto* deleted = done != nullptr ? std::get_if<DeleteStatuses>(&done->result) : nullptr;
    if (deleted == nullptr) return;
    for (Status& status : deleted->statuses) status = Status::Ok();
  }
};

// An answer that did not come was a success.
class TakesLossForSuccess final : public Meddler {
 public:
  void OnAnswer(const Command& command, Event& event) override {
    const auto* failed = std::get_if<Failed>(&event);
    const bool deletes = std::holds_alternative<DeleteCommand>(command.body);
    if (!deletes || failed == nullptr || !failed->status.maybe_applied()) return;
    DeleteStatuses all;
    all.statuses.resize(std::get<DeleteCommand>(command.body).requests.size());
    event = DoneEvent(command.id, std::move(all));
  }
};

template <typename T>
std::unique_ptr<Meddler> Make() {
  return std::make_unique<T>();
}

}  // namespace

std::span<const Mutant> Mutants() {
  static const Mutant kMutants[] = {
      {"drops-delete-proof", Make<DropsDeleteProof>, 2},
      {"publishes-before-digest", Make<PublishesBeforeDigest>, 711},
      {"trusts-journal", Make<TrustsJournal>, 33},
      {"trusts-times", Make<TrustsTimes>, 4426},
      {"splices-versions", Make<SplicesVersions>, 150},
      {"forgets-pin-on-retry", Make<ForgetsPinOnRetry>, 7585},
      {"counts-failed-listing-as-empty", Make<CountsFailedListingAsEmpty>, 70},
      {"ignores-listing-order", Make<IgnoresListingOrder>, 13},
      {"loses-held-keys", Make<LosesHeldKeys>, 1},
      {"skips-sync", Make<SkipsSync>, 76},
      {"writes-no-journal", Make<WritesNoJournal>, 1},
      {"overwrites-anything", Make<OverwritesAnything>, 271},
      {"deletes-anything", Make<DeletesAnything>, 2},
      {"ignores-key-errors", Make<IgnoresKeyErrors>, 73},
      {"takes-loss-for-success", Make<TakesLossForSuccess>, 9693},
  };
  return kMutants;
}

const Mutant* FindMutant(std::string_view name) {
  const std::span<const Mutant> all = Mutants();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Mutant& m) { return m.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace godwit
