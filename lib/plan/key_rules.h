#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/key_problem.h"

namespace godwit {

// Finds keys that are both a file and a folder, in one ascending pass: `a` and `a/b`, or `a` and
// the directory marker `a/`. Remembers one key. Pure; one thread at a time.
class FolderClash {
 public:
  // Takes the next key in byte order. Returns the earlier file key that is a folder of `key`; a
  // key that clashed is not a file for the keys after it.
  std::optional<std::string> Check(std::string_view key);

 private:
  std::string last_;  // The latest file key.
  // How many bytes of it are file keys that a later key may still lie under, ascending.
  std::vector<std::size_t> open_sizes_;
};

}  // namespace godwit
