#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "godwit/result.h"
#include "lib/store/s3/s3_config.h"

namespace godwit {

// Where the requests of one bucket go, and the region they are signed for. Value type.
struct S3Route {
  std::string origin;     // "https://host[:port]".
  std::string authority;  // The Host header.
  std::string host;
  std::string
      base_path;  // What stands before "/KEY": endpoint prefix and, in the path, the bucket.
  std::string region;
  bool is_https = true;
  bool is_loopback = false;

  // The encoded path of `key`; of the bucket itself for "".
  std::string PathOf(std::string_view key) const;
  bool operator==(const S3Route& other) const = default;
};

// The route that the configuration asks for, in `region`. Fails with kInvalidArgument on a bad
// endpoint, a region that cannot be part of a host name, and plain http that is not allowed.
Result<S3Route> MakeS3Route(const S3Config& config, std::string_view region);

// The route to the host of `url` (a redirect), which must belong to the configured service: an S3
// host of Amazon where Amazon is configured, else the endpoint's host or one below it, on the same
// port; never from https to http. Fails with kInvalidArgument otherwise.
Result<S3Route> RedirectedS3Route(const S3Config& config, const S3Route& from, std::string_view url,
                                  std::string_view region);

// True where the configuration leads to Amazon's own, public S3 hosts, whose regions godwit may
// choose between.
bool IsAmazon(const S3Config& config);

// Whether `region` can stand in a host name and a signature.
bool IsRegionName(std::string_view region);

// What an Amazon S3 host tells: "s3.dualstack.eu-west-1.amazonaws.com". None for other hosts, and
// for private endpoints and access points.
struct AmazonHost {
  std::string region;
  bool fips = false;
  bool dualstack = false;
};
std::optional<AmazonHost> ParseAmazonHost(std::string_view host);

// The bucket as one string that is equal for every spelling of it, without secrets.
std::string S3Identity(const S3Config& config);

}  // namespace godwit
