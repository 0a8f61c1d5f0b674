#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <numeric>

namespace godwit {
namespace {

Status Usage(std::string message) {
  return Status(ErrorKind::kInvalidArgument, std::move(message));
}

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

// ", did you mean 'x'?" for the nearest name, if one is near.
std::string Hint(std::string_view typed, const std::vector<std::string>& names,
                 std::string_view dashes) {
  const auto nearest =
      std::min_element(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
        return EditDistance(typed, a) < EditDistance(typed, b);
      });
  if (nearest == names.end() || EditDistance(typed, *nearest) > 3) return "";
  return ", did you mean '" + std::string(dashes) + *nearest + "'?";
}

std::string CommandHint(std::string_view typed) {
  std::vector<std::string> names;
  for (const CommandSpec& command : AllCommands()) names.emplace_back(command.name);
  return Hint(typed, names, "");
}

std::string OptionHint(std::string_view typed, const CommandSpec& command) {
  std::vector<std::string> names;
  for (const OptionSpec& option : AllOptions()) {
    if ((option.commands & command.bit) == 0) continue;
    names.emplace_back(option.name);
    if (option.fallback == "on") names.push_back("no-" + std::string(option.name));
  }
  return Hint(typed, names, "--");
}

bool IsSwitch(const OptionSpec& option) { return option.value_name.empty(); }

std::string ParserName(const OptionSpec& option) {
  std::string name;
  if (option.short_name != 0) name = "-" + std::string(1, option.short_name) + ",";
  name += "--" + std::string(option.name);
  if (option.fallback == "on") name += ",!--no-" + std::string(option.name);
  return name;
}

// Finds out why the parser did not know an option: of another command, or of none.
Status UnknownOption(const std::string& typed, const CommandSpec& command) {
  std::string name = typed.substr(0, typed.find('='));
  const std::string bare = name.substr(std::min(name.find_first_not_of('-'), name.size()));
  const OptionSpec* elsewhere = FindOption(bare);
  if (elsewhere != nullptr && name.starts_with("--")) {
    return Usage("'" + std::string(command.name) + "' does not take the option '--" + bare + "'");
  }
  return Usage("unknown option '" + name + "'" + OptionHint(bare, command));
}

Status WrongOperandCount(const CommandSpec& command, std::size_t count) {
  return Usage("'" + std::string(command.name) + "' takes " + std::string(command.operands) + ", " +
               std::to_string(count) + " given");
}

Status MissingValue(std::string_view option) {
  return Usage("--" + std::string(option) + " '': it needs a value");
}

// The parser would take the next argument for the value of "--option=".
Status CheckEmptyValues(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    if (!argument.starts_with("--") || argument.find('=') + 1 != argument.size()) continue;
    const std::string name = argument.substr(2, argument.size() - 3);
    if (FindOption(name) != nullptr) return MissingValue(name);
  }
  return Status::Ok();
}

// Records each option in the order typed.
void CollectGiven(const CLI::App& app, CommandLine& line) {
  std::map<const CLI::Option*, std::size_t> seen;
  for (const CLI::Option* option : app.parse_order()) {
    const std::string name = option->get_lnames().empty() ? "" : option->get_lnames().front();
    const OptionSpec* spec = FindOption(name);
    if (spec == nullptr) continue;
    const std::size_t index = seen[option]++;
    const std::string raw = index < option->results().size() ? option->results()[index] : "";
    line.given.emplace_back(name, IsSwitch(*spec) ? (raw == "false" ? "off" : "on") : raw);
  }
}

Status RunParser(const CommandSpec& command, std::vector<std::string> arguments,
                 CommandLine& line) {
  GODWIT_RETURN_IF_ERROR(CheckEmptyValues(arguments));
  CLI::App app;
  app.set_help_flag();
  app.add_flag("-h", line.help_short);
  app.add_flag("--help", line.help_long);
  app.add_option("operands", line.operands);
  for (const OptionSpec& option : AllOptions()) {
    if ((option.commands & command.bit) == 0) continue;
    CLI::Option* added = IsSwitch(option) ? app.add_flag(ParserName(option))
                                          : app.add_option(ParserName(option))->expected(1);
    added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  app.allow_extras();
  // What follows a lone "--" are operands, whatever they begin with.
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  std::vector<std::string> literal;
  if (end != arguments.end()) {
    literal.assign(end + 1, arguments.end());
    arguments.erase(end, arguments.end());
  }
  // The parser wants them last first.
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ArgumentMismatch& error) {
    return Usage(error.what());
  } catch (const CLI::ParseError& error) {
    return Usage(error.what());
  }
  if (!app.remaining().empty()) return UnknownOption(app.remaining().front(), command);
  CollectGiven(app, line);
  line.operands.insert(line.operands.end(), literal.begin(), literal.end());
  return Status::Ok();
}

Status CheckOperands(const CommandLine& line) {
  if (line.help_short || line.help_long) return Status::Ok();
  const std::size_t count = line.operands.size();
  const CommandSpec& command = *line.command;
  const bool too_many = command.operands_max != 0 && count > command.operands_max;
  const bool none_taken = command.operands.empty() && count > 0;
  if (count < command.operands_min || too_many || none_taken) {
    return WrongOperandCount(command, count);
  }
  for (const auto& [name, value] : line.given) {
    if (FindOption(name)->planned) {
      return NotInThisVersion(name);
    }
    // "$UNSET" must not read as "none given".
    if (value.empty() && !IsSwitch(*FindOption(name))) return MissingValue(name);
  }
  return Status::Ok();
}

}  // namespace

Status NotInThisVersion(std::string_view option) {
  return Usage("--" + std::string(option) + " is not in this version yet; run without it");
}

Result<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments) {
  CommandLine line;
  if (arguments.empty()) {
    return Usage("no command given; 'godwit --help' lists them");
  }
  const std::string& first = arguments.front();
  if (first == "-h" || first == "--help" || first == "help") {
    line.help_short = first == "-h";
    line.help_long = !line.help_short;
    return line;
  }
  line.command = FindCommand(first == "--version" ? "version" : first);
  if (line.command == nullptr) {
    return Usage("unknown command '" + first + "'" + CommandHint(first));
  }
  GODWIT_RETURN_IF_ERROR(RunParser(*line.command, {arguments.begin() + 1, arguments.end()}, line));
  GODWIT_RETURN_IF_ERROR(CheckOperands(line));
  return line;
}

}  // namespace godwit
