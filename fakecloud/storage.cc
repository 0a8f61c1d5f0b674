#include "fakecloud/storage.h"

#include <algorithm>
#include <cstdio>

namespace fakecloud {
namespace {

std::uint64_t Scramble(std::uint64_t value) {  // splitmix64
  value += 0x9E3779B97F4A7C15;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

}  // namespace

std::string Synthetic::KeyAt(std::uint64_t index) const {
  char buffer[64];
  const int size = std::snprintf(buffer, sizeof(buffer), "d%06llu/f%09llu.bin",
                                 static_cast<unsigned long long>(index / 1000),
                                 static_cast<unsigned long long>(index));
  return std::string(buffer, static_cast<std::size_t>(size));
}

std::uint64_t Synthetic::LowerBound(std::string_view key) const {
  std::uint64_t low = 0, high = count;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (KeyAt(middle) < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::optional<std::uint64_t> Synthetic::Find(std::string_view key) const {
  const std::uint64_t index = LowerBound(key);
  if (index == count || KeyAt(index) != key) return std::nullopt;
  return index;
}

ObjectPtr Bucket::Latest(std::string_view key) const {
  if (synthetic) {
    if (!synthetic->Find(key)) return nullptr;
    return std::make_shared<ObjectVersion>(synthetic->object);
  }
  const auto found = keys.find(key);
  return found == keys.end() ? nullptr : found->second.back();
}

ObjectPtr Bucket::Live(std::string_view key) const {
  ObjectPtr latest = Latest(key);
  return latest && !latest->delete_marker ? latest : nullptr;
}

ObjectPtr Bucket::Version(std::string_view key, std::string_view version_id) const {
  const auto found = keys.find(key);
  if (found == keys.end()) return nullptr;
  for (const ObjectPtr& version : found->second) {
    if (version->version_id == version_id) return version;
  }
  return nullptr;
}

ObjectPtr Bucket::Publish(std::string_view key, std::shared_ptr<ObjectVersion> version,
                          std::uint64_t serial) {
  version->version_id = versioning == Versioning::kEnabled ? Storage::OpaqueId(serial, 32) : "null";
  const ObjectPtr published = std::move(version);
  auto found = keys.find(key);
  if (found == keys.end()) found = keys.try_emplace(std::string(key)).first;
  std::vector<ObjectPtr>& versions = found->second;
  if (published->version_id == "null") {
    std::erase_if(versions, [](const ObjectPtr& old) { return old->version_id == "null"; });
  }
  versions.push_back(published);
  return published;
}

void Bucket::VisitLive(
    std::string_view from,
    const std::function<bool(const std::string&, const ObjectVersion&)>& visit) const {
  if (synthetic) {
    for (std::uint64_t i = synthetic->LowerBound(from); i < synthetic->count; ++i) {
      if (!visit(synthetic->KeyAt(i), synthetic->object)) return;
    }
    return;
  }
  for (auto it = keys.lower_bound(from); it != keys.end(); ++it) {
    const ObjectVersion& latest = *it->second.back();
    if (!latest.delete_marker && !visit(it->first, latest)) return;
  }
}

Bucket* Storage::Access::Find(std::string_view name) {
  const auto found = storage_.buckets_.find(name);
  return found == storage_.buckets_.end() ? nullptr : &found->second;
}

Bucket& Storage::Access::Create(std::string_view name, std::string_view region, std::int64_t now) {
  Bucket& bucket = storage_.buckets_.try_emplace(std::string(name)).first->second;
  bucket.name = name;
  bucket.region = region;
  bucket.created = now;
  return bucket;
}

void Storage::Access::Remove(std::string_view name) {
  const auto found = storage_.buckets_.find(name);
  if (found != storage_.buckets_.end()) storage_.buckets_.erase(found);
}

std::string Storage::OpaqueId(std::uint64_t serial, std::size_t length) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
  std::string id;
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < length; ++i) {
    if (i % 10 == 0) word = Scramble(serial * 64 + i / 10);
    id += kAlphabet[word & 63];
    word >>= 6;
  }
  return id;
}

}  // namespace fakecloud
