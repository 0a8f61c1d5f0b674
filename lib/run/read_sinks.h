#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "godwit/byte_stream.h"
#include "godwit/digest.h"
#include "godwit/object_meta.h"
#include "lib/checksum/content_hasher.h"
#include "lib/crypto/md5.h"
#include "lib/crypto/running_md5.h"
#include "lib/crypto/sha256.h"

// Sinks that hash what a store reads. One thread at a time.

namespace godwit {

// Takes the bytes [first, first + buffer size) of an object into `buffer` and hashes them. More
// bytes, or bytes out of order, end the read with kCorrupted; a read that begins again is hashed
// anew.
class BufferSink final : public ByteSink {
 public:
  BufferSink(std::uint64_t first, std::span<std::byte> buffer) : first_(first), buffer_(buffer) {}

  Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override;
  std::span<std::byte> Room(std::uint64_t offset, std::size_t size_bytes) override;

  bool full() const { return hasher_.sum().size_bytes == buffer_.size(); }
  const ContentSum& sum() const { return hasher_.sum(); }

 private:
  const std::uint64_t first_;
  const std::span<std::byte> buffer_;
  ContentHasher hasher_;
};

// Hashes the bytes of one part of an object in a RunningMd5 that others began. Does nothing where
// that is not asked for.
class PartMd5 {
 public:
  // `before`: see TransferPartCommand.
  PartMd5(std::uint64_t first, const std::optional<std::string>& before);

  // A read that begins again at the first byte is hashed anew. What is out of order was refused.
  void Write(std::uint64_t offset, std::span<const std::byte> bytes);
  // The state behind what was written; empty where none was asked for.
  std::string State() const;

 private:
  const std::uint64_t first_;
  std::optional<RunningMd5> before_;
  std::optional<RunningMd5> md5_;
};

// Hashes the bytes of a whole object, or of a range from `first`, and keeps none.
class HashSink final : public ByteSink {
 public:
  HashSink(std::uint64_t first, bool want_md5, bool want_sha256);

  Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override;

  const ContentSum& sum() const { return hasher_.sum(); }
  // All digests of the bytes so far; ends the hashing.
  DigestSet Finish();

 private:
  void Restart();

  const std::uint64_t first_;
  const bool want_md5_;
  const bool want_sha256_;
  ContentHasher hasher_;
  std::unique_ptr<Md5Hasher> md5_;
  std::unique_ptr<Sha256Hasher> sha256_;
};

// What was read against what the source's own answers say of it: kCorrupted if a digest that both
// know differs. `checked` becomes true if one was compared.
Status CheckSource(const DigestSet& read, const DigestSet& told, bool& checked);

// What both answers of a source, the listing and the read itself, say of its content; the later one
// counts. See DigestsToMeet.
DigestSet ToldDigests(const DigestSet& listed, const ObjectMeta& read);

// True if MD5 is the only digest of `told` that could be compared: MD5 costs more than all the
// rest of a transfer, so that it is computed for nothing else.
bool NeedsMd5(const DigestSet& told);

}  // namespace godwit
