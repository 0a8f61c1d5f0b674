#include "lib/sync/listing_pump.h"

#include <algorithm>
#include <utility>

namespace godwit {
namespace {

// A service may filter a page down to nothing; one that does so for ever is broken.
constexpr std::uint32_t kEmptyPagesMax = 1000;
// Cycles of tokens up to this length are found; longer ones are bounded by kEmptyPagesMax or by
// the order of keys.
constexpr std::size_t kTokensKept = 8;

Status Broken(std::string message) {
  return Status(ErrorKind::kCorrupted, std::move(message)).WithOperation("list");
}

}  // namespace

void ListingPump::Start(std::string start_after) {
  next_.side = side_;
  next_.start_after = std::move(start_after);
  Ask();
}

void ListingPump::Ask() {
  in_flight_ = core_.Call<ListPage>({.lane = Lane::kListing}, next_,
                                    [this](Answer<ListPage> answer) { OnPage(std::move(answer)); });
}

std::optional<ListingPump::Page> ListingPump::Take() {
  std::optional<Page> page = std::exchange(ready_, std::nullopt);
  if (page && !page->last && !cancelled_) Ask();
  return page;
}

void ListingPump::Cancel() {
  cancelled_ = true;
  if (in_flight_) core_.Cancel(*in_flight_);
}

void ListingPump::OnPage(Answer<ListPage> answer) {
  in_flight_.reset();
  if (cancelled_) return;
  if (!answer.ok()) {
    const auto delay = core_.RetryDelay(answer.status, ++attempts_);
    if (!delay) {
      failure_ = std::move(answer.status).WithAttempts(attempts_);
      return;
    }
    core_.After(*delay, [this] {
      if (!cancelled_) Ask();
    });
    return;
  }
  attempts_ = 0;
  begun_ = true;
  failure_ = Check(*answer.value);
  if (failed()) return;
  next_.page_token = std::move(answer.value->next_page_token);
  next_.start_after.clear();
  ready_ = Page{std::move(answer.value->entries), next_.page_token.empty()};
}

Status ListingPump::Check(const ListPage& page) {
  for (const ObjectEntry& entry : page.entries) {
    if (last_key_ && entry.key <= *last_key_) {
      return Broken("the service listed its keys out of order").WithObject(entry.key);
    }
    last_key_ = entry.key;
  }
  if (page.next_page_token.empty()) return Status::Ok();
  empty_pages_ = page.entries.empty() ? empty_pages_ + 1 : 0;
  if (empty_pages_ > kEmptyPagesMax) {
    return Broken("the service sent more than 1000 empty pages in a row");
  }
  return CheckToken(page.next_page_token);
}

Status ListingPump::CheckToken(const std::string& token) {
  if (std::find(tokens_.begin(), tokens_.end(), token) != tokens_.end()) {
    return Broken("the service repeated a continuation token");
  }
  tokens_.push_back(token);
  if (tokens_.size() > kTokensKept) tokens_.pop_front();
  return Status::Ok();
}

}  // namespace godwit
