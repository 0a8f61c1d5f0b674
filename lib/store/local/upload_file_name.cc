#include "lib/store/local/upload_file_name.h"

#include <charconv>
#include <system_error>

namespace godwit {
namespace {

constexpr std::string_view kTemporaryBegin = ".godwit-";

// Takes the last ".NUMBER" off the name.
std::optional<std::uint64_t> TakeNumber(std::string_view& name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  const std::string_view digits = name.substr(dot + 1);
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  name = name.substr(0, dot);
  return value;
}

}  // namespace

std::string UploadFileName::Text() const {
  return temporary + "." + std::to_string(part_size_bytes) + "." + std::to_string(size_bytes);
}

std::optional<UploadFileName> UploadFileName::Parse(std::string_view name) {
  if (!name.starts_with(kTemporaryBegin)) return std::nullopt;
  const auto size = TakeNumber(name);
  const auto part_size = size ? TakeNumber(name) : std::nullopt;
  if (!part_size || *part_size == 0) return std::nullopt;
  UploadFileName parsed;
  parsed.temporary = name;
  parsed.part_size_bytes = *part_size;
  parsed.size_bytes = *size;
  return parsed;
}

std::optional<LocalKey> UploadPath(const Secret& upload_id) {
  const std::string& id = upload_id.Reveal();
  if (id.empty() || id.starts_with('/')) return std::nullopt;
  LocalKey path = SplitLocalKey(id);
  if (path.is_folder || !path.name.starts_with(kTemporaryBegin)) return std::nullopt;
  if (!path.folder.empty() && !CheckLocalKey(path.folder + '/').ok()) return std::nullopt;
  return path;
}

}  // namespace godwit
