#include "lib/run/process_identity.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

#include <unistd.h>

#include "lib/base/text.h"

namespace godwit {

namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string FirstLine(const std::string& path) {
  const std::string text = ReadFile(path);
  return text.substr(0, text.find('\n'));
}

std::string HostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

std::string PidNamespace() {
  std::array<char, 64> target{};
  const ssize_t size = readlink("/proc/self/ns/pid", target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : "unknown";
}

// Field 22 of /proc/PID/stat. Field 2, the program's name, may hold spaces and parentheses.
std::optional<std::uint64_t> StartTicks(std::int64_t pid) {
  const std::string stat = ReadFile("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string field;
  for (int number = 3; number <= 22; ++number) fields >> field;
  return ParseUint64(field);
}

// A process that has ended and was not yet waited for does nothing any more.
bool IsZombie(std::int64_t pid) {
  const std::string stat = ReadFile("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat.size()) return false;
  return stat[name_end + 2] == 'Z' || stat[name_end + 2] == 'X';
}

}  // namespace

ProcessIdentity ThisProcess() {
  ProcessIdentity self;
  self.pid = getpid();
  self.host = HostName();
  self.boot_id = FirstLine("/proc/sys/kernel/random/boot_id");
  self.pid_namespace = PidNamespace();
  self.start_ticks = StartTicks(self.pid).value_or(0);
  return self;
}

Liveness LivenessOf(const ProcessIdentity& process) {
  const ProcessIdentity self = ThisProcess();
  const bool comparable = !process.boot_id.empty() && process.host == self.host &&
                          process.boot_id == self.boot_id &&
                          process.pid_namespace == self.pid_namespace;
  if (!comparable || process.pid <= 0) return Liveness::kUnknown;
  if (kill(static_cast<pid_t>(process.pid), 0) != 0 && errno == ESRCH) return Liveness::kDead;
  const std::optional<std::uint64_t> ticks = StartTicks(process.pid);
  if (ticks && process.start_ticks != 0 && *ticks != process.start_ticks) return Liveness::kDead;
  return IsZombie(process.pid) ? Liveness::kDead : Liveness::kAlive;
}

std::string EncodeProcess(const ProcessIdentity& process) {
  std::string text = std::to_string(process.pid);
  for (const std::string* field : {&process.host, &process.boot_id, &process.pid_namespace}) {
    text += '\t' + PercentEncode(*field, false);
  }
  return text + '\t' + std::to_string(process.start_ticks);
}

std::optional<ProcessIdentity> DecodeProcess(std::string_view text) {
  const std::vector<std::string_view> fields = SplitAtTabs(text);
  if (fields.size() != 5) return std::nullopt;
  const std::optional<std::uint64_t> pid = ParseUint64(fields[0]);
  const std::optional<std::string> host = PercentDecode(fields[1]);
  const std::optional<std::string> boot_id = PercentDecode(fields[2]);
  const std::optional<std::string> pid_namespace = PercentDecode(fields[3]);
  const std::optional<std::uint64_t> ticks = ParseUint64(fields[4]);
  if (!pid || !host || !boot_id || !pid_namespace || !ticks) return std::nullopt;
  return ProcessIdentity{static_cast<std::int64_t>(*pid), *host, *boot_id, *pid_namespace, *ticks};
}

std::vector<std::string_view> SplitAtTabs(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t tab = line.find('\t');
    fields.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return fields;
    line.remove_prefix(tab + 1);
  }
}

}  // namespace godwit
