#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "godwit/status.h"
#include "lib/http/transport.h"

namespace godwit {

// What S3 said of a failure: <Error> of an error body, of a 200 answer, or of one key of a batch.
struct S3Error {
  std::string code;  // Empty: there was no readable error body.
  std::string message;
  std::string region;    // Where the bucket is, if told (<Region>).
  std::string endpoint;  // Which host to ask, if told (<Endpoint>).
  std::string server_time;
  std::string request_id;
};

// What a request was about, as far as its error codes read differently.
enum class S3Subject : std::uint8_t { kBucket, kObject, kUpload };

struct S3ErrorContext {
  S3Subject subject = S3Subject::kObject;
  bool head = false;         // The answer to a HEAD never has a body.
  bool if_match = false;     // The write named a version that it replaces.
  bool conditional = false;  // The write had any condition.
  bool changes = false;      // The request writes or deletes something.
};

// The one place where S3's status codes and error codes become kinds. `status` is the HTTP status;
// for a 200 answer with an error body, and for a key of a batch, 0. Sets maybe_applied for answers
// after which a change may have happened all the same.
Status MapS3Error(int status, const S3Error& error, const S3ErrorContext& context);

// As above from a whole answer: also its request id and its wish for a pause. A HEAD's 400 without
// a request id is not S3's: kCorrupted.
Status MapS3Answer(const HttpResponse& response, const S3Error& error,
                   const S3ErrorContext& context);

// The service knows neither this checksum algorithm nor its headers (and stored nothing). False
// for a checksum that did not match.
bool RefusesChecksum(int status, const S3Error& error);
// The service knows no conditional writes.
bool RefusesCondition(int status, const S3Error& error);
// Other credentials may succeed: these have expired.
bool IsExpiredToken(const S3Error& error);
// The request's time is too far from the server's: certainly, or perhaps.
bool IsClockSkew(const S3Error& error);
bool MayBeClockSkew(const S3Error& error);

}  // namespace godwit
