#include "lib/run/lock_registry.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/base/errno_status.h"
#include "lib/base/text.h"
#include "lib/run/state_folder.h"

namespace godwit {

namespace {

constexpr std::string_view kFormat = "1";
constexpr std::string_view kOperation = "lock the target";
constexpr std::size_t kFieldCount = 10;

std::vector<std::string_view> SplitFields(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t tab = line.find('\t');
    fields.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return fields;
    line.remove_prefix(tab + 1);
  }
}

std::string Folded(std::string_view target) {
  std::string folder(target);
  if (!folder.ends_with('/')) folder += '/';
  return folder;
}

Status WriteFile(int file, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, kOperation, path);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return Status::Ok();
}

}  // namespace

// The last field counts the bytes before it, so that a cut line is recognised.
std::string EncodeLockRecord(const LockRecord& record) {
  const ProcessIdentity& holder = record.holder;
  std::string line(kFormat);
  const auto add = [&line](std::string_view field) { (line += '\t') += field; };
  add(record.token);
  add(std::to_string(holder.pid));
  add(PercentEncode(holder.host, false));
  add(PercentEncode(holder.boot_id, false));
  add(PercentEncode(holder.pid_namespace, false));
  add(std::to_string(holder.start_ticks));
  add(FormatRfc3339(record.started, 9) + ' ' + FormatRfc3339(record.refreshed, 9));
  add(PercentEncode(record.target, true));
  const std::size_t size = line.size();
  add(std::to_string(size));
  return line;
}

std::optional<LockRecord> DecodeLockRecord(std::string_view line) {
  const std::vector<std::string_view> fields = SplitFields(line);
  if (fields.size() != kFieldCount || fields[0] != kFormat) return std::nullopt;
  const std::optional<std::uint64_t> size = ParseUint64(fields[9]);
  if (!size || *size + 1 + fields[9].size() != line.size()) return std::nullopt;
  const std::optional<std::uint64_t> pid = ParseUint64(fields[2]);
  const std::optional<std::string> host = PercentDecode(fields[3]);
  const std::optional<std::string> boot_id = PercentDecode(fields[4]);
  const std::optional<std::string> pid_namespace = PercentDecode(fields[5]);
  const std::optional<std::uint64_t> ticks = ParseUint64(fields[6]);
  const std::size_t space = fields[7].find(' ');
  const std::optional<PreciseTime> started = ParseRfc3339(fields[7].substr(0, space));
  const std::optional<PreciseTime> refreshed =
      space == std::string_view::npos ? std::nullopt : ParseRfc3339(fields[7].substr(space + 1));
  const std::optional<std::string> target = PercentDecode(fields[8]);
  if (!pid || !host || !boot_id || !pid_namespace || !ticks || !started || !refreshed || !target) {
    return std::nullopt;
  }
  return LockRecord{std::string(fields[1]),
                    {static_cast<std::int64_t>(*pid), *host, *boot_id, *pid_namespace, *ticks},
                    started->time,
                    refreshed->time,
                    *target};
}

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

Result<std::vector<LockRecord>> LockRegistry::Read() {
  const std::string path = folder_ + "/registry";
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && errno == ENOENT) return std::vector<LockRecord>();
  if (file < 0) return ErrnoStatus(errno, kOperation, path);
  close(file);
  std::ifstream stream(path, std::ios::binary);
  std::vector<LockRecord> records;
  for (std::string line; std::getline(stream, line);) {
    std::optional<LockRecord> record = DecodeLockRecord(line);
    if (record) records.push_back(std::move(*record));
  }
  if (stream.bad()) return ErrnoStatus(EIO, kOperation, path);
  return records;
}

Status LockRegistry::Write(const std::vector<LockRecord>& records) {
  std::string text;
  for (const LockRecord& record : records) text += EncodeLockRecord(record) + '\n';
  const std::string path = folder_ + "/registry";
  const std::string next = path + ".next";
  const int file = open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return ErrnoStatus(errno, kOperation, next);
  Status status = WriteFile(file, text, next);
  // After a power loss the holders are gone too: only the order of write and rename matters.
  if (status.ok() && fdatasync(file) != 0) status = ErrnoStatus(errno, kOperation, next);
  close(file);
  if (status.ok() && rename(next.c_str(), path.c_str()) != 0) {
    status = ErrnoStatus(errno, kOperation, path);
  }
  return status;
}

}  // namespace godwit
