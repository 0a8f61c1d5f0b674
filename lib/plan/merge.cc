#include "lib/plan/merge.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"

namespace godwit {
namespace {

constexpr std::string_view kReserved = ".godwit";

Status OrderProblem(std::string_view before, std::string_view after) {
  return Status(ErrorKind::kCorrupted, "keys do not increase: '" + EscapeForDisplay(after) +
                                           "' came after '" + EscapeForDisplay(before) + "'");
}

// Checks that the keys of `page` continue `last_key` (if `any`) in strictly ascending order.
template <typename Row>
Status CheckOrder(const std::vector<Row>& page, const std::string& last_key, bool any) {
  const std::string* before = any ? &last_key : nullptr;
  for (const Row& row : page) {
    if (before != nullptr && !(*before < row.key)) return OrderProblem(*before, row.key);
    before = &row.key;
  }
  return Status::Ok();
}

// Takes the front of `rows` if it is the row of `key`.
template <typename Row>
std::optional<Row> TakeIf(std::deque<Row>& rows, const std::string& key) {
  if (rows.empty() || rows.front().key != key) return std::nullopt;
  std::optional<Row> row(std::move(rows.front()));
  rows.pop_front();
  return row;
}

}  // namespace

Status ThreeWayMerge::OfferListing(MergeStream stream, std::vector<ObjectEntry> entries,
                                   bool last) {
  Listing& listing = listings_[static_cast<std::size_t>(stream)];
  if (listing.ended) return Status(ErrorKind::kInternal, "a page came after the last one");
  GODWIT_RETURN_IF_ERROR(CheckOrder(entries, listing.last_key, listing.any));
  listing.ended = last;
  if (entries.empty()) return Status::Ok();
  listing.last_key = entries.back().key;
  listing.any = true;
  for (ObjectEntry& entry : entries) {
    if (!IsReservedKey(entry.key)) listing.entries.push_back(std::move(entry));
  }
  return Status::Ok();
}

Status ThreeWayMerge::OfferState(std::vector<StateRow> rows, bool last) {
  if (rows_ended_) return Status(ErrorKind::kInternal, "a page came after the last one");
  GODWIT_RETURN_IF_ERROR(CheckOrder(rows, last_row_key_, any_row_));
  rows_ended_ = last;
  if (rows.empty()) return Status::Ok();
  last_row_key_ = rows.back().key;
  any_row_ = true;
  std::move(rows.begin(), rows.end(), std::back_inserter(rows_));
  return Status::Ok();
}

bool ThreeWayMerge::Needs(MergeStream stream) const {
  if (stream == MergeStream::kState) return !rows_ended_ && rows_.empty();
  const Listing& listing = listings_[static_cast<std::size_t>(stream)];
  return !listing.ended && listing.entries.empty();
}

std::optional<MergeItem> ThreeWayMerge::Next() {
  if (Needs(MergeStream::kSource) || Needs(MergeStream::kTarget) || Needs(MergeStream::kState)) {
    return std::nullopt;
  }
  std::deque<ObjectEntry>& source = listings_[0].entries;
  std::deque<ObjectEntry>& target = listings_[1].entries;
  const std::string* least = nullptr;
  const auto consider = [&least](const std::string& key) {
    if (least == nullptr || key < *least) least = &key;
  };
  if (!source.empty()) consider(source.front().key);
  if (!target.empty()) consider(target.front().key);
  if (!rows_.empty()) consider(rows_.front().key);
  if (least == nullptr) return std::nullopt;

  MergeItem item;
  item.key = *least;
  item.source = TakeIf(source, item.key);
  item.target = TakeIf(target, item.key);
  item.state = TakeIf(rows_, item.key);
  return item;
}

bool ThreeWayMerge::done() const {
  const auto exhausted = [](const Listing& listing) {
    return listing.ended && listing.entries.empty();
  };
  return exhausted(listings_[0]) && exhausted(listings_[1]) && rows_ended_ && rows_.empty();
}

bool IsReservedKey(std::string_view key) {
  for (std::size_t at = key.find(kReserved); at != std::string_view::npos;
       at = key.find(kReserved, at + 1)) {
    if (at != 0 && key[at - 1] != '/') continue;
    const std::string_view rest = key.substr(at + kReserved.size());
    if (rest.empty() || rest.front() == '/' || rest.front() == '-') return true;
  }
  return false;
}

}  // namespace godwit
