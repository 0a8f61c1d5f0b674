#pragma once

#include <string>

#include "godwit/status.h"

namespace godwit {

// Makes `path` and what is missing above it; what is made is for this user alone (0700). Fails if
// it cannot be made, is no folder, or cannot be written.
Status MakePrivateFolder(const std::string& path);

// STATE_DIR/jobs/<hash of both identities>: where the state of one (source, target) pair lies.
std::string JobFolder(const std::string& state_dir, const std::string& source_identity,
                      const std::string& target_identity);

}  // namespace godwit
