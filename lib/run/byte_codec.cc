#include "lib/run/byte_codec.h"

#include "lib/checksum/crc.h"

namespace godwit {

namespace {

constexpr std::size_t kSealBytes = 4;

// The key's length keeps the border between key and row from moving.
std::uint32_t SealOf(std::string_view key, std::string_view row) {
  const std::uint64_t key_size = key.size();
  std::uint32_t crc = Crc32c(0, std::as_bytes(std::span(&key_size, 1)));
  crc = Crc32c(crc, std::as_bytes(std::span(key.data(), key.size())));
  return Crc32c(crc, std::as_bytes(std::span(row.data(), row.size())));
}

}  // namespace

void ByteEncoder::Number(std::uint64_t value) {
  while (value >= 0x80) {
    Byte(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  Byte(static_cast<std::uint8_t>(value));
}

void ByteEncoder::Signed(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  Number(value < 0 ? ~(bits << 1) : bits << 1);
}

void ByteEncoder::String(std::string_view value) {
  Number(value.size());
  bytes_.append(value);
}

void ByteEncoder::Raw(std::span<const std::uint8_t> bytes) {
  for (const std::uint8_t byte : bytes) Byte(byte);
}

std::string ByteEncoder::Seal(std::string_view key) && {
  const std::uint32_t seal = SealOf(key, bytes_);
  for (std::size_t i = 0; i < kSealBytes; ++i) Byte(static_cast<std::uint8_t>(seal >> (8 * i)));
  return std::move(bytes_);
}

ByteDecoder::ByteDecoder(std::string_view key, std::string_view row) {
  ok_ = row.size() >= kSealBytes;
  if (!ok_) return;
  rest_ = row.substr(0, row.size() - kSealBytes);
  std::uint32_t seal = 0;
  for (std::size_t i = 0; i < kSealBytes; ++i) {
    seal |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(row[rest_.size() + i])) << (8 * i);
  }
  ok_ = seal == SealOf(key, rest_);
}

std::uint8_t ByteDecoder::Byte() {
  ok_ = ok_ && !rest_.empty();
  if (!ok_) return 0;
  const auto value = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return value;
}

std::uint64_t ByteDecoder::Number() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t byte = Byte();
    const std::uint64_t bits = byte & 0x7F;
    if (shift == 63 && bits > 1) break;  // Over 64 bits.
    value |= bits << shift;
    if ((byte & 0x80) == 0) return ok_ ? value : 0;
  }
  ok_ = false;
  return 0;
}

std::int64_t ByteDecoder::Signed() {
  const std::uint64_t bits = Number();
  return static_cast<std::int64_t>((bits & 1) != 0 ? ~(bits >> 1) : bits >> 1);
}

std::string_view ByteDecoder::String() {
  const std::uint64_t size = Number();
  ok_ = ok_ && size <= rest_.size();
  if (!ok_) return {};
  const std::string_view value = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return value;
}

std::span<const std::uint8_t> ByteDecoder::Raw(std::size_t size) {
  ok_ = ok_ && size <= rest_.size();
  if (!ok_) return {};
  const auto* bytes = static_cast<const std::uint8_t*>(static_cast<const void*>(rest_.data()));
  rest_.remove_prefix(size);
  return {bytes, size};
}

}  // namespace godwit
