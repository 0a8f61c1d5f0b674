#pragma once

#include <string>

#include "lib/http/json_reader.h"

namespace godwit {

// The document of a value, on one line, members in their order. Text is taken to be UTF-8. Pure.
std::string WriteJson(const JsonValue& value);

}  // namespace godwit
