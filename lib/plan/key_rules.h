#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/capabilities.h"

namespace godwit {

// Why a store cannot hold `key` (the full key), as a phrase for people; none if it can (I29).
std::optional<std::string> KeyProblem(const Capabilities& target, std::string_view key);

// Finds keys that are both a file and a folder, in one ascending pass: `a` and `a/b`. Remembers
// at most one key a level. Pure; one thread at a time.
class FolderClash {
 public:
  // Takes the next key in byte order. Returns the earlier file key that is a folder of `key`.
  std::optional<std::string> Check(std::string_view key);

 private:
  std::vector<std::string> open_;  // File keys that a later key may still lie under.
};

}  // namespace godwit
