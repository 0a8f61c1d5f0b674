#include "lib/store/gcs/gcs_config.h"

#include <utility>

#include "lib/base/text.h"
#include "lib/http/url.h"

namespace godwit {
namespace {

constexpr std::string_view kGoogleEndpoint = "https://storage.googleapis.com";
constexpr std::size_t kBucketBytesMax = 222;

Status Bad(const std::string& setting, const std::string& why) {
  return Status(ErrorKind::kInvalidArgument, setting + ": " + why);
}

std::string Variable(const Environment& environment, std::string_view name) {
  return environment(name).value_or("");
}

std::string EmulatorOf(const Environment& environment) {
  std::string host = Variable(environment, "STORAGE_EMULATOR_HOST");
  if (host.empty()) host = Variable(environment, "CLOUD_STORAGE_EMULATOR_ENDPOINT");
  if (!host.empty() && host.find("://") == std::string::npos) host = "http://" + host;
  return host;
}

bool IsGoogleHost(std::string_view host) {
  return host == "storage.googleapis.com" || host.ends_with(".googleapis.com");
}

Status CheckBucket(const std::string& bucket) {
  if (bucket.empty()) return Bad("bucket", "the name is missing");
  const bool fine =
      bucket.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
  if (fine && bucket.size() <= kBucketBytesMax) return Status::Ok();
  return Bad("bucket", "'" + EscapeForDisplay(bucket) +
                           "' cannot be the name of a bucket: lower-case letters, digits, '-', "
                           "'_' and '.' only");
}

Status ApplyEndpoint(const std::string& text, GcsConfig& config) {
  const Result<Url> url = Url::Parse(text);
  if (!url.ok()) return Bad("endpoint", url.status().message());
  if (!url->query.empty()) return Bad("endpoint", "it must not have a query");
  if (url->scheme == "http" && !url->IsLoopback() && !config.allow_http) {
    return Bad("endpoint", "plain http to '" + url->host +
                               "' is not allowed; set allow_http = true on the remote");
  }
  config.endpoint = url->Origin() + url->path;
  while (config.endpoint.ends_with('/')) config.endpoint.pop_back();
  config.is_google = IsGoogleHost(url->host);
  return Status::Ok();
}

Result<GcsParallelUpload> ChooseParallel(const std::string& text) {
  if (text.empty() || text == "auto") return GcsParallelUpload::kAuto;
  if (text == "xml") return GcsParallelUpload::kXml;
  if (text == "none") return GcsParallelUpload::kNone;
  return Bad("parallel_upload", "'" + EscapeForDisplay(text) + "'; it takes auto, xml or none");
}

}  // namespace

bool WantsTokens(const GcsSettings& settings, const Environment& environment) {
  const bool emulated = settings.endpoint.empty() && !EmulatorOf(environment).empty();
  return !settings.anonymous && !emulated;
}

Result<GcsConfig> ResolveGcsConfig(const GcsSettings& settings, const Environment& environment) {
  GcsConfig config;
  config.bucket = settings.bucket;
  config.name = settings.name;
  config.user_project = settings.user_project;
  config.location = settings.location;
  config.ca_bundle = settings.ca_bundle;
  config.allow_http = settings.allow_http;
  GODWIT_RETURN_IF_ERROR(CheckBucket(config.bucket));
  const Result<GcsParallelUpload> parallel = ChooseParallel(settings.parallel_upload);
  if (!parallel.ok()) return parallel.status();
  config.parallel_upload = *parallel;
  std::string endpoint = settings.endpoint;
  if (endpoint.empty()) endpoint = EmulatorOf(environment);
  if (endpoint.empty()) endpoint = kGoogleEndpoint;
  GODWIT_RETURN_IF_ERROR(ApplyEndpoint(endpoint, config));
  config.project = Variable(environment, "GOOGLE_CLOUD_PROJECT");
  if (config.project.empty()) config.project = Variable(environment, "GCLOUD_PROJECT");
  config.quota_project = Variable(environment, "GOOGLE_CLOUD_QUOTA_PROJECT");
  return config;
}

std::string GcsServiceIdentity(const GcsConfig& config) { return "gs://" + config.endpoint; }

}  // namespace godwit
