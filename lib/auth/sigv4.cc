#include "lib/auth/sigv4.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <utility>

#include "lib/base/text.h"
#include "lib/crypto/hmac.h"
#include "lib/crypto/sha256.h"

namespace godwit {
namespace {

std::string_view AsText(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string Hex(std::span<const std::uint8_t> bytes) { return HexEncode(AsText(bytes)); }

// "20130524T000000Z".
std::string FormatAmzDate(Timestamp time) {
  std::string text = FormatRfc3339(time, 0);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

// Headers that proxies and HTTP libraries add or change, and that S3 look-alikes rewrite.
bool IsUnsigned(std::string_view name) {
  static constexpr std::array<std::string_view, 14> kNames{
      "accept-encoding",     "connection",
      "content-length",      "expect",
      "keep-alive",          "proxy-authenticate",
      "authorization",       "te",
      "proxy-authorization", "trailer",
      "transfer-encoding",   "upgrade",
      "user-agent",          "x-amzn-trace-id"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// Trimmed, with inner runs of blanks as one.
void AppendCanonicalValue(std::string& out, std::string_view value) {
  bool gap = false;
  const std::size_t begin = out.size();
  for (const char c : value) {
    if (c == ' ' || c == '\t') {
      gap = out.size() > begin;
      continue;
    }
    if (gap) out += ' ';
    gap = false;
    out += c;
  }
}

struct CanonicalHeaders {
  std::string lines;
  std::string names;  // "host;x-amz-date".
};

CanonicalHeaders Canonicalize(std::string_view authority, const HttpHeaders& headers) {
  struct Field {
    std::string name;
    std::string_view value;
  };
  std::vector<Field> fields;
  fields.reserve(headers.all().size() + 1);
  fields.push_back({"host", authority});
  for (const auto& [name, value] : headers.all()) {
    std::string lower = AsciiLower(name);
    if (!IsUnsigned(lower)) fields.push_back({std::move(lower), value});
  }
  std::stable_sort(fields.begin(), fields.end(),
                   [](const Field& a, const Field& b) { return a.name < b.name; });
  CanonicalHeaders canonical;
  canonical.lines.reserve(512);
  std::string_view last;
  for (const Field& field : fields) {
    if (field.name == last) {
      canonical.lines.back() = ',';  // Takes the place of the line's end.
    } else {
      if (!canonical.names.empty()) canonical.names += ';';
      canonical.names += field.name;
      canonical.lines.append(field.name).append(":");
    }
    AppendCanonicalValue(canonical.lines, field.value);
    canonical.lines += '\n';
    last = field.name;
  }
  return canonical;
}

std::string JoinCanonical(const SigV4Request& request, const CanonicalHeaders& headers,
                          std::string_view payload_hash) {
  std::string text;
  text.reserve(headers.lines.size() + request.path.size() + request.query.size() + 256);
  text.append(HttpMethodName(request.method)).append("\n");
  text.append(request.path.empty() ? "/" : request.path).append("\n");
  text.append(request.query).append("\n");
  text.append(headers.lines).append("\n");
  text.append(headers.names).append("\n");
  return text.append(payload_hash);
}

std::string ScopeText(std::string_view day, const SigV4Scope& scope) {
  std::string text(day);
  return text.append("/")
      .append(scope.region)
      .append("/")
      .append(scope.service)
      .append("/aws4_request");
}

// Two canonical queries as one.
std::string MergeQueries(std::string_view a, std::string_view b) {
  std::vector<std::string_view> items;
  for (std::string_view rest : {a, b}) {
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('&'), rest.size());
      items.push_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  // Items sort as their names do unless one name continues another with a byte below '=', which
  // no parameter of S3 does.
  std::sort(items.begin(), items.end());
  std::string query;
  for (const std::string_view item : items) {
    if (!query.empty()) query += '&';
    query += item;
  }
  return query;
}

}  // namespace

std::string CanonicalQuery(const QueryParameters& parameters) {
  std::vector<std::pair<std::string, std::string>> encoded;
  encoded.reserve(parameters.size());
  for (const auto& [name, value] : parameters) {
    encoded.emplace_back(PercentEncode(name, false), PercentEncode(value, false));
  }
  std::sort(encoded.begin(), encoded.end());
  std::string query;
  for (const auto& [name, value] : encoded) {
    if (!query.empty()) query += '&';
    query.append(name).append("=").append(value);
  }
  return query;
}

std::string SigV4CanonicalRequest(const SigV4Request& request, const HttpHeaders& headers,
                                  std::string_view payload_hash) {
  return JoinCanonical(request, Canonicalize(request.authority, headers), payload_hash);
}

SigV4Signer::Key SigV4Signer::SigningKey(std::string_view day, const SigV4Scope& scope,
                                         const Secret& secret) {
  std::string wanted = ScopeText(day, scope);
  const std::lock_guard lock(mutex_);
  if (cached_for_ != wanted || cached_secret_ != secret) {
    Key key = HmacSha256("AWS4" + secret.Reveal(), day);
    for (const std::string_view step :
         {scope.region, scope.service, std::string_view("aws4_request")}) {
      key = HmacSha256(key, step);
    }
    cached_key_ = key;
    cached_for_ = std::move(wanted);
    cached_secret_ = secret;
  }
  return cached_key_;
}

std::string SigV4Signer::Signature(std::string_view canonical_request, std::string_view date,
                                   std::string_view scope_text, const SigV4Scope& scope,
                                   const Secret& secret) {
  std::string to_sign = "AWS4-HMAC-SHA256\n";
  to_sign.reserve(192);
  to_sign.append(date).append("\n").append(scope_text).append("\n");
  to_sign += Hex(Sha256(canonical_request));
  return Hex(HmacSha256(SigningKey(date.substr(0, 8), scope, secret), to_sign));
}

SigV4ChunkSigner::SigV4ChunkSigner(Key key, std::string date, std::string scope_text,
                                   std::string seed)
    : key_(key),
      context_("AWS4-HMAC-SHA256-PAYLOAD\n" + std::move(date) + "\n" + std::move(scope_text) +
               "\n"),
      last_(std::move(seed)) {}

std::string SigV4ChunkSigner::Sign(std::span<const std::byte> piece) {
  std::string to_sign = context_ + last_ + "\n";
  to_sign.append(kEmptyPayloadSha256).append("\n");
  last_ = Hex(HmacSha256(key_, to_sign + Hex(Sha256(piece))));
  return last_;
}

SigV4ChunkSigner SigV4Signer::Sign(const SigV4Request& request, const SigV4Scope& scope,
                                   const AwsCredentials& credentials, std::string_view payload_hash,
                                   Timestamp now, HttpHeaders& headers) {
  const std::string date = FormatAmzDate(now);
  headers.Add("x-amz-content-sha256", payload_hash);
  headers.Add("x-amz-date", date);
  if (!credentials.session_token.empty()) {
    headers.Add("x-amz-security-token", credentials.session_token.Reveal());
  }
  const CanonicalHeaders canonical = Canonicalize(request.authority, headers);
  const std::string scope_text = ScopeText(std::string_view(date).substr(0, 8), scope);
  const std::string signature = Signature(JoinCanonical(request, canonical, payload_hash), date,
                                          scope_text, scope, credentials.secret_access_key);
  std::string authorization = "AWS4-HMAC-SHA256 Credential=";
  authorization.reserve(256);
  authorization.append(credentials.access_key_id).append("/").append(scope_text);
  authorization.append(", SignedHeaders=").append(canonical.names);
  authorization.append(", Signature=").append(signature);
  headers.Add("authorization", authorization);
  return SigV4ChunkSigner(
      SigningKey(std::string_view(date).substr(0, 8), scope, credentials.secret_access_key), date,
      scope_text, signature);
}

std::string SigV4Signer::Presign(const SigV4Request& request, const SigV4Scope& scope,
                                 const AwsCredentials& credentials, std::chrono::seconds valid,
                                 Timestamp now, const HttpHeaders& headers) {
  const std::string date = FormatAmzDate(now);
  const std::string scope_text = ScopeText(std::string_view(date).substr(0, 8), scope);
  const CanonicalHeaders canonical = Canonicalize(request.authority, headers);
  const std::string credential = credentials.access_key_id + "/" + scope_text;
  const std::string expires = std::to_string(valid.count());
  QueryParameters parameters{{"X-Amz-Algorithm", "AWS4-HMAC-SHA256"},
                             {"X-Amz-Credential", credential},
                             {"X-Amz-Date", date},
                             {"X-Amz-Expires", expires},
                             {"X-Amz-SignedHeaders", canonical.names}};
  if (!credentials.session_token.empty()) {
    parameters.emplace_back("X-Amz-Security-Token", credentials.session_token.Reveal());
  }
  const std::string query = MergeQueries(CanonicalQuery(parameters), request.query);
  SigV4Request signed_request = request;
  signed_request.query = query;
  const std::string signature =
      Signature(JoinCanonical(signed_request, canonical, kUnsignedPayload), date, scope_text, scope,
                credentials.secret_access_key);
  return query + "&X-Amz-Signature=" + signature;
}

}  // namespace godwit
