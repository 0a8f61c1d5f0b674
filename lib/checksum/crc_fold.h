#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "lib/checksum/crc_polynomial.h"

// CRCs by carry-less multiplication, for the files that compile it for one instruction set each.
//
// Everything is in an anonymous namespace and nothing of the standard library is called: a function
// shared between those files would be linked once, perhaps in the form that an older processor
// cannot run.
//
// A register holds a polynomial with its highest coefficient in bit 0, as the bytes of a message
// come. Folding replaces a block that has D more bits behind it by a congruent one that is added to
// the block D bits later: with a block a * x^64 + b that is a * x^(D+64) + b * x^D. The product of
// two such 64-bit numbers comes out multiplied by x, so the constants have one x less.

namespace godwit::internal {
namespace {

// x^exponent mod P as the 64-bit number that a multiplication takes.
template <typename Field, int kExponent>
constexpr long long kFactor = static_cast<long long>(std::uint64_t{Field::PowerOfX(kExponent)}
                                                     << (64 - Field::kBits));

// One 16-byte block: the least that all processors of interest can fold.
struct Vector128 {
  using Register = __m128i;
  static Register Load(const std::byte* bytes) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  }
  static void Store(std::byte* bytes, Register a) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes), a);
  }
  static Register Pair(long long low, long long high) { return _mm_set_epi64x(high, low); }
  static Register First(long long low) { return _mm_set_epi64x(0, low); }
  static Register Xor(Register a, Register b) { return _mm_xor_si128(a, b); }
  // The block `a` moved by the distance of `k`, plus `next`.
  static Register Fold(Register a, Register k, Register next) {
    const Register low = _mm_clmulepi64_si128(a, k, 0x00);
    const Register high = _mm_clmulepi64_si128(a, k, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
  }
};

template <typename Vector, typename Field, int kDistanceBytes>
typename Vector::Register FoldOver(typename Vector::Register a, typename Vector::Register next) {
  constexpr long long kFirst = kFactor<Field, kDistanceBytes * 8 + 63>;
  constexpr long long kSecond = kFactor<Field, kDistanceBytes * 8 - 1>;
  return Vector::Fold(a, Vector::Pair(kFirst, kSecond), next);
}

// Bytes that are still to be folded.
struct Input {
  const std::byte* bytes;
  std::size_t size;

  const std::byte* Take(std::size_t count) {
    const std::byte* const taken = bytes;
    bytes += count;
    size -= count;
    return taken;
  }
};

// Four vectors side by side, because a multiplication takes several cycles but one can start in
// each. Needs at least four vectors of input and leaves less than one.
template <typename Vector, typename Field>
__m128i FoldWide(long long state, Input& input) {
  constexpr int kWidth = sizeof(typename Vector::Register);
  constexpr int kStride = 4 * kWidth;
  const std::byte* at = input.Take(kStride);
  auto a = Vector::Xor(Vector::Load(at), Vector::First(state));
  auto b = Vector::Load(at + kWidth);
  auto c = Vector::Load(at + 2 * kWidth);
  auto d = Vector::Load(at + 3 * kWidth);
  while (input.size >= kStride) {
    at = input.Take(kStride);
    a = FoldOver<Vector, Field, kStride>(a, Vector::Load(at));
    b = FoldOver<Vector, Field, kStride>(b, Vector::Load(at + kWidth));
    c = FoldOver<Vector, Field, kStride>(c, Vector::Load(at + 2 * kWidth));
    d = FoldOver<Vector, Field, kStride>(d, Vector::Load(at + 3 * kWidth));
  }
  b = FoldOver<Vector, Field, kWidth>(a, b);
  c = FoldOver<Vector, Field, kWidth>(b, c);
  d = FoldOver<Vector, Field, kWidth>(c, d);
  while (input.size >= kWidth) {
    d = FoldOver<Vector, Field, kWidth>(d, Vector::Load(input.Take(kWidth)));
  }
  alignas(64) std::byte lanes[kWidth];
  Vector::Store(lanes, d);
  __m128i block = Vector128::Load(lanes);
  for (int i = 16; i < kWidth; i += 16) {
    block = FoldOver<Vector128, Field, 16>(block, Vector128::Load(lanes + i));
  }
  return block;
}

