#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "godwit/byte_stream.h"
#include "godwit/digest.h"
#include "godwit/result.h"
#include "godwit/store_messages.h"
#include "lib/store/azure/azure_wire.h"

namespace godwit {

// The body of one blob or block, ready to send. Borrows the source. One thread at a time.
//
// The service is given the CRC64 beforehand where it is known or the body lies in memory, else the
// MD5 if that is known. Other bodies are taken to be readable once: they are hashed as they pass,
// so that what the service says of them afterwards can be compared.
class AzureBody {
 public:
  // `known` is believed.
  AzureBody(ByteSource& source, const DigestSet& known);
  ~AzureBody();

  // Sets body and digest headers of a request that has none of them.
  void AttachTo(AzureRequest& request) const;
  // The CRC64 that the service was given.
  std::optional<std::uint64_t> sent_crc() const { return sent_crc_; }
  // The CRC64, also of a body that has passed whole.
  std::optional<std::uint64_t> crc() const;

  // What a successful answer proves: by the digest that was sent, or by the one that the answer
  // tells. Fails with kCorrupted if that is of other bytes.
  Result<WriteProof> Judge(const HttpHeaders& headers) const;

 private:
  class HashingSource;
  ByteSource& source_;
  std::optional<std::uint64_t> sent_crc_;
  std::optional<Digest> sent_md5_;
  std::unique_ptr<HashingSource> hashing_;
};

}  // namespace godwit
