#pragma once

namespace godwit {

// The right to make one judged write. Every store operation that writes, finishes, copies or
// deletes takes one, so that an unjudged write does not compile. Only lib/policy makes them
// (godwit::PermitIssuer). Value type; cheap to copy within the write that was judged.
class WritePermit {
 public:
  WritePermit(const WritePermit&) = default;
  WritePermit& operator=(const WritePermit&) = default;

 private:
  friend class PermitIssuer;
  WritePermit() = default;
};

}  // namespace godwit
