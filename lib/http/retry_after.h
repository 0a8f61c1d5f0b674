#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "lib/http/transport.h"

namespace godwit {

// How long the service asks to be left alone: by the headers named, in milliseconds, else by
// Retry-After, in seconds or as a date. At most a day; none if it does not ask.
std::optional<std::chrono::milliseconds> RetryAfter(
    const HttpHeaders& headers, std::initializer_list<std::string_view> millisecond_headers = {});

}  // namespace godwit
