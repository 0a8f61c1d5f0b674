#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace fakecloud {

// Requests by operation and answers by status, as one service counts them. Safe from any thread.
class Counters {
 public:
  using Counts = std::map<std::string, std::uint64_t, std::less<>>;

  void CountRequest(std::string_view operation) { Count(requests_, operation); }
  void CountStatus(int status) { Count(statuses_, std::to_string(status)); }
  void Reset() {
    const std::lock_guard lock(mutex_);
    requests_.clear();
    statuses_.clear();
  }
  Counts requests() const { return Copy(requests_); }
  Counts statuses() const { return Copy(statuses_); }

 private:
  void Count(Counts& counts, std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto found = counts.find(name);
    if (found != counts.end()) {
      ++found->second;
    } else {
      counts.emplace(name, 1);
    }
  }
  Counts Copy(const Counts& counts) const {
    const std::lock_guard lock(mutex_);
    return counts;
  }

  mutable std::mutex mutex_;  // Guards both.
  Counts requests_;
  Counts statuses_;
};

}  // namespace fakecloud
