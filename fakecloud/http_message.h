#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fakecloud/content.h"

namespace fakecloud {

// Header fields in order; names compare without case.
class Headers {
 public:
  void Add(std::string_view name, std::string_view value) { fields_.emplace_back(name, value); }
  void Set(std::string_view name, std::string_view value);
  void Remove(std::string_view name);
  const std::string* Find(std::string_view name) const;  // The first of that name, or null.
  std::string_view Get(std::string_view name) const;     // The same, or "".
  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// A wait that ends early when the client goes away or the server stops.
class Waiter {
 public:
  virtual ~Waiter() = default;
  // Waits for `pause`, or for ever if there is none. False if it ended early.
  virtual bool Pause(std::optional<std::chrono::milliseconds> pause) = 0;
};

// The body of a request, as it arrives. One thread at a time.
class RequestBody {
 public:
  virtual ~RequestBody() = default;
  // Fills a prefix of `buffer`: its size; 0 at the end; -1 if the body is broken (connection lost,
  // bad framing), and then for ever.
  virtual std::ptrdiff_t Read(std::span<std::byte> buffer) = 0;
  // The announced size; none if it comes in chunks.
  virtual std::optional<std::uint64_t> announced_size() const = 0;
};

struct Request {
  std::string method;
  std::string path;   // As sent, still encoded, without the query.
  std::string query;  // As sent, without '?'.
  Headers headers;
  bool tls = false;
  RequestBody* body = nullptr;  // Never null while a service handles the request.
  Waiter* waiter = nullptr;     // Likewise.
};

enum class CutKind : std::uint8_t { kFin, kReset };

// How the bytes of an answer go onto the wire; the default is faithfully. Offsets count bytes of
// the body.
struct WirePlan {
  std::optional<CutKind> lose;             // No byte at all, then this.
  std::optional<std::uint64_t> cut_after;  // So many bytes, then `cut_kind`.
  CutKind cut_kind = CutKind::kFin;
  bool stalls = false;
  std::optional<std::uint64_t> stall_after;                    // None: before the status line.
  std::optional<std::chrono::milliseconds> stall_time;         // None: for ever.
  std::uint64_t bytes_per_second = 0;                          // 0: as fast as it goes.
  std::vector<std::pair<std::uint64_t, unsigned char>> flips;  // Offset and xor mask.
  bool zero = false;                                           // The whole body as NUL bytes.
  std::int64_t length_error = 0;                               // Added to Content-Length.
};

// An answer. The body is `text`, or `content` if that is set.
struct Response {
  int status = 200;
  Headers headers;
  std::string text;
  std::optional<Content> content;
  // The length that a HEAD announces without sending it.
  std::optional<std::uint64_t> head_length;
  bool close = false;  // End the connection afterwards.
  WirePlan wire;

  std::uint64_t body_size() const { return content ? content->size() : text.size(); }
};

// What stands behind a listener. Called by many threads at once.
class Service {
 public:
  virtual ~Service() = default;
  virtual Response Handle(Request& request) = 0;
};

}  // namespace fakecloud
