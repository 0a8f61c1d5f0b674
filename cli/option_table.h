#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace godwit {

// The commands of this version, as bits, so that an option can say which of them take it.
enum CommandBit : std::uint32_t {
  kSyncBit = 1 << 0,
  kCpBit = 1 << 1,
  kRmBit = 1 << 2,
  kLsBit = 1 << 3,
  kDuBit = 1 << 4,
  kStatBit = 1 << 5,
  kCatBit = 1 << 6,
  kMbBit = 1 << 7,
  kVersionBit = 1 << 8,
  kJobsBit = 1 << 9,
};
inline constexpr std::uint32_t kTransferBits = kSyncBit | kCpBit;
inline constexpr std::uint32_t kEngineBits = kSyncBit | kCpBit | kRmBit;
inline constexpr std::uint32_t kStoreBits =
    kEngineBits | kLsBit | kDuBit | kStatBit | kCatBit | kMbBit | kJobsBit;
inline constexpr std::uint32_t kAllBits = kStoreBits | kVersionBit;

struct CommandSpec {
  CommandBit bit;
  std::string_view name;
  std::string_view operands;  // "SRC DST [DST...]"
  std::size_t operands_min;
  std::size_t operands_max;  // 0: no limit.
  std::string_view summary;  // One line.
};

enum class OptionKind : std::uint8_t {
  kFlag,   // Takes no value. One that is on by default also has a --no- form.
  kValue,  // Takes one value; the last one given wins.
  kList,   // Takes one value each time; values add up.
};

// One option: parser, -h, --help, manual and completion are made from this alone.
struct OptionSpec {
  std::string_view name;  // Long name without dashes.
  char short_name;        // 0: none.
  OptionKind kind;
  std::string_view value_name;  // "SIZE"; empty for flags.
  std::string_view fallback;    // The default as text; "on" or "" for flags.
  std::uint32_t commands;       // CommandBit values that take it.
  std::string_view category;    // Heading in the help.
  std::string_view summary;     // Imperative, one line.
  std::string_view detail;      // More sentences for --help and the manual; may be empty.
  bool planned = false;         // Known, but refused by this version.
};

std::span<const CommandSpec> AllCommands();
std::span<const OptionSpec> AllOptions();

const CommandSpec* FindCommand(std::string_view name);
const OptionSpec* FindOption(std::string_view name);

// Whether the option is about what is done, to which objects, or how it is stored; not about cost,
// state or output.
bool ChangesWhatIsStored(const OptionSpec& option);

}  // namespace godwit
