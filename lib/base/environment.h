#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace godwit {

// Looks up an environment variable. Whoever depends on the environment takes one, so that tests
// can make it up.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

}  // namespace godwit
