#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "lib/run/process_identity.h"

namespace godwit {

// One held lock, as it stands in the registry: one line of text.
struct LockRecord {
  std::string token;  // Names this lock alone.
  ProcessIdentity holder;
  Timestamp started{};
  Timestamp refreshed{};  // The lease runs from here.
  std::string target;     // The canonical identity.

  bool operator==(const LockRecord& other) const = default;
};

std::string EncodeLockRecord(const LockRecord& record);
// None if the line is damaged.
std::optional<LockRecord> DecodeLockRecord(std::string_view line);

// Stands for an entry that could not be read.
LockRecord UnreadableRecord(Timestamp seen);
bool IsUnreadable(const LockRecord& record);

// True if one of two targets is the other or lies in it.
bool TargetsOverlap(std::string_view a, std::string_view b);

// The file STATE_DIR/locks/registry, open for one change: other processes and threads wait for
// its end. Short-lived; one thread at a time.
class LockRegistry {
 public:
  // Makes the folder and the file if they are missing.
  static Result<LockRegistry> Open(const std::string& state_dir);
  LockRegistry(LockRegistry&& other) noexcept;
  LockRegistry& operator=(LockRegistry&&) = delete;
  ~LockRegistry();

  // Lines that are damaged become one UnreadableRecord(now), if none is there already; those
  // without a single byte of text, as a power loss may leave them, are left out.
  Result<std::vector<LockRecord>> Read(Timestamp now);
  // Replaces all records. On a failure the records before are still there.
  Status Write(const std::vector<LockRecord>& records);

 private:
  LockRegistry(std::string folder, int lock_file)
      : folder_(std::move(folder)), lock_file_(lock_file) {}

  std::string folder_;
  int lock_file_ = -1;  // Holds the flock; never renamed, unlike the registry itself.
};

}  // namespace godwit
