#include "lib/sync/delete_proof.h"

#include <utility>

#include "lib/plan/key_rules.h"

namespace godwit {
namespace {

constexpr std::uint64_t kHeadsMax = 1000;
constexpr std::uint32_t kRowsRead = 1000;

// A key that sorts before `key` and after everything that cannot begin like it; whole characters,
// for services that take nothing else.
std::string Before(const std::string& key) {
  std::string before = key;
  while (!before.empty() && (static_cast<unsigned char>(before.back()) & 0xC0U) == 0x80U) {
    before.pop_back();
  }
  if (!before.empty()) before.pop_back();
  return before;
}

Status FoundAgain() {
  return Status(ErrorKind::kConflict,
                "the source has this key although its listing did not show it: nothing is deleted");
}

}  // namespace

void DeleteProof::Start() {
  by_listing_ = spool_.provable() > kHeadsMax;
  ReadRows();
}

void DeleteProof::End(const std::string& key, Status status) {
  if (!done_) return;
  pump_.Cancel();
  std::exchange(done_, nullptr)(key, status);
}

void DeleteProof::ReadRows() {
  if (read_ == spool_.count()) return End({}, Status::Ok());
  reading_ = true;
  spool_.Read(read_, kRowsRead, [this](std::vector<SpooledDelete> rows, Status status) {
    OnRows(std::move(rows), std::move(status));
  });
}

void DeleteProof::OnRows(std::vector<SpooledDelete> rows, Status status) {
  reading_ = false;
  if (!status.ok()) return End({}, std::move(status));
  read_ += rows.size();
  rows_ = std::move(rows);
  row_ = 0;
  if (!by_listing_) AskHeads();
}

void DeleteProof::AskHeads() {
  const JobEndpoints& places = core_.endpoints();
  for (const SpooledDelete& row : rows_) {
    if (row.excluded) continue;
    // What the source can never hold it lacks; asking for it would only be refused.
    if (KeyProblem(places.source, places.source_prefix + row.key)) continue;
    ++heads_;
    HeadCommand head;
    head.side = Side::kSource;
    head.key = row.key;
    core_.Ask<ObjectMeta>({}, std::move(head), [this, key = row.key](Answer<ObjectMeta> answer) {
      OnHead(key, answer);
    });
  }
  if (heads_ == 0) ReadRows();
}

void DeleteProof::OnHead(const std::string& key, const Answer<ObjectMeta>& answer) {
  --heads_;
  if (answer.ok()) return End(key, FoundAgain());
  if (!answer.status.Is(ErrorKind::kNotFound)) return End(key, answer.status);
  if (heads_ == 0 && done_) ReadRows();
}

bool DeleteProof::Advance() {
  bool happened = false;
  while (by_listing_ && done_ && !reading_ && Step()) happened = true;
  return happened;
}

// One step of the merge of spooled rows with the second listing; false if a page must come first.
bool DeleteProof::Step() {
  while (row_ < rows_.size() && rows_[row_].excluded) ++row_;
  if (row_ == rows_.size()) {
    ReadRows();
    return true;
  }
  const std::string& key = rows_[row_].key;
  if (!listing_) {
    listing_ = true;
    pump_.Start(Before(key));
    return true;
  }
  if (page_ && entry_ < page_->entries.size()) {
    const std::string& seen = page_->entries[entry_].key;
    if (seen == key) {
      End(key, FoundAgain());
    } else if (seen < key) {
      ++entry_;
    } else {
      ++row_;
    }
    return true;
  }
  if (page_ && page_->last) {
    ++row_;
    return true;
  }
  if (pump_.failed()) {
    End({}, pump_.failure());
    return true;
  }
  std::optional<ListingPump::Page> page = pump_.Take();
  if (!page) return false;
  page_ = std::move(page);
  entry_ = 0;
  return true;
}

}  // namespace godwit
