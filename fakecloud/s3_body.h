#pragma once

#include <optional>
#include <string>
#include <variant>

#include "fakecloud/s3_call.h"

namespace fakecloud {

// The body of a write, received and verified.
struct ReceivedBody {
  Content content;
  std::string md5;        // Raw; empty if the account encrypts with KMS.
  std::string crc64nvme;  // Raw.
  // The checksum that the client gave and the bytes have; none if it gave none.
  std::optional<StoredChecksum> checksum;
  std::string etag;  // As a single PUT would get it.
};

// Receives the body of a request: plain or aws-chunked, verified against its payload hash,
// Content-MD5, checksum header or trailer, whichever are there. `extra` is computed also if the
// client does not send it. Nothing of a body that fails is kept.
S3Result<ReceivedBody> ReceiveBody(S3Context& context, S3Call& call,
                                   std::optional<ChecksumKind> extra);

// A small XML body, verified likewise. `integrity_required`: refuse one without any digest.
S3Result<std::string> ReceiveDocument(S3Call& call, bool integrity_required);

// The checksum that a request's headers carry: none, one, or a refusal.
S3Result<std::optional<StoredChecksum>> ChecksumOfHeaders(const S3Call& call);

}  // namespace fakecloud
