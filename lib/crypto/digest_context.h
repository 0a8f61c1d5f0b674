#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

struct evp_md_ctx_st;

namespace godwit::internal {

enum class HashName : std::uint8_t { kSha256, kMd5 };

// One running hash of OpenSSL, shared by the hashers of this folder. Movable, not copyable; a
// moved-from one may only be destroyed or assigned to. One thread at a time.
//
// Hashing memory does not fail in practice; an OpenSSL that cannot do it (out of memory, no
// provider) ends the program with OpenSSL's own message on stderr.
class DigestContext {
 public:
  explicit DigestContext(HashName name);

  void Update(std::span<const std::byte> bytes);
  // Writes the hash of all bytes since the beginning or the last Finish, and begins anew. `out`
  // must have exactly the size of the hash.
  void Finish(std::span<std::uint8_t> out);

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };

  void Begin();

  HashName name_;
  bool begun_ = false;  // Of the hash; lets a finished context rest without work.
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// Hashes `bytes` with this thread's own context, so that small inputs cost no allocation.
void HashOnce(HashName name, std::span<const std::byte> bytes, std::span<std::uint8_t> out);

// Ends the program with OpenSSL's pending error unless `ok`.
void CheckOpenSsl(bool ok, const char* operation);

}  // namespace godwit::internal
