#include "lib/store/memory/memory_body.h"

#include "lib/store/call_check.h"
#include "lib/store/digest_check.h"

namespace godwit {

Result<std::vector<std::byte>> ReadBody(const CallContext& context, const Clock& clock,
                                        ByteSource& source) {
  std::vector<std::byte> bytes(source.size_bytes());
  for (std::size_t done = 0; done < bytes.size();) {
    GODWIT_RETURN_IF_ERROR(CheckCall(context, clock.Now()));
    const Result<std::size_t> count = source.Read(done, std::span(bytes).subspan(done));
    if (!count.ok()) return count.status();
    if (*count == 0) return Status(ErrorKind::kUnavailable, "the body ended early");
    if (context.meter != nullptr) context.meter->CountSent(*count);
    done += *count;
  }
  return bytes;
}

Result<WriteProof> CheckBody(const DigestSet& expected, std::span<const std::byte> bytes) {
  DigestCheck check(expected);
  check.Update(bytes);
  GODWIT_RETURN_IF_ERROR(check.Finish());
  return check.proof();
}

Result<std::uint64_t> RangeLength(const GetOptions& options, std::uint64_t size_bytes) {
  const bool inside = options.offset <= size_bytes && options.length <= size_bytes - options.offset;
  const bool empty_tail = options.offset != 0 && options.offset == size_bytes;
  if (!inside || empty_tail) {
    return Status(ErrorKind::kInvalidArgument, "the range lies outside of the object");
  }
  return options.length != 0 ? options.length : size_bytes - options.offset;
}

}  // namespace godwit
