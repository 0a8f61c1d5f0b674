#include "lib/base/key_problem.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.h"

namespace godwit {
namespace {

using Problem = std::optional<std::string>;

constexpr std::size_t kLocalComponentBytesMax = 255;
constexpr std::size_t kAzureSegmentsMax = 254;
constexpr std::string_view kAcmePrefix = ".well-known/acme-challenge/";

// Calls `check` with every component between slashes until one has a problem.
template <typename Check>
Problem FirstProblem(std::string_view key, Check check) {
  while (true) {
    const std::size_t slash = key.find('/');
    if (Problem problem = check(key.substr(0, slash))) return problem;
    if (slash == std::string_view::npos) return std::nullopt;
    key.remove_prefix(slash + 1);
  }
}

Problem LocalComponentProblem(std::string_view component) {
  if (component.empty()) return "it has an empty path component";
  if (component == "." || component == "..") {
    return fmt::format("it has a path component '{}'", component);
  }
  if (component.size() > kLocalComponentBytesMax) {
    return fmt::format("a path component has {} bytes, a file name holds at most {}",
                       component.size(), kLocalComponentBytesMax);
  }
  return std::nullopt;
}

Problem LocalProblem(std::string_view key) {
  if (key.find('\0') != std::string_view::npos) return "it has a NUL byte";
  if (key.starts_with('/')) return "it begins with '/'";
  // A directory marker becomes the folder of its name.
  if (key.ends_with('/')) key.remove_suffix(1);
  return FirstProblem(key, LocalComponentProblem);
}

Problem GcsProblem(std::string_view key) {
  if (key.find_first_of("\r\n") != std::string_view::npos) {
    return "it has a carriage return or a line feed";
  }
  if (key == "." || key == "..") return fmt::format("it is '{}'", key);
  if (key.starts_with(kAcmePrefix)) return fmt::format("it begins with '{}'", kAcmePrefix);
  return std::nullopt;
}

bool StartsWithAt(std::string_view key, std::size_t at, std::string_view bytes) {
  return key.substr(at, bytes.size()) == bytes;
}

// Control characters (C0, DEL, C1), and the code points U+E000, U+FFFE and U+FFFF. `key` is UTF-8.
bool HasCharacterRefusedByAzure(std::string_view key) {
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto byte = static_cast<unsigned char>(key[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < key.size() && static_cast<unsigned char>(key[i + 1]) < 0xA0) {
      return true;
    }
    if (StartsWithAt(key, i, "\xEE\x80\x80") || StartsWithAt(key, i, "\xEF\xBF\xBE") ||
        StartsWithAt(key, i, "\xEF\xBF\xBF")) {
      return true;
    }
  }
  return false;
}

Problem AzureProblem(std::string_view key) {
  if (key.find('\\') != std::string_view::npos) return "it has a backslash";
  if (HasCharacterRefusedByAzure(key)) return "it has a character that Azure refuses";
  const auto segments = static_cast<std::size_t>(std::count(key.begin(), key.end(), '/')) + 1;
  if (segments > kAzureSegmentsMax) {
    return fmt::format("it has {} path segments, Azure allows {}", segments, kAzureSegmentsMax);
  }
  return FirstProblem(key, [](std::string_view segment) -> Problem {
    if (segment.ends_with('.')) return "a path segment ends with a dot";
    return std::nullopt;
  });
}

}  // namespace

std::optional<std::string> KeyProblem(const Capabilities& target, std::string_view key) {
  if (key.empty()) return "it is empty";
  if (key.size() > target.key_bytes_max) {
    return fmt::format("it has {} bytes, {} holds at most {}", key.size(), target.service,
                       target.key_bytes_max);
  }
  const KeyRules rules = target.key_rules;
  const bool cloud = rules == KeyRules::kS3 || rules == KeyRules::kGcs || rules == KeyRules::kAzure;
  if (cloud && !IsValidUtf8(key)) return "it is not valid UTF-8";
  switch (rules) {
    case KeyRules::kGcs:
      return GcsProblem(key);
    case KeyRules::kAzure:
      return AzureProblem(key);
    case KeyRules::kLocal:
      return LocalProblem(key);
    case KeyRules::kS3:
    case KeyRules::kAny:
      break;
  }
  return std::nullopt;
}

}  // namespace godwit
