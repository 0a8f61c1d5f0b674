#include "fakecloud/s3_service.h"

#include <array>
#include <atomic>
#include <ctime>

#include "fakecloud/encoding.h"
#include "fakecloud/s3_listing.h"

namespace fakecloud {
namespace {

constexpr std::size_t kKeyBytesMax = 1024;

std::string NextRequestId() {
  static std::atomic<std::uint64_t> count{0};
  std::string id = Storage::OpaqueId(++count + 0xF00D, 16);
  for (char& c : id) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (c == '.' || c == '_') c = '0';
  }
  return id;
}

// The bucket that a Host header names; empty if the path does.
std::string_view BucketOfHost(std::string_view host, std::string_view region) {
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos) host = host.substr(0, colon);
  const std::array<std::string, 3> suffixes = {".s3.localhost", ".s3.amazonaws.com",
                                               ".s3." + std::string(region) + ".amazonaws.com"};
  for (const std::string& suffix : suffixes) {
    if (host.size() > suffix.size() && host.ends_with(suffix)) {
      return host.substr(0, host.size() - suffix.size());
    }
  }
  return {};
}

S3Error InvalidUri(std::string_view path) {
  return {400, "InvalidURI", "Couldn't parse the specified URI.", {{"URI", std::string(path)}}, {}};
}

bool IsRead(std::string_view operation) {
  return operation == "GetObject" || operation == "HeadObject" || operation == "ListObjects" ||
         operation == "HeadBucket";
}

std::size_t HeaderBytes(const Headers& headers) {
  std::size_t size = 0;
  for (const auto& [name, value] : headers.all()) size += name.size() + value.size() + 4;
  return size;
}

}  // namespace

MaybeError S3Service::Address(S3Call& call) const {
  std::optional<QueryParams> query = QueryParams::Parse(call.request.query);
  if (!query || !HasPrefix(call.request.path, "/")) return InvalidUri(call.request.path);
  call.query = std::move(*query);
  std::string_view rest = std::string_view(call.request.path).substr(1);
  call.bucket = BucketOfHost(call.Header("host"), options_.region);
  if (call.bucket.empty()) {
    const std::size_t slash = rest.find('/');
    std::optional<std::string> bucket = DecodePercent(rest.substr(0, slash), false);
    if (!bucket) return InvalidUri(call.request.path);
    call.bucket = std::move(*bucket);
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  }
  std::optional<std::string> key = DecodePercent(rest, false);
  if (!key || !IsUtf8(*key)) return InvalidUri(call.request.path);
  call.key = std::move(*key);
  call.operation = S3OperationOf(call.request, call.query, !call.bucket.empty(), !call.key.empty());
  if (call.operation == "ListObjects") call.page = PageOfListing(call.query);
  return std::nullopt;
}

MaybeError S3Service::Authorize(S3Call& call) {
  AuthRules rules{&options_.credentials, options_.region, call.now};
  std::string region;
  if (!call.bucket.empty()) {
    Storage::Access access = storage_.Lock();
    if (const Bucket* bucket = access.Find(call.bucket)) region = bucket->region;
  }
  if (!region.empty()) rules.region = region;
  S3Result<S3Identity> identity = Authenticate(call.request, call.query, rules);
  if (S3Error* error = std::get_if<S3Error>(&identity)) {
    if (error->code != "AuthorizationHeaderMalformed") return *error;
    return std::move(*error).WithHeader("x-amz-bucket-region", rules.region);
  }
  call.identity = std::move(std::get<S3Identity>(identity));
  if (call.identity.anonymous &&
      !(IsRead(call.operation) && options_.public_buckets.contains(call.bucket))) {
    return AccessDenied();
  }
  return std::nullopt;
}

void S3Service::MatchFaults(S3Call& call) {
  const std::string credential = call.identity.access_key + "\n" + call.identity.session_token;
  RequestFacts facts;
  facts.service = "s3";
  facts.operation = call.operation;
  facts.bucket = call.bucket;
  facts.key = call.key.empty() ? call.query.Get("prefix") : std::string_view(call.key);
  facts.page = call.page;
  facts.has_range = call.request.headers.Has("range");
  facts.credential = credential;
  call.faults = faults_.Match(facts);
}

Response S3Service::CarryOut(S3Call& call) {
  if (call.key.size() > kKeyBytesMax) {
    return ErrorResponse(call, {400,
                                "KeyTooLongError",
                                "Your key is too long",
                                {{"Size", std::to_string(call.key.size())},
                                 {"MaxSizeAllowed", std::to_string(kKeyBytesMax)}},
                                {}});
  }
  const std::string_view owner = call.Header("x-amz-expected-bucket-owner");
  if (!owner.empty() && owner != options_.account_id) return ErrorResponse(call, AccessDenied());
  S3Context context{options_, storage_};
  S3Result<Response> result = S3HandlerOf(call.operation)(context, call);
  if (const S3Error* error = ErrorOf(result)) return ErrorResponse(call, *error);
  return std::move(std::get<Response>(result));
}

Response S3Service::Answer(S3Call& call) {
  if (MaybeError error = Address(call)) return ErrorResponse(call, *error);
  counters_.CountRequest(call.operation.empty() ? "Unknown" : call.operation);
  if (call.operation.empty()) return ErrorResponse(call, ErrorByCode("MethodNotAllowed"));
  if (HeaderBytes(call.request.headers) > (8 << 10)) {
    return ErrorResponse(call, {400,
                                "RequestHeaderSectionTooLarge",
                                "Your request header section exceeds the maximum allowed size.",
                                {},
                                {}});
  }
  const MaybeError refused = Authorize(call);
  MatchFaults(call);
  std::optional<Response> instead = FaultBefore(call);
  Response response = instead   ? std::move(*instead)
                      : refused ? ErrorResponse(call, *refused)
                                : CarryOut(call);
  S3Context context{options_, storage_};
  FaultAfter(context, call, response);
  return response;
}

Response S3Service::Handle(Request& request) {
  S3Call call{request, NextRequestId(), {}, {}, {}, {}, 0, {}, {}, 0};
  call.now = static_cast<std::int64_t>(std::time(nullptr)) + options_.clock_offset_seconds;
  Response response = Answer(call);
  response.headers.Add("x-amz-request-id", call.request_id);
  response.headers.Add("x-amz-id-2", call.request_id + call.request_id + "=");
  if (options_.clock_offset_seconds != 0) {
    response.headers.Set("Date", FormatHttpTime(call.now));
  }
  counters_.CountStatus(response.status);
  return response;
}

}  // namespace fakecloud
