#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/option_table.h"
#include "godwit/result.h"
#include "lib/base/environment.h"

namespace godwit {

// What was typed, unchecked but for its form. `given` keeps the order of the options, which
// matters for filters.
struct CommandLine {
  const CommandSpec* command = nullptr;
  std::vector<std::string> operands;
  std::vector<std::pair<std::string, std::string>> given;  // Option name, value ("on"/"off").
  bool help_short = false;                                 // -h
  bool help_long = false;                                  // --help
};

// Parses the arguments after the program's name. Fails with kInvalidArgument on an unknown
// command or option (with the nearest one as a hint), an option that the command does not take,
// a missing or superfluous value or operand, and a planned option. Touches nothing.
Result<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments);

// The value of every option by the order of the manual: command line, environment (GODWIT_ +
// name in capitals), configuration file, default.
class OptionValues {
 public:
  // `defaults` is the table [defaults] of the configuration file.
  static Result<OptionValues> Resolve(
      const CommandLine& line, const Environment& environment,
      const std::map<std::string, std::vector<std::string>>& defaults);

  // The value; the table's default if none was given ("" where there is none).
  const std::string& Value(std::string_view option) const;
  bool IsOn(std::string_view flag) const;
  bool WasGiven(std::string_view option) const;
  std::size_t Count(std::string_view list) const;
  // All list options (include, exclude, filter-from, set-metadata) in the order given.
  const std::vector<std::pair<std::string, std::string>>& lists() const { return lists_; }

 private:
  std::map<std::string, std::string, std::less<>> values_;
  std::map<std::string, bool, std::less<>> given_;
  std::vector<std::pair<std::string, std::string>> lists_;
};

// The refusal of an option that is known but only planned.
Status NotInThisVersion(std::string_view option);

// -h (one line an option) or --help (all) of a command; of the program if it is null.
std::string HelpText(const CommandSpec* command, bool with_details);

}  // namespace godwit
