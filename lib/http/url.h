#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "godwit/result.h"

namespace godwit {

// An absolute http or https URL, split. Refuses user info, percent-encoded hosts, other schemes,
// control bytes and spaces (I65).
struct Url {
  std::string scheme;      // "http" or "https".
  std::string host;        // Lower case; IPv6 in brackets.
  std::uint16_t port = 0;  // As written, else the scheme's.
  std::string path;        // As written, still encoded; "" or begins with '/'.
  std::string query;       // As written, without '?'.

  static Result<Url> Parse(std::string_view text);
  // Host with the port unless it is the scheme's own: the value of the Host header.
  std::string Authority() const;
  std::string Origin() const;  // "https://host:port" likewise.
  // 127/8, ::1, localhost, *.localhost.
  bool IsLoopback() const;
};

}  // namespace godwit
