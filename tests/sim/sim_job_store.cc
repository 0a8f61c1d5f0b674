#include "tests/sim/sim_job_store.h"

#include <algorithm>

namespace godwit {

Result<std::vector<StateRow>> SimJobStore::ReadState(const std::string& after,
                                                     std::uint32_t rows_max) {
  std::vector<StateRow> page;
  auto row = after.empty() ? rows_.begin() : rows_.upper_bound(after);
  for (; row != rows_.end() && page.size() < rows_max; ++row) page.push_back(row->second);
  return page;
}

Status SimJobStore::Append(std::span<const JournalRecord> records) {
  for (const JournalRecord& record : records) Keep(record);
  return Status::Ok();
}

void SimJobStore::Keep(const JournalRecord& record) {
  if (const auto* keep = std::get_if<KeepStateRecord>(&record)) {
    if (check_) check_(keep->row);
    rows_[keep->row.key] = keep->row;
  } else if (const auto* drop = std::get_if<DropStateRecord>(&record)) {
    rows_.erase(drop->key);
  } else if (const auto* intent = std::get_if<UploadIntentRecord>(&record)) {
    uploads_[intent->key] = JournaledUpload{intent->key,        intent->source_version,
                                            intent->size_bytes, intent->part_size_bytes,
                                            Secret(),           {},
                                            intent->form};
  } else if (const auto* begun = std::get_if<UploadBegunRecord>(&record)) {
    uploads_[begun->key].upload_id = begun->upload_id;
  } else if (const auto* part = std::get_if<UploadPartRecord>(&record)) {
    uploads_[part->key].parts.push_back(part->part);
  } else if (const auto* ended = std::get_if<UploadEndedRecord>(&record)) {
    uploads_.erase(ended->key);
  }
}

Result<std::vector<JournaledUpload>> SimJobStore::ReadUploads() {
  std::vector<JournaledUpload> uploads;
  for (const auto& [key, upload] : uploads_) uploads.push_back(upload);
  return uploads;
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
