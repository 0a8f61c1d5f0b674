#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit {

// Names one process on one machine so that another, later, can tell whether it still lives.
struct ProcessIdentity {
  std::int64_t pid = 0;
  std::string host;
  std::string boot_id;        // Another one after each start of the machine.
  std::string pid_namespace;  // Within which `pid` means something.
  // When the process began, in ticks since boot: tells it from a later one with its pid.
  std::uint64_t start_ticks = 0;

  bool operator==(const ProcessIdentity& other) const = default;
};

// This process; its pid is read anew each time, so that a forked child has its own.
ProcessIdentity ThisProcess();

enum class Liveness : std::uint8_t {
  kAlive,
  kDead,     // Provably: same machine and boot, and no such process.
  kUnknown,  // On another machine, or before its last start, or in another container.
};
Liveness LivenessOf(const ProcessIdentity& process);

// One line of five fields with tabs between them, and back; none if it is damaged.
std::string EncodeProcess(const ProcessIdentity& process);
std::optional<ProcessIdentity> DecodeProcess(std::string_view text);

std::vector<std::string_view> SplitAtTabs(std::string_view line);

}  // namespace godwit
