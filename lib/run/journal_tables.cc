#include "lib/run/journal_tables.h"

#include <chrono>
#include <utility>
#include <variant>

namespace godwit {

namespace {

constexpr std::string_view kSelectUploads =
    "SELECT uploads.key, uploads.row, parts.part, parts.row, uploads.job,"
    " uploads.intended FROM uploads"
    " LEFT JOIN parts ON parts.key = uploads.key ORDER BY uploads.key, parts.part";
constexpr std::string_view kSelectAbandoned =
    "SELECT key, row, job, intended FROM abandoned ORDER BY key, row";

std::int64_t ToColumn(Timestamp time) { return time.time_since_epoch().count(); }
Timestamp FromColumn(std::int64_t value) { return Timestamp(std::chrono::nanoseconds(value)); }

// Neither what it was for nor its parts matter any more.
std::string AbandonedRow(const std::string& key, const Secret& upload_id) {
  UploadRow row;
  row.upload_id = upload_id;
  return EncodeUploadRow(key, row);
}

// One row of the join: an upload, new or the one before, and perhaps a part of it. What is damaged
// is left out: the service's own list of parts is what counts.
void TakeUploadRow(const SqliteStatement& select, std::string_view job_id,
                   std::vector<JournaledUpload>& uploads) {
  const std::string key(select.Bytes(0));
  if (uploads.empty() || uploads.back().key != key) {
    std::optional<UploadRow> row = DecodeUploadRow(key, select.Bytes(1));
    if (!row) return;
    uploads.push_back(JournaledUpload{key,
                                      std::move(row->source_version),
                                      row->size_bytes,
                                      row->part_size_bytes,
                                      std::move(row->upload_id),
                                      {},
                                      row->form,
                                      select.Bytes(4) == job_id,
                                      FromColumn(select.Integer(5)),
                                      false});
  }
  const auto index = static_cast<std::uint32_t>(select.Integer(2));
  std::optional<PartReceipt> part = DecodePartRow(key, index, select.Bytes(3));
  if (part) uploads.back().parts.push_back(std::move(*part));
}

Status SelectAbandoned(SqliteDatabase& database, std::string_view job_id,
                       std::vector<JournaledUpload>& uploads) {
  Result<SqliteStatement> select = database.Prepare(kSelectAbandoned);
  if (!select.ok()) return std::move(select).status();
  for (;;) {
    Result<bool> more = select->Step();
    if (!more.ok()) return std::move(more).status();
    if (!*more) return Status::Ok();
    JournaledUpload upload;
    upload.key = select->Bytes(0);
    std::optional<UploadRow> row = DecodeUploadRow(upload.key, select->Bytes(1));
    if (!row) continue;
    upload.upload_id = std::move(row->upload_id);
    upload.of_this_job = select->Bytes(2) == job_id;
    upload.intended = FromColumn(select->Integer(3));
    upload.abandoned = true;
    uploads.push_back(std::move(upload));
  }
}

}  // namespace

Result<JournalTables> JournalTables::Prepare(SqliteDatabase& database, const std::string& job_id) {
  JournalTables writer(job_id);
  const std::pair<SqliteStatement*, std::string_view> statements[] = {
      {&writer.keep_, "INSERT OR REPLACE INTO state VALUES(?, ?)"},
      {&writer.drop_, "DELETE FROM state WHERE key = ?"},
      {&writer.find_upload_, "SELECT row, intended FROM uploads WHERE key = ?"},
      {&writer.put_upload_, "INSERT OR REPLACE INTO uploads VALUES(?, ?, ?, ?)"},
      {&writer.drop_upload_, "DELETE FROM uploads WHERE key = ?"},
      {&writer.put_part_, "INSERT OR REPLACE INTO parts VALUES(?, ?, ?)"},
      {&writer.drop_parts_, "DELETE FROM parts WHERE key = ?"},
      {&writer.abandon_, "INSERT OR IGNORE INTO abandoned VALUES(?, ?, ?, ?)"},
      {&writer.drop_abandoned_, "DELETE FROM abandoned WHERE key = ? AND row = ?"},
  };
  for (const auto& [statement, sql] : statements) {
    Result<SqliteStatement> prepared = database.Prepare(sql);
    if (!prepared.ok()) return std::move(prepared).status();
    *statement = std::move(prepared).value();
  }
  return writer;
}

Status JournalTables::Write(const JournalRecord& record) {
  return std::visit([this](const auto& kind) { return Apply(kind); }, record);
}

Status JournalTables::Apply(const KeepStateRecord& record) {
  const std::string row = EncodeStateRow(record.row);
  return keep_.Bind(1, record.row.key).Bind(2, row).Run();
}

Status JournalTables::Apply(const DropStateRecord& record) {
  return drop_.Bind(1, record.key).Run();
}

Status JournalTables::Apply(const UploadIntentRecord& record) {
  GODWIT_RETURN_IF_ERROR(drop_parts_.Bind(1, record.key).Run());
  const UploadRow row{record.source_version, record.size_bytes, record.part_size_bytes, Secret(),
                      record.form};
  return PutUpload(record.key, Upload{row, record.intended});
}

Status JournalTables::Apply(const UploadBegunRecord& record) {
  Result<std::optional<Upload>> found = FindUpload(record.key);
  if (!found.ok()) return std::move(found).status();
  Upload upload = std::move(*found).value_or(Upload{});
  upload.row.upload_id = record.upload_id;
  return PutUpload(record.key, upload);
}

Status JournalTables::Apply(const UploadPartRecord& record) {
  const std::string row = EncodePartRow(record.key, record.part);
  return put_part_.Bind(1, record.key).Bind(2, std::int64_t{record.part.index}).Bind(3, row).Run();
}

Status JournalTables::Apply(const UploadEndedRecord& record) {
  GODWIT_RETURN_IF_ERROR(drop_parts_.Bind(1, record.key).Run());
  return drop_upload_.Bind(1, record.key).Run();
}

Status JournalTables::Apply(const UploadAbandonedRecord& record) {
  const Result<std::optional<Upload>> found = FindUpload(record.key);
  if (!found.ok()) return found.status();
  if (found->has_value() && (*found)->row.upload_id == record.upload_id) {
    GODWIT_RETURN_IF_ERROR(Apply(UploadEndedRecord{record.key}));
  }
  const std::string row = AbandonedRow(record.key, record.upload_id);
  return abandon_.Bind(1, record.key)
      .Bind(2, row)
      .Bind(3, job_id_)
      .Bind(4, ToColumn(record.intended))
      .Run();
}

Status JournalTables::Apply(const AbandonedEndedRecord& record) {
  const std::string row = AbandonedRow(record.key, record.upload_id);
  return drop_abandoned_.Bind(1, record.key).Bind(2, row).Run();
}

Result<std::optional<JournalTables::Upload>> JournalTables::FindUpload(const std::string& key) {
  const Result<bool> found = find_upload_.Bind(1, key).Step();
  std::optional<Upload> upload;
  if (found.ok() && *found) {
    std::optional<UploadRow> row = DecodeUploadRow(key, find_upload_.Bytes(0));
    if (row) upload = Upload{*std::move(row), FromColumn(find_upload_.Integer(1))};
  }
  find_upload_.Reset();
  if (!found.ok()) return found.status();
  return upload;
}

Status JournalTables::PutUpload(const std::string& key, const Upload& upload) {
  const std::string row = EncodeUploadRow(key, upload.row);
  return put_upload_.Bind(1, key)
      .Bind(2, row)
      .Bind(3, job_id_)
      .Bind(4, ToColumn(upload.intended))
      .Run();
}

Result<std::vector<JournaledUpload>> SelectUploads(SqliteDatabase& database,
                                                   std::string_view job_id) {
  Result<SqliteStatement> select = database.Prepare(kSelectUploads);
  if (!select.ok()) return std::move(select).status();
  std::vector<JournaledUpload> uploads;
  for (;;) {
    Result<bool> more = select->Step();
    if (!more.ok()) return std::move(more).status();
    if (!*more) break;
    TakeUploadRow(*select, job_id, uploads);
  }
  GODWIT_RETURN_IF_ERROR(SelectAbandoned(database, job_id, uploads));
  return uploads;
}

}  // namespace godwit
