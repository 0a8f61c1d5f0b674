#pragma once

#include <functional>
#include <string>
#include <vector>

#include "godwit/store_messages.h"
#include "lib/sync/record.h"
#include "lib/sync/run_core.h"

// What becomes of uploads that nobody goes on with.

namespace godwit {

// Leaves of the open uploads of one key those that may be meant.
using ChooseUploads = std::function<void(std::vector<UploadEntry>&)>;

// Looks for what a begin left whose answer nobody heard: aborts the open uploads of exactly
// `target_key` that `choose` leaves and that have no part. No part of ours goes before the journal
// knows its upload: what has one is somebody else's. `then` hears the first failure.
void AbortEmptyUploads(RunCore& core, const std::string& target_key, ChooseUploads choose,
                       std::function<void(Status)> then);

// Ends what an earlier run left and nobody goes on with, at the service and in the journal. Where
// that fails it stays in the journal. `then` hears when all was tried.
void EndUnwanted(RunCore& core, const JournaledUpload& upload, std::function<void()> then);

// True if no later attempt of this user will fare better: who may write need not be allowed to list
// or to abort, and not every service can.
bool IsRefused(const Status& status);

}  // namespace godwit
