#include "lib/auth/azure_shared_key.h"

#include <algorithm>
#include <array>
#include <map>

#include "lib/base/text.h"
#include "lib/crypto/hmac.h"
#include "lib/http/ascii.h"

namespace godwit {
namespace {

// The headers whose values have a line of their own. Date stays empty: x-ms-date is sent.
constexpr std::array<std::string_view, 11> kLines = {"content-encoding",
                                                     "content-language",
                                                     "content-length",
                                                     "content-md5",
                                                     "content-type",
                                                     "date",
                                                     "if-modified-since",
                                                     "if-match",
                                                     "if-none-match",
                                                     "if-unmodified-since",
                                                     "range"};

// The layout of the signed text of MakeReadSas belongs to this version.
constexpr std::string_view kSasVersion = "2020-12-06";

int WeightOf(char c) {
  if (c == '_') return 1;
  if (IsAsciiDigit(c)) return 2 + (c - '0');
  if (IsAsciiAlpha(c)) return 20 + (ToAsciiLower(c) - 'a');
  return 0;
}

// Without white space at its ends, runs of it as one space.
std::string Collapsed(std::string_view value) {
  std::string out;
  bool space = false;
  for (const char c : value) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      space = !out.empty();
      continue;
    }
    if (space) out += ' ';
    space = false;
    out += c;
  }
  return out;
}

std::string SignedHeaders(const HttpHeaders& headers) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& [name, value] : headers.all()) {
    std::string lower = AsciiLower(name);
    if (lower.starts_with("x-ms-")) fields.emplace_back(std::move(lower), Collapsed(value));
  }
  std::stable_sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) {
    return SharedKeyHeaderLess(a.first, b.first);
  });
  std::string out;
  for (const auto& [name, value] : fields) out.append(name).append(":").append(value).append("\n");
  return out;
}

std::string SignedResource(std::string_view account, const SharedKeyRequest& request) {
  std::map<std::string, std::vector<std::string>> parameters;
  for (const auto& [name, value] : request.parameters) {
    parameters[AsciiLower(name)].emplace_back(value);
  }
  std::string out = "/";
  out.append(account).append(request.path.empty() ? "/" : request.path);
  for (auto& [name, values] : parameters) {
    std::sort(values.begin(), values.end());
    out.append("\n").append(name).append(":");
    for (std::size_t i = 0; i < values.size(); ++i) out.append(i == 0 ? "" : ",").append(values[i]);
  }
  return out;
}

std::string Hmac(const AzureAccountKey& key, std::string_view text) {
  const Sha256Bytes mac = HmacSha256(key.key.Reveal(), text);
  return Base64Encode({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

}  // namespace

bool SharedKeyHeaderLess(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  for (;;) {
    while (i < a.size() && WeightOf(a[i]) == 0) ++i;
    while (j < b.size() && WeightOf(b[j]) == 0) ++j;
    if (i == a.size() || j == b.size()) break;
    const int difference = WeightOf(a[i++]) - WeightOf(b[j++]);
    if (difference != 0) return difference < 0;
  }
  if ((i == a.size()) != (j == b.size())) return i == a.size();
  return a < b;
}

std::string SharedKeyStringToSign(std::string_view account, const SharedKeyRequest& request,
                                  const HttpHeaders& headers) {
  std::string text(HttpMethodName(request.method));
  text += '\n';
  for (const std::string_view name : kLines) {
    if (name == "content-length") {
      if (request.content_length != 0) text += std::to_string(request.content_length);
    } else {
      text += headers.Find(name).value_or("");
    }
    text += '\n';
  }
  return text + SignedHeaders(headers) + SignedResource(account, request);
}

void SignSharedKey(const AzureAccountKey& key, const SharedKeyRequest& request,
                   HttpHeaders& headers) {
  const std::string signature = Hmac(key, SharedKeyStringToSign(key.account, request, headers));
  headers.Set("Authorization", "SharedKey " + key.account + ":" + signature);
}

std::string MakeReadSas(const AzureAccountKey& key, std::string_view container,
                        std::string_view blob, Timestamp expires) {
  const std::string end = FormatRfc3339(expires, 0);
  // Permissions, start, end, resource, policy, addresses, protocols, version, kind of resource,
  // snapshot, encryption scope, and five headers of the answer.
  std::string text = "r\n\n" + end + "\n/blob/" + key.account + "/" + std::string(container) + "/" +
                     std::string(blob) + "\n\n\n\n" + std::string(kSasVersion) +
                     "\nb\n\n\n\n\n\n\n";
  return "sv=" + std::string(kSasVersion) + "&sr=b&sp=r&se=" + PercentEncode(end, false) +
         "&sig=" + PercentEncode(Hmac(key, text), false);
}

}  // namespace godwit
