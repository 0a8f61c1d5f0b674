#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace godwit {

// --max-delete: a number, a percentage of all listed target keys (rounded down), or no limit. The
// default is 25 %, but at least 20.
struct DeleteLimit {
  enum class Kind : std::uint8_t { kDefault, kCount, kPercent, kAll };
  Kind kind = Kind::kDefault;
  std::uint64_t value = 0;

  // "100", "10%", "all".
  static std::optional<DeleteLimit> Parse(std::string_view text);
  // How many deletes are allowed with `target_keys` listed; none: no limit.
  std::optional<std::uint64_t> Allowed(std::uint64_t target_keys) const;
  std::string ToString() const;
};

// Everything that the decision to start deleting rests on.
struct DeleteFacts {
  bool source_complete = false;
  bool target_complete = false;
  bool source_exists = false;
  std::uint64_t source_keys = 0;  // Before filters.
  std::uint64_t target_keys = 0;  // Before filters.
  std::uint64_t candidates = 0;
  std::uint64_t failed_copies = 0;  // Without planned conflicts and archived sources.
  bool allow_empty_source = false;
  bool interrupted = false;
  DeleteLimit limit;
  std::string target;  // Its name for the message, e.g. "s3://lake/t1"; may be empty.
};

// Whether the delete phase may start (I1-I5), and if not, why and with which exit code.
struct DeletePermission {
  bool allowed = false;
  // 6 for the guards, 7 for listings, 1 for failed copies, 0 if the run was stopped: the stop has
  // its own code. Where several apply the first of 7, 6, 1.
  int exit_code = 0;
  std::string message;  // For people: what, how many, how to lift it.
};
DeletePermission JudgeDeletes(const DeleteFacts& facts);

}  // namespace godwit
