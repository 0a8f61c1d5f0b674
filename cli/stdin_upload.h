#pragma once

#include <string>

#include "cli/session.h"
#include "godwit/object_store.h"

namespace godwit {

// Stores stdin, whose size is not known before its end, under `key`: whole if it fits one part,
// else as a multipart upload that is aborted on any failure. Returns the exit code.
int UploadStdin(Session& session, ObjectStore& store, const std::string& key,
                const std::string& target_text);

}  // namespace godwit
