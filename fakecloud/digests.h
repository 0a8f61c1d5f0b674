#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// Digests as the services compute them, independent of the client's own (see encoding.h). Values
// are raw bytes, the CRCs big-endian. MD5, SHA-1 and SHA-256 come from OpenSSL.

namespace fakecloud {

// The checksum algorithms that S3 offers and this server knows.
enum class ChecksumKind : std::uint8_t { kCrc32, kCrc32c, kCrc64Nvme, kSha1, kSha256 };
inline constexpr std::array kChecksumKinds = {ChecksumKind::kCrc32, ChecksumKind::kCrc32c,
                                              ChecksumKind::kCrc64Nvme, ChecksumKind::kSha1,
                                              ChecksumKind::kSha256};

std::string_view ChecksumName(ChecksumKind kind);     // "CRC64NVME"
std::string_view ChecksumElement(ChecksumKind kind);  // "ChecksumCRC64NVME"
std::string_view ChecksumHeader(ChecksumKind kind);   // "x-amz-checksum-crc64nvme"
std::size_t ChecksumSize(ChecksumKind kind);          // 4, 4, 8, 20, 32
bool ChecksumIsCrc(ChecksumKind kind);
std::optional<ChecksumKind> ChecksumFromName(std::string_view name);  // Without case.

std::string Md5(std::string_view bytes);
std::string Sha256(std::string_view bytes);
std::string HmacSha256(std::string_view key, std::string_view bytes);
std::string Checksum(ChecksumKind kind, std::string_view bytes);

// The CRC of A followed by B, all as raw bytes. Only for the CRC kinds.
std::string CombineCrc(ChecksumKind kind, std::string_view crc_a, std::string_view crc_b,
                       std::uint64_t size_b);

// Computes several digests of one stream. MD5 and CRC64NVME always run; the others on demand,
// asked for before the first byte. One thread at a time.
class BodyHasher {
 public:
  BodyHasher();
  ~BodyHasher();
  BodyHasher(const BodyHasher&) = delete;
  BodyHasher& operator=(const BodyHasher&) = delete;

  void Want(ChecksumKind kind);
  void SkipMd5() { md5_wanted_ = false; }
  void Update(std::span<const std::byte> bytes);
  std::uint64_t size() const { return size_; }
  // Ends the stream; call once, before the values are read.
  void Finish();
  const std::string& md5() const { return md5_; }  // Empty if skipped.
  const std::string& value(ChecksumKind kind) const {
    return values_[static_cast<std::size_t>(kind)];
  }

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
  std::array<bool, kChecksumKinds.size()> wanted_{};
  bool md5_wanted_ = true;
  std::uint64_t size_ = 0;
  std::uint32_t crc32_ = 0;
  std::uint32_t crc32c_ = 0;
  std::uint64_t crc64_ = 0;
  std::string md5_;
  std::array<std::string, kChecksumKinds.size()> values_;
};

}  // namespace fakecloud
