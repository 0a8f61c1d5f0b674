#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "godwit/result.h"
#include "lib/auth/google_token.h"

namespace godwit {

// How large objects go up: as one stream, or in parallel parts by the XML multipart API. Auto: in
// parts from 256 MiB on at Google's own hosts, as a stream elsewhere.
enum class GcsParallelUpload : std::uint8_t { kAuto, kXml, kNone };

// Everything that a GcsStore needs to know, resolved. Value type.
struct GcsConfig {
  std::string bucket;
  std::string name;           // As a person writes it; empty: "gs://BUCKET".
  std::string endpoint;       // "https://host[:port][/prefix]", without a '/' at its end.
  bool is_google = true;      // The endpoint is a host of Google's own.
  std::string user_project;   // Pays for requests to requester-pays buckets; empty: the owner.
  std::string quota_project;  // Whose quota counts; empty: the account's.
  std::string project;        // Where `mb` makes buckets; empty: the account's.
  std::string location;       // Where the operator says that the bytes rest; empty: not said.
  GcsParallelUpload parallel_upload = GcsParallelUpload::kAuto;
  bool allow_http = false;  // Plain http to other machines.
  std::string ca_bundle;    // PEM file for the transport; empty: its default.
  // Null: requests carry no token (an emulator, a public bucket).
  std::shared_ptr<GoogleTokenSource> tokens;
};

// What a remote of the configuration file, or a URL, says. Empty: not said.
struct GcsSettings {
  std::string bucket;
  std::string name;
  std::string endpoint;
  std::string user_project;
  std::string location;
  std::string parallel_upload;  // "auto", "xml", "none".
  std::string ca_bundle;
  bool anonymous = false;
  bool allow_http = false;
};

// Completes `settings` from the environment: STORAGE_EMULATOR_HOST (or the C++ library's
// CLOUD_STORAGE_EMULATOR_ENDPOINT) is the endpoint where none is set, and then no tokens are sent;
// GOOGLE_CLOUD_PROJECT, GOOGLE_CLOUD_QUOTA_PROJECT. `tokens` is left null: whether to set it is
// told by WantsTokens. Fails with kInvalidArgument, naming the setting, on values that cannot be
// right and on plain http beyond this machine.
Result<GcsConfig> ResolveGcsConfig(const GcsSettings& settings, const Environment& environment);

// False for emulators and where the user says `anonymous`.
bool WantsTokens(const GcsSettings& settings, const Environment& environment);

// Endpoint and bucket as one string that is equal for every spelling of them.
std::string GcsServiceIdentity(const GcsConfig& config);

}  // namespace godwit
