#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "godwit/capabilities.h"
#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "godwit/store_messages.h"
#include "lib/checksum/content_hasher.h"

namespace godwit {

inline ContentSum SumOf(const std::string& bytes) {
  ContentHasher hasher;
  hasher.Update(std::as_bytes(std::span(bytes.data(), bytes.size())));
  return hasher.sum();
}

struct FakeObject {
  std::string bytes;
  Version version;
  ObjectAttributes attributes;
  EntryType type = EntryType::kObject;
  DigestSet listed_digests;  // What a listing tells.
  DigestSet head_digests;    // What a HEAD tells beside.
  PreciseTime modified;
  bool archived = false;
};

struct FakeUpload {
  std::string key;
  UploadOptions options;
  std::map<std::uint32_t, std::string> parts;
  PreciseTime started;
};

// One side of a run as maps: what the engine's commands do, without a store.
class FakeSide {
 public:
  std::map<std::string, FakeObject> objects;
  std::map<std::string, FakeUpload> uploads;
  Capabilities capabilities;
  std::size_t page_keys = 1000;
  std::map<std::string, int> writes;  // By key: how often its content was replaced.

  FakeObject& Set(const std::string& key, const std::string& bytes) {
    FakeObject& object = objects[key];
    object = FakeObject{};
    object.bytes = bytes;
    object.version = NextVersion();
    object.modified.time += std::chrono::seconds(1000);
    ++writes[key];
    return object;
  }

  ObjectEntry EntryOf(const std::string& key) const {
    const FakeObject& object = objects.at(key);
    ObjectEntry entry;
    entry.key = key;
    entry.type = object.type;
    entry.size_bytes = object.bytes.size();
    entry.version = object.version;
    entry.digests = object.listed_digests;
    entry.modified = object.modified;
    entry.archived = object.archived;
    return entry;
  }

  Result<ObjectMeta> Head(const std::string& key) const {
    if (!objects.contains(key)) return Status(ErrorKind::kNotFound, "missing");
    ObjectMeta meta{EntryOf(key), objects.at(key).attributes};
    for (const Digest& digest : objects.at(key).head_digests.all()) meta.entry.digests.Set(digest);
    return meta;
  }

  ListPage List(const std::string& start_after, const std::string& token) const {
    ListPage page;
    for (auto at = objects.upper_bound(token.empty() ? start_after : token.substr(2));
         at != objects.end(); ++at) {
      if (page.entries.size() == page_keys) {
        page.next_page_token = "t:" + page.entries.back().key;
        break;
      }
      page.entries.push_back(EntryOf(at->first));
    }
    return page;
  }

  // The bytes of a pinned version.
  Result<std::string> Read(const std::string& key, const Version& version) const {
    if (!objects.contains(key)) return Status(ErrorKind::kNotFound, "missing");
    const FakeObject& object = objects.at(key);
    if (object.archived) return Status(ErrorKind::kArchived, "archived");
    if (object.version != version) return Status(ErrorKind::kPreconditionFailed, "changed");
    return object.bytes;
  }

  Status Check(const std::string& key, const WriteCondition& condition) const {
    const bool there = objects.contains(key);
    switch (condition.kind) {
      case WriteCondition::Kind::kNone:
        return Status::Ok();
      case WriteCondition::Kind::kCreateOnly:
        return there ? Status(ErrorKind::kAlreadyExists, "exists") : Status::Ok();
      case WriteCondition::Kind::kIfVersion:
        if (there && objects.at(key).version == condition.version) return Status::Ok();
        return Status(ErrorKind::kPreconditionFailed, "another version");
    }
    return Status::Ok();
  }

  PutReceipt Put(const std::string& key, const std::string& bytes,
                 const ObjectAttributes& attributes) {
    FakeObject& object = Set(key, bytes);
    object.attributes = attributes;
    object.head_digests = SumOf(bytes).digests();
    return {object.version, object.modified, object.head_digests, WriteProof::kCrc64Nvme};
  }

  Status Delete(const DeleteRequest& request) {
    const auto found = objects.find(request.key);
    if (found == objects.end()) return Status::Ok();
    if (!request.if_version.empty() && found->second.version != request.if_version) {
      return Status(ErrorKind::kPreconditionFailed, "another version");
    }
    objects.erase(found);
    return Status::Ok();
  }

  Version NextVersion() { return "v" + std::to_string(++last_version_); }

 private:
  int last_version_ = 0;
};

}  // namespace godwit
