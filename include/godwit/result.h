#pragma once

#include <utility>
#include <variant>

#include "godwit/status.h"

namespace godwit {

// A value, or the Status that says why there is none. Never holds a successful Status.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Status status) : state_(std::in_place_index<1>, std::move(status)) {}

  bool ok() const { return state_.index() == 0; }

  // The failure, or success if there is a value.
  Status status() const& { return ok() ? Status() : std::get<1>(state_); }
  Status status() && { return ok() ? Status() : std::move(std::get<1>(state_)); }

  // The value; must not be called on a failure.
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace godwit

// Returns the Status of `expression` from the enclosing function if it failed.
#define GODWIT_RETURN_IF_ERROR(expression)                                                        \
  do {                                                                                            \
    if (::godwit::Status godwit_status = (expression); !godwit_status.ok()) return godwit_status; \
  } while (false)
