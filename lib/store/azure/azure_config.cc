#include "lib/store/azure/azure_config.h"

#include <array>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/ascii.h"
#include "lib/http/url.h"

namespace godwit {
namespace {

Status Invalid(std::string message) {
  return Status(ErrorKind::kInvalidArgument, std::move(message));
}

bool IsContainerName(std::string_view name) {
  static constexpr std::array<std::string_view, 3> kSpecial{"$root", "$web", "$logs"};
  for (const std::string_view special : kSpecial) {
    if (name == special) return true;
  }
  if (name.size() < 3 || name.size() > 63) return false;
  for (const char c : name) {
    if (!IsAsciiDigit(c) && !(c >= 'a' && c <= 'z') && c != '-') return false;
  }
  return name.front() != '-' && name.back() != '-' && name.find("--") == std::string_view::npos;
}

}  // namespace

std::string AzureRoute::PathOf(std::string_view container, std::string_view key) const {
  std::string path = base_path + "/" + PercentEncode(container, false);
  if (!key.empty()) path.append("/").append(PercentEncode(key, true));
  return path;
}

Result<AzureRoute> MakeAzureRoute(const AzureConfig& config) {
  if (!IsContainerName(config.container)) {
    return Invalid("'" + EscapeForDisplay(config.container) +
                   "' is not the name of an Azure container: 3 to 63 lower-case letters, digits "
                   "and single hyphens");
  }
  const Result<Url> url = Url::Parse(config.account.endpoint);
  if (!url.ok()) return Invalid("the Azure endpoint: " + url.status().message());
  if (!url->query.empty()) return Invalid("the Azure endpoint must not have a query");
  if (url->scheme == "http" && !url->IsLoopback() && !config.allow_http) {
    return Invalid("the Azure endpoint is plain http, which needs allow_http = true");
  }
  AzureRoute route{url->Origin(), url->path};
  while (route.base_path.ends_with('/')) route.base_path.pop_back();
  return route;
}

Result<AzureConfig> ResolveAzureConfig(const AzureSettings& settings,
                                       const Environment& environment) {
  Result<AzureAccount> account = FindAzureAccount(settings.account, environment);
  if (!account.ok()) return account.status();
  AzureConfig config;
  config.container = settings.container;
  config.name = settings.name;
  config.account = std::move(*account);
  config.allow_http = settings.allow_http;
  config.ca_bundle = settings.ca_bundle;
  config.location = settings.location;
  const Result<AzureRoute> route = MakeAzureRoute(config);
  if (!route.ok()) return route.status();
  return config;
}

}  // namespace godwit
