#include "lib/store/s3/s3_channel.h"

#include <chrono>
#include <utility>

#include "lib/base/text.h"
#include "lib/crypto/sha256.h"
#include "lib/http/url.h"
#include "lib/store/call_check.h"
#include "lib/store/s3/s3_framing.h"
#include "lib/store/service_errors.h"

namespace godwit {
namespace {

constexpr std::uint64_t kExpectContinueBytes = 1 << 20;
// S3 refuses a difference of a quarter of an hour. A smaller one is no reason to blame the clock.
constexpr std::chrono::minutes kSkewMin{5};
// New credentials are asked for this long before the old ones end.
constexpr std::chrono::minutes kRefreshBefore{10};

std::string_view HeaderOf(const HttpResponse& response, std::string_view name) {
  return response.headers.Find(name).value_or("");
}

bool IsRedirect(int status) { return status >= 301 && status <= 308 && status != 304; }

// The answer names, or may come from, another region than the signature did.
bool MayBeOtherRegion(const S3Request& request, const S3Channel::Answer& answer) {
  if (answer.response.status == 301) return true;
  if (answer.response.status != 400) return false;
  return answer.error.code == "AuthorizationHeaderMalformed" ||
         answer.error.code == "IllegalLocationConstraintException" || request.errors.head;
}

}  // namespace

S3Channel::S3Channel(S3Config config, S3Route route, HttpTransport& transport, const Clock& clock,
                     Log& log)
    : config_(std::move(config)),
      transport_(transport),
      clock_(clock),
      log_(log),
      knowledge_(PromisesOfHost(route.host), config_.checksum),
      route_(std::move(route)) {}

S3Route S3Channel::CurrentRoute() const {
  const std::lock_guard lock(mutex_);
  return route_;
}

bool S3Channel::SignsPayload() const {
  const std::lock_guard lock(mutex_);
  return !route_.is_https && !route_.is_loopback;
}

std::string S3Channel::BucketName() const {
  return config_.name.empty() ? "s3://" + config_.bucket : config_.name;
}

std::string S3Channel::ObjectName(std::string_view key) const {
  std::string name = BucketName();
  return key.empty() ? name : name.append("/").append(key);
}

Result<S3Channel::Credentials> S3Channel::CurrentCredentials(bool refresh) {
  Credentials current;
  {
    const std::lock_guard lock(mutex_);
    current = credentials_;
  }
  const Timestamp now = clock_.WallNow();
  const bool ending = current != nullptr && current->expires.has_value() &&
                      *current->expires < now + kRefreshBefore;
  if (current != nullptr && !refresh && !ending) return current;
  Result<AwsCredentials> found = config_.credentials->Get(current != nullptr);
  if (!found.ok()) {
    const bool usable = ending && !refresh && *current->expires > now;
    if (usable) return current;
    return std::move(found).status().WithOperation("sign in for").WithObject(BucketName());
  }
  log_.Redact(found->secret_access_key);
  if (!found->session_token.empty()) log_.Redact(found->session_token);
  current = std::make_shared<const AwsCredentials>(std::move(*found));
  const std::lock_guard lock(mutex_);
  credentials_ = current;
  return current;
}

Result<std::string> S3Channel::CredentialSetId() {
  if (config_.anonymous) return std::string("anonymous");
  const Result<Credentials> credentials = CurrentCredentials(false);
  if (!credentials.ok()) return credentials.status();
  const Sha256Bytes hash = Sha256((*credentials)->access_key_id);
  return HexEncode({reinterpret_cast<const char*>(hash.data()), 8});
}

Result<HttpResponse> S3Channel::SendOnce(const CallContext& context, const S3Request& request,
                                         const Attempt& attempt) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context, clock_.Now()));
  HttpRequest http;
  http.method = request.method;
  http.headers = request.headers;
  http.body = request.body;
  http.first_byte_timeout = request.first_byte_timeout;
  http.expect_continue = knowledge_.promises().is_aws && request.body != nullptr &&
                         request.body->size_bytes() >= kExpectContinueBytes;
  const std::string path = attempt.route.PathOf(request.key);
  std::optional<SignedSource> signed_body;
  if (attempt.credentials != nullptr) {
    const Timestamp now = clock_.WallNow() + std::chrono::nanoseconds(clock_offset_ns_.load());
    SigV4ChunkSigner chunks = signer_.Sign(
        {request.method, attempt.route.authority, path, request.query}, {attempt.route.region},
        *attempt.credentials, request.payload_hash, now, http.headers);
    if (request.payload_hash == kSignedChunksPayload) {
      http.body = &signed_body.emplace(*request.body, std::move(chunks));
    }
  }
  http.url = attempt.route.origin + path;
  if (!request.query.empty()) http.url.append("?").append(request.query);

  context.Count(request.request_class);
  if (context.meter != nullptr) context.meter->CountSent(request.object_bytes);
  Result<HttpResponse> response =
      transport_.Send(context, http, [&request](const HttpResponse& head) -> Result<HttpBodyPlan> {
        const bool success = head.status >= 200 && head.status < 300;
        if (success && request.choose) return request.choose(head);
        return HttpBodyPlan{};
      });
  if (response.ok()) knowledge_.SeeAnswer(response->headers);
  return response;
}

