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

}  // namespace godwit
