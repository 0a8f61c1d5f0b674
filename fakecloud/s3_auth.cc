#include "fakecloud/s3_auth.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "fakecloud/digests.h"
#include "fakecloud/encoding.h"

namespace fakecloud {
namespace {

constexpr std::int64_t kSkewSecondsMax = 15 * 60;
constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

// The parts of a signature, wherever they were found.
struct Claim {
  bool presigned = false;
  std::string credential;
  std::string signed_headers;
  std::string signature;
  std::string timestamp;
  std::string payload_hash;
  std::string session_token;
  std::string expires;

  // From the credential.
  std::string access_key, date, region, service, terminator;
  std::string scope() const { return date + "/" + region + "/" + service + "/" + terminator; }
};

S3Error Malformed(const Claim& claim, std::string message) {
  if (claim.presigned)
    return {400, "AuthorizationQueryParametersError", std::move(message), {}, {}};
  return {400,
          "AuthorizationHeaderMalformed",
          "The authorization header is malformed; " + std::move(message),
          {},
          {}};
}

S3Result<Claim> ReadHeader(const Request& request) {
  Claim claim;
  std::string_view text = request.headers.Get("authorization");
  if (!HasPrefix(text, kAlgorithm)) {
    return S3Error{400,
                   "InvalidRequest",
                   "The authorization mechanism you have provided is not supported. Please use "
                   "AWS4-HMAC-SHA256.",
                   {},
                   {}};
  }
  text.remove_prefix(kAlgorithm.size());
  for (std::string_view field : Split(text, ',')) {
    field = Trim(field);
    if (HasPrefix(field, "Credential=")) claim.credential = field.substr(11);
    if (HasPrefix(field, "SignedHeaders=")) claim.signed_headers = field.substr(14);
    if (HasPrefix(field, "Signature=")) claim.signature = field.substr(10);
  }
  if (claim.credential.empty() || claim.signed_headers.empty() || claim.signature.empty()) {
    return Malformed(claim,
                     "the authorization header requires three components: Credential, "
                     "SignedHeaders, and Signature.");
  }
  claim.timestamp = request.headers.Get("x-amz-date");
  claim.session_token = request.headers.Get("x-amz-security-token");
  const std::string* hash = request.headers.Find("x-amz-content-sha256");
  if (hash == nullptr) {
    return InvalidRequest("Missing required header for this request: x-amz-content-sha256");
  }
  claim.payload_hash = *hash;
  return claim;
}

S3Result<Claim> ReadQuery(const QueryParams& query) {
  Claim claim;
  claim.presigned = true;
  claim.credential = query.Get("X-Amz-Credential");
  claim.signed_headers = query.Get("X-Amz-SignedHeaders");
  claim.signature = query.Get("X-Amz-Signature");
  claim.timestamp = query.Get("X-Amz-Date");
  claim.expires = query.Get("X-Amz-Expires");
  claim.session_token = query.Get("X-Amz-Security-Token");
  claim.payload_hash = "UNSIGNED-PAYLOAD";
  if (query.Get("X-Amz-Algorithm") != kAlgorithm) {
    return Malformed(claim, "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
  }
  if (claim.credential.empty() || claim.signed_headers.empty() || claim.signature.empty() ||
      claim.timestamp.empty() || claim.expires.empty()) {
    return Malformed(claim,
                     "Query-string authentication version 4 requires the X-Amz-Algorithm, "
                     "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
                     "X-Amz-Expires parameters.");
  }
  const std::optional<std::uint64_t> seconds = ParseDecimal(claim.expires);
  if (!seconds || *seconds == 0 || *seconds > 604'800) {
    return Malformed(claim, "X-Amz-Expires must be between 1 and 604800 seconds");
  }
  return claim;
}

// The access key may itself contain slashes, so the scope is counted from the end.
bool SplitCredential(Claim& claim) {
  std::vector<std::string_view> words = Split(claim.credential, '/');
  if (words.size() < 5) return false;
  const std::size_t at = words.size() - 4;
  claim.date = words[at];
  claim.region = words[at + 1];
  claim.service = words[at + 2];
  claim.terminator = words[at + 3];
  claim.access_key = claim.credential.substr(0, claim.credential.size() - claim.scope().size() - 1);
  return true;
}

MaybeError CheckScope(const Claim& claim, const AuthRules& rules) {
  if (claim.service != "s3") {
    return Malformed(
        claim, "incorrect service \"" + claim.service + "\". This endpoint belongs to \"s3\".");
  }
  if (claim.terminator != "aws4_request") {
    return Malformed(claim, "incorrect terminal \"" + claim.terminator +
                                "\". This endpoint uses \"aws4_request\".");
  }
  if (claim.region != rules.region) {
    return Malformed(claim, "the region '" + claim.region + "' is wrong; expecting '" +
                                std::string(rules.region) + "'")
        .With("Region", rules.region);
  }
  if (!claim.timestamp.empty() && !HasPrefix(claim.timestamp, claim.date)) {
    return Malformed(claim, "Invalid credential date \"" + claim.date +
                                "\". This date is not the same as X-Amz-Date.");
  }
  return std::nullopt;
}

MaybeError CheckTime(const Claim& claim, const AuthRules& rules) {
  const std::optional<std::int64_t> signed_at = ParseBasicTime(claim.timestamp);
  if (!signed_at) {
    return AccessDenied("AWS authentication requires a valid Date or x-amz-date header");
  }
  if (claim.presigned) {
    const auto lifetime = static_cast<std::int64_t>(*ParseDecimal(claim.expires));
    if (rules.now > *signed_at + lifetime) {
      return AccessDenied("Request has expired")
          .With("X-Amz-Expires", claim.expires)
          .With("Expires", FormatIsoTime(*signed_at + lifetime))
          .With("ServerTime", FormatIsoTime(rules.now));
    }
    if (*signed_at > rules.now + kSkewSecondsMax) return AccessDenied("Request is not yet valid");
    return std::nullopt;
  }
  if (std::abs(*signed_at - rules.now) <= kSkewSecondsMax) return std::nullopt;
  return ErrorByCode("RequestTimeTooSkewed")
      .With("RequestTime", claim.timestamp)
      .With("ServerTime", FormatIsoTime(rules.now))
      .With("MaxAllowedSkewMilliseconds", std::to_string(kSkewSecondsMax * 1000));
}

S3Result<const S3Credential*> FindCredential(const Claim& claim, const AuthRules& rules) {
  bool key_known = false;
  for (const S3Credential& credential : *rules.credentials) {
    if (credential.access_key != claim.access_key) continue;
    key_known = true;
    if (credential.session_token == claim.session_token) return &credential;
  }
  if (key_known) return ErrorByCode("InvalidToken");
  return ErrorByCode("InvalidAccessKeyId").With("AWSAccessKeyId", claim.access_key);
}

std::string CollapseSpaces(std::string_view value) {
  std::string out;
  for (char c : Trim(value)) {
    if (c != ' ' || out.empty() || out.back() != ' ') out += c;
  }
  return out;
}

std::string CanonicalHeaders(const Request& request, std::string_view signed_headers) {
  std::string out;
  for (std::string_view name : Split(signed_headers, ';')) {
    out += name;
    out += ':';
    bool first = true;
    for (const auto& [field, value] : request.headers.all()) {
      if (!EqualsIgnoringCase(field, name)) continue;
      if (!std::exchange(first, false)) out += ',';
      out += CollapseSpaces(value);
    }
    out += '\n';
  }
  return out;
}

std::string CanonicalQuery(const QueryParams& query) {
  std::vector<std::string> pairs;
  for (const auto& [name, value] : query.all()) {
    if (name == "X-Amz-Signature") continue;
    pairs.push_back(EncodeCanonical(name, false) + "=" + EncodeCanonical(value, false));
  }
  // Sorting "name=value" is not sorting by name and then value: '=' sorts after '-', '.' and
  // digits.
  std::sort(pairs.begin(), pairs.end(), [](const std::string& a, const std::string& b) {
    const std::string_view name_a = std::string_view(a).substr(0, a.find('='));
    const std::string_view name_b = std::string_view(b).substr(0, b.find('='));
    return name_a != name_b ? name_a < name_b : a < b;
  });
  std::string out;
  for (const std::string& pair : pairs) {
    if (!out.empty()) out += '&';
    out += pair;
  }
  return out;
}

std::string CanonicalRequest(const Request& request, const QueryParams& query, const Claim& claim) {
  const std::optional<std::string> path = DecodePercent(request.path, false);
  return request.method + "\n" + EncodeCanonical(path.value_or(request.path), true) + "\n" +
         CanonicalQuery(query) + "\n" + CanonicalHeaders(request, claim.signed_headers) + "\n" +
         claim.signed_headers + "\n" + claim.payload_hash;
}

MaybeError CheckSignedHeaders(const Request& request, const Claim& claim) {
  const std::vector<std::string_view> names = Split(claim.signed_headers, ';');
  const auto is_signed = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::string missing;
  if (!is_signed("host")) missing = "host";
  for (const auto& [field, value] : request.headers.all()) {
    const std::string name = LowerCase(field);
    if (!HasPrefix(name, "x-amz-") || is_signed(name)) continue;
    missing += (missing.empty() ? "" : ", ") + name;
  }
  if (missing.empty()) return std::nullopt;
  return AccessDenied("There were headers present in the request which were not signed")
      .With("HeadersNotSigned", missing);
}

// The key depends on secret, day and region only; a thread meets the same ones again and again.
const std::string& SigningKey(const S3Credential& credential, const Claim& claim) {
  thread_local std::string known, key;
  const std::string wanted = credential.secret_key + "\n" + claim.date + "\n" + claim.region;
  if (known != wanted) {
    key = HmacSha256("AWS4" + credential.secret_key, claim.date);
    key = HmacSha256(HmacSha256(HmacSha256(key, claim.region), "s3"), "aws4_request");
    known = wanted;
  }
  return key;
}

bool SameWithoutTiming(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  int difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= a[i] ^ b[i];
  return difference == 0;
}

S3Result<S3Identity> Verify(const Request& request, const QueryParams& query, Claim claim,
                            const AuthRules& rules) {
  if (!SplitCredential(claim)) {
    return Malformed(claim,
                     "the Credential is mal-formed; expecting "
                     "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
  }
  if (MaybeError error = CheckScope(claim, rules)) return *error;
  const S3Result<const S3Credential*> credential = FindCredential(claim, rules);
  if (const S3Error* error = ErrorOf(credential)) return *error;
  if (MaybeError error = CheckTime(claim, rules)) return *error;
  if (MaybeError error = CheckSignedHeaders(request, claim)) return *error;

  const std::string canonical = CanonicalRequest(request, query, claim);
  const std::string to_sign = std::string(kAlgorithm) + "\n" + claim.timestamp + "\n" +
                              claim.scope() + "\n" + ToHex(Sha256(canonical));
  const std::string& key = SigningKey(*std::get<0>(credential), claim);
  if (!SameWithoutTiming(ToHex(HmacSha256(key, to_sign)), claim.signature)) {
    return ErrorByCode("SignatureDoesNotMatch")
        .With("AWSAccessKeyId", claim.access_key)
        .With("StringToSign", to_sign)
        .With("SignatureProvided", claim.signature)
        .With("CanonicalRequest", canonical);
  }
  S3Identity identity;
  identity.access_key = claim.access_key;
  identity.session_token = claim.session_token;
  identity.payload_hash = claim.payload_hash;
  identity.signing_key = key;
  identity.scope = claim.scope();
  identity.timestamp = claim.timestamp;
  identity.signature = claim.signature;
  return identity;
}

}  // namespace

S3Result<S3Identity> Authenticate(const Request& request, const QueryParams& query,
                                  const AuthRules& rules) {
  const bool in_header = request.headers.Has("authorization");
  const bool in_query = query.Has("X-Amz-Algorithm") || query.Has("X-Amz-Signature");
  if (!in_header && !in_query) {
    S3Identity identity;
    identity.anonymous = true;
    identity.payload_hash = "UNSIGNED-PAYLOAD";
    return identity;
  }
  if (in_header && in_query) {
    return InvalidArgument(
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query "
        "parameter, Signature query string parameter or the Authorization "
        "header should be specified",
        "Authorization", request.headers.Get("authorization"));
  }
  S3Result<Claim> claim = in_header ? ReadHeader(request) : ReadQuery(query);
  if (const S3Error* error = ErrorOf(claim)) return *error;
  return Verify(request, query, std::move(std::get<Claim>(claim)), rules);
}

}  // namespace fakecloud
