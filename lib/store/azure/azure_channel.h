#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "godwit/call_context.h"
#include "godwit/result.h"
#include "lib/auth/token_cache.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/http/transport.h"
#include "lib/store/azure/azure_config.h"
#include "lib/store/azure/azure_wire.h"

namespace godwit {

// The way of requests to one container: address, authorisation, transport, and a look at the
// answer. A request is sent again at most once, with a fresh token, when the service refuses the
// old one. Safe from any thread. Borrows transport, clock and log.
class AzureChannel {
 public:
  // `tokens` is needed by credentials that use them, else null.
  AzureChannel(AzureConfig config, AzureRoute route, std::shared_ptr<TokenCache> tokens,
               HttpTransport& transport, const Clock& clock, Log& log);

  const AzureConfig& config() const { return config_; }
  const AzureRoute& route() const { return route_; }
  Log& log() { return log_; }

  // A whole answer, of any status, and what its error says. Fails only where there is none, where
  // it cannot be Azure's, and where no request could be made.
  struct Answer {
    HttpResponse response;
    AzureError error;
    bool ok() const { return response.status >= 200 && response.status < 300; }
  };
  Result<Answer> Exchange(const CallContext& context, AzureRequest& request);

  // Exchange, with every status but 2xx as a failure.
  Result<HttpResponse> Send(const CallContext& context, AzureRequest& request);

  // The failure that an answer which is no success means, with all that is known of it.
  Status Failure(const AzureRequest& request, const Answer& answer) const;
  // A success whose content is not Azure's, or another failure of our own: adds operation and
  // object, and that a change may have happened all the same.
  Status Explain(const AzureRequest& request, Status status) const;

  // The headers that authorise one request inside of a batch, and its path with query.
  struct SubRequest {
    std::string target;
    HttpHeaders headers;
  };
  Result<SubRequest> MakeSubRequest(const CallContext& context, const AzureRequest& request);

  // The URL of a copy's source, which the service reads by itself, with what lets it do so; adds a
  // header to `request` where a token does.
  Result<std::string> CopySourceUrl(const CallContext& context, const CopySource& source,
                                    AzureRequest& request);

  // "az://container/key".
  std::string ObjectName(std::string_view key) const;
  std::string ContainerName() const;

 private:
  void Authorize(const AzureRequest& request, std::string_view path, const Secret& token,
                 HttpHeaders& headers) const;
  std::string PathOf(const AzureRequest& request) const;
  std::string QueryOf(const AzureRequest& request) const;
  Result<HttpResponse> SendOnce(const CallContext& context, const AzureRequest& request,
                                const Secret& token);
  Result<Secret> CurrentToken(const CallContext& context);
  void RedactToken(const Secret& token);
  Status CheckLook(const AzureRequest& request, const HttpResponse& response) const;

  const AzureConfig config_;
  const AzureRoute route_;
  const std::shared_ptr<TokenCache> tokens_;
  HttpTransport& transport_;
  const Clock& clock_;
  Log& log_;
  std::mutex mutex_;  // Guards redacted_.
  Secret redacted_;   // The token that the log was told last.
};

}  // namespace godwit
