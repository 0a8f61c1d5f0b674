#include "tests/sim/sim_job_store.h"

#include <algorithm>

namespace godwit {

Result<std::vector<StateRow>> SimJobStore::ReadState(const std::string& after,
                                                     std::uint32_t rows_max) {
  std::vector<StateRow> page;
  const std::map<std::string, StateRow>& rows = shown_.rows;
  auto row = after.empty() ? rows.begin() : rows.upper_bound(after);
  for (; row != rows.end() && page.size() < rows_max; ++row) page.push_back(row->second);
  return page;
}

Status SimJobStore::Append(std::span<const JournalRecord> records) {
  for (const JournalRecord& record : records) {
    if (const auto* keep = std::get_if<KeepStateRecord>(&record); keep && check_) check_(keep->row);
    shown_.Apply(record);
  }
  unsynced_.emplace_back(records.begin(), records.end());
  ++commits_;
  return Status::Ok();
}

void SimJobStore::SyncThrough(std::uint64_t commits) {
  for (std::uint64_t first = commits_ - unsynced_.size(); first < commits; ++first) {
    for (const JournalRecord& record : unsynced_.front()) durable_.Apply(record);
    unsynced_.pop_front();
  }
}

bool SimJobStore::CutPower(Random& random) {
  constexpr double kTorn = 0.1;
  const std::uint64_t kept = random.Below(unsynced_.size() + 1);
  SyncThrough(commits_ - unsynced_.size() + kept);
  commits_ -= unsynced_.size();
  unsynced_.clear();
  const bool torn = random.Chance(kTorn);
  if (torn) durable_ = {};
  shown_ = durable_;
  return torn;
}

void SimJobStore::Content::Apply(const JournalRecord& record) {
  if (const auto* keep = std::get_if<KeepStateRecord>(&record)) {
    rows[keep->row.key] = keep->row;
  } else if (const auto* drop = std::get_if<DropStateRecord>(&record)) {
    rows.erase(drop->key);
  } else if (const auto* intent = std::get_if<UploadIntentRecord>(&record)) {
    JournaledUpload row{intent->key,        intent->source_version,
                        intent->size_bytes, intent->part_size_bytes,
                        Secret(),           {},
                        intent->form};
    row.intended = intent->intended;
    uploads[intent->key] = std::move(row);
  } else if (const auto* begun = std::get_if<UploadBegunRecord>(&record)) {
    uploads[begun->key].upload_id = begun->upload_id;
  } else if (const auto* part = std::get_if<UploadPartRecord>(&record)) {
    std::vector<PartReceipt>& parts = uploads[part->key].parts;
    const auto at = std::lower_bound(
        parts.begin(), parts.end(), part->part.index,
        [](const PartReceipt& other, std::uint32_t index) { return other.index < index; });
    if (at != parts.end() && at->index == part->part.index) {
      *at = part->part;
    } else {
      parts.insert(at, part->part);
    }
  } else if (const auto* ended = std::get_if<UploadEndedRecord>(&record)) {
    uploads.erase(ended->key);
  } else if (const auto* given_up = std::get_if<UploadAbandonedRecord>(&record)) {
    const auto current = uploads.find(given_up->key);
    if (current != uploads.end() && current->second.upload_id == given_up->upload_id) {
      uploads.erase(current);
    }
    JournaledUpload row;
    row.key = given_up->key;
    row.upload_id = given_up->upload_id;
    row.intended = given_up->intended;
    row.abandoned = true;
    abandoned[{row.key, row.upload_id.Reveal()}] = std::move(row);
  } else if (const auto* gone = std::get_if<AbandonedEndedRecord>(&record)) {
    abandoned.erase({gone->key, gone->upload_id.Reveal()});
  }
}

Result<std::vector<JournaledUpload>> SimJobStore::ReadUploads() {
  std::vector<JournaledUpload> all;
  for (const auto& [key, upload] : shown_.uploads) all.push_back(upload);
  for (const auto& [key, upload] : shown_.abandoned) all.push_back(upload);
  return all;
}

Status SimJobStore::Spool(std::span<const SpooledDelete> deletes) {
  spool_.insert(spool_.end(), deletes.begin(), deletes.end());
  return Status::Ok();
}

Result<std::vector<SpooledDelete>> SimJobStore::ReadSpool(std::uint64_t first,
                                                          std::uint32_t rows_max) {
  const std::size_t begin = std::min<std::size_t>(first, spool_.size());
  const std::size_t end = std::min<std::size_t>(begin + rows_max, spool_.size());
  return std::vector<SpooledDelete>(spool_.begin() + static_cast<std::ptrdiff_t>(begin),
                                    spool_.begin() + static_cast<std::ptrdiff_t>(end));
}

}  // namespace godwit
