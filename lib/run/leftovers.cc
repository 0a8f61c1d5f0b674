#include "lib/run/leftovers.h"

#include <set>
#include <string>
#include <utility>

#include "lib/policy/permit_issuer.h"

namespace godwit {

void RemoveLeftovers(const Endpoint& target, JobStore& jobs, Log& log) {
  if (!target.store->Describe().is_local) return;
  const Result<std::vector<JournaledUpload>> journaled = jobs.ReadUploads();
  const CallContext context;
  const Result<std::vector<UploadEntry>> left = target.store->ListUploads(context, target.prefix);
  if (!journaled.ok() || !left.ok()) {
    const Status& status = journaled.ok() ? left.status() : journaled.status();
    log.Warn("temporary files of an earlier run were not looked for: " + status.ToString());
    return;
  }
  std::set<std::string> wanted;
  for (const JournaledUpload& upload : *journaled) {
    if (!upload.abandoned) wanted.insert(upload.upload_id.Reveal());
  }
  const PermitIssuer permits;
  for (const UploadEntry& entry : *left) {
    if (wanted.contains(entry.upload_id.Reveal())) continue;
    const Status removed =
        target.store->AbortUpload(context, permits.Judge(entry.key), entry.key, entry.upload_id);
    if (!removed.ok()) log.Warn("a temporary file stays behind: " + removed.ToString());
  }
}

}  // namespace godwit
