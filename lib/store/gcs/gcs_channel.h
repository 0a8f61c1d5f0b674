#pragma once

#include <string>
#include <string_view>

#include "godwit/call_context.h"
#include "godwit/result.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/http/json_reader.h"
#include "lib/http/transport.h"
#include "lib/store/gcs/gcs_config.h"
#include "lib/store/gcs/gcs_wire.h"

namespace godwit {

// The way of requests to one bucket: endpoint, token, transport, and a look at the answer.
//
// A request whose token the service rejects is sent once more with another one. Redirects are
// never followed: the JSON API sends none. Safe from any thread. Borrows transport, clock and log.
class GcsChannel {
 public:
  GcsChannel(GcsConfig config, HttpTransport& transport, const Clock& clock, Log& log);

  const GcsConfig& config() const { return config_; }
  Log& log() { return log_; }

  // A whole answer, of any status, and what its error body says. Fails only where there is none
  // and where no request could be made.
  struct Answer {
    HttpResponse response;
    GcsError error;
    bool ok() const { return response.status >= 200 && response.status < 300; }
  };
  Result<Answer> Exchange(const CallContext& context, GcsRequest& request);

  // Exchange, with every status but 2xx as a failure.
  Result<HttpResponse> Send(const CallContext& context, GcsRequest& request);
  // Send, for answers that are JSON.
  Result<JsonValue> SendForJson(const CallContext& context, GcsRequest& request);
  // The JSON of an answer that came already.
  Result<JsonValue> ReadJsonAnswer(const GcsRequest& request, const HttpResponse& response) const;

  // The failure that an answer which is no success means. Where a 404 does not say what is missing
  // the bucket is asked for.
  Status Failure(const CallContext& context, const GcsRequest& request, const Answer& answer);
  // Adds operation and object to a failure, and that a change may have happened all the same if
  // it is a broken answer.
  Status Explain(const GcsRequest& request, Status status) const;
  // kContainerNotFound if the service says that the bucket is missing; otherwise success, or why
  // it cannot be told.
  Status CheckBucket(const CallContext& context);

  // "gs://bucket/key".
  std::string ObjectName(std::string_view key) const;
  std::string BucketName() const;

 private:
  Result<HttpResponse> SendOnce(const CallContext& context, const GcsRequest& request,
                                const Secret* token) const;

  const GcsConfig config_;
  HttpTransport& transport_;
  const Clock& clock_;
  Log& log_;
};

}  // namespace godwit
