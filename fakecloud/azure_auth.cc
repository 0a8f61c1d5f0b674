// Who may do what: SharedKey, shared access signatures, bearer tokens.

#include <algorithm>
#include <map>

#include "fakecloud/azure_call.h"
#include "fakecloud/digests.h"
#include "fakecloud/encoding.h"

namespace fakecloud {
namespace {

constexpr std::int64_t kSkewMax = 15 * 60;

// The place of a header in .NET's en-US order, hyphens left out: '_', digits, letters.
std::string SortKey(const std::string& name) {
  std::string key;
  for (const char c : name) {
    if (c == '-' || c == '\'') continue;
    key += c == '_' ? '\x01' : c;
  }
  return key;
}

std::string CanonicalHeaders(const Headers& headers) {
  std::multimap<std::string, std::string> sorted;
  for (const auto& [field, value] : headers.all()) {
    const std::string name = LowerCase(field);
    if (!HasPrefix(name, "x-ms-")) continue;
    std::string text;
    for (const char c : Trim(value)) {
      const bool space = c == ' ' || c == '\t';
      if (space && text.ends_with(' ')) continue;
      text += space ? ' ' : c;
    }
    sorted.emplace(SortKey(name), name + ":" + text + "\n");
  }
  std::string out;
  for (const auto& [key, line] : sorted) out += line;
  return out;
}

std::string CanonicalResource(const AzureOptions& options, const AzureCall& call) {
  std::map<std::string, std::vector<std::string>> parameters;
  for (const auto& [name, value] : call.query.all()) parameters[LowerCase(name)].push_back(value);
  std::string out = "/" + options.account + call.request.path;
  for (auto& [name, values] : parameters) {
    std::sort(values.begin(), values.end());
    out += "\n" + name + ":";
    for (std::size_t i = 0; i < values.size(); ++i) out += (i == 0 ? "" : ",") + values[i];
  }
  return out;
}

std::string StringToSign(const AzureOptions& options, const AzureCall& call) {
  std::string text = call.request.method + "\n";
  for (const std::string_view name :
       {"content-encoding", "content-language", "content-length", "content-md5", "content-type",
        "date", "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"}) {
    std::string value(call.Header(name));
    if (name == "content-length" && value == "0") value.clear();
    text += value + "\n";
  }
  return text + CanonicalHeaders(call.request.headers) + CanonicalResource(options, call);
}

MaybeAzureError CheckSharedKey(const AzureOptions& options, AzureCall& call,
                               std::string_view given) {
  const std::string text = StringToSign(options, call);
  const std::string expected = options.account + ":" + ToBase64(HmacSha256(options.key, text));
  const std::optional<std::int64_t> date = ParseHttpTime(call.Header("x-ms-date"));
  const bool in_time = date && *date > call.now - kSkewMax && *date < call.now + kSkewMax;
  if (given == expected && in_time) {
    call.credential = options.account;
    return std::nullopt;
  }
  AzureError error = AzureErrorByCode("AuthenticationFailed");
  error.message += in_time ? " The MAC signature is not the same as any computed signature."
                           : " The Date header is out of range.";
  return error;
}

// The permissions of which one is enough.
std::string_view PermissionOf(std::string_view operation) {
  if (operation == "GetBlob" || operation == "GetBlobProperties" || operation == "GetBlockList") {
    return "r";
  }
  if (operation == "ListBlobs") return "l";
  if (operation == "DeleteBlob") return "d";
  if (operation == "GetBlobTags" || operation == "SetBlobTags") return "t";
  if (operation == "GetContainerProperties" || operation == "BlobBatch") return "rlwd";
  if (operation == "GetAccountInformation") return "rlwdcat";
  if (operation == "CreateContainer" || operation == "DeleteContainer") return "-";
  return "wc";
}

std::string ServiceSasText(const AzureOptions& options, const QueryParams& query,
                           std::string_view container, std::string_view blob) {
  const auto get = [&](std::string_view name) { return std::string(query.Get(name)); };
  std::string resource = "/blob/" + options.account + "/" + std::string(container);
  if (query.Get("sr") == "b") resource += "/" + std::string(blob);
  std::string text = get("sp") + "\n" + get("st") + "\n" + get("se") + "\n" + resource;
  for (const char* name : {"si", "sip", "spr", "sv", "sr", "snapshot", "ses", "rscc", "rscd",
                           "rsce", "rscl", "rsct"}) {
    text += "\n" + get(name);
  }
  return text;
}

std::string AccountSasText(const AzureOptions& options, const QueryParams& query) {
  std::string text = options.account + "\n";
  for (const char* name : {"sp", "ss", "srt", "st", "se", "sip", "spr", "sv", "ses"}) {
    text += std::string(query.Get(name)) + "\n";
  }
  return text;
}

}  // namespace

bool AzureSasAllows(const AzureOptions& options, const QueryParams& query,
                    std::string_view container, std::string_view blob, std::string_view permission,
                    std::int64_t now) {
  const bool of_account = query.Has("ss");
  const std::string text =
      of_account ? AccountSasText(options, query) : ServiceSasText(options, query, container, blob);
  if (query.Get("sig") != ToBase64(HmacSha256(options.key, text))) return false;
  // "2026-01-31T12:00:00Z", compared as text.
  const std::string now_text = FormatIsoTime(now).substr(0, 19);
  if (query.Get("se").substr(0, 19) < now_text) return false;
  const std::string_view granted = query.Get("sp");
  return granted.find_first_of(permission) != std::string_view::npos ||
         (of_account && permission == "-" && granted.find('c') != std::string_view::npos);
}

MaybeAzureError AuthenticateAzure(const AzureOptions& options, AzureCall& call) {
  const std::string_view authorization = call.Header("authorization");
  if (HasPrefix(authorization, "SharedKey ")) {
    return CheckSharedKey(options, call, authorization.substr(10));
  }
  if (HasPrefix(authorization, "Bearer ")) {
    call.credential = authorization.substr(7);
    if (options.bearer_tokens.contains(call.credential)) return std::nullopt;
    return AzureErrorByCode("InvalidAuthenticationInfo");
  }
  if (!call.query.Has("sig")) return AzureErrorByCode("NoAuthenticationInformation");
  call.credential = call.query.Get("sig");
  const std::string_view permission = PermissionOf(call.operation);
  if (AzureSasAllows(options, call.query, call.container, call.blob, permission, call.now)) {
    return std::nullopt;
  }
  const bool signed_well =
      AzureSasAllows(options, call.query, call.container, call.blob, "rwdlacupitfx", call.now);
  return AzureErrorByCode(signed_well ? "AuthorizationPermissionMismatch" : "AuthenticationFailed");
}

}  // namespace fakecloud
