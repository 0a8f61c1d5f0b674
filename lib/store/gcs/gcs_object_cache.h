#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lib/store/gcs/gcs_wire.h"

namespace godwit {

// What the latest listings and look-ups told of objects, by key and generation, so that a download
// needs no second request for its metadata: the media of an object come without it. Keeps a fixed
// number of objects, the oldest leave first. Safe from any thread.
class GcsObjectCache {
 public:
  void Keep(const GcsObject& object);
  std::optional<GcsObject> Find(std::string_view key, const Version& version) const;

 private:
  // A few pages: copies follow their listing closely.
  static constexpr std::size_t kObjectsMax = 4096;
  using Name = std::pair<std::string, Version>;

  mutable std::mutex mutex_;  // Guards what follows.
  std::map<Name, GcsObject> objects_;
  std::deque<Name> order_;
};

}  // namespace godwit
