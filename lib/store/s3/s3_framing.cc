#include "lib/store/s3/s3_framing.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "lib/base/digest_text.h"
#include "lib/base/text.h"
#include "lib/checksum/crc.h"
#include "lib/store/s3/s3_wire.h"

namespace godwit {
namespace {

// The least that AWS allows is 8 KiB; its own example uses this.
constexpr std::uint64_t kPieceBytes = 64 << 10;
constexpr std::string_view kSignatureBegin = ";chunk-signature=";
constexpr std::size_t kSignatureBytes = 17 + 64;

std::string HexLength(std::uint64_t length) {
  std::string hex;
  for (std::uint64_t rest = length; rest != 0; rest >>= 4) hex += "0123456789abcdef"[rest & 15];
  std::reverse(hex.begin(), hex.end());
  return hex;
}

// A piece with its head and both line ends.
std::uint64_t FrameBytes(std::uint64_t length, std::size_t head_extra_bytes) {
  return HexLength(length).size() + head_extra_bytes + 2 + length + 2;
}

std::uint64_t FramedSize(std::uint64_t data_bytes, std::size_t head_extra_bytes) {
  const std::uint64_t rest = data_bytes % kPieceBytes;
  std::uint64_t size = data_bytes / kPieceBytes * FrameBytes(kPieceBytes, head_extra_bytes);
  if (rest != 0) size += FrameBytes(rest, head_extra_bytes);
  return size;
}

Status OutOfOrder() {
  return Status(ErrorKind::kInternal, "a body that can be read once was read out of order");
}

std::string TrailerText(const Digest& digest) {
  std::string text = "0\r\n";
  return text.append(ChecksumHeader(digest.kind())).append(":").append(Base64Of(digest)) +
         "\r\n\r\n";
}

Digest ZeroDigest(DigestKind kind) {
  return kind == DigestKind::kCrc64Nvme ? Digest::Crc64Nvme(0) : Digest::Crc32c(0);
}

}  // namespace

Result<std::size_t> OrderedReader::Read(std::span<std::byte> buffer) {
  const std::uint64_t left = source_.size_bytes() - offset_;
  buffer = buffer.first(std::min<std::uint64_t>(buffer.size(), left));
  if (buffer.empty()) return std::size_t{0};
  Result<std::size_t> count = source_.Read(offset_, buffer);
  if (!count.ok()) return count;
  if (*count == 0) return Status(ErrorKind::kCorrupted, "the source ended early");
  offset_ += *count;
  return count;
}

Result<std::size_t> Md5Source::Read(std::uint64_t offset, std::span<std::byte> buffer) {
  if (offset == 0 && reader_.offset() != 0) {
    reader_.Restart();
    hasher_.Finish();
    digest_.reset();
  }
  if (offset != reader_.offset()) return OutOfOrder();
  Result<std::size_t> count = reader_.Read(buffer);
  if (!count.ok()) return count;
  hasher_.Update(std::span<const std::byte>(buffer.first(*count)));
  if (reader_.offset() == size_bytes() && !digest_.has_value()) {
    digest_ = Digest(DigestKind::kMd5, hasher_.Finish());
  }
  return count;
}

FramedSource::FramedSource(ByteSource& body, std::size_t head_extra_bytes, std::size_t tail_bytes)
    : data_bytes_(body.size_bytes()),
      size_bytes_(FramedSize(data_bytes_, head_extra_bytes) + tail_bytes),
      reader_(body) {}

Result<std::size_t> FramedSource::Read(std::uint64_t offset, std::span<std::byte> buffer) {
  if (offset >= size_bytes_ || buffer.empty()) return std::size_t{0};
  if (offset == 0) {
    reader_.Restart();
    frame_.clear();
    frame_begin_ = 0;
    ended_ = false;
    OnRestart();
  }
  if (offset < frame_begin_ || offset > frame_begin_ + frame_.size()) return OutOfOrder();
  if (offset == frame_begin_ + frame_.size()) GODWIT_RETURN_IF_ERROR(NextFrame());
  const std::size_t at = offset - frame_begin_;
  const std::size_t count = std::min(buffer.size(), frame_.size() - at);
  std::memcpy(buffer.data(), frame_.data() + at, count);
  return count;
}

Status FramedSource::NextFrame() {
  if (ended_) return Status(ErrorKind::kInternal, "a framed body is longer than it was announced");
  frame_begin_ += frame_.size();
  const std::uint64_t left = data_bytes_ - reader_.offset();
  if (left == 0) {
    frame_ = OnEnd();
    ended_ = true;
    return Status::Ok();
  }
  piece_.resize(std::min(left, kPieceBytes));
  for (std::size_t done = 0; done < piece_.size();) {
    const Result<std::size_t> count = reader_.Read(std::span(piece_).subspan(done));
    if (!count.ok()) return count.status();
    done += *count;
  }
  frame_ = HexLength(piece_.size()) + OnPiece(piece_) + "\r\n";
  frame_.append(reinterpret_cast<const char*>(piece_.data()), piece_.size()).append("\r\n");
  return Status::Ok();
}

TrailerSource::TrailerSource(ByteSource& body, DigestKind kind)
    : FramedSource(body, 0, TrailerText(ZeroDigest(kind)).size()), kind_(kind) {}

void TrailerSource::OnRestart() {
  crc64nvme_ = 0;
  crc32c_ = 0;
  digest_.reset();
}

std::string TrailerSource::OnPiece(std::span<const std::byte> piece) {
  if (kind_ == DigestKind::kCrc64Nvme) {
    crc64nvme_ = Crc64Nvme(crc64nvme_, piece);
  } else {
    crc32c_ = Crc32c(crc32c_, piece);
  }
  return "";
}

std::string TrailerSource::OnEnd() {
  digest_ =
      kind_ == DigestKind::kCrc64Nvme ? Digest::Crc64Nvme(crc64nvme_) : Digest::Crc32c(crc32c_);
  return TrailerText(*digest_);
}

SignedSource::SignedSource(ByteSource& body, SigV4ChunkSigner signer)
    : FramedSource(body, kSignatureBytes, FrameBytes(0, kSignatureBytes) + 1),
      first_(signer),
      signer_(std::move(signer)) {}

std::uint64_t SignedSource::FramedBytes(std::uint64_t data_bytes) {
  return FramedSize(data_bytes, kSignatureBytes) + FrameBytes(0, kSignatureBytes) + 1;
}

void SignedSource::OnRestart() { signer_ = first_; }

std::string SignedSource::OnPiece(std::span<const std::byte> piece) {
  return std::string(kSignatureBegin) + signer_.Sign(piece);
}

std::string SignedSource::OnEnd() { return "0" + OnPiece({}) + "\r\n\r\n"; }

}  // namespace godwit
