#pragma once

#include <cstdint>
#include <string>

#include "godwit/result.h"
#include "lib/http/transport.h"

namespace godwit {

// Bytes of an object from `offset` on; `length` 0 means to its end.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;

  bool IsWhole() const { return offset == 0 && length == 0; }
  // "bytes=0-9", for the Range header. Of an object's whole there is none to send.
  std::string Header() const;
};

// What a 200 or 206 says that its body is.
struct ServedRange {
  std::uint64_t length = 0;  // Of the body.
  std::uint64_t object_bytes = 0;
};

// The head of an answer to a request for `asked`. Fails with kCorrupted unless it announces exactly
// those bytes, and with kInvalidArgument if they do not all lie within the object.
Result<ServedRange> ReadServedRange(const HttpResponse& head, const ByteRange& asked);

}  // namespace godwit
