#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/config_file.h"
#include "godwit/result.h"

namespace godwit {

// A location as the user wrote it, taken apart. Nothing is looked up.
struct ParsedLocation {
  enum class Kind : std::uint8_t { kLocal, kS3, kGcs, kAzure, kStdio };
  Kind kind = Kind::kLocal;
  std::string text;       // As written, for messages.
  std::string container;  // Bucket; empty for local paths.
  // Clouds: the key or prefix, one trailing slash removed. Local: the path.
  std::string path;
  bool trailing_slash = false;     // It was written with one, or is a bare bucket.
  const Remote* remote = nullptr;  // Borrowed from the configuration; null: from the environment.
  std::string endpoint;            // From an https:// form; empty: not told.
  std::string region;              // Likewise.
  std::string account;             // Azure: from an https:// or abfss:// form; else empty.

  bool is_local() const { return kind == Kind::kLocal; }
  // The prefix as a folder: "" or with a '/' at its end.
  std::string FolderPrefix() const { return path.empty() ? "" : path + "/"; }
};

// Parses every form of the manual. Fails with kInvalidArgument, naming the text, on an unknown
// scheme or remote, a missing bucket, and anything that carries a secret.
Result<ParsedLocation> ParseLocation(std::string_view text, const ConfigFile& config);

}  // namespace godwit
