#include "tests/sim/upload_checker.h"

#include <algorithm>
#include <span>

#include "lib/base/text.h"
#include "lib/checksum/content_hasher.h"
#include "lib/policy/permit_issuer.h"

namespace godwit {
namespace {

std::string Quoted(const std::string& key) { return "'" + EscapeForDisplay(key) + "'"; }

// The upload that an event tells of; empty: none.
std::string BegunBy(const Event& event) {
  const auto* done = std::get_if<Done>(&event);
  const auto* begun = done != nullptr ? std::get_if<UploadBegan>(&done->result) : nullptr;
  return begun != nullptr ? begun->upload_id.Reveal() : std::string();
}

bool SameBytes(const PartReceipt& a, const PartReceipt& b) {
  const auto common = DigestSet::Common(a.digests, b.digests);
  return a.size_bytes == b.size_bytes && common &&
         *a.digests.Find(*common) == *b.digests.Find(*common);
}

}  // namespace

bool UploadChecker::journals() const { return world_.scenario().options.journals_uploads(); }

void UploadChecker::BeginRun() {
  safe_.clear();
  known_.clear();
  recorded_.clear();
  unrecorded_.clear();
  if (!journals()) return;
  for (const auto& [key, upload] : world_.jobs().uploads()) {
    const std::string& id = upload.upload_id.Reveal();
    const Result<UploadedParts> kept =
        world_.target_store().ListParts({}, world_.TargetKey(key), upload.upload_id);
    if (id.empty() || !kept.ok() || !MayFinish(upload) || !HoldsSource(upload)) continue;
    std::uint32_t follows = 0;
    for (const PartReceipt& part : upload.parts) {
      // Hashed in order: behind a gap all is read again.
      if (!part.running_md5.empty() && part.index != follows) break;
      const auto there = std::find_if(kept->parts.begin(), kept->parts.end(),
                                      [&](const PartReceipt& p) { return p.index == part.index; });
      if (there == kept->parts.end() || !SameBytes(part, *there)) continue;
      ++follows;
      const std::uint64_t offset = part.index * upload.part_size_bytes;
      safe_[Range(key, upload.source_version, offset, part.size_bytes)] = id;
    }
  }
}

// Bytes that were damaged when the source was read show in the digest of the whole only, and cost
// the whole upload.
bool UploadChecker::HoldsSource(const JournaledUpload& upload) const {
  const std::map<Version, SimObject>& versions = world_.SourceVersions(upload.key);
  const auto source = versions.find(upload.source_version);
  if (source == versions.end()) return false;
  const auto bytes = std::as_bytes(std::span(source->second.content));
  return std::all_of(upload.parts.begin(), upload.parts.end(), [&](const PartReceipt& part) {
    const std::uint64_t offset = part.index * upload.part_size_bytes;
    if (offset + part.size_bytes > bytes.size()) return false;
    ContentHasher hasher;
    hasher.Update(bytes.subspan(offset, part.size_bytes));
    return SameBytes(part, PartReceipt{part.index, part.size_bytes, {}, hasher.sum().digests()});
  });
}

// A condition that was given at the begin fails in the end once somebody else wrote: to go on would
// send the rest for nothing.
bool UploadChecker::MayFinish(const JournaledUpload& upload) const {
  const auto begun = conditions_.find(upload.upload_id.Reveal());
  if (begun == conditions_.end()) return true;
  const WriteCondition& condition = begun->second;
  const std::optional<SimObject> there = world_.target_store().Look(world_.TargetKey(upload.key));
  switch (condition.kind) {
    case WriteCondition::Kind::kNone:
      return true;
    case WriteCondition::Kind::kCreateOnly:
      return !there;
    case WriteCondition::Kind::kIfVersion:
      return there && there->version() == condition.version;
  }
  return true;
}

std::string UploadChecker::OnCommand(const Command& command, bool quiet) {
  if (const auto* journal = std::get_if<JournalCommand>(&command.body)) {
    for (const JournalRecord& record : journal->records) OnRecord(record);
  }
  const auto* part = std::get_if<TransferPartCommand>(&command.body);
  return part != nullptr ? CheckSentAgain(*part, quiet) : std::string();
}

void UploadChecker::OnRecord(const JournalRecord& record) {
  if (const auto* begun = std::get_if<UploadBegunRecord>(&record)) {
    recorded_.insert(begun->upload_id.Reveal());
  } else if (const auto* part = std::get_if<UploadPartRecord>(&record)) {
    unrecorded_.erase({part->key, part->part.index});
  }
}

std::string UploadChecker::CheckSentAgain(const TransferPartCommand& part, bool quiet) {
  const auto safe =
      safe_.find(Range(part.target_key, part.source_version, part.offset, part.length));
  if (safe == safe_.end()) return {};
  ++sent_again_;
  // A part of an upload that had to be given up goes again with the next one.
  if (!quiet && safe->second != part.upload_id.Reveal()) return {};
  return "a part that the service has was sent again: " + Quoted(part.target_key);
}

void UploadChecker::OnAnswer(const Command& command, const Event& event) {
  const std::string begun = BegunBy(event);
  if (!begun.empty()) {
    known_.insert(begun);
    conditions_[begun] = std::get<BeginUploadCommand>(command.body).options.condition;
  }
  const auto* part = std::get_if<TransferPartCommand>(&command.body);
  if (part != nullptr && std::holds_alternative<Done>(event)) {
    unrecorded_.emplace(part->target_key, part->index);
  }
  const auto* finish = std::get_if<FinishUploadCommand>(&command.body);
  if (finish != nullptr && std::holds_alternative<Done>(event)) {
    for (const auto& [range, id] : safe_) reused_ += id == finish->upload_id.Reveal() ? 1 : 0;
  }
  const auto* failed = std::get_if<Failed>(&event);
  // Nothing can become of it: the target is not what it was.
  const bool hopeless = failed != nullptr && (failed->status.Is(ErrorKind::kBlocked) ||
                                              failed->status.Is(ErrorKind::kPreconditionFailed));
  if (finish != nullptr && hopeless) {
    std::erase_if(safe_,
                  [&](const auto& range) { return range.second == finish->upload_id.Reveal(); });
  }
  const auto* abort = std::get_if<AbortUploadCommand>(&command.body);
  // What a journal does not remember nobody aborts later.
  if (abort != nullptr && std::holds_alternative<Failed>(event) && !journals()) {
    excused_.insert(abort->upload_id.Reveal());
  }
}

void UploadChecker::OnUnheard(const Event& event) {
  const std::string begun = BegunBy(event);
  if (!begun.empty()) excused_.insert(begun);
}

std::set<std::string> UploadChecker::Journaled() const {
  std::set<std::string> ids;
  if (!journals()) return ids;
  const std::vector<JournaledUpload> uploads = world_.jobs().ReadUploads().value();
  for (const JournaledUpload& upload : uploads) {
    ids.insert(upload.upload_id.Reveal());
  }
  return ids;
}

void UploadChecker::Excuse() {
  const std::set<std::string> journaled = Journaled();
  for (const UploadEntry& upload : world_.OpenUploads()) {
    if (!journaled.contains(upload.upload_id.Reveal())) excused_.insert(upload.upload_id.Reveal());
  }
}

std::string UploadChecker::OnDeath(bool quiet) {
  const std::set<std::string> journaled = Journaled();
  for (const UploadEntry& upload : world_.OpenUploads()) {
    const std::string& id = upload.upload_id.Reveal();
    const bool given = journaled.contains(id) || recorded_.contains(id) || !journals();
    if (known_.contains(id) && !given) {
      return "an upload was begun and never given to the journal: " + Quoted(upload.key);
    }
  }
  Excuse();
  if (!quiet || !journals() || unrecorded_.empty()) return {};
  return "a part was sent and never given to the journal: " + Quoted(unrecorded_.begin()->first);
}

std::string UploadChecker::AfterCleanUp() {
  if (!world_.target_store().Describe().uploads_abortable) return {};
  const std::vector<JournaledUpload> uploads = world_.jobs().ReadUploads().value();
  for (const JournaledUpload& upload : uploads) {
    const std::string full = world_.TargetKey(upload.key);
    static_cast<void>(world_.target_store()
                          .AbortUpload({}, PermitIssuer().Judge(full), full, upload.upload_id)
                          .ok());
  }
  for (const UploadEntry& upload : world_.OpenUploads()) {
    const bool excused = excused_.contains(upload.upload_id.Reveal());
    if (!excused) return "an upload that nobody knows was left open: " + Quoted(upload.key);
  }
  return {};
}

}  // namespace godwit
