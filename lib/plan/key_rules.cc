#include "lib/plan/key_rules.h"

namespace godwit {

std::optional<std::string> FolderClash::Check(std::string_view key) {
  // A file stays open as long as a later key may lie under it: while keys begin with its name and
  // go on with a byte up to '/'.
  const auto still_open = [&](std::size_t size) {
    return key.size() > size && key.substr(0, size) == std::string_view(last_).substr(0, size) &&
           static_cast<unsigned char>(key[size]) <= '/';
  };
  while (!open_sizes_.empty() && !still_open(open_sizes_.back())) open_sizes_.pop_back();
  for (const std::size_t size : open_sizes_) {
    if (key[size] == '/') return last_.substr(0, size);
  }
  if (!key.ends_with('/')) {
    last_.assign(key);
    open_sizes_.push_back(key.size());
  }
  return std::nullopt;
}

}  // namespace godwit
