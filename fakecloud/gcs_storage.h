#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "fakecloud/content.h"
#include "fakecloud/digests.h"

namespace fakecloud {

// One object as Cloud Storage keeps it, never changed once it is published.
struct GcsObject {
  Content content;
  std::uint64_t generation = 0;
  std::uint64_t metageneration = 1;
  std::string crc32c;                         // Raw, of the content.
  std::string md5;                            // Raw; empty for uploads in parts.
  std::map<std::string, std::string> fields;  // contentType and its like, storageClass.
  std::map<std::string, std::string> metadata;
  std::int64_t created = 0;  // Unix seconds.
  std::int64_t updated = 0;
};
using GcsObjectPtr = std::shared_ptr<const GcsObject>;

// What a write says of its bytes before they come. Base64; empty: nothing.
struct GcsDeclared {
  std::string crc32c;
  std::string md5;
};

// The conditions of a request; -1: none.
struct GcsConditions {
  std::int64_t generation = -1;
  std::int64_t not_generation = -1;
  std::int64_t metageneration = -1;
  std::int64_t not_metageneration = -1;
};

// A resumable session. One request at a time: hold `mutex`.
struct GcsUploadSession {
  std::mutex mutex;
  std::string id;
  std::string bucket;
  std::string key;
  GcsObject draft;
  GcsDeclared declared;
  GcsConditions conditions;
  Content content;
  std::unique_ptr<BodyHasher> hasher;
  bool cancelled = false;
  GcsObjectPtr finished;
};

// An upload by the XML multipart API.
struct GcsPart {
  Content content;
  std::string etag;
  std::string crc32c;
};
struct GcsPartsUpload {
  std::string key;
  std::int64_t initiated = 0;
  GcsObject draft;
  std::map<std::uint32_t, GcsPart> parts;
};

struct GcsBucket {
  std::string location;
  std::map<std::string, GcsObjectPtr, std::less<>> objects;
  std::map<std::string, GcsPartsUpload> uploads;  // By id.

  GcsObjectPtr Find(std::string_view key) const {
    const auto found = objects.find(key);
    return found == objects.end() ? nullptr : found->second;
  }
};

// All buckets and sessions. Hold the lock for look-ups and changes only, never while bytes move.
struct GcsStorage {
  explicit GcsStorage(StoragePolicy given) : policy(std::move(given)) {}

  const StoragePolicy policy;
  std::mutex mutex;  // Guards what follows.
  std::map<std::string, GcsBucket, std::less<>> buckets;
  std::map<std::string, GcsBucket, std::less<>> saved;
  std::map<std::string, std::shared_ptr<GcsUploadSession>, std::less<>> sessions;
  std::uint64_t last_number = 1'700'000'000'000'000;  // Generations and ids ascend.
  std::uint64_t NextNumber() { return ++last_number; }

  GcsBucket* Find(std::string_view name) {
    const auto found = buckets.find(name);
    return found == buckets.end() ? nullptr : &found->second;
  }
};

}  // namespace fakecloud