Status S3Channel::CheckLook(const S3Request& request, const HttpResponse& response) const {
  const bool success = response.status >= 200 && response.status < 300;
  // A HEAD has no error body: its 404 is believed only with the marks of S3.
  const bool bare_missing = request.errors.head && response.status == 404;
  if (!success && !bare_missing) return Status::Ok();
  const bool has_id = !HeaderOf(response, "x-amz-request-id").empty() ||
                      !HeaderOf(response, "x-amzn-requestid").empty();
  const bool is_xml = HeaderOf(response, "content-type").find("xml") != std::string_view::npos;
  const bool plausible = has_id || (!knowledge_.promises().is_aws && (success || is_xml));
  if (plausible) return Status::Ok();
  return Explain(request, Status(ErrorKind::kCorrupted, "the answer does not look like S3's")
                              .WithHttpStatus(response.status));
}

Status S3Channel::CheckRemoved(const S3Request& request, const HttpResponse& response) const {
  const bool plain = !knowledge_.promises().is_aws && response.body.empty() &&
                     !HeaderOf(response, "x-amz-request-id").empty();
  if (response.status == 204 || plain) return Status::Ok();
  return Explain(request, Status(ErrorKind::kCorrupted, "the answer does not look like S3's")
                              .WithHttpStatus(response.status));
}

Result<S3Channel::Answer> S3Channel::Exchange(const CallContext& context, S3Request& request) {
  Attempt attempt;
  attempt.route = CurrentRoute();
  if (!config_.anonymous) {
    Result<Credentials> credentials = CurrentCredentials(false);
    if (!credentials.ok()) return credentials.status();
    attempt.credentials = std::move(*credentials);
  }
  for (;;) {
    Result<HttpResponse> response = SendOnce(context, request, attempt);
    if (!response.ok()) {
      return std::move(response)
          .status()
          .WithOperation(request.operation)
          .WithObject(ObjectName(request.key));
    }
    Answer answer{std::move(*response), {}};
    GODWIT_RETURN_IF_ERROR(CheckLook(request, answer.response));
    if (answer.ok()) return answer;
    answer.error = ReadS3Error(answer.response.body);
    Result<bool> again = TryRedirect(context, request, answer, attempt);
    if (!again.ok()) return Explain(request, std::move(again).status());
    if (!*again && !TryClock(request, answer, attempt) && !TryRefresh(request, answer, attempt)) {
      return answer;
    }
  }
}

Result<HttpResponse> S3Channel::Send(const CallContext& context, S3Request& request) {
  Result<Answer> answer = Exchange(context, request);
  if (!answer.ok()) return answer.status();
  if (!answer->ok()) return Failure(request, *answer);
  return std::move(answer->response);
}

Result<S3Document> S3Channel::SendForXml(const CallContext& context, S3Request& request,
                                         std::string_view root, int record_depth) {
  Result<HttpResponse> response = Send(context, request);
  if (!response.ok()) return response.status();
  return ReadXmlAnswer(request, *response, root, record_depth);
}

Result<S3Document> S3Channel::ReadXmlAnswer(const S3Request& request, const HttpResponse& response,
                                            std::string_view root, int record_depth) const {
  Result<S3Answer> answer = ReadS3Answer(response.body, root, record_depth);
  if (!answer.ok()) return Explain(request, std::move(answer).status());
  if (answer->error.has_value()) {
    return Explain(request, MapS3Answer(response, *answer->error, request.errors));
  }
  return std::move(answer->document);
}

Status S3Channel::Failure(const S3Request& request, const Answer& answer) const {
  Status mapped = MapS3Answer(answer.response, answer.error, request.errors);
  const bool about_bucket =
      mapped.Is(ErrorKind::kContainerNotFound) || mapped.Is(ErrorKind::kUnauthenticated);
  return std::move(mapped)
      .WithOperation(request.operation)
      .WithObject(about_bucket ? BucketName() : ObjectName(request.key));
}

