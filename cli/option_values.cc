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

// The value that environment or file give to an option, where the command line is silent.
Result<std::optional<std::string>> Inherited(const OptionSpec& option,
                                             const Environment& environment,
                                             const std::map<std::string, std::string>& defaults) {
  const bool is_switch = option.value_name.empty();
  const auto as_value = [&](const std::string& raw, const std::string& where,
                            bool negated) -> Result<std::optional<std::string>> {
    if (!is_switch) return std::optional<std::string>(raw);
    Result<std::string> value = SwitchValue(raw, where);
    if (!value.ok()) return value.status();
    if (negated) return std::optional<std::string>(*value == "on" ? "off" : "on");
    return std::optional<std::string>(*value);
  };
  for (const bool negated : {false, true}) {
    if (negated && option.fallback != "on") continue;
    const std::string name = (negated ? "no-" : "") + std::string(option.name);
    const std::string variable = VariableName(name);
    if (const auto value = environment(variable)) return as_value(*value, variable, negated);
  }
  for (const bool negated : {false, true}) {
    const std::string name = (negated ? "no-" : "") + std::string(option.name);
    const auto found = defaults.find(name);
    if (found != defaults.end()) return as_value(found->second, "defaults." + name, negated);
  }
  return std::optional<std::string>();
}

}  // namespace

Result<OptionValues> OptionValues::Resolve(const CommandLine& line, const Environment& environment,
                                           const std::map<std::string, std::string>& defaults) {
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
    if ((option.commands & line.command->bit) == 0 || option.planned) continue;
    if (values.given_.contains(option.name)) continue;
    Result<std::optional<std::string>> inherited = Inherited(option, environment, defaults);
    if (!inherited.ok()) return inherited.status();
    if (!inherited->has_value()) {
      values.values_.emplace(option.name, option.fallback);
      continue;
    }
    values.given_[std::string(option.name)] = true;
    if (option.kind == OptionKind::kList) {
      values.lists_.emplace_back(option.name, **inherited);
    } else {
      values.values_[std::string(option.name)] = **inherited;
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
