#include "lib/store/s3/s3_address.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/url.h"

namespace godwit {
namespace {

// Domains of Amazon's partitions, by the beginning of their regions' names.
struct Partition {
  std::string_view region_prefix;
  std::string_view domain;
};
constexpr std::array<Partition, 8> kPartitions{{{"cn-", "amazonaws.com.cn"},
                                                {"eusc-", "amazonaws.eu"},
                                                {"us-isob-", "sc2s.sgov.gov"},
                                                {"us-isof-", "csp.hci.ic.gov"},
                                                {"us-iso-", "c2s.ic.gov"},
                                                {"eu-isoe-", "cloud.adc-e.uk"},
                                                {"us-gov-", "amazonaws.com"},
                                                {"", "amazonaws.com"}}};

std::string_view DomainOf(std::string_view region) {
  const auto* found = std::find_if(
      kPartitions.begin(), kPartitions.end(),
      [region](const Partition& partition) { return region.starts_with(partition.region_prefix); });
  return found->domain;
}

bool IsUnder(std::string_view host, std::string_view domain) {
  return host.size() > domain.size() && host.ends_with(domain) &&
         host[host.size() - domain.size() - 1] == '.';
}

bool IsDnsLabel(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return text.size() >= 3 && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), fits);
}

// A bucket that can be the first label, or labels, of a host.
bool FitsHost(std::string_view bucket, bool is_https) {
  if (IsDnsLabel(bucket)) return true;
  // A wildcard certificate covers one label only.
  if (is_https || bucket.find('.') == std::string_view::npos) return false;
  std::string plain(bucket);
  std::erase(plain, '.');
  return IsDnsLabel(plain) && bucket.find("..") == std::string_view::npos;
}

std::string AmazonEndpoint(const S3Config& config, std::string_view region) {
  std::string endpoint = "https://s3";
  if (config.fips) endpoint += "-fips";
  if (config.dualstack) endpoint += ".dualstack";
  return endpoint.append(".").append(region).append(".").append(DomainOf(region));
}

S3Route RouteTo(const Url& url, std::string_view region) {
  S3Route route;
  route.origin = url.Origin();
  route.authority = url.Authority();
  route.host = url.host;
  route.base_path = url.path;
  route.region = region;
  route.is_https = url.scheme == "https";
  route.is_loopback = url.IsLoopback();
  return route;
}

Status Invalid(std::string message) {
  return Status(ErrorKind::kInvalidArgument, std::move(message));
}

}  // namespace

std::string S3Route::PathOf(std::string_view key) const {
  if (key.empty()) return base_path.empty() ? "/" : base_path;
  return base_path + "/" + PercentEncode(key, true);
}

Result<S3Route> MakeS3Route(const S3Config& config, std::string_view region) {
  if (!IsRegionName(region)) return Invalid("'" + std::string(region) + "' is not a region");
  Result<Url> url =
      Url::Parse(config.endpoint.empty() ? AmazonEndpoint(config, region) : config.endpoint);
  if (!url.ok()) return url.status();
  while (url->path.ends_with('/')) url->path.pop_back();
  const bool is_https = url->scheme == "https";
  if (!is_https && !url->IsLoopback() && !config.allow_http) {
    return Invalid("endpoint " + url->Origin() +
                   " would send data unencrypted; use https, or set allow_http = true on the "
                   "remote");
  }
  const bool in_host = config.addressing == S3Addressing::kVirtual ||
                       (config.addressing == S3Addressing::kAuto && IsAmazon(config) &&
                        FitsHost(config.bucket, is_https));
  if (in_host) {
    url->host = config.bucket + "." + url->host;
  } else {
    url->path += "/" + PercentEncode(config.bucket, false);
  }
  return RouteTo(*url, region);
}

Result<S3Route> RedirectedS3Route(const S3Config& config, const S3Route& from,
                                  std::string_view url_text, std::string_view region) {
  Result<Url> url = Url::Parse(url_text);
  if (!url.ok()) return Invalid("the service redirects to an address that cannot be used");
  const Status refused = Invalid("the service redirects to " + url->Origin() +
                                 ", which is not part of the configured service");
  if (from.is_https && url->scheme != "https") return refused;
  std::string base_host;
  if (IsAmazon(config)) {
    const bool in_host =
        IsUnder(url->host, DomainOf(config.region)) && url->host.starts_with(config.bucket + ".");
    base_host = in_host ? url->host.substr(config.bucket.size() + 1) : url->host;
    if (!ParseAmazonHost(base_host).has_value() || url->port != 443) return refused;
  } else {
    const Result<Url> endpoint = Url::Parse(config.endpoint);
    if (!endpoint.ok()) return endpoint.status();
    base_host = endpoint->host;
    if (url->host != base_host && !IsUnder(url->host, base_host)) return refused;
    if (url->scheme == endpoint->scheme ? url->port != endpoint->port : url->port != 443) {
      return refused;
    }
  }
  // Only the host is taken over: which key is meant is known here.
  const bool in_host = url->host == config.bucket + "." + base_host;
  url->path = in_host ? "" : "/" + PercentEncode(config.bucket, false);
  return RouteTo(*url, region);
}

bool IsAmazon(const S3Config& config) { return config.endpoint.empty(); }

bool IsRegionName(std::string_view region) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  return !region.empty() && region.size() <= 63 && region.front() != '-' && region.back() != '-' &&
         std::all_of(region.begin(), region.end(), fits);
}

std::optional<AmazonHost> ParseAmazonHost(std::string_view host) {
  const auto* partition =
      std::find_if(kPartitions.begin(), kPartitions.end(),
                   [host](const Partition& item) { return IsUnder(host, item.domain); });
  if (partition == kPartitions.end()) return std::nullopt;
  std::string_view rest = host.substr(0, host.size() - partition->domain.size() - 1);
  AmazonHost amazon;
  const auto take = [&rest](std::string_view part) {
    if (!rest.starts_with(part)) return false;
    rest.remove_prefix(part.size());
    return true;
  };
  if (!take("s3")) return std::nullopt;
  amazon.fips = take("-fips");
  amazon.dualstack = take(".dualstack");
  if (rest.empty() || rest == "-external-1") {
    amazon.region = "us-east-1";
    return amazon;
  }
  if (rest.front() != '.' && rest.front() != '-') return std::nullopt;
  rest.remove_prefix(1);
  if (!IsRegionName(rest) || rest.find('-') == std::string_view::npos) return std::nullopt;
  amazon.region = rest;
  return amazon;
}

std::string S3Identity(const S3Config& config) {
  if (IsAmazon(config)) {
    return std::string(DomainOf(config.region)) + "/" + config.bucket;
  }
  Result<Url> url = Url::Parse(config.endpoint);
  if (!url.ok()) return config.endpoint + "/" + config.bucket;
  const bool usual_loopback = url->host == "127.0.0.1" || !url->host.starts_with("127.");
  if (url->IsLoopback() && usual_loopback) url->host = "localhost";
  return url->Authority() + url->path + "/" + config.bucket;
}

}  // namespace godwit
