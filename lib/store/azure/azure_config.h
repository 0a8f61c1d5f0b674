#pragma once

#include <string>

#include "godwit/result.h"
#include "lib/auth/azure_credentials.h"
#include "lib/base/environment.h"

namespace godwit {

// Everything that an AzureStore needs to know, resolved. Value type.
struct AzureConfig {
  std::string container;
  std::string name;         // As a person writes it; empty: "az://CONTAINER".
  AzureAccount account;     // Its endpoint may have a path, as that of an emulator has.
  bool allow_http = false;  // Plain http to other machines.
  std::string ca_bundle;    // PEM file for the transport; empty: its default.
  std::string location;     // Where the operator says that the bytes rest; empty: not said.
  // What is sent as x-ms-version: the oldest that knows all that is used here.
  std::string api_version = "2021-12-02";
};

// What a remote of the configuration file, or a URL, says. Empty: not said.
struct AzureSettings {
  std::string container;
  std::string name;
  std::string ca_bundle;
  std::string location;
  bool allow_http = false;
  AzureAccountOptions account;
};

// Completes `settings` from the environment. Fails as FindAzureAccount does, and with
// kInvalidArgument on a container or endpoint that cannot be right and on plain http that is not
// allowed.
Result<AzureConfig> ResolveAzureConfig(const AzureSettings& settings,
                                       const Environment& environment);

// Where the requests of one container go. Value type.
struct AzureRoute {
  std::string origin;     // "https://host[:port]".
  std::string base_path;  // "" or "/account".

  // The encoded path of a blob; of the container itself for "".
  std::string PathOf(std::string_view container, std::string_view key) const;
};

// Fails with kInvalidArgument as ResolveAzureConfig does.
Result<AzureRoute> MakeAzureRoute(const AzureConfig& config);

}  // namespace godwit
