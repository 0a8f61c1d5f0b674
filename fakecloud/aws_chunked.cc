#include "fakecloud/aws_chunked.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "fakecloud/digests.h"
#include "fakecloud/encoding.h"

namespace fakecloud {
namespace {

constexpr std::size_t kLineBytesMax = 8 << 10;

}  // namespace

bool AwsChunkedBody::IsChunked(std::string_view payload_hash) {
  return HasPrefix(payload_hash, "STREAMING-");
}

AwsChunkedBody::AwsChunkedBody(RequestBody& wire, const S3Identity& identity,
                               std::uint64_t decoded_size)
    : wire_(wire),
      identity_(identity),
      decoded_size_(decoded_size),
      signed_(HasPrefix(identity.payload_hash, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")),
      previous_signature_(identity.signature) {}

bool AwsChunkedBody::Fail() {
  failed_ = true;
  return false;
}

bool AwsChunkedBody::FillBuffer() {
  buffer_.erase(0, used_);
  used_ = 0;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + (16 << 10));
  const std::ptrdiff_t got = wire_.Read(std::as_writable_bytes(std::span(buffer_).subspan(before)));
  buffer_.resize(before + static_cast<std::size_t>(std::max<std::ptrdiff_t>(got, 0)));
  return got > 0;
}

std::optional<std::string> AwsChunkedBody::ReadLine() {
  while (true) {
    const std::size_t end = buffer_.find("\r\n", used_);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(used_, end - used_);
      used_ = end + 2;
      return line;
    }
    if (buffer_.size() - used_ > kLineBytesMax || !FillBuffer()) return std::nullopt;
  }
}

bool AwsChunkedBody::VerifySignature(std::string_view algorithm, std::string_view given,
                                     const std::string& hashes) {
  const std::string to_sign = std::string(algorithm) + "\n" + identity_.timestamp + "\n" +
                              identity_.scope + "\n" + previous_signature_ + "\n" + hashes;
  previous_signature_ = ToHex(HmacSha256(identity_.signing_key, to_sign));
  if (previous_signature_ == given) return true;
  signature_failed_ = true;
  return Fail();
}

bool AwsChunkedBody::BeginChunk() {
  const std::optional<std::string> line = ReadLine();
  if (!line) return Fail();
  char* end = nullptr;
  left_ = std::strtoull(line->c_str(), &end, 16);
  if (end == line->c_str()) return Fail();
  constexpr std::string_view kField = ";chunk-signature=";
  if (signed_) {
    if (!HasPrefix(end, kField)) return Fail();
    chunk_signature_ = std::string_view(end).substr(kField.size());
    chunk_.clear();
  }
  if (left_ > 0) return true;
  ended_ = true;
  return EndChunk() && ReadTrailers();
}

bool AwsChunkedBody::EndChunk() {
  return !signed_ || VerifySignature("AWS4-HMAC-SHA256-PAYLOAD", chunk_signature_,
                                     ToHex(Sha256("")) + "\n" + ToHex(Sha256(chunk_)));
}

bool AwsChunkedBody::ReadTrailers() {
  std::string canonical, signature;
  while (true) {
    const std::optional<std::string> line = ReadLine();
    // The last empty line is missing in what some clients send.
    if (!line || line->empty()) break;
    const std::size_t colon = line->find(':');
    if (colon == std::string::npos) return Fail();
    std::string name = LowerCase(line->substr(0, colon));
    std::string value(Trim(std::string_view(*line).substr(colon + 1)));
    if (name == "x-amz-trailer-signature") {
      signature = value;
      continue;
    }
    canonical += name + ":" + value + "\n";
    trailers_.emplace_back(std::move(name), std::move(value));
  }
  // Whatever follows would be read as the next request.
  std::byte rest;
  while (wire_.Read({&rest, 1}) > 0) {
  }
  if (!signed_ || !identity_.payload_hash.ends_with("-TRAILER")) return true;
  return VerifySignature("AWS4-HMAC-SHA256-TRAILER", signature, ToHex(Sha256(canonical)));
}

std::ptrdiff_t AwsChunkedBody::Read(std::span<std::byte> target) {
  if (failed_) return -1;
  if (ended_) return 0;
  if (left_ == 0) {
    if (!BeginChunk()) return -1;
    if (ended_) return 0;
  }
  if (used_ == buffer_.size() && !FillBuffer()) return Fail(), -1;
  const std::size_t count =
      std::min({target.size(), static_cast<std::size_t>(left_), buffer_.size() - used_});
  std::memcpy(target.data(), buffer_.data() + used_, count);
  if (signed_) chunk_.append(buffer_, used_, count);
  used_ += count;
  left_ -= count;
  if (left_ == 0) {
    const std::optional<std::string> line = ReadLine();
    if (!line || !line->empty() || !EndChunk()) return Fail(), -1;
  }
  return static_cast<std::ptrdiff_t>(count);
}

}  // namespace fakecloud
