#include "fakecloud/digests.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <bit>
#include <cstring>

#include "fakecloud/encoding.h"

namespace fakecloud {
namespace {

// A reflected CRC with initial value and final xor of all ones, eight bytes at a time.
template <typename Word, Word kPolynomial>
class SlicedCrc {
 public:
  static Word Update(Word crc, std::span<const std::byte> bytes) {
    static const Tables kTables = MakeTables();
    Word state = ~crc;
    const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
    std::size_t left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) state = Step8(kTables, state, at);
    for (; left > 0; --left, ++at) state = kTables[0][(state ^ *at) & 255] ^ (state >> 8);
    return ~state;
  }

 private:
  using Tables = std::array<std::array<Word, 256>, 8>;

  static Tables MakeTables() {
    Tables tables{};
    for (unsigned i = 0; i < 256; ++i) {
      Word value = i;
      for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? kPolynomial : 0);
      tables[0][i] = value;
    }
    for (std::size_t t = 1; t < 8; ++t) {
      for (std::size_t i = 0; i < 256; ++i) {
        const Word before = tables[t - 1][i];
        tables[t][i] = tables[0][before & 255] ^ (before >> 8);
      }
    }
    return tables;
  }

  static Word Step8(const Tables& tables, Word state, const unsigned char* at) {
    static_assert(std::endian::native == std::endian::little);
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    word ^= state;
    Word next = 0;
    for (std::size_t i = 0; i < 8; ++i) next ^= tables[7 - i][(word >> (8 * i)) & 255];
    return next;
  }
};

constexpr std::uint32_t kCrc32Polynomial = 0xEDB88320;
constexpr std::uint32_t kCrc32cPolynomial = 0x82F63B78;
constexpr std::uint64_t kCrc64NvmePolynomial = 0x9A6C9329AC4BC9B5;
using Crc32Engine = SlicedCrc<std::uint32_t, kCrc32Polynomial>;
using Crc32cEngine = SlicedCrc<std::uint32_t, kCrc32cPolynomial>;
using Crc64Engine = SlicedCrc<std::uint64_t, kCrc64NvmePolynomial>;

template <typename Word>
std::string BigEndian(Word value) {
  std::string out(sizeof(Word), '\0');
  for (std::size_t i = 0; i < sizeof(Word); ++i) {
    out[sizeof(Word) - 1 - i] = static_cast<char>(value >> (8 * i) & 255);
  }
  return out;
}

template <typename Word>
Word FromBigEndian(std::string_view bytes) {
  Word value = 0;
  for (char c : bytes) value = static_cast<Word>(value << 8) | static_cast<unsigned char>(c);
  return value;
}

// a * b modulo the reflected polynomial; the highest bit stands for x^0.
template <typename Word>
Word MultiplyModulo(Word polynomial, Word a, Word b) {
  Word product = 0;
  for (Word mask = Word{1} << (sizeof(Word) * 8 - 1); mask != 0; mask >>= 1) {
    if (a & mask) product ^= b;
    b = b >> 1 ^ (b & 1 ? polynomial : 0);
  }
  return product;
}

template <typename Word>
Word Combine(Word polynomial, Word crc_a, Word crc_b, std::uint64_t size_b) {
  Word power = Word{1} << (sizeof(Word) * 8 - 1);       // x^0
  Word square = Word{1} << (sizeof(Word) * 8 - 1 - 8);  // x^8: one byte
  for (; size_b != 0; size_b >>= 1) {
    if (size_b & 1) power = MultiplyModulo(polynomial, power, square);
    square = MultiplyModulo(polynomial, square, square);
  }
  return MultiplyModulo(polynomial, power, crc_a) ^ crc_b;
}

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

// Fetching an algorithm by name costs more than hashing a small body, so it is done once.
const EVP_MD* Algorithm(const char* name) { return EVP_MD_fetch(nullptr, name, nullptr); }
const EVP_MD* Md5Algorithm() {
  static const EVP_MD* const kAlgorithm = Algorithm("MD5");
  return kAlgorithm;
}
const EVP_MD* Sha1Algorithm() {
  static const EVP_MD* const kAlgorithm = Algorithm("SHA1");
  return kAlgorithm;
}
const EVP_MD* Sha256Algorithm() {
  static const EVP_MD* const kAlgorithm = Algorithm("SHA256");
  return kAlgorithm;
}

std::string FinishContext(EVP_MD_CTX* context) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context, value.data(), &size);
  return std::string(reinterpret_cast<const char*>(value.data()), size);
}

std::string Hash(const EVP_MD* algorithm, std::string_view bytes) {
  thread_local const ContextPtr context(EVP_MD_CTX_new());
  EVP_DigestInit_ex(context.get(), algorithm, nullptr);
  EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
  return FinishContext(context.get());
}

std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

struct KindFacts {
  std::string_view name, element, header;
  std::size_t size;
};
constexpr std::array<KindFacts, kChecksumKinds.size()> kFacts = {{
    {"CRC32", "ChecksumCRC32", "x-amz-checksum-crc32", 4},
    {"CRC32C", "ChecksumCRC32C", "x-amz-checksum-crc32c", 4},
    {"CRC64NVME", "ChecksumCRC64NVME", "x-amz-checksum-crc64nvme", 8},
    {"SHA1", "ChecksumSHA1", "x-amz-checksum-sha1", 20},
    {"SHA256", "ChecksumSHA256", "x-amz-checksum-sha256", 32},
}};
const KindFacts& Facts(ChecksumKind kind) { return kFacts[static_cast<std::size_t>(kind)]; }

}  // namespace

