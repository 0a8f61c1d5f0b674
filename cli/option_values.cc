#include <algorithm>

#include "cli/command_line.h"

namespace godwit {
namespace {

std::string VariableName(std::string_view option) {
  std::string name = "GODWIT_";
  for (const char c : option) {
    name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return name;
}

bool IsOnText(std::string_view text) { return text == "on" || text == "1" || text == "true"; }
bool IsOffText(std::string_view text) {
  return text == "off" || text == "0" || text == "false" || text.empty();
}

Result<std::string> SwitchValue(std::string_view value, const std::string& where) {
  if (IsOnText(value)) return std::string("on");
  if (IsOffText(value)) return std::string("off");
  return Status(ErrorKind::kInvalidArgument,
                where + " is '" + std::string(value) + "'; it takes true or false");
}

// The values that environment or file give to an option, where the command line is silent: none,
// or one, or for a list of the file any number.
Result<std::vector<std::string>> Inherited(
    const OptionSpec& option, const Environment& environment,
    const std::map<std::string, std::vector<std::string>>& defaults) {
  const bool is_switch = option.value_name.empty();
  const auto as_values = [&](const std::vector<std::string>& raw, const std::string& where,
                             bool negated) -> Result<std::vector<std::string>> {
    if (!is_switch) return raw;
    Result<std::string> value = SwitchValue(raw.front(), where);
    if (!value.ok()) return value.status();
    if (negated) *value = *value == "on" ? "off" : "on";
    return std::vector<std::string>{*value};
  };
  for (const bool negated : {false, true}) {
    if (negated && option.fallback != "on") continue;
    const std::string name = (negated ? "no-" : "") + std::string(option.name);
    const std::string variable = VariableName(name);
    const auto value = environment(variable);
    // An empty variable is how a shell unsets one for a command.
    if (value && !value->empty()) return as_values({*value}, variable, negated);
  }
  for (const bool negated : {false, true}) {
    const std::string name = (negated ? "no-" : "") + std::string(option.name);
    const auto found = defaults.find(name);
    if (found != defaults.end()) return as_values(found->second, "defaults." + name, negated);
  }
  return std::vector<std::string>();
}

}  // namespace

Result<OptionValues> OptionValues::Resolve(
    const CommandLine& line, const Environment& environment,
    const std::map<std::string, std::vector<std::string>>& defaults) {
  OptionValues values;
  for (const auto& [name, value] : line.given) {
    values.given_[name] = true;
    if (FindOption(name)->kind == OptionKind::kList) {
      values.lists_.emplace_back(name, value);
    } else {
      values.values_[name] = value;
    }
  }
  for (const OptionSpec& option : AllOptions()) {
    if ((option.commands & line.command->bit) == 0) continue;
    if (values.given_.contains(option.name)) continue;
    Result<std::vector<std::string>> inherited = Inherited(option, environment, defaults);
    if (!inherited.ok()) return inherited.status();
    if (inherited->empty()) {
      values.values_.emplace(option.name, option.fallback);
      continue;
    }
    // To go on without what was asked for (a residency rule!) would be worse than to stop.
    if (option.planned) return NotInThisVersion(option.name);
    values.given_[std::string(option.name)] = true;
    for (const std::string& value : *inherited) {
      if (option.kind != OptionKind::kList) {
        values.values_[std::string(option.name)] = value;
      } else if (!option.value_name.empty() || value == "on") {
        values.lists_.emplace_back(option.name, value);
      }
    }
  }
  return values;
}

const std::string& OptionValues::Value(std::string_view option) const {
  static const std::string kNone;
  const auto found = values_.find(option);
  return found == values_.end() ? kNone : found->second;
}

bool OptionValues::IsOn(std::string_view flag) const { return Value(flag) == "on"; }

bool OptionValues::WasGiven(std::string_view option) const { return given_.contains(option); }

std::size_t OptionValues::Count(std::string_view list) const {
  return static_cast<std::size_t>(std::count_if(
      lists_.begin(), lists_.end(), [&](const auto& item) { return item.first == list; }));
}

}  // namespace godwit
