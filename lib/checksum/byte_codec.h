#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "godwit/digest.h"
#include "godwit/object_meta.h"

namespace godwit {

// Appends numbers and strings to a row of bytes. Pure.
class ByteEncoder {
 public:
  void Byte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  // 7 bits a byte, low ones first.
  void Number(std::uint64_t value);
  // Small magnitudes of either sign take few bytes.
  void Signed(std::int64_t value);
  // Length, then bytes.
  void String(std::string_view value);
  void Raw(std::span<const std::uint8_t> bytes);
  // Ends the row with a CRC32C over `key` and everything so far.
  std::string Seal(std::string_view key) &&;

 private:
  std::string bytes_;
};

// Reads what ByteEncoder wrote. A read beyond the end, or of something malformed, gives zero or
// nothing and makes ok() false for good. Views point into the row.
class ByteDecoder {
 public:
  // Not ok from the start if the seal does not fit `key` and `row`.
  ByteDecoder(std::string_view key, std::string_view row);

  std::uint8_t Byte();
  std::uint64_t Number();
  std::int64_t Signed();
  std::string_view String();
  std::span<const std::uint8_t> Raw(std::size_t size);

  bool ok() const { return ok_; }
  // True if all was read and nothing is left.
  bool Complete() const { return ok_ && rest_.empty(); }

 private:
  bool ok_ = true;
  std::string_view rest_;
};

// Digits first, then the time in units of the last digit: a time of whole seconds takes 6 bytes.
void EncodeTime(ByteEncoder& out, const PreciseTime& time);
std::optional<PreciseTime> DecodeTime(ByteDecoder& in);

void EncodeDigests(ByteEncoder& out, const DigestSet& digests);
// False, as of any read beyond the end, where it is malformed.
bool DecodeDigests(ByteDecoder& in, DigestSet& digests);

}  // namespace godwit
