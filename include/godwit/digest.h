#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace godwit {

// Digests of whole objects. None but SHA-256 protects against an adversary.
enum class DigestKind : std::uint8_t { kCrc64Nvme, kCrc32c, kMd5, kSha256, kXxh3 };

// Size of a digest in bytes: 8, 4, 16, 32, 16.
std::size_t DigestSize(DigestKind kind);
// "crc64nvme", "crc32c", "md5", "sha256", "xxh3".
std::string_view DigestName(DigestKind kind);
std::optional<DigestKind> DigestKindFromName(std::string_view name);

// One digest; its bytes are big-endian for the CRCs, as S3 and GCS send them.
class Digest {
 public:
  // `bytes` must have DigestSize(kind) bytes.
  Digest(DigestKind kind, std::span<const std::uint8_t> bytes);
  static Digest Crc64Nvme(std::uint64_t value);
  static Digest Crc32c(std::uint32_t value);

  DigestKind kind() const { return kind_; }
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), DigestSize(kind_)}; }
  std::uint64_t crc64nvme() const;  // Only for kCrc64Nvme.
  std::uint32_t crc32c() const;     // Only for kCrc32c.
  std::string hex() const;

  bool operator==(const Digest& other) const = default;

 private:
  DigestKind kind_;
  std::array<std::uint8_t, 32> bytes_{};
};

// At most one digest of each kind, all of the same bytes.
class DigestSet {
 public:
  DigestSet() = default;
  DigestSet(std::initializer_list<Digest> digests);

  // Adds `digest`, or replaces the one of its kind.
  void Set(const Digest& digest);
  const Digest* Find(DigestKind kind) const;  // Null if there is none.
  bool empty() const { return digests_.empty(); }
  const std::vector<Digest>& all() const& { return digests_; }
  // Not of a temporary: a loop over it would read what is gone.
  void all() && = delete;

  // The strongest kind that both sets have, judged as SHA-256, CRC64NVME, XXH3, MD5, CRC32C; none
  // if they share none.
  static std::optional<DigestKind> Common(const DigestSet& a, const DigestSet& b);

  bool operator==(const DigestSet& other) const = default;

 private:
  std::vector<Digest> digests_;  // Sorted by kind.
};

}  // namespace godwit
