#pragma once

#include <string>
#include <utility>
#include <vector>

#include "fakecloud/http_message.h"
#include "fakecloud/s3_auth.h"

namespace fakecloud {

// Decodes `aws-chunked` framing while it reads, and verifies chunk and trailer signatures where
// the payload hash says that there are some. One thread at a time.
class AwsChunkedBody final : public RequestBody {
 public:
  AwsChunkedBody(RequestBody& wire, const S3Identity& identity, std::uint64_t decoded_size);

  // -1 also for bad framing and bad signatures; see signature_failed().
  std::ptrdiff_t Read(std::span<std::byte> buffer) override;
  std::optional<std::uint64_t> announced_size() const override { return decoded_size_; }

  bool signature_failed() const { return signature_failed_; }
  // Complete once Read() has returned 0.
  const std::vector<std::pair<std::string, std::string>>& trailers() const { return trailers_; }

  static bool IsChunked(std::string_view payload_hash);

 private:
  std::optional<std::string> ReadLine();
  bool FillBuffer();
  bool BeginChunk();
  bool EndChunk();
  bool ReadTrailers();
  bool Fail();
  bool VerifySignature(std::string_view algorithm, std::string_view given,
                       const std::string& hashes);

  RequestBody& wire_;
  const S3Identity& identity_;
  const std::uint64_t decoded_size_;
  const bool signed_;
  std::string buffer_;  // Raw bytes that were read and not used.
  std::size_t used_ = 0;
  std::uint64_t left_ = 0;  // Of the chunk.
  bool ended_ = false;
  bool failed_ = false;
  bool signature_failed_ = false;
  std::string previous_signature_;
  std::string chunk_signature_;
  std::string chunk_;  // The bytes of a signed chunk, to be hashed at its end.
  std::vector<std::pair<std::string, std::string>> trailers_;
};

}  // namespace fakecloud
