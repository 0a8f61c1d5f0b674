#include "lib/store/local/local_key.h"

namespace godwit {
namespace {

constexpr std::size_t kComponentBytesMax = 255;

Status Refuse(std::string_view key, std::string message) {
  return Status(ErrorKind::kInvalidArgument, std::move(message))
      .WithOperation("use the key")
      .WithObject(key);
}

Status CheckComponent(std::string_view key, std::string_view component) {
  if (component.empty()) return Refuse(key, "a part of the path is empty");
  if (component == "." || component == "..") return Refuse(key, "a part of the path is . or ..");
  if (component.size() > kComponentBytesMax) {
    return Refuse(key, "a part of the path is longer than 255 bytes");
  }
  if (IsOurName(component)) return Refuse(key, "names that begin with .godwit are reserved");
  return Status::Ok();
}

}  // namespace

bool IsOurName(std::string_view component) {
  return component == ".godwit" || component.starts_with(".godwit-");
}

Status CheckLocalKey(std::string_view key) {
  if (key.empty()) return Refuse(key, "the key is empty");
  if (key.size() > kLocalKeyBytesMax) return Refuse(key, "the path is longer than 4095 bytes");
  if (key.find('\0') != std::string_view::npos) return Refuse(key, "the key has a NUL byte");
  if (key.front() == '/') return Refuse(key, "the key begins with a slash");
  std::string_view rest = key;
  if (rest.back() == '/') rest.remove_suffix(1);
  while (true) {
    const std::size_t slash = rest.find('/');
    GODWIT_RETURN_IF_ERROR(CheckComponent(key, rest.substr(0, slash)));
    if (slash == std::string_view::npos) return Status::Ok();
    rest.remove_prefix(slash + 1);
  }
}

LocalKey SplitLocalKey(std::string_view key) {
  LocalKey parts;
  parts.is_folder = key.back() == '/';
  if (parts.is_folder) key.remove_suffix(1);
  const std::size_t slash = key.rfind('/');
  if (slash == std::string_view::npos) {
    parts.name = key;
  } else {
    parts.folder = key.substr(0, slash);
    parts.name = key.substr(slash + 1);
  }
  return parts;
}

}  // namespace godwit
