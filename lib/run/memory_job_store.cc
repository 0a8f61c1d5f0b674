#include "lib/run/memory_job_store.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <variant>

namespace godwit {

namespace {

std::string TemporaryFolder() {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(error);
  return error ? "/tmp" : folder.string();
}

}  // namespace

MemoryJobStore::MemoryJobStore() : spool_(TemporaryFolder()) {}

Result<std::vector<StateRow>> MemoryJobStore::ReadState(const std::string& after,
                                                        std::uint32_t rows_max) {
  const std::lock_guard lock(mutex_);
  std::vector<StateRow> rows;
  for (auto row = state_.upper_bound(after); row != state_.end() && rows.size() < rows_max; ++row) {
    rows.push_back(row->second);
  }
  return rows;
}

Status MemoryJobStore::Append(std::span<const JournalRecord> records) {
  const std::lock_guard lock(mutex_);
  for (const JournalRecord& record : records) {
    std::visit([this](const auto& kind) { Apply(kind); }, record);
  }
  return Status::Ok();
}

Result<std::vector<JournaledUpload>> MemoryJobStore::ReadUploads() {
  const std::lock_guard lock(mutex_);
  std::vector<JournaledUpload> uploads;
  for (const auto& [key, upload] : uploads_) {
    uploads.push_back(upload.row);
    for (const auto& [index, part] : upload.parts) uploads.back().parts.push_back(part);
  }
  uploads.insert(uploads.end(), abandoned_.begin(), abandoned_.end());
  return uploads;
}

Status MemoryJobStore::Spool(std::span<const SpooledDelete> deletes) {
  const std::lock_guard lock(mutex_);
  return spool_.Append(deletes);
}

Result<std::vector<SpooledDelete>> MemoryJobStore::ReadSpool(std::uint64_t first,
                                                             std::uint32_t rows_max) {
  const std::lock_guard lock(mutex_);
  return spool_.Read(first, rows_max);
}

void MemoryJobStore::Apply(const KeepStateRecord& record) { state_[record.row.key] = record.row; }

void MemoryJobStore::Apply(const DropStateRecord& record) { state_.erase(record.key); }

void MemoryJobStore::Apply(const UploadIntentRecord& record) {
  JournaledUpload row{
      record.key, record.source_version, record.size_bytes, record.part_size_bytes, Secret(), {},
      record.form};
  row.intended = record.intended;
  uploads_[record.key] = Upload{std::move(row), {}};
}

void MemoryJobStore::Apply(const UploadBegunRecord& record) {
  JournaledUpload& row = uploads_[record.key].row;
  row.key = record.key;
  row.upload_id = record.upload_id;
}

void MemoryJobStore::Apply(const UploadPartRecord& record) {
  const auto upload = uploads_.find(record.key);
  if (upload != uploads_.end()) upload->second.parts[record.part.index] = record.part;
}

void MemoryJobStore::Apply(const UploadEndedRecord& record) { uploads_.erase(record.key); }

void MemoryJobStore::Apply(const UploadAbandonedRecord& record) {
  const auto upload = uploads_.find(record.key);
  if (upload != uploads_.end() && upload->second.row.upload_id == record.upload_id) {
    uploads_.erase(upload);
  }
  Apply(AbandonedEndedRecord{record.key, record.upload_id});
  JournaledUpload abandoned;
  abandoned.key = record.key;
  abandoned.upload_id = record.upload_id;
  abandoned.intended = record.intended;
  abandoned.abandoned = true;
  abandoned_.push_back(std::move(abandoned));
}

void MemoryJobStore::Apply(const AbandonedEndedRecord& record) {
  std::erase_if(abandoned_, [&record](const JournaledUpload& upload) {
    return upload.key == record.key && upload.upload_id == record.upload_id;
  });
}

}  // namespace godwit
