#include <algorithm>

#include "cli/command_line.h"

namespace godwit {
namespace {

constexpr std::size_t kWidth = 79;

// Breaks text at spaces; every line begins with `indent` spaces.
std::string Wrap(std::string_view text, std::size_t indent) {
  std::string out;
  std::string line(indent, ' ');
  std::size_t used = 0;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    if (used > 0 && line.size() + 1 + word.size() > kWidth) {
      out += line + "\n";
      line.assign(indent, ' ');
      used = 0;
    }
    if (used++ > 0) line += ' ';
    line += word;
    text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
  }
  return out + line + "\n";
}

std::string OptionHead(const OptionSpec& option) {
  std::string head =
      option.short_name == 0 ? "      " : "  -" + std::string(1, option.short_name) + ", ";
  head += option.fallback == "on" ? "--[no-]" : "--";
  head += option.name;
  if (!option.value_name.empty()) head += " " + std::string(option.value_name);
  return head;
}

std::string OptionHelp(const OptionSpec& option, bool with_details) {
  std::string summary(option.summary);
  if (!option.fallback.empty()) summary += " [" + std::string(option.fallback) + "]";
  if (with_details) {
    std::string text = OptionHead(option) + "\n" + Wrap(summary, 10);
    if (!option.detail.empty()) text += Wrap(option.detail, 10);
    return text;
  }
  std::string line = OptionHead(option);
  line.resize(std::max<std::size_t>(line.size() + 1, 30), ' ');
  return line + summary + "\n";
}

std::string ProgramHelp() {
  std::string text =
      "godwit replicates datasets and model files between object stores and folders,\n"
      "and proves every replica.\n\nusage: godwit COMMAND [OPTION...] OPERAND...\n\ncommands:\n";
  for (const CommandSpec& command : AllCommands()) {
    std::string line = "  " + std::string(command.name);
    line.resize(12, ' ');
    text += line + std::string(command.summary) + "\n";
  }
  return text +
         "\nlocations: s3://BUCKET/PREFIX, NAME:BUCKET/PREFIX (a remote of the configuration\n"
         "file), PATH, file:///PATH\n\n'godwit COMMAND -h' lists the options of a command, "
         "'--help' explains them.\n";
}

}  // namespace

std::string HelpText(const CommandSpec* command, bool with_details) {
  if (command == nullptr) return ProgramHelp();
  std::string text = std::string(command->summary) + "\n\nusage: godwit " +
                     std::string(command->name) + " [OPTION...] " + std::string(command->operands) +
                     "\n";
  std::string_view category;
  for (const OptionSpec& option : AllOptions()) {
    if ((option.commands & command->bit) == 0) continue;
    if (option.category != category) text += "\n" + std::string(option.category) + ":\n";
    category = option.category;
    text += OptionHelp(option, with_details);
  }
  return text;
}

}  // namespace godwit
