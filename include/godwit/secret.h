#pragma once

#include <string>
#include <utility>

namespace godwit {

// A value that must never be printed: a key, a token, a session address. It has no stream operator
// and no conversion; the few places that sign or send it call Reveal(). The log redacts every
// secret that was registered with it (lib/base/log.h).
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  const std::string& Reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  bool operator==(const Secret& other) const = default;

 private:
  std::string value_;
};

}  // namespace godwit
