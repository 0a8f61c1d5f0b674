#pragma once

#include <chrono>
#include <string>

namespace godwit {

// A temporary file belongs to the process that writes it as long as that has it open: the kernel
// keeps the claim (flock) and gives it back when the process dies. Where a file system has no such
// locks every claim succeeds and nothing is claimed.

// Claims an open file; false if another one has it and keeps it for `patience`.
bool ClaimFile(int fd, std::chrono::milliseconds patience);

// Whether somebody has claimed the file `name` of an open folder.
bool IsFileClaimed(int folder, const std::string& name);

}  // namespace godwit
