#include "godwit/digest.h"

#include <algorithm>
#include <cassert>

#include "lib/base/text.h"

namespace godwit {
namespace {

template <typename Integer>
Digest FromInteger(DigestKind kind, Integer value) {
  std::array<std::uint8_t, sizeof(Integer)> bytes;
  for (std::size_t i = sizeof(Integer); i-- > 0; value = static_cast<Integer>(value >> 8)) {
    bytes[i] = static_cast<std::uint8_t>(value);
  }
  return Digest(kind, bytes);
}

std::uint64_t ToInteger(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

struct KindName {
  DigestKind kind;
  std::string_view name;
  std::size_t size;
};
constexpr std::array<KindName, 5> kKinds{{
    {DigestKind::kCrc64Nvme, "crc64nvme", 8},
    {DigestKind::kCrc32c, "crc32c", 4},
    {DigestKind::kMd5, "md5", 16},
    {DigestKind::kSha256, "sha256", 32},
    {DigestKind::kXxh3, "xxh3", 16},
}};

}  // namespace

std::size_t DigestSize(DigestKind kind) { return kKinds[static_cast<std::size_t>(kind)].size; }

std::string_view DigestName(DigestKind kind) { return kKinds[static_cast<std::size_t>(kind)].name; }

std::optional<DigestKind> DigestKindFromName(std::string_view name) {
  for (const KindName& entry : kKinds) {
    if (entry.name == name) return entry.kind;
  }
  return std::nullopt;
}

Digest::Digest(DigestKind kind, std::span<const std::uint8_t> bytes) : kind_(kind) {
  assert(bytes.size() == DigestSize(kind));
  std::copy_n(bytes.begin(), std::min(bytes.size(), bytes_.size()), bytes_.begin());
}

Digest Digest::Crc64Nvme(std::uint64_t value) { return FromInteger(DigestKind::kCrc64Nvme, value); }

Digest Digest::Crc32c(std::uint32_t value) { return FromInteger(DigestKind::kCrc32c, value); }

std::uint64_t Digest::crc64nvme() const {
  assert(kind_ == DigestKind::kCrc64Nvme);
  return ToInteger(bytes());
}

std::uint32_t Digest::crc32c() const {
  assert(kind_ == DigestKind::kCrc32c);
  return static_cast<std::uint32_t>(ToInteger(bytes()));
}

std::string Digest::hex() const {
  const std::span<const std::uint8_t> all = bytes();
  return HexEncode(std::string(all.begin(), all.end()));
}

DigestSet::DigestSet(std::initializer_list<Digest> digests) {
  for (const Digest& digest : digests) Set(digest);
}

void DigestSet::Set(const Digest& digest) {
  const auto place =
      std::lower_bound(digests_.begin(), digests_.end(), digest,
                       [](const Digest& a, const Digest& b) { return a.kind() < b.kind(); });
  if (place != digests_.end() && place->kind() == digest.kind()) {
    *place = digest;
  } else {
    digests_.insert(place, digest);
  }
}

const Digest* DigestSet::Find(DigestKind kind) const {
  for (const Digest& digest : digests_) {
    if (digest.kind() == kind) return &digest;
  }
  return nullptr;
}

std::optional<DigestKind> DigestSet::Common(const DigestSet& a, const DigestSet& b) {
  static constexpr DigestKind kStrongestFirst[] = {DigestKind::kSha256, DigestKind::kCrc64Nvme,
                                                   DigestKind::kXxh3, DigestKind::kMd5,
                                                   DigestKind::kCrc32c};
  for (const DigestKind kind : kStrongestFirst) {
    if (a.Find(kind) != nullptr && b.Find(kind) != nullptr) return kind;
  }
  return std::nullopt;
}

}  // namespace godwit
