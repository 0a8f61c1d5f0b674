#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "godwit/digest.h"
#include "godwit/result.h"
#include "godwit/status.h"
#include "godwit/store_messages.h"
#include "lib/crypto/md5.h"
#include "lib/crypto/sha256.h"

namespace godwit {

// Compares bytes, as they pass, with the digests that a caller expects of them. XXH3 is not
// compared: that of an object is a hash of chunk hashes. One thread at a time.
class DigestCheck {
 public:
  // How much to compare: every digest given, or only the cheapest of them.
  enum class Extent { kAll, kCheapest };

  explicit DigestCheck(const DigestSet& expected, Extent extent = Extent::kAll);

  void Update(std::span<const std::byte> bytes);

  // Ends the check. Fails with kCorrupted, naming the digest, if one differs. On success
  // confirmed() and proof() tell what was compared.
  Status Finish();

  const DigestSet& confirmed() const { return confirmed_; }
  WriteProof proof() const;

 private:
  Status Compare(const Digest& computed);

  DigestSet expected_;  // Those to compare.
  DigestSet confirmed_;
  std::optional<std::uint64_t> crc64nvme_;
  std::optional<std::uint32_t> crc32c_;
  std::optional<Md5Hasher> md5_;
  std::optional<Sha256Hasher> sha256_;
};

}  // namespace godwit
