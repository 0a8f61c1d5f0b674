#include "tests/sim/sim_disk.h"

#include <memory>
#include <utility>

#include "lib/policy/permit_issuer.h"

namespace godwit {
namespace {

std::string FolderOf(const std::string& key) {
  const std::size_t slash = key.rfind('/');
  return slash == std::string::npos ? std::string() : key.substr(0, slash);
}

}  // namespace

Version SimDisk::VersionOf(const std::string& key) const {
  const std::optional<MemoryStore::Object> object = files_.Find(key);
  return object ? object->meta.entry.version : Version();
}

bool SimDisk::HasRoomFor(const std::string& key) const {
  for (const auto& [other, content] : files_.Contents()) {
    if (key.starts_with(other + "/") || other.starts_with(key + "/")) return false;
  }
  return true;
}

void SimDisk::NameChanged(const std::string& key, std::optional<MemoryStore::Object> before,
                          bool data_is_synced) {
  const Version after = VersionOf(key);
  if (!data_is_synced && !after.empty()) unsynced_[key] = after;
  changes_[FolderOf(key)].push_back(Change{key, std::move(before), after});
}

void SimDisk::SyncFolderOf(const std::string& key) { changes_.erase(FolderOf(key)); }

std::set<std::string> SimDisk::CutPower(Random& random) {
  std::set<std::string> fallen_back;
  for (auto& [folder, changes] : changes_) {
    std::uint64_t undone = random.Below(changes.size() + 1);
    for (; undone > 0; --undone) {
      Change change = std::move(changes.back());
      changes.pop_back();
      if (VersionOf(change.key) != change.after) continue;  // Somebody else's, since.
      if (change.before && !HasRoomFor(change.key)) continue;
      files_.Restore(change.key, std::move(change.before));
      fallen_back.insert(change.key);
    }
  }
  changes_.clear();
  for (const auto& [key, version] : std::exchange(unsynced_, {})) {
    if (VersionOf(key) == version) LoseData(key, random);
  }
  LoseParts(random);
  return fallen_back;
}

void SimDisk::LoseData(const std::string& key, Random& random) {
  std::optional<MemoryStore::Object> object = files_.Find(key);
  MemoryStore::Bytes bytes = *object->body;
  bytes.resize(random.Below(bytes.size() + 1));
  object->meta.entry.size_bytes = bytes.size();
  object->body = std::make_shared<const MemoryStore::Bytes>(std::move(bytes));
  files_.Restore(key, std::move(object));
}

void SimDisk::LoseParts(Random& random) {
  constexpr double kForgotten = 0.1;
  constexpr double kZeroed = 0.3;
  const Result<std::vector<UploadEntry>> uploads = files_.ListUploads({}, "");
  for (const UploadEntry& upload : *uploads) {
    const PermitIssuer permits;
    if (random.Chance(kForgotten)) {
      static_cast<void>(
          files_.AbortUpload({}, permits.Judge(upload.key), upload.key, upload.upload_id).ok());
      continue;
    }
    const Result<UploadedParts> kept = files_.ListParts({}, upload.key, upload.upload_id);
    for (const PartReceipt& part : kept->parts) {
      if (!random.Chance(kZeroed)) continue;
      const std::string zeros(part.size_bytes, '\0');
      MemorySource body(std::as_bytes(std::span(zeros)));
      static_cast<void>(files_
                            .PutPart({}, permits.Judge(upload.key), upload.key, upload.upload_id,
                                     UploadPart{part.index, 0, {}}, body)
                            .ok());
    }
  }
}

}  // namespace godwit
