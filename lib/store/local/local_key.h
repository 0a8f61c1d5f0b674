#pragma once

#include <string>
#include <string_view>

#include "godwit/result.h"
#include "godwit/status.h"

namespace godwit {

inline constexpr std::size_t kLocalKeyBytesMax = 4095;

// A key as a path beneath the root: its folder ("" for the root itself, no slash at the end) and
// its last component. The key of a folder ends in '/'.
struct LocalKey {
  std::string folder;
  std::string name;
  bool is_folder = false;

  // Folder and name together, without a slash at the end.
  std::string Path() const { return folder.empty() ? name : folder + '/' + name; }
};

// Fails with kInvalidArgument for every key that is no safe path beneath the root (I20): empty,
// with a NUL, a leading '/', a component that is empty, "." or "..", or longer than 255 bytes;
// also for those that are godwit's own (IsOurName). Looks at nothing but the text.
Status CheckLocalKey(std::string_view key);

// Takes apart a key that CheckLocalKey accepts.
LocalKey SplitLocalKey(std::string_view key);

// Names that are never data: ".godwit" and all that begin with ".godwit-".
bool IsOurName(std::string_view component);

}  // namespace godwit
