#include "lib/run/lock_registry.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/base/errno_status.h"
#include "lib/base/text.h"
#include "lib/run/small_file.h"
#include "lib/run/state_folder.h"

namespace godwit {

namespace {

constexpr std::string_view kFormat = "1";
constexpr std::string_view kOperation = "lock the target";
constexpr std::size_t kFieldCount = 10;
constexpr std::string_view kUnreadable = "unreadable";

bool HasText(std::string_view line) {
  return std::any_of(line.begin(), line.end(), [](char c) { return c > ' '; });
}

std::string Folded(std::string_view target) {
  std::string folder(target);
  if (!folder.ends_with('/')) folder += '/';
  return folder;
}

}  // namespace

// The last field counts the bytes before it, so that a cut line is recognised.
std::string EncodeLockRecord(const LockRecord& record) {
  std::string line(kFormat);
  const auto add = [&line](std::string_view field) { (line += '\t') += field; };
  add(record.token);
  add(EncodeProcess(record.holder));
  add(FormatRfc3339(record.started, 9) + ' ' + FormatRfc3339(record.refreshed, 9));
  add(PercentEncode(record.target, true));
  const std::size_t size = line.size();
  add(std::to_string(size));
  return line;
}

std::optional<LockRecord> DecodeLockRecord(std::string_view line) {
  const std::vector<std::string_view> fields = SplitAtTabs(line);
  if (fields.size() != kFieldCount || fields[0] != kFormat) return std::nullopt;
  const std::optional<std::uint64_t> size = ParseUint64(fields[9]);
  if (!size || *size + 1 + fields[9].size() != line.size()) return std::nullopt;
  const char* const holder_end = fields[6].data() + fields[6].size();
  const std::optional<ProcessIdentity> holder =
      DecodeProcess({fields[2].data(), static_cast<std::size_t>(holder_end - fields[2].data())});
  const std::size_t space = fields[7].find(' ');
  const std::optional<PreciseTime> started = ParseRfc3339(fields[7].substr(0, space));
  const std::optional<PreciseTime> refreshed =
      space == std::string_view::npos ? std::nullopt : ParseRfc3339(fields[7].substr(space + 1));
  const std::optional<std::string> target = PercentDecode(fields[8]);
  if (!holder || !started || !refreshed || !target) return std::nullopt;
  return LockRecord{std::string(fields[1]), *holder, started->time, refreshed->time, *target};
}

LockRecord UnreadableRecord(Timestamp seen) {
  return LockRecord{std::string(kUnreadable), {0, "unknown", "", "", 0}, seen, seen, ""};
}

bool IsUnreadable(const LockRecord& record) { return record.token == kUnreadable; }

bool TargetsOverlap(std::string_view a, std::string_view b) {
  const std::string folder_a = Folded(a);
  const std::string folder_b = Folded(b);
  return folder_a.starts_with(folder_b) || folder_b.starts_with(folder_a);
}

Result<LockRegistry> LockRegistry::Open(const std::string& state_dir) {
  const std::string folder = state_dir + "/locks";
  GODWIT_RETURN_IF_ERROR(MakePrivateFolder(folder));
  const std::string path = folder + "/lock";
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return ErrnoStatus(errno, kOperation, path);
  LockRegistry registry(folder, file);
  while (flock(file, LOCK_EX) != 0) {
    if (errno != EINTR) return ErrnoStatus(errno, kOperation, path);
  }
  return registry;
}

LockRegistry::LockRegistry(LockRegistry&& other) noexcept
    : folder_(std::move(other.folder_)), lock_file_(std::exchange(other.lock_file_, -1)) {}

LockRegistry::~LockRegistry() {
  if (lock_file_ >= 0) close(lock_file_);
}

Result<std::vector<LockRecord>> LockRegistry::Read(Timestamp now) {
  const std::string path = folder_ + "/registry";
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && errno == ENOENT) return std::vector<LockRecord>();
  if (file < 0) return ErrnoStatus(errno, kOperation, path);
  close(file);
  std::ifstream stream(path, std::ios::binary);
  std::vector<LockRecord> records;
  bool damaged = false;
  for (std::string line; std::getline(stream, line);) {
    std::optional<LockRecord> record = DecodeLockRecord(line);
    if (record) records.push_back(std::move(*record));
    damaged |= !record && HasText(line);
  }
  if (stream.bad()) return ErrnoStatus(EIO, kOperation, path);
  if (damaged && std::none_of(records.begin(), records.end(), IsUnreadable)) {
    records.push_back(UnreadableRecord(now));
  }
  return records;
}

Status LockRegistry::Write(const std::vector<LockRecord>& records) {
  std::string text;
  for (const LockRecord& record : records) text += EncodeLockRecord(record) + '\n';
  // After a power loss the holders are gone too: only the order of write and rename matters.
  return ReplaceFile(folder_ + "/registry", text, kOperation);
}

}  // namespace godwit