std::string_view ChecksumName(ChecksumKind kind) { return Facts(kind).name; }
std::string_view ChecksumElement(ChecksumKind kind) { return Facts(kind).element; }
std::string_view ChecksumHeader(ChecksumKind kind) { return Facts(kind).header; }
std::size_t ChecksumSize(ChecksumKind kind) { return Facts(kind).size; }
bool ChecksumIsCrc(ChecksumKind kind) { return kind <= ChecksumKind::kCrc64Nvme; }

std::optional<ChecksumKind> ChecksumFromName(std::string_view name) {
  for (ChecksumKind kind : kChecksumKinds) {
    if (EqualsIgnoringCase(name, ChecksumName(kind))) return kind;
  }
  return std::nullopt;
}

std::string Md5(std::string_view bytes) { return Hash(Md5Algorithm(), bytes); }
std::string Sha256(std::string_view bytes) { return Hash(Sha256Algorithm(), bytes); }

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  std::array<unsigned char, 32> value{};
  unsigned size = 0;
  HMAC(Sha256Algorithm(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), value.data(), &size);
  return std::string(reinterpret_cast<const char*>(value.data()), size);
}

std::string Checksum(ChecksumKind kind, std::string_view bytes) {
  switch (kind) {
    case ChecksumKind::kCrc32:
      return BigEndian(Crc32Engine::Update(0, AsBytes(bytes)));
    case ChecksumKind::kCrc32c:
      return BigEndian(Crc32cEngine::Update(0, AsBytes(bytes)));
    case ChecksumKind::kCrc64Nvme:
      return BigEndian(Crc64Engine::Update(0, AsBytes(bytes)));
    case ChecksumKind::kSha1:
      return Hash(Sha1Algorithm(), bytes);
    case ChecksumKind::kSha256:
      break;
  }
  return Sha256(bytes);
}

std::string CombineCrc(ChecksumKind kind, std::string_view crc_a, std::string_view crc_b,
                       std::uint64_t size_b) {
  if (kind == ChecksumKind::kCrc64Nvme) {
    return BigEndian(Combine(kCrc64NvmePolynomial, FromBigEndian<std::uint64_t>(crc_a),
                             FromBigEndian<std::uint64_t>(crc_b), size_b));
  }
  const std::uint32_t polynomial =
      kind == ChecksumKind::kCrc32 ? kCrc32Polynomial : kCrc32cPolynomial;
  return BigEndian(Combine(polynomial, FromBigEndian<std::uint32_t>(crc_a),
                           FromBigEndian<std::uint32_t>(crc_b), size_b));
}

struct BodyHasher::Contexts {
  ContextPtr md5, sha1, sha256;

  static void Add(ContextPtr& context, const EVP_MD* algorithm, std::span<const std::byte> bytes) {
    if (!context) {
      context.reset(EVP_MD_CTX_new());
      EVP_DigestInit_ex(context.get(), algorithm, nullptr);
    }
    EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
  }
};

BodyHasher::BodyHasher() : contexts_(std::make_unique<Contexts>()) {
  Want(ChecksumKind::kCrc64Nvme);
}
BodyHasher::~BodyHasher() = default;

void BodyHasher::Want(ChecksumKind kind) { wanted_[static_cast<std::size_t>(kind)] = true; }

void BodyHasher::Update(std::span<const std::byte> bytes) {
  const auto wants = [this](ChecksumKind kind) { return wanted_[static_cast<std::size_t>(kind)]; };
  size_ += bytes.size();
  if (md5_wanted_) Contexts::Add(contexts_->md5, Md5Algorithm(), bytes);
  if (wants(ChecksumKind::kSha1)) Contexts::Add(contexts_->sha1, Sha1Algorithm(), bytes);
  if (wants(ChecksumKind::kSha256)) Contexts::Add(contexts_->sha256, Sha256Algorithm(), bytes);
  if (wants(ChecksumKind::kCrc32)) crc32_ = Crc32Engine::Update(crc32_, bytes);
  if (wants(ChecksumKind::kCrc32c)) crc32c_ = Crc32cEngine::Update(crc32c_, bytes);
  crc64_ = Crc64Engine::Update(crc64_, bytes);
}

void BodyHasher::Finish() {
  Update({});
  const auto slot = [this](ChecksumKind kind) -> std::string& {
    return values_[static_cast<std::size_t>(kind)];
  };
  if (contexts_->md5) md5_ = FinishContext(contexts_->md5.get());
  if (contexts_->sha1) slot(ChecksumKind::kSha1) = FinishContext(contexts_->sha1.get());
  if (contexts_->sha256) slot(ChecksumKind::kSha256) = FinishContext(contexts_->sha256.get());
  slot(ChecksumKind::kCrc32) = BigEndian(crc32_);
  slot(ChecksumKind::kCrc32c) = BigEndian(crc32c_);
  slot(ChecksumKind::kCrc64Nvme) = BigEndian(crc64_);
}

}  // namespace fakecloud
