#include "lib/checksum/byte_codec.h"

#include <array>

#include "lib/checksum/crc.h"

namespace godwit {

namespace {

constexpr std::size_t kSealBytes = 4;

// Set in a time's first byte if its nanoseconds do not fit the digits that it claims.
constexpr std::uint8_t kAllDigits = 0x80;
constexpr int kDigitsMax = 9;

constexpr std::array<std::int64_t, kDigitsMax + 1> kNanosecondsOfDigits = {
    1'000'000'000, 100'000'000, 10'000'000, 1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};

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

void EncodeTime(ByteEncoder& out, const PreciseTime& time) {
  const std::int64_t nanoseconds = time.time.time_since_epoch().count();
  const auto digits = static_cast<std::uint8_t>(time.fraction_digits);
  const std::int64_t unit = kNanosecondsOfDigits[digits];
  const bool fits = nanoseconds % unit == 0;
  out.Byte(fits ? digits : digits | kAllDigits);
  out.Signed(fits ? nanoseconds / unit : nanoseconds);
}

std::optional<PreciseTime> DecodeTime(ByteDecoder& in) {
  const std::uint8_t first = in.Byte();
  const int digits = first & ~kAllDigits;
  const std::int64_t value = in.Signed();
  if (!in.ok() || digits > kDigitsMax) return std::nullopt;
  std::int64_t nanoseconds = value;
  const std::int64_t unit = kNanosecondsOfDigits[static_cast<std::size_t>(digits)];
  if ((first & kAllDigits) == 0 && __builtin_mul_overflow(value, unit, &nanoseconds)) {
    return std::nullopt;
  }
  return PreciseTime{Timestamp(std::chrono::nanoseconds(nanoseconds)), digits};
}

void EncodeDigests(ByteEncoder& out, const DigestSet& digests) {
  out.Byte(static_cast<std::uint8_t>(digests.all().size()));
  for (const Digest& digest : digests.all()) {
    out.Byte(static_cast<std::uint8_t>(digest.kind()));
    out.Raw(digest.bytes());
  }
}

bool DecodeDigests(ByteDecoder& in, DigestSet& digests) {
  const std::uint8_t count = in.Byte();
  for (std::uint8_t i = 0; i < count; ++i) {
    const std::uint8_t kind = in.Byte();
    if (!in.ok() || kind > static_cast<std::uint8_t>(DigestKind::kXxh3)) return false;
    const auto digest_kind = static_cast<DigestKind>(kind);
    const std::span<const std::uint8_t> bytes = in.Raw(DigestSize(digest_kind));
    if (!in.ok()) return false;
    digests.Set(Digest(digest_kind, bytes));
  }
  return in.ok();
}

}  // namespace godwit
