#pragma once

#include <cstdint>

namespace godwit::internal {

// Arithmetic on polynomials over GF(2) modulo that of a CRC, in the reflected form of its tables:
// the highest bit of a Word is the coefficient of x^0. The modulus stands without its leading term.
template <typename Word, Word kModulus>
class CrcField {
 public:
  static constexpr int kBits = sizeof(Word) * 8;
  static constexpr Word kOne = Word{1} << (kBits - 1);

  // Masks instead of branches, which no processor could foresee here.
  static constexpr Word TimesX(Word a) { return (a >> 1) ^ (kModulus & Mask(a)); }

  static constexpr Word Multiply(Word a, Word b) {
    Word product = 0;
    for (int bit = kBits - 1; bit >= 0; --bit) {
      product ^= b & Mask(a >> bit);
      b = TimesX(b);
    }
    return product;
  }

  static constexpr Word PowerOfX(int exponent) {
    Word power = kOne;
    for (int i = 0; i < exponent; ++i) power = TimesX(power);
    return power;
  }

 private:
  // All ones if the lowest bit of `a` is set, else all zeros.
  static constexpr Word Mask(Word a) { return Word{0} - (a & 1); }
};

using Crc64NvmeField = CrcField<std::uint64_t, 0x9A6C9329AC4BC9B5>;
using Crc32cField = CrcField<std::uint32_t, 0x82F63B78>;

}  // namespace godwit::internal
