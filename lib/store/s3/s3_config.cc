#include "lib/store/s3/s3_config.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/url.h"
#include "lib/store/s3/s3_address.h"

namespace godwit {
namespace {

Status Invalid(std::string message) {
  return Status(ErrorKind::kInvalidArgument, std::move(message));
}

bool IsTrue(const std::string& text) { return AsciiLower(text) == "true" || text == "1"; }

// Variables, and the settings of the wanted profile, by name.
class Sources {
 public:
  static Result<Sources> Load(const S3Settings& settings, const Environment& environment,
                              const FileReader& read_file) {
    Sources sources(environment);
    const AwsFiles files = AwsFiles::Locate(environment);
    const std::string& named = settings.credentials.profile;
    sources.profile_name_ = named.empty() ? files.profile : named;
    Result<std::optional<AwsConfigFile>> config =
        LoadAwsConfigFile(files.config_path, AwsConfigFile::Kind::kConfig, read_file);
    if (!config.ok()) return config.status();
    sources.config_ = std::move(*config);
    return sources;
  }

  std::string Variable(std::string_view name) const { return environment_(name).value_or(""); }

  std::string Profile(std::string_view key) const {
    const AwsSection* section = config_ ? config_->Profile(profile_name_) : nullptr;
    return section == nullptr ? "" : section->Find(key).value_or("");
  }

  // The endpoint of [services NAME], where the profile names one.
  std::string ServiceEndpoint() const {
    const std::string services = Profile("services");
    const AwsSection* section =
        config_ && !services.empty() ? config_->Services(services) : nullptr;
    return section == nullptr ? "" : section->Find("s3.endpoint_url").value_or("");
  }

 private:
  explicit Sources(const Environment& environment) : environment_(environment) {}

  Environment environment_;
  std::string profile_name_;
  std::optional<AwsConfigFile> config_;
};

std::string FirstOf(std::initializer_list<std::string> values) {
  for (const std::string& value : values) {
    if (!value.empty()) return value;
  }
  return "";
}

std::string FindEndpoint(const S3Settings& settings, const Sources& sources) {
  if (!settings.endpoint.empty()) return settings.endpoint;
  std::string ignore = sources.Variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  if (ignore.empty()) ignore = sources.Profile("ignore_configured_endpoint_urls");
  if (IsTrue(ignore)) return "";
  return FirstOf({sources.Variable("AWS_ENDPOINT_URL_S3"), sources.Variable("AWS_ENDPOINT_URL"),
                  sources.ServiceEndpoint(), sources.Profile("s3.endpoint_url"),
                  sources.Profile("endpoint_url")});
}

// What the host names of other services tell of their region.
std::string RegionOfHost(std::string_view host) {
  if (host.ends_with(".r2.cloudflarestorage.com")) return "auto";
  if (host == "storage.googleapis.com") return "auto";
  for (const std::string_view suffix : {".backblazeb2.com", ".wasabisys.com"}) {
    if (!host.ends_with(suffix) || !host.starts_with("s3.")) continue;
    const std::string_view middle = host.substr(3, host.size() - suffix.size() - 3);
    if (IsRegionName(middle)) return std::string(middle);
  }
  return "us-east-1";
}

Status ApplyEndpoint(std::string endpoint, const S3Settings& settings, const Sources& sources,
                     S3Config& config) {
  std::string host_region = "us-east-1";
  config.fips = IsTrue(
      FirstOf({sources.Variable("AWS_USE_FIPS_ENDPOINT"), sources.Profile("use_fips_endpoint")}));
  config.dualstack = IsTrue(FirstOf(
      {sources.Variable("AWS_USE_DUALSTACK_ENDPOINT"), sources.Profile("use_dualstack_endpoint")}));
  if (!endpoint.empty()) {
    while (endpoint.ends_with('/')) endpoint.pop_back();
    const Result<Url> url = Url::Parse(endpoint);
    if (!url.ok()) return Invalid("endpoint " + url.status().message());
    if (!url->query.empty()) return Invalid("endpoint '" + endpoint + "' has a query");
    const std::optional<AmazonHost> amazon = ParseAmazonHost(url->host);
    if (amazon.has_value() && url->scheme == "https" && url->path.empty()) {
      host_region = amazon->region;
      config.fips = amazon->fips;
      config.dualstack = amazon->dualstack;
    } else {
      config.endpoint = std::move(endpoint);
      config.fips = config.dualstack = false;
      host_region = RegionOfHost(url->host);
    }
  }
  config.region =
      FirstOf({settings.region, sources.Variable("AWS_REGION"),
               sources.Variable("AWS_DEFAULT_REGION"), sources.Profile("region"), host_region});
  if (IsRegionName(config.region)) return Status::Ok();
  return Invalid("'" + config.region + "' is not a region");
}

Status CheckBucket(const std::string& bucket) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  };
  if (bucket.starts_with("arn:")) {
    return Status(ErrorKind::kUnsupported, "access point ARNs are not supported")
        .WithObject(bucket);
  }
  if (bucket.ends_with("--x-s3")) {
    return Status(ErrorKind::kUnsupported, "directory buckets are not supported")
        .WithObject(bucket);
  }
  const bool plain = std::all_of(bucket.begin(), bucket.end(), fits);
  if (plain && !bucket.empty() && bucket.size() <= 255 && bucket != "." && bucket != "..") {
    return Status::Ok();
  }
  return Invalid("not a bucket name").WithObject(bucket);
}

