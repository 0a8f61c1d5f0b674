// The interface of OpenSSL's that tells the state of a hash is deprecated; none has taken its
// place.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "lib/crypto/running_md5.h"

#include <openssl/md5.h>

namespace godwit {
namespace {

constexpr std::size_t kChainBytes = 16;
constexpr std::size_t kHeadBytes = kChainBytes + 8;

void PutLittle(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

std::uint64_t GetLittle(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  }
  return value;
}

MD5_CTX ContextOf(const std::array<std::uint32_t, 4>& chain, std::uint64_t size_bytes) {
  MD5_CTX context;
  MD5_Init(&context);
  context.A = chain[0];
  context.B = chain[1];
  context.C = chain[2];
  context.D = chain[3];
  const std::uint64_t bits = size_bytes << 3;
  context.Nl = static_cast<MD5_LONG>(bits & 0xffffffff);
  context.Nh = static_cast<MD5_LONG>(bits >> 32);
  return context;
}

}  // namespace

std::optional<RunningMd5> RunningMd5::After(std::string_view state) {
  if (state.size() < kHeadBytes) return std::nullopt;
  RunningMd5 md5;
  for (std::size_t i = 0; i < md5.chain_.size(); ++i) {
    md5.chain_[i] = static_cast<std::uint32_t>(GetLittle(state.substr(4 * i, 4)));
  }
  md5.size_bytes_ = GetLittle(state.substr(kChainBytes, 8));
  md5.pending_ = state.substr(kHeadBytes);
  if (md5.pending_.size() != md5.size_bytes_ % kBlockBytes) return std::nullopt;
  return md5;
}

void RunningMd5::Update(std::span<const std::byte> bytes) {
  const char* const data = reinterpret_cast<const char*>(bytes.data());
  std::string_view rest(data, bytes.size());
  size_bytes_ += rest.size();
  MD5_CTX context = ContextOf(chain_, 0);
  if (!pending_.empty()) {
    const std::string_view filling = rest.substr(0, kBlockBytes - pending_.size());
    pending_ += filling;
    rest.remove_prefix(filling.size());
    if (pending_.size() < kBlockBytes) return;
    MD5_Update(&context, pending_.data(), pending_.size());
    pending_.clear();
  }
  const std::size_t whole = rest.size() - rest.size() % kBlockBytes;
  if (whole > 0) MD5_Update(&context, rest.data(), whole);
  pending_ = rest.substr(whole);
  chain_ = {context.A, context.B, context.C, context.D};
}

std::string RunningMd5::State() const {
  std::string state;
  for (const std::uint32_t word : chain_) PutLittle(state, word, 4);
  PutLittle(state, size_bytes_, 8);
  return state + pending_;
}

Md5Bytes RunningMd5::Hash() const {
  MD5_CTX context = ContextOf(chain_, size_bytes_ - pending_.size());
  MD5_Update(&context, pending_.data(), pending_.size());
  Md5Bytes hash;
  MD5_Final(hash.data(), &context);
  return hash;
}

}  // namespace godwit
