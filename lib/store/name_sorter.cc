#include "lib/store/name_sorter.h"

#include <algorithm>
#include <utility>

namespace godwit {
namespace {

constexpr std::size_t kTextBytesMax = 4 << 20;

std::uint64_t HeadOf(std::string_view name) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < sizeof(head); ++i) {
    head = head << 8 | (i < name.size() ? static_cast<unsigned char>(name[i]) : 0U);
  }
  return head;
}

}  // namespace

NameSorter::NameSorter(std::size_t names_max, std::string spill_folder)
    : names_max_(names_max), spill_folder_(std::move(spill_folder)) {}

Status NameSorter::Add(std::string_view name) {
  const bool full = items_.size() >= names_max_ || text_.size() + name.size() > kTextBytesMax;
  if (full && !items_.empty()) GODWIT_RETURN_IF_ERROR(Spill());
  items_.push_back(Item{HeadOf(name), static_cast<std::uint32_t>(text_.size()),
                        static_cast<std::uint32_t>(name.size())});
  text_ += name;
  return Status::Ok();
}

bool NameSorter::Less(const Item& a, const Item& b) const {
  return a.head != b.head ? a.head < b.head : Text(a) < Text(b);
}

void NameSorter::Sort() {
  std::ranges::sort(items_, [this](const Item& a, const Item& b) { return Less(a, b); });
}

Status NameSorter::Spill() {
  if (!spill_) {
    Result<std::unique_ptr<SpillFile>> created = SpillFile::Create(spill_folder_);
    if (!created.ok()) return created.status();
    spill_ = std::move(*created);
  }
  Sort();
  for (const Item& item : items_) spill_->Append(Text(item));
  items_.clear();
  text_.clear();
  return spill_->EndRun();
}

Status NameSorter::Finish() {
  if (spill_) {
    GODWIT_RETURN_IF_ERROR(Spill());
    items_ = {};
    text_ = {};
    GODWIT_RETURN_IF_ERROR(spill_->BeginMerge());
    done_ = spill_->done();
    if (!done_) current_ = spill_->Current();
    return Status::Ok();
  }
  Sort();
  done_ = items_.empty();
  if (!done_) current_ = Text(items_.front());
  return Status::Ok();
}

Status NameSorter::Advance() {
  // A folder that changes while it is read may name an entry twice.
  previous_ = current_;
  do {
    GODWIT_RETURN_IF_ERROR(Step());
  } while (!done_ && current_ == previous_);
  return Status::Ok();
}

Status NameSorter::Step() {
  if (spill_) {
    GODWIT_RETURN_IF_ERROR(spill_->Advance());
    done_ = spill_->done();
    if (!done_) current_ = spill_->Current();
    return Status::Ok();
  }
  done_ = ++next_ == items_.size();
  if (!done_) current_ = Text(items_[next_]);
  return Status::Ok();
}

}  // namespace godwit