template <typename Value, std::size_t N>
Result<Value> Choose(std::string_view setting, const std::string& text,
                     const std::array<std::pair<std::string_view, Value>, N>& choices) {
  std::string names;
  for (const auto& [name, value] : choices) {
    if (name == text) return value;
    names.append(names.empty() ? "" : ", ").append(name);
  }
  return Invalid(std::string(setting) + " '" + text + "' is none of " + names);
}

Result<S3Addressing> ChooseAddressing(const std::string& text) {
  static constexpr std::array<std::pair<std::string_view, S3Addressing>, 3> kChoices{
      {{"auto", S3Addressing::kAuto},
       {"path", S3Addressing::kPath},
       {"virtual", S3Addressing::kVirtual}}};
  return Choose("addressing", text, kChoices);
}

Result<S3Checksum> ChooseChecksum(const std::string& text) {
  static constexpr std::array<std::pair<std::string_view, S3Checksum>, 5> kChoices{
      {{"auto", S3Checksum::kAuto},
       {"crc64nvme", S3Checksum::kCrc64Nvme},
       {"crc32c", S3Checksum::kCrc32c},
       {"md5", S3Checksum::kMd5},
       {"none", S3Checksum::kNone}}};
  return Choose("checksum", text, kChoices);
}

// Who tells the AWS tools to send checksums only where a service demands them has a service that
// does not know them.
std::string FindChecksum(const S3Settings& settings, const Sources& sources) {
  if (!settings.checksum.empty() && settings.checksum != "auto") return settings.checksum;
  const std::string wanted = FirstOf({sources.Variable("AWS_REQUEST_CHECKSUM_CALCULATION"),
                                      sources.Profile("request_checksum_calculation")});
  return AsciiLower(wanted) == "when_required" ? "md5" : "auto";
}

}  // namespace

Result<S3Config> ResolveS3Config(const S3Settings& settings, const Environment& environment,
                                 const FileReader& read_file) {
  S3Config config;
  config.bucket = settings.bucket;
  config.name = settings.name;
  config.anonymous = settings.anonymous;
  config.allow_http = settings.allow_http;
  config.location = settings.location;
  GODWIT_RETURN_IF_ERROR(CheckBucket(config.bucket));
  const Result<Sources> sources = Sources::Load(settings, environment, read_file);
  if (!sources.ok()) return sources.status();
  GODWIT_RETURN_IF_ERROR(
      ApplyEndpoint(FindEndpoint(settings, *sources), settings, *sources, config));
  const Result<S3Addressing> addressing = ChooseAddressing(
      FirstOf({settings.addressing, sources->Profile("s3.addressing_style"), "auto"}));
  if (!addressing.ok()) return addressing.status();
  config.addressing = *addressing;
  const Result<S3Checksum> checksum = ChooseChecksum(FindChecksum(settings, *sources));
  if (!checksum.ok()) return checksum.status();
  config.checksum = *checksum;
  config.ca_bundle = FirstOf(
      {settings.ca_bundle, sources->Variable("AWS_CA_BUNDLE"), sources->Profile("ca_bundle")});
  if (!config.anonymous) {
    config.credentials = MakeAwsCredentialChain(settings.credentials, environment, read_file);
  }
  const Result<S3Route> route = MakeS3Route(config, config.region);
  if (!route.ok()) return route.status();
  return config;
}

}  // namespace godwit
