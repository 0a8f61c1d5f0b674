#include "fakecloud/request_faults.h"

#include <algorithm>

namespace fakecloud {

std::optional<std::uint64_t> FaultOffset(const Fault& fault, std::uint64_t size) {
  if (size == 0) return std::nullopt;
  if (fault.offset_in_middle) return size / 2;
  const std::int64_t offset =
      fault.offset < 0 ? static_cast<std::int64_t>(size) + fault.offset : fault.offset;
  if (offset < 0 || static_cast<std::uint64_t>(offset) >= size) return std::nullopt;
  return static_cast<std::uint64_t>(offset);
}

FaultyBody::FaultyBody(RequestBody& inner, Waiter& waiter, const std::vector<Fault>& faults)
    : inner_(inner), waiter_(waiter) {
  for (const Fault& fault : faults) {
    if (fault.side != FaultSide::kRequest) continue;
    if (fault.kind == FaultKind::kStall) stall_ = &fault;
    if (fault.kind == FaultKind::kCutBody) cut_after_ = fault.after;
    if (fault.kind == FaultKind::kSlow) bytes_per_second_ = fault.bytes_per_second;
    if (fault.kind != FaultKind::kCorrupt) continue;
    zero_ = zero_ || fault.corrupt == CorruptHow::kZero;
    const auto offset = FaultOffset(fault, inner.announced_size().value_or(0));
    if (fault.corrupt == CorruptHow::kFlip && offset) flips_.emplace_back(*offset, fault.mask);
  }
}

std::size_t FaultyBody::LimitFor(std::size_t wanted) const {
  if (stall_ != nullptr && stall_->after.value_or(0) > read_) {
    wanted = std::min<std::uint64_t>(wanted, *stall_->after - read_);
  }
  if (cut_after_) wanted = std::min<std::uint64_t>(wanted, *cut_after_ - read_);
  if (bytes_per_second_ > 0) {
    wanted = std::min<std::uint64_t>(wanted, std::max<std::uint64_t>(bytes_per_second_ / 10, 1));
  }
  return wanted;
}

std::ptrdiff_t FaultyBody::Read(std::span<std::byte> buffer) {
  if (stall_ != nullptr && read_ >= stall_->after.value_or(0)) {
    const Fault* stall = std::exchange(stall_, nullptr);
    if (!waiter_.Pause(stall->duration)) return -1;
  }
  if (cut_after_ && read_ >= *cut_after_) return -1;
  const std::ptrdiff_t got = inner_.Read(buffer.first(LimitFor(buffer.size())));
  if (got <= 0) return got;
  const std::span<std::byte> bytes = buffer.first(static_cast<std::size_t>(got));
  if (zero_) std::fill(bytes.begin(), bytes.end(), std::byte{0});
  for (const auto& [offset, mask] : flips_) {
    if (offset >= read_ && offset - read_ < bytes.size()) bytes[offset - read_] ^= std::byte{mask};
  }
  read_ += bytes.size();
  if (bytes_per_second_ > 0 &&
      !waiter_.Pause(std::chrono::milliseconds(bytes.size() * 1000 / bytes_per_second_))) {
    return -1;
  }
  return got;
}

}  // namespace fakecloud
