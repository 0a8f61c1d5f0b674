#include "cli/location.h"

#include <unistd.h>

#include <array>

#include "lib/base/text.h"
#include "lib/http/url.h"

namespace godwit {
namespace {

Status Bad(std::string_view text, const std::string& why) {
  return Status(ErrorKind::kInvalidArgument, "'" + EscapeForDisplay(text) + "': " + why);
}

// Secrets in an argument show in process lists, shell histories and logs. The text itself must
// not be repeated in the message.
Status CarriesSecret(std::string_view what) {
  return Status(ErrorKind::kInvalidArgument,
                "a location must not carry " + std::string(what) +
                    ", for it shows in process lists; give it by environment variable or file");
}

Status RefuseSecrets(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kSignatures{"sig=",
                                                               "x-amz-signature=",
                                                               "x-goog-signature=",
                                                               "x-amz-security-token=",
                                                               "awsaccesskeyid=",
                                                               "signature="};
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return Status::Ok();
  const std::string_view rest = text.substr(scheme_end + 3);
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const std::size_t at = authority.rfind('@');
  const bool is_web = AsciiLower(text.substr(0, 4)) == "http";
  const bool has_password =
      at != std::string_view::npos && authority.substr(0, at).find(':') != std::string_view::npos;
  if (has_password || (is_web && at != std::string_view::npos)) return CarriesSecret("a password");
  const std::size_t question = text.find('?');
  if (question == std::string_view::npos || !is_web) return Status::Ok();
  const std::string query = AsciiLower(text.substr(question + 1));
  for (const std::string_view signature : kSignatures) {
    const std::size_t found = query.find(signature);
    if (found == 0 || (found != std::string::npos && query[found - 1] == '&')) {
      return CarriesSecret("a signature or token");
    }
  }
  return Status::Ok();
}

// Sets container and path from "BUCKET/PREFIX".
Status TakeContainer(std::string_view rest, ParsedLocation& location) {
  const std::size_t slash = rest.find('/');
  location.container = rest.substr(0, slash);
  location.path = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
  location.trailing_slash = location.path.empty() || location.path.ends_with('/');
  if (location.path.ends_with('/')) location.path.pop_back();
  const bool is_azure = location.kind == ParsedLocation::Kind::kAzure;
  if (location.container.empty()) {
    return Bad(location.text, is_azure ? "the container is missing" : "the bucket is missing");
  }
  return Status::Ok();
}

void TakeLocalPath(std::string_view path, ParsedLocation& location) {
  location.kind = ParsedLocation::Kind::kLocal;
  location.path = path;
  location.trailing_slash = path.ends_with('/');
  while (location.path.size() > 1 && location.path.ends_with('/')) location.path.pop_back();
}

// What stands between "s3." and ".amazonaws.com": "REGION", or "dualstack.REGION".
std::string_view RegionOf(std::string_view label) {
  static constexpr std::string_view kDualStack = "dualstack.";
  return label.starts_with(kDualStack) ? label.substr(kDualStack.size()) : label;
}

// "BUCKET.s3.REGION.amazonaws.com" or "s3.REGION.amazonaws.com/BUCKET".
Status TakeAmazonUrl(const Url& url, const std::string& path, ParsedLocation& location) {
  static constexpr std::string_view kSuffix = ".amazonaws.com";
  const std::string host = url.host.substr(0, url.host.size() - kSuffix.size());
  const std::string padded = "." + host;
  const std::size_t service = padded.rfind(".s3");
  const std::string_view tail =
      service == std::string::npos ? "" : std::string_view(padded).substr(service + 3);
  if (service == std::string::npos || (!tail.empty() && tail[0] != '.' && tail[0] != '-')) {
    return Bad(location.text, "this is not an S3 address");
  }
  location.kind = ParsedLocation::Kind::kS3;
  location.region = tail.empty() ? "us-east-1" : RegionOf(tail.substr(1));
  const std::string bucket = service == 0 ? "" : padded.substr(1, service - 1);
  const std::string key = path.empty() ? "" : path.substr(1);
  return TakeContainer(bucket.empty() ? key : bucket + "/" + key, location);
}

// "https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX", also of the other clouds of Azure.
Status TakeAzureUrl(const Url& url, const std::string& path, ParsedLocation& location) {
  location.kind = ParsedLocation::Kind::kAzure;
  location.account = url.host.substr(0, url.host.find('.'));
  location.endpoint = url.Origin();
  return TakeContainer(path.empty() ? "" : std::string_view(path).substr(1), location);
}

// "CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX": the same blobs by their other address.
Status TakeAbfss(std::string_view rest, ParsedLocation& location) {
  location.kind = ParsedLocation::Kind::kAzure;
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const std::size_t at = authority.find('@');
  const std::size_t service = authority.find(".dfs.");
  if (at == std::string_view::npos || service == std::string_view::npos || service < at + 2) {
    return Bad(location.text, "expected abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX");
  }
  location.account = authority.substr(at + 1, service - at - 1);
  location.endpoint =
      "https://" + location.account + ".blob." + std::string(authority.substr(service + 5));
  std::string place(authority.substr(0, at));
  place += rest.substr(authority.size());
  return TakeContainer(place, location);
}

bool IsAzureHost(std::string_view host) {
  return host.find(".blob.core.") != std::string_view::npos ||
         host.ends_with(".blob.storage.azure.net");
}

Status TakeWebUrl(std::string_view text, ParsedLocation& location) {
  Result<Url> url = Url::Parse(text.substr(0, text.find_first_of("?#")));
  if (!url.ok()) return Bad(text, url.status().message());
  if (text.find('?') != std::string_view::npos) {
    return Bad(text, "a query is not part of a location; a '?' of a key is written %3F here");
  }
  const std::optional<std::string> path = PercentDecode(url->path);
  if (!path) return Bad(text, "a '%' must be followed by two hexadecimal digits");
  if (url->host.ends_with(".amazonaws.com")) return TakeAmazonUrl(*url, *path, location);
  if (url->host == "storage.googleapis.com") {
    location.kind = ParsedLocation::Kind::kGcs;
    location.endpoint = url->Origin();
    return TakeContainer(path->empty() ? "" : path->substr(1), location);
  }
  if (IsAzureHost(url->host)) {
    return TakeAzureUrl(*url, *path, location);
  }
  return Bad(text,
             "the service of this address is not known; name its endpoint in a remote of the "
             "configuration file and write NAME:BUCKET/PREFIX");
}

Status TakeRemote(std::string_view rest, const Remote& remote, ParsedLocation& location) {
  location.remote = &remote;
  if (remote.type == "file") {
    const std::string base = remote.Get("path");
    if (base.empty()) return Bad(location.text, "remote '" + remote.name + "' has no path");
    TakeLocalPath(rest.empty() ? base : base + "/" + std::string(rest), location);
    return Status::Ok();
  }
  if (remote.type == "s3") {
    location.kind = ParsedLocation::Kind::kS3;
  } else if (remote.type == "gcs") {
    location.kind = ParsedLocation::Kind::kGcs;
  } else if (remote.type == "azure") {
    location.kind = ParsedLocation::Kind::kAzure;
  } else {
    return Bad(location.text, "remotes of type " + remote.type + " are not in this version yet");
  }
  const std::string bucket = remote.Get("bucket");
  if (bucket.empty()) return TakeContainer(rest, location);
  return TakeContainer(bucket + "/" + std::string(rest), location);
}

bool IsRemoteName(std::string_view text) {
  for (const char c : text) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
    if (!fine) return false;
  }
  return !text.empty();
}

}  // namespace

