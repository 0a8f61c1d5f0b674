#include "lib/store/gcs/gcs_object_cache.h"

namespace godwit {

void GcsObjectCache::Keep(const GcsObject& object) {
  Name name(object.meta.entry.key, object.meta.entry.version);
  const std::lock_guard lock(mutex_);
  const bool is_new = objects_.insert_or_assign(name, object).second;
  if (!is_new) return;
  order_.push_back(std::move(name));
  if (order_.size() <= kObjectsMax) return;
  objects_.erase(order_.front());
  order_.pop_front();
}

std::optional<GcsObject> GcsObjectCache::Find(std::string_view key, const Version& version) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(Name(std::string(key), version));
  if (found == objects_.end()) return std::nullopt;
  return found->second;
}

}  // namespace godwit