// Shifts `block` by the 1 to 15 bytes that are left and fills them in. At least 16 bytes must lie
// in front of the input's end.
template <typename Field>
__m128i FoldTail(__m128i block, const Input& input) {
  static constexpr signed char kShifts[48] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                              -1, -1, -1, -1, 0,  1,  2,  3,  4,  5,  6,  7,
                                              8,  9,  10, 11, 12, 13, 14, 15, -1, -1, -1, -1,
                                              -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  const auto* const shifts = reinterpret_cast<const std::byte*>(kShifts);
  const __m128i out_of_block = Vector128::Load(shifts + input.size);
  const __m128i within_block = Vector128::Load(shifts + 16 + input.size);
  const __m128i last_bytes = Vector128::Load(input.bytes + input.size - 16);
  const __m128i shifted = _mm_shuffle_epi8(block, within_block);
  return FoldOver<Vector128, Field, 16>(_mm_shuffle_epi8(block, out_of_block),
                                        _mm_blendv_epi8(last_bytes, shifted, out_of_block));
}

// The block whose CRC, from a state of 0, is that of all of `input` from `state`. Needs at least
// 16 bytes.
template <typename Vector, typename Field>
__m128i FoldToBlock(long long state, Input input) {
  __m128i block;
  if (input.size >= 4 * sizeof(typename Vector::Register)) {
    block = FoldWide<Vector, Field>(state, input);
  } else {
    block = Vector128::Xor(Vector128::Load(input.Take(16)), Vector128::First(state));
  }
  while (input.size >= 16) {
    block = FoldOver<Vector128, Field, 16>(block, Vector128::Load(input.Take(16)));
  }
  return input.size == 0 ? block : FoldTail<Field>(block, input);
}

// The bits 1..64 of floor(x^128 / P), reflected; the lowest one never matters.
constexpr long long BarrettQuotient() {
  std::uint64_t quotient = 1;
  std::uint64_t rest = Crc64NvmeField::TimesX(1);
  for (int bit = 1; bit < 64; ++bit) {
    quotient |= (rest & 1) << bit;
    rest = Crc64NvmeField::TimesX(rest);
  }
  return static_cast<long long>(quotient);
}

// block * x^64 mod P, by Barrett's reduction.
inline std::uint64_t ReduceCrc64(__m128i block) {
  constexpr long long kModulus = static_cast<long long>(Crc64NvmeField::TimesX(1) << 1 | 1);
  constexpr long long kQuotient = BarrettQuotient();
  const __m128i constants = _mm_set_epi64x(kModulus, kQuotient);
  const __m128i fold = _mm_set_epi64x(0, kFactor<Crc64NvmeField, 127>);
  const __m128i rest =
      _mm_xor_si128(_mm_clmulepi64_si128(block, fold, 0x00), _mm_srli_si128(block, 8));
  const __m128i quotient = _mm_clmulepi64_si128(rest, constants, 0x00);
  const __m128i multiple = _mm_clmulepi64_si128(quotient, constants, 0x10);
  const __m128i high = _mm_xor_si128(rest, multiple);
  return static_cast<std::uint64_t>(_mm_extract_epi64(high, 1) ^ _mm_cvtsi128_si64(quotient));
}

template <typename Vector>
std::uint64_t FoldedCrc64Nvme(std::uint64_t crc, const std::byte* bytes, std::size_t size) {
  const auto state = static_cast<long long>(~crc);
  return ~ReduceCrc64(FoldToBlock<Vector, Crc64NvmeField>(state, {bytes, size}));
}

template <typename Vector>
std::uint32_t FoldedCrc32c(std::uint32_t crc, const std::byte* bytes, std::size_t size) {
  const __m128i block = FoldToBlock<Vector, Crc32cField>(std::uint32_t{~crc}, {bytes, size});
  const auto low = static_cast<unsigned long long>(_mm_cvtsi128_si64(block));
  const auto high = static_cast<unsigned long long>(_mm_extract_epi64(block, 1));
  return ~static_cast<std::uint32_t>(_mm_crc32_u64(_mm_crc32_u64(0, low), high));
}

}  // namespace
}  // namespace godwit::internal
