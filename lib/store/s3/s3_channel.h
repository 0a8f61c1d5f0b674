#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "godwit/call_context.h"
#include "godwit/result.h"
#include "lib/auth/aws_credentials.h"
#include "lib/auth/sigv4.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/http/transport.h"
#include "lib/store/s3/s3_address.h"
#include "lib/store/s3/s3_config.h"
#include "lib/store/s3/s3_knowledge.h"
#include "lib/store/s3/s3_wire.h"
#include "lib/store/s3/s3_xml.h"

namespace godwit {

// The way of requests to one bucket: address, signature, transport, and a look at the answer.
//
// A request is sent again at most once for each cause that only S3 understands: another region or
// host, a clock that differs, credentials that have expired. What was learned (region, clock) is
// kept for the requests that follow. Safe from any thread. Borrows transport, clock and log.
class S3Channel {
 public:
  S3Channel(S3Config config, S3Route route, HttpTransport& transport, const Clock& clock, Log& log);

  const S3Config& config() const { return config_; }
  S3Knowledge& knowledge() { return knowledge_; }
  const S3Knowledge& knowledge() const { return knowledge_; }
  Log& log() { return log_; }

  // A whole answer, of any status, and what its error body says. Fails only where there is none,
  // where it cannot be Amazon's, and where no request could be made.
  struct Answer {
    HttpResponse response;
    S3Error error;
    bool ok() const { return response.status >= 200 && response.status < 300; }
  };
  Result<Answer> Exchange(const CallContext& context, S3Request& request);

  // Exchange, with every status but 2xx as a failure.
  Result<HttpResponse> Send(const CallContext& context, S3Request& request);
  // Send for answers that are the XML document `root`.
  Result<S3Document> SendForXml(const CallContext& context, S3Request& request,
                                std::string_view root, int record_depth = 2);

  // The document of an answer that came already.
  Result<S3Document> ReadXmlAnswer(const S3Request& request, const HttpResponse& response,
                                   std::string_view root, int record_depth = 2) const;

  // The failure that an answer which is no success means, with all that is known of it.
  Status Failure(const S3Request& request, const Answer& answer) const;
  // A success whose content is not S3's: adds operation and object, and that a change may have
  // happened all the same.
  Status Explain(const S3Request& request, Status status) const;

  // Whether the answer to a DELETE is S3's: 204, elsewhere than at AWS also a request id and
  // nothing else. That of a portal on the way is neither.
  Status CheckRemoved(const S3Request& request, const HttpResponse& response) const;

  // "s3://bucket/key".
  std::string ObjectName(std::string_view key) const;
  std::string BucketName() const;

  // True where the signature must cover the bytes of a body: plain http to another machine.
  bool SignsPayload() const;

  // A string that is equal for equal credentials and tells nothing about them.
  Result<std::string> CredentialSetId();

 private:
  using Credentials = std::shared_ptr<const AwsCredentials>;
  // How a request goes out, and what has been tried for it.
  struct Attempt {
    S3Route route;
    Credentials credentials;  // Null: anonymous.
    bool redirected = false;
    bool clock_set = false;
    int renewals = 0;  // Of the credentials.
  };

  Result<Credentials> CurrentCredentials(bool refresh);
  Result<HttpResponse> SendOnce(const CallContext& context, const S3Request& request,
                                const Attempt& attempt);
  Status CheckLook(const S3Request& request, const HttpResponse& response) const;

  // Each returns true if it has found a reason to send again; where it knows no way, the service's
  // own answer stands. Only a redirect that must not be followed is a failure.
  Result<bool> TryRedirect(const CallContext& context, const S3Request& request,
                           const Answer& answer, Attempt& attempt);
  Result<bool> UseRegion(const std::string& region, Attempt& attempt);
  bool TryClock(const S3Request& request, const Answer& answer, Attempt& attempt);
  bool TryRefresh(const S3Request& request, const Answer& answer, Attempt& attempt);
  std::string AskRegion(const CallContext& context, const Attempt& attempt);

  S3Route CurrentRoute() const;

  const S3Config config_;
  HttpTransport& transport_;
  const Clock& clock_;
  Log& log_;
  S3Knowledge knowledge_;
  SigV4Signer signer_;
  std::atomic<std::int64_t> clock_offset_ns_{0};  // Server minus ours.

  mutable std::mutex mutex_;  // Guards what follows.
  S3Route route_;
  Credentials credentials_;
};

}  // namespace godwit