Status S3Channel::Explain(const S3Request& request, Status status) const {
  // A broken answer may follow upon a change.
  const bool maybe = request.errors.changes && status.Is(ErrorKind::kCorrupted);
  return std::move(status)
      .WithOperation(request.operation)
      .WithObject(ObjectName(request.key))
      .WithMaybeApplied(maybe);
}

Result<bool> S3Channel::TryRedirect(const CallContext& context, const S3Request& request,
                                    const Answer& answer, Attempt& attempt) {
  const int status = answer.response.status;
  if (attempt.redirected || (!IsRedirect(status) && !MayBeOtherRegion(request, answer))) {
    return false;
  }
  attempt.redirected = true;
  std::string region(HeaderOf(answer.response, "x-amz-bucket-region"));
  if (region.empty()) region = answer.error.region;
  const bool about_region = MayBeOtherRegion(request, answer);
  if (region.empty() && about_region && request.errors.head && IsAmazon(config_)) {
    region = AskRegion(context, attempt);
  }
  if (about_region && IsRegionName(region) && region != attempt.route.region) {
    return UseRegion(region, attempt);
  }
  std::string url(HeaderOf(answer.response, "location"));
  if (url.empty() && status == 301 && !answer.error.endpoint.empty()) {
    url = (attempt.route.is_https ? "https://" : "http://") + answer.error.endpoint;
  }
  if (!IsRedirect(status) || url.empty()) return false;
  Result<S3Route> route = RedirectedS3Route(config_, attempt.route, url, attempt.route.region);
  // Not the configured service's answer, or not one to obey.
  if (!route.ok()) return Status(ErrorKind::kCorrupted, route.status().message());
  attempt.route = std::move(*route);
  return true;
}

Result<bool> S3Channel::UseRegion(const std::string& region, Attempt& attempt) {
  if (IsAmazon(config_)) {
    Result<S3Route> route = MakeS3Route(config_, region);
    if (!route.ok()) return false;
    attempt.route = std::move(*route);
  } else {
    attempt.route.region = region;
  }
  log_.Debug("the bucket " + config_.bucket + " is in region " + region);
  const std::lock_guard lock(mutex_);
  route_ = attempt.route;
  return true;
}

std::string S3Channel::AskRegion(const CallContext& context, const Attempt& attempt) {
  S3Request request;
  request.method = HttpMethod::kHead;
  const Result<HttpResponse> response = SendOnce(context, request, attempt);
  return response.ok() ? std::string(HeaderOf(*response, "x-amz-bucket-region")) : "";
}

bool S3Channel::TryClock(const S3Request& request, const Answer& answer, Attempt& attempt) {
  const bool certain = IsClockSkew(answer.error);
  const bool possible = certain || MayBeClockSkew(answer.error) ||
                        (request.errors.head && answer.response.status == 403);
  if (attempt.clock_set || attempt.credentials == nullptr || !possible) return false;
  std::optional<PreciseTime> server = ParseHttpDate(HeaderOf(answer.response, "date"));
  if (!server.has_value()) server = ParseRfc3339(answer.error.server_time);
  if (!server.has_value()) return false;
  const std::chrono::nanoseconds offset = server->time - clock_.WallNow();
  const std::chrono::nanoseconds change =
      offset - std::chrono::nanoseconds(clock_offset_ns_.load());
  if (!certain && change < kSkewMin && change > -kSkewMin) return false;
  log_.WarnOnce("clock",
                "this machine's clock differs from the service's by " +
                    std::to_string(std::chrono::round<std::chrono::seconds>(offset).count()) +
                    " s; requests are signed with the service's time");
  clock_offset_ns_ = offset.count();
  attempt.clock_set = true;
  return true;
}

bool S3Channel::TryRefresh(const S3Request& request, const Answer& answer, Attempt& attempt) {
  if (attempt.renewals == kTokenRenewalsMax || attempt.credentials == nullptr) return false;
  // The answer to a HEAD does not say why it is 400.
  const bool silent = request.errors.head && answer.response.status == 400 &&
                      !attempt.credentials->session_token.empty();
  if (!IsExpiredToken(answer.error) && !silent) return false;
  ++attempt.renewals;
  // Another thread may have renewed them already.
  Result<Credentials> renewed = CurrentCredentials(false);
  if (renewed.ok() && (*renewed)->SameKeys(*attempt.credentials)) {
    renewed = CurrentCredentials(true);
  }
  if (!renewed.ok() || (*renewed)->SameKeys(*attempt.credentials)) return false;
  attempt.credentials = std::move(*renewed);
  return true;
}

}  // namespace godwit
