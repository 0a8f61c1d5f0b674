#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

namespace godwit {

// Classes in which requests are counted for the summary. Begin, part, finish, block and compose
// requests are kPut; single and batch deletes, and aborts, are kDelete; bucket creation is kOther.
enum class RequestClass : std::uint8_t { kList, kGet, kPut, kHead, kDelete, kCopy, kOther };
inline constexpr std::size_t kRequestClassCount = 7;

// Counts what is really sent, resends included. Safe from any thread.
class RequestMeter {
 public:
  void CountRequest(RequestClass request) { ++counts_[static_cast<std::size_t>(request)]; }
  void CountSent(std::uint64_t bytes) { sent_bytes_ += bytes; }
  void CountReceived(std::uint64_t bytes) { received_bytes_ += bytes; }

  std::uint64_t requests(RequestClass request) const {
    return counts_[static_cast<std::size_t>(request)];
  }
  std::uint64_t sent_bytes() const { return sent_bytes_; }          // Object bytes only.
  std::uint64_t received_bytes() const { return received_bytes_; }  // Object bytes only.

 private:
  std::array<std::atomic<std::uint64_t>, kRequestClassCount> counts_{};
  std::atomic<std::uint64_t> sent_bytes_{0};
  std::atomic<std::uint64_t> received_bytes_{0};
};

// What every store call carries: when and why to give up, and where to count.
//
// A call whose context is stopped or past its deadline starts nothing new and fails with
// kCancelled or kTimeout; a stop during a call ends it within about a second.
struct CallContext {
  std::stop_token stop;
  // No deadline unless set. Monotonic: jumps of the wall clock do not matter.
  std::optional<std::chrono::steady_clock::time_point> deadline;
  // A connection that moves no byte for this long is given up (kTimeout).
  std::chrono::milliseconds stall_timeout{60'000};
  // Correlates log lines; free text, never secret.
  std::string trace_id;
  RequestMeter* meter = nullptr;  // Borrowed; may be null.

  void Count(RequestClass request) const {
    if (meter != nullptr) meter->CountRequest(request);
  }
};

}  // namespace godwit
