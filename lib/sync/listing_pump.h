#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "lib/sync/run_core.h"

namespace godwit {

// One listing, page by page, with one page of look-ahead. It ends in exactly one of two ways:
// complete, by the service's own end of the list, or failed (I1). Within it keys strictly
// increase, tokens change, and empty pages do not go on for ever (I24). A failed page is repeated
// by the RetryPolicy; a repetition never turns an error into an end. One thread at a time.
class ListingPump {
 public:
  struct Page {
    std::vector<ObjectEntry> entries;
    bool last = false;
  };

  // `core` must outlive the pump, and the pump its own commands.
  ListingPump(RunCore& core, Side side) : core_(core), side_(side) {}
  ListingPump(const ListingPump&) = delete;
  ListingPump& operator=(const ListingPump&) = delete;

  // Asks for the first page, of the keys after `start_after`.
  void Start(std::string start_after);
  // The next page, if it has come; asks for the one behind it.
  std::optional<Page> Take();
  // Wants no further page: the command in flight is cancelled.
  void Cancel();

  // Why there will be no further page; success as long as nothing failed.
  const Status& failure() const { return failure_; }
  // Whether a page has come.
  bool begun() const { return begun_; }
  bool failed() const { return !failure_.ok(); }

 private:
  void Ask();
  void OnPage(Answer<ListPage> answer);
  Status Check(const ListPage& page);
  Status CheckToken(const std::string& token);

  RunCore& core_;
  const Side side_;
  ListCommand next_;
  std::optional<CommandId> in_flight_;
  std::optional<Page> ready_;
  Status failure_;
  bool cancelled_ = false;
  bool begun_ = false;
  int attempts_ = 0;               // Failed ones, of the page that is asked for.
  std::uint32_t empty_pages_ = 0;  // In a row.
  std::optional<std::string> last_key_;
  std::deque<std::string> tokens_;  // The last few.
};

}  // namespace godwit
