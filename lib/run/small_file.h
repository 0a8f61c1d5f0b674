#pragma once

#include <string>
#include <string_view>

#include "godwit/result.h"

namespace godwit {

// Gives `path` (mode 0600) the content `text`: whoever reads it, also after a crash of the process,
// sees the old content or the new one. Uses PATH.next beside it: one writer at a time. `operation`
// stands in messages.
Status ReplaceFile(const std::string& path, std::string_view text, std::string_view operation);

// The whole of a file. kNotFound if there is none.
Result<std::string> ReadWholeFile(const std::string& path, std::string_view operation);

// Makes new and removed names in `folder` survive a power loss, as far as the file system can.
void SyncFolder(const std::string& folder);

}  // namespace godwit
