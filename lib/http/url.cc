#include "lib/http/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "lib/base/text.h"
#include "lib/http/ascii.h"

namespace godwit {
namespace {

constexpr std::size_t kUrlBytesMax = 64 * 1024;
constexpr std::size_t kHostBytesMax = 253;
constexpr std::size_t kLabelBytesMax = 63;

// A URL may carry a password or a signature: of one with an '@' only the scheme is shown, of others
// what stands before the query.
std::string_view Showable(std::string_view text) {
  text = text.substr(0, std::min<std::size_t>(text.find_first_of("?#"), 200));
  if (text.find('@') == std::string_view::npos) return text;
  const std::size_t scheme_end = text.find("://");
  return scheme_end == std::string_view::npos ? "" : text.substr(0, scheme_end + 3);
}

Status Refuse(std::string_view text, std::string_view reason) {
  std::string message = "'" + std::string(Showable(text)) + "' is not a usable URL: ";
  return Status(ErrorKind::kInvalidArgument, message.append(reason));
}

std::uint16_t DefaultPort(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

// Control bytes and spaces nowhere; a backslash, because some parsers take it for a slash.
bool HasForbiddenByte(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f || c == '\\';
  });
}

std::optional<std::string> ParseIpv6(std::string_view text) {
  in6_addr address;
  std::array<char, INET6_ADDRSTRLEN> canonical;
  if (inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1) return std::nullopt;
  if (inet_ntop(AF_INET6, &address, canonical.data(), canonical.size()) == nullptr) {
    return std::nullopt;
  }
  // As libcurl does: the canonical form only if it is shorter, so that both send the same Host.
  const std::string_view shorter(canonical.data());
  return "[" + AsciiLower(shorter.size() < text.size() ? shorter : text) + "]";
}

bool IsLabel(std::string_view label) {
  if (label.empty() || label.size() > kLabelBytesMax) return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return IsAsciiAlphanumeric(c) || c == '-' || c == '_'; });
}

// A host whose last label is a number is an IPv4 address, and must then be a plain dotted quad:
// "127.1", "0x7f.1" and "017700000001" mean different hosts to different programs.
bool LooksNumeric(std::string_view label) {
  if (label.size() > 1 && label[0] == '0' && ToAsciiLower(label[1]) == 'x') return true;
  return std::all_of(label.begin(), label.end(), IsAsciiDigit);
}

bool IsDottedQuad(const std::string& host) {
  in_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

std::optional<std::string> ParseName(std::string_view text) {
  if (text.empty() || text.size() > kHostBytesMax) return std::nullopt;
  std::string_view rest = text;
  std::string_view label;
  for (;;) {
    const std::size_t dot = rest.find('.');
    label = rest.substr(0, dot);
    if (!IsLabel(label)) return std::nullopt;
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  std::string host = AsciiLower(text);
  if (LooksNumeric(label) && !IsDottedQuad(host)) return std::nullopt;
  return host;
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), IsAsciiDigit)) {
    return std::nullopt;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

// Splits "host", "host:port", "[v6]" and "[v6]:port" into `url`; answers what is wrong, or "".
std::string_view ParseAuthority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos)
    return "user names and passwords do not belong in it";
  const bool bracketed = authority.starts_with('[');
  const std::size_t host_end =
      bracketed ? authority.find(']') + 1 : std::min(authority.find(':'), authority.size());
  if (bracketed && host_end == 0) return "']' is missing";
  const std::string_view host = authority.substr(0, host_end);
  const std::string_view rest = authority.substr(host_end);

  std::optional<std::string> parsed =
      bracketed ? ParseIpv6(host.substr(1, host.size() - 2)) : ParseName(host);
  if (!parsed) return "its host is not valid";
  url.host = *std::move(parsed);
  if (rest.empty()) return "";
  const std::optional<std::uint16_t> port =
      rest.starts_with(':') ? ParsePort(rest.substr(1)) : std::nullopt;
  if (!port) return "its port is not a number from 1 to 65535";
  url.port = *port;
  return "";
}

}  // namespace

Result<Url> Url::Parse(std::string_view text) {
  if (text.size() > kUrlBytesMax) return Refuse("", "it is too long");
  if (HasForbiddenByte(text)) return Refuse(text, "it has a space, control byte or backslash");
  const std::size_t scheme_end = text.find("://");
  Url url;
  url.scheme = AsciiLower(text.substr(0, std::min(scheme_end, text.size())));
  if (scheme_end == std::string_view::npos || (url.scheme != "http" && url.scheme != "https")) {
    return Refuse(text, "it does not begin with http:// or https://");
  }
  if (text.find('#') != std::string_view::npos) return Refuse(text, "it has a fragment ('#')");

  const std::string_view rest = text.substr(scheme_end + 3);
  const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  url.port = DefaultPort(url.scheme);
  if (const std::string_view wrong = ParseAuthority(rest.substr(0, authority_end), url);
      !wrong.empty()) {
    return Refuse(text, wrong);
  }
  const std::string_view target = rest.substr(authority_end);
  const std::size_t query = std::min(target.find('?'), target.size());
  url.path = target.substr(0, query);
  if (query < target.size()) url.query = target.substr(query + 1);
  return url;
}

std::string Url::Authority() const {
  return port == DefaultPort(scheme) ? host : host + ":" + std::to_string(port);
}

std::string Url::Origin() const { return scheme + "://" + Authority(); }

bool Url::IsLoopback() const {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  if (host.starts_with('[')) {
    in6_addr address;
    const std::string bare = host.substr(1, host.size() - 2);
    return inet_pton(AF_INET6, bare.c_str(), &address) == 1 && IN6_IS_ADDR_LOOPBACK(&address);
  }
  return host.starts_with("127.") && IsDottedQuad(host);
}

}  // namespace godwit
