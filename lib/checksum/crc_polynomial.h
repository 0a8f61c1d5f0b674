#pragma once

#include <cstdint>

namespace godwit::internal {

// Arithmetic on polynomials over GF(2) modulo that of a CRC, in the reflected form of its tables:
// the highest bit of a Word is the coefficient of x^0. The modulus stands without its leading term.
template <typename Word, Word kModulus>
struct CrcField {
  static constexpr int kBits = sizeof(Word) * 8;
  static constexpr Word kOne = Word{1} << (kBits - 1);

  static constexpr Word TimesX(Word a) {
    return static_cast<Word>((a >> 1) ^ ((a & 1) != 0 ? kModulus : 0));
  }

  static constexpr Word Multiply(Word a, Word b) {
    Word product = 0;
    for (Word bit = kOne; bit != 0; bit >>= 1) {
      if ((a & bit) != 0) product ^= b;
      b = TimesX(b);
    }
    return product;
  }

  static constexpr Word PowerOfX(int exponent) {
    Word power = kOne;
    for (int i = 0; i < exponent; ++i) power = TimesX(power);
    return power;
  }
};

using Crc64NvmeField = CrcField<std::uint64_t, 0x9A6C9329AC4BC9B5>;
using Crc32cField = CrcField<std::uint32_t, 0x82F63B78>;

}  // namespace godwit::internal
