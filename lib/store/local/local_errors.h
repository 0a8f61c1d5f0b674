#pragma once

#include <string_view>

#include "godwit/status.h"

namespace godwit {

// The one place where an errno becomes a Status, as seen by someone who wants to do `operation`
// on the file of the key `object`. The errno's name becomes the provider code.
Status ErrnoStatus(int error, std::string_view operation, std::string_view object);

// A file, folder, link or device where something else is needed.
Status BlockedStatus(std::string_view what, std::string_view operation, std::string_view object);

// The file is not, or no longer, the version that was asked for.
Status ChangedStatus(std::string_view operation, std::string_view object);

}  // namespace godwit
