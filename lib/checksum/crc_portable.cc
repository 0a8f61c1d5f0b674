#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "lib/checksum/crc.h"
#include "lib/checksum/crc_polynomial.h"

namespace godwit::internal {
namespace {

// Slicing by 8: entry [k][b] is the effect of byte b with k more bytes behind it.
template <typename Word>
using SlicingTable = std::array<std::array<Word, 256>, 8>;

template <typename Word, typename Field>
constexpr SlicingTable<Word> MakeTable() {
  SlicingTable<Word> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    Word state = byte;
    for (int bit = 0; bit < 8; ++bit) state = Field::TimesX(state);
    table[0][byte] = state;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const Word before = table[k - 1][byte];
      table[k][byte] = static_cast<Word>(before >> 8) ^ table[0][before & 0xFF];
    }
  }
  return table;
}

constexpr SlicingTable<std::uint64_t> kCrc64Table = MakeTable<std::uint64_t, Crc64NvmeField>();
constexpr SlicingTable<std::uint32_t> kCrc32Table = MakeTable<std::uint32_t, Crc32cField>();

std::uint64_t LoadLittleEndian(std::span<const std::byte, 8> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  return value;
}

template <typename Word>
Word Slice(const SlicingTable<Word>& table, Word crc, std::span<const std::byte> bytes) {
  Word state = static_cast<Word>(~crc);
  while (bytes.size() >= 8) {
    const std::uint64_t mixed = state ^ LoadLittleEndian(bytes.first<8>());
    state = table[7][mixed & 0xFF] ^ table[6][(mixed >> 8) & 0xFF] ^
            table[5][(mixed >> 16) & 0xFF] ^ table[4][(mixed >> 24) & 0xFF] ^
            table[3][(mixed >> 32) & 0xFF] ^ table[2][(mixed >> 40) & 0xFF] ^
            table[1][(mixed >> 48) & 0xFF] ^ table[0][mixed >> 56];
    bytes = bytes.subspan(8);
  }
  for (const std::byte byte : bytes) {
    const auto index = (state ^ std::to_integer<Word>(byte)) & 0xFF;
    state = static_cast<Word>(state >> 8) ^ table[0][index];
  }
  return static_cast<Word>(~state);
}

}  // namespace

std::uint64_t Crc64NvmePortable(std::uint64_t crc, std::span<const std::byte> bytes) {
  return Slice(kCrc64Table, crc, bytes);
}

std::uint32_t Crc32cPortable(std::uint32_t crc, std::span<const std::byte> bytes) {
  return Slice(kCrc32Table, crc, bytes);
}

}  // namespace godwit::internal
