#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "godwit/capabilities.h"

namespace godwit {

// Why a store cannot hold `key` (the full key), as a phrase for people; none if it can (I29).
std::optional<std::string> KeyProblem(const Capabilities& target, std::string_view key);

}  // namespace godwit
