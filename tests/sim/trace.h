#pragma once

#include <string>

#include "lib/sync/command.h"
#include "lib/sync/event.h"

namespace godwit {

// One line each, the same for the same value; upload ids as they are, for they are made up.
std::string Describe(const Command& command);
std::string Describe(const Event& event);
std::string Describe(const Report& report);
std::string Describe(const SyncSummary& summary);

}  // namespace godwit
