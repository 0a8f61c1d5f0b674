#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "godwit/result.h"
#include "godwit/secret.h"
#include "godwit/store_messages.h"

namespace godwit {

// What an upload id of GcsStore holds. Value type.
struct GcsUploadId {
  bool by_parts = false;         // The XML multipart API; else a resumable session.
  std::uint64_t part_bytes = 0;  // Size of every part but the last.
  std::uint64_t size_bytes = 0;  // Of the whole object.
  WriteCondition condition;      // Only by parts: a session keeps its own.
  std::string handle;            // Path and query of the session, or the service's upload id.

  Secret Join() const;
  // Fails with kNotFound on what is no id of this store.
  static Result<GcsUploadId> Split(const Secret& secret);
};

// Where a resumable session of this process stands. One thread at a time: hold `mutex`.
struct GcsSession {
  std::mutex mutex;
  // None: not known since a request failed; the service must be asked.
  std::optional<std::uint64_t> kept_bytes;
  // The end of the object that is no whole chunk, and where it begins.
  std::vector<std::byte> tail;
  std::uint64_t tail_offset = 0;
};

// The sessions of this process, by upload id. Safe from any thread.
class GcsSessions {
 public:
  // The session of `id`; one that is not known is made, with nothing known of it.
  std::shared_ptr<GcsSession> Find(const Secret& id);
  std::shared_ptr<GcsSession> Begin(const Secret& id);  // With nothing kept yet.
  void Forget(const Secret& id);

 private:
  std::mutex mutex_;  // Guards sessions_.
  std::map<std::string, std::shared_ptr<GcsSession>> sessions_;
};

}  // namespace godwit
