#pragma once

#include <chrono>

namespace godwit {

// How far the clock of a service may be from that of here: S3, Azure and Cloud Storage refuse what
// was signed by a clock that is further off.
constexpr std::chrono::minutes kClockSkewMax{15};

}  // namespace godwit