Result<ParsedLocation> ParseLocation(std::string_view text, const ConfigFile& config) {
  GODWIT_RETURN_IF_ERROR(RefuseSecrets(text));
  ParsedLocation location;
  location.text = text;
  if (text.empty()) return Bad(text, "a location must not be empty");
  if (text == "-") {
    location.kind = ParsedLocation::Kind::kStdio;
    return location;
  }
  const std::size_t scheme_end = text.find("://");
  const std::string scheme =
      scheme_end == std::string_view::npos ? "" : AsciiLower(text.substr(0, scheme_end));
  if (scheme == "s3" || scheme == "gs") {
    location.kind = scheme == "gs" ? ParsedLocation::Kind::kGcs : ParsedLocation::Kind::kS3;
    GODWIT_RETURN_IF_ERROR(TakeContainer(text.substr(5), location));
    return location;
  }
  if (scheme == "http" || scheme == "https") {
    GODWIT_RETURN_IF_ERROR(TakeWebUrl(text, location));
    return location;
  }
  if (scheme == "file") {
    const std::optional<std::string> path = PercentDecode(text.substr(7));
    if (!path || !path->starts_with('/')) return Bad(text, "expected file:///PATH");
    TakeLocalPath(*path, location);
    return location;
  }
  if (scheme == "az") {
    location.kind = ParsedLocation::Kind::kAzure;
    GODWIT_RETURN_IF_ERROR(TakeContainer(text.substr(5), location));
    return location;
  }
  if (scheme == "abfss") {
    GODWIT_RETURN_IF_ERROR(TakeAbfss(text.substr(8), location));
    return location;
  }
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  if (colon != std::string_view::npos && IsRemoteName(name)) {
    const auto remote = config.remotes.find(name);
    if (remote != config.remotes.end()) {
      GODWIT_RETURN_IF_ERROR(TakeRemote(text.substr(colon + 1), remote->second, location));
      return location;
    }
    if (!scheme.empty()) return Bad(text, "unknown scheme '" + std::string(scheme) + "'");
    if (access(std::string(text).c_str(), F_OK) != 0) {
      return Bad(text, "there is no remote '" + std::string(name) +
                           "' in the configuration file; a local path is written './" +
                           EscapeForDisplay(text) + "'");
    }
  }
  TakeLocalPath(text, location);
  return location;
}

}  // namespace godwit
