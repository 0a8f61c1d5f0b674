#include "lib/http/request_body.h"

#include <algorithm>
#include <string>

namespace godwit {

RequestBody::RequestBody(ByteSource* source)
    : source_(source),
      memory_(dynamic_cast<const MemorySource*>(source)),
      size_bytes_(source == nullptr ? 0 : source->size_bytes()) {}

Result<std::size_t> RequestBody::ReadNext(std::span<std::byte> buffer) {
  const std::uint64_t left = size_bytes_ - std::min(offset_, size_bytes_);
  buffer = buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left)));
  if (buffer.empty()) return std::size_t{0};
  Result<std::size_t> count = source_->Read(offset_, buffer);
  if (!count.ok()) return count;
  if (*count == 0) {
    return Status(ErrorKind::kCorrupted, "the source ended after " + std::to_string(offset_) +
                                             " of " + std::to_string(size_bytes_) + " bytes");
  }
  offset_ += *count;
  return count;
}

Status RequestBody::ReadAll(std::span<std::byte> buffer) {
  while (!buffer.empty()) {
    const Result<std::size_t> count = ReadNext(buffer);
    if (!count.ok()) return count.status();
    buffer = buffer.subspan(*count);
  }
  return Status::Ok();
}

}  // namespace godwit
