#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "godwit/result.h"
#include "lib/auth/aws_config.h"
#include "lib/auth/aws_credentials.h"

namespace godwit {

// How the bucket is named in a request: in the path or in the host. Auto: in the host at Amazon
// (in the path for dotted names over TLS), in the path elsewhere.
enum class S3Addressing : std::uint8_t { kAuto, kPath, kVirtual };

// Which digest a body carries. Auto: CRC64NVME, and Content-MD5 at services that do not know it.
enum class S3Checksum : std::uint8_t { kAuto, kCrc64Nvme, kCrc32c, kMd5, kNone };

// Everything that an S3Store needs to know, resolved. Value type.
struct S3Config {
  std::string bucket;
  std::string name;      // As a person writes it; empty: "s3://BUCKET".
  std::string endpoint;  // "https://host[:port][/prefix]"; empty: Amazon's for the region.
  std::string region = "us-east-1";
  bool fips = false;       // Only without `endpoint`.
  bool dualstack = false;  // Likewise.
  S3Addressing addressing = S3Addressing::kAuto;
  S3Checksum checksum = S3Checksum::kAuto;
  bool anonymous = false;   // Sign nothing.
  bool allow_http = false;  // Plain http to other machines.
  std::string ca_bundle;    // PEM file for the transport; empty: its default.
  std::string location;     // Where the operator says that the bytes rest; empty: not said.
  // Not null unless anonymous. Shared by the stores of one remote.
  std::shared_ptr<AwsCredentialProvider> credentials;
};

// What a remote of the configuration file, or a URL, says. Empty: not said.
struct S3Settings {
  std::string bucket;
  std::string name;
  std::string endpoint;
  std::string region;
  std::string addressing;  // "auto", "path", "virtual".
  std::string checksum;    // "auto", "crc64nvme", "crc32c", "md5", "none".
  std::string ca_bundle;
  std::string location;
  bool anonymous = false;
  bool allow_http = false;
  AwsCredentialOptions credentials;  // Also the profile whose other settings count.
};

// Completes `settings` from the environment and the profile, as the AWS tools do: endpoint
// (AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile), region, addressing, checksums,
// certificates. Reads the two shared files. Credentials are not looked up before the first request.
// Fails with kInvalidArgument, naming the setting, on values that cannot be right, and with
// kUnsupported on access point ARNs and directory buckets.
Result<S3Config> ResolveS3Config(const S3Settings& settings, const Environment& environment,
                                 const FileReader& read_file);

}  // namespace godwit
