#pragma once

#include <functional>
#include <string>

#include <sys/stat.h>

#include "godwit/call_context.h"
#include "godwit/status.h"
#include "lib/store/local/path_jail.h"

namespace godwit {

// Finds godwit's own temporary files (".godwit-*"), but for those that a process is writing,
// beneath `root`, in no particular order, and gives each to `visit` by its path and what the file
// system says of it. Only paths that begin with `prefix` are looked at. Follows no link.
// `shown_root` stands before paths in messages.
Status ScanLeftovers(const CallContext& context, int root, const PathJail& jail,
                     const std::string& prefix, const std::string& shown_root,
                     const std::function<void(const std::string&, const struct stat&)>& visit);

}  // namespace godwit
