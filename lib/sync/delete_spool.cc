#include "lib/sync/delete_spool.h"

#include <utility>

namespace godwit {

void DeleteSpool::Add(SpooledDelete row) {
  ++count_;
  if (!row.excluded) ++provable_;
  bytes_ += row.size_bytes;
  if (core_.options().dry_run) return;
  rows_.push_back(std::move(row));
  if (rows_.size() >= kBatch) Send();
}

void DeleteSpool::Close() {
  closed_ = true;
  Send();
}

void DeleteSpool::Send() {
  if (in_flight_ || rows_.empty()) return;
  in_flight_ = true;
  core_.Control<Finished>(SpoolCommand{std::exchange(rows_, {})},
                          [this](const Answer<Finished>& answer) {
                            in_flight_ = false;
                            if (!answer.ok() && failure_.ok()) failure_ = answer.status;
                            if (closed_ || rows_.size() >= kBatch) Send();
                          });
}

void DeleteSpool::Read(std::uint64_t first, std::uint32_t rows_max, RowsHandler then) {
  core_.Control<SpooledDeletes>(
      ReadSpoolCommand{first, rows_max},
      [this, first, then = std::move(then)](Answer<SpooledDeletes> answer) {
        if (!answer.ok()) return then({}, std::move(answer.status));
        if (answer.value->deletes.empty() && first < count_) {
          return then({}, Status(ErrorKind::kLocalIo, "the spool of deletes has lost rows"));
        }
        then(std::move(answer.value->deletes), Status::Ok());
      });
}

}  // namespace godwit
