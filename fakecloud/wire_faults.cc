#include "fakecloud/wire_faults.h"

#include "fakecloud/request_faults.h"

namespace fakecloud {
namespace {

void Stall(const Fault& fault, Response& response) {
  response.wire.stalls = true;
  response.wire.stall_after = fault.after;
  response.wire.stall_time = fault.duration;
}

// A request that was cut off is not answered.
void Cut(const Fault& fault, Response& response) {
  if (fault.side == FaultSide::kRequest) {
    response.wire.lose = fault.cut;
    return;
  }
  response.wire.cut_after = fault.after;
  response.wire.cut_kind = fault.cut;
}

bool Corrupt(const Fault& fault, Response& response) {
  switch (fault.corrupt) {
    case CorruptHow::kZero:
      response.wire.zero = true;
      return true;
    case CorruptHow::kFlip:
      if (const auto offset = FaultOffset(fault, response.body_size())) {
        response.wire.flips.emplace_back(*offset, fault.mask);
      }
      return true;
    case CorruptHow::kLengthHeader:
      response.wire.length_error = fault.delta;
      response.close = true;
      return true;
    case CorruptHow::kDigestHeader:
      break;
  }
  return false;
}

}  // namespace

bool ApplyWireFault(const Fault& fault, Response& response) {
  const bool of_response = fault.side == FaultSide::kResponse;
  switch (fault.kind) {
    case FaultKind::kLoseAnswer:
      response.wire.lose = fault.cut;
      return true;
    case FaultKind::kCutBody:
      Cut(fault, response);
      return true;
    case FaultKind::kStall:
      if (of_response) Stall(fault, response);
      return true;
    case FaultKind::kSlow:
      if (of_response) response.wire.bytes_per_second = fault.bytes_per_second;
      return true;
    case FaultKind::kCorrupt:
      return !of_response || Corrupt(fault, response);
    default:
      return false;
  }
}

std::string DamagedValue(std::string value) {
  for (char& c : value) {
    if (c == '"') continue;
    c = c == '0' ? '1' : '0';
    break;
  }
  return value;
}

}  // namespace fakecloud
