#include "lib/store/listing_restorer.h"

#include <utility>

#include "lib/checksum/byte_codec.h"
#include "lib/store/listing_order.h"

namespace godwit {
namespace {

constexpr std::size_t kSequenceBytes = 8;
constexpr std::uint8_t kIsPrefix = 1;
constexpr std::uint8_t kIsArchived = 2;

Status BadRow() { return Status(ErrorKind::kLocalIo, "a temporary file was damaged"); }

// Ends with two zero bytes and has no others, so that rows sort as their keys do.
void AppendKey(std::string& row, std::string_view key) {
  for (const char c : key) {
    row += c;
    if (c == '\0') row += '\x01';
  }
  row.append(2, '\0');
}

// Takes the key off the front of `row`.
std::optional<std::string> TakeKey(std::string_view& row) {
  std::string key;
  for (std::size_t at = 0; at + 1 < row.size(); ++at) {
    if (row[at] != '\0') {
      key += row[at];
      continue;
    }
    const bool ends = row[++at] == '\0';
    if (ends) {
      row.remove_prefix(at + 1);
      return key;
    }
    key += '\0';
  }
  return std::nullopt;
}

}  // namespace

std::string EncodeListedItem(const ListedItem& item, std::uint64_t sequence) {
  const ObjectEntry& entry = item.entry;
  std::string row;
  AppendKey(row, entry.key);
  for (std::size_t i = kSequenceBytes; i-- > 0;) {
    row += static_cast<char>(sequence >> (8 * i) & 0xFF);
  }
  ByteEncoder rest;
  rest.Byte(static_cast<std::uint8_t>(entry.type));
  rest.Byte((item.is_prefix ? kIsPrefix : 0) | (entry.archived ? kIsArchived : 0));
  rest.Number(entry.size_bytes);
  EncodeTime(rest, entry.modified);
  rest.String(entry.version);
  EncodeDigests(rest, entry.digests);
  rest.String(entry.storage_class);
  return row + std::move(rest).Seal(entry.key);
}

Result<ListedItem> DecodeListedItem(std::string_view row) {
  std::optional<std::string> key = TakeKey(row);
  if (!key || row.size() < kSequenceBytes) return BadRow();
  ByteDecoder rest(*key, row.substr(kSequenceBytes));
  ListedItem item;
  ObjectEntry& entry = item.entry;
  entry.type = static_cast<EntryType>(rest.Byte());
  const std::uint8_t flags = rest.Byte();
  item.is_prefix = (flags & kIsPrefix) != 0;
  entry.archived = (flags & kIsArchived) != 0;
  entry.size_bytes = rest.Number();
  const std::optional<PreciseTime> modified = DecodeTime(rest);
  if (!modified) return BadRow();
  entry.modified = *modified;
  entry.version = rest.String();
  if (!DecodeDigests(rest, entry.digests)) return BadRow();
  entry.storage_class = rest.String();
  if (!rest.Complete()) return BadRow();
  entry.key = *std::move(key);
  return item;
}

// The last group goes before what comes next, as soon as nothing can come between.
bool ListingRestorer::TopIsComplete() const {
  if (groups_.empty()) return false;
  if (input_.empty()) return closed_;
  return !HoldsBack(settings_.order, groups_.back().before, input_.front().entry.key);
}

Status ListingRestorer::Hold(std::size_t displaced_at) {
  const ListedItem& item = input_.front();
  const std::string_view before = std::string_view(item.entry.key).substr(0, displaced_at);
  if (groups_.empty() || groups_.back().before != before) {
    groups_.push_back(Group{std::string(before), std::make_unique<NameSorter>(
                                                     settings_.held_max, settings_.spill_folder)});
  }
  GODWIT_RETURN_IF_ERROR(groups_.back().items->Add(EncodeListedItem(item, ++sequence_)));
  input_.pop_front();
  return Status::Ok();
}

Result<std::optional<ListedItem>> ListingRestorer::TakeHeld() {
  NameSorter& items = *groups_.back().items;
  Result<ListedItem> item = DecodeListedItem(items.Current());
  if (!item.ok()) return item.status();
  GODWIT_RETURN_IF_ERROR(items.Advance());
  if (items.done()) {
    groups_.pop_back();
    draining_ = false;
  }
  return std::optional<ListedItem>(*std::move(item));
}

Result<std::optional<ListedItem>> ListingRestorer::Next() {
  while (true) {
    if (draining_) return TakeHeld();
    if (TopIsComplete()) {
      draining_ = true;
      GODWIT_RETURN_IF_ERROR(groups_.back().items->Finish());
      continue;
    }
    if (input_.empty()) return std::optional<ListedItem>();
    const auto at = DisplacedAt(settings_.order, input_.front().entry.key, settings_.shared_bytes);
    if (!at) {
      std::optional<ListedItem> item(std::move(input_.front()));
      input_.pop_front();
      return item;
    }
    GODWIT_RETURN_IF_ERROR(Hold(*at));
  }
}

}  // namespace godwit
