#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fakecloud/http_message.h"
#include "fakecloud/query_params.h"
#include "fakecloud/s3_error.h"

namespace fakecloud {

struct S3Credential {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // Empty: a long-lived key.
};

// What a verified request is signed with.
struct S3Identity {
  bool anonymous = false;
  std::string access_key;
  std::string session_token;
  // The value of x-amz-content-sha256, or UNSIGNED-PAYLOAD.
  std::string payload_hash;
  // For signed chunks (see aws_chunked.h).
  std::string signing_key;
  std::string scope;
  std::string timestamp;
  std::string signature;
};

struct AuthRules {
  const std::vector<S3Credential>* credentials = nullptr;
  std::string_view region;  // That the scope must name.
  std::int64_t now = 0;     // Unix seconds.
};

// Verifies a SigV4 signature, in the Authorization header or in the query of a presigned URL.
//
// The canonical request is made from the decoded path and query, encoded again as the service
// does it: a client that encodes differently from what it sends is found out. A request without
// any signature is anonymous; whether that is enough is for the caller to decide. Pure.
S3Result<S3Identity> Authenticate(const Request& request, const QueryParams& query,
                                  const AuthRules& rules);

}  // namespace fakecloud
