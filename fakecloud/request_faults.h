#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "fakecloud/fault.h"
#include "fakecloud/http_message.h"

namespace fakecloud {

// Damages, delays, slows or cuts a request's body on its way in, as faults with side "request" say.
// Offsets count bytes of the object. One thread at a time.
class FaultyBody final : public RequestBody {
 public:
  FaultyBody(RequestBody& inner, Waiter& waiter, const std::vector<Fault>& faults);
  std::ptrdiff_t Read(std::span<std::byte> buffer) override;
  std::optional<std::uint64_t> announced_size() const override { return inner_.announced_size(); }

 private:
  std::size_t LimitFor(std::size_t wanted) const;

  RequestBody& inner_;
  Waiter& waiter_;
  std::vector<std::pair<std::uint64_t, unsigned char>> flips_;
  bool zero_ = false;
  const Fault* stall_ = nullptr;  // Until it has happened.
  std::uint64_t bytes_per_second_ = 0;
  std::optional<std::uint64_t> cut_after_;
  std::uint64_t read_ = 0;
};

// The offset of the byte that a corrupting fault means, in a body of `size`; none if the body is
// shorter.
std::optional<std::uint64_t> FaultOffset(const Fault& fault, std::uint64_t size);

}  // namespace fakecloud
