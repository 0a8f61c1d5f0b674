#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/sync/copy_job.h"
#include "lib/sync/record.h"

namespace godwit {

// The uploads that earlier runs of the job left at the target. Each is taken once: by the copy of
// its object, which goes on with it or aborts it, or at the end by whoever aborts the rest. Those
// that were abandoned are always of the rest.
class UnfinishedUploads {
 public:
  void Load(std::vector<JournaledUpload> uploads);
  // What may go on; null if there is nothing.
  const JournaledUpload* Find(const std::string& target_key) const;
  std::optional<JournaledUpload> Take(const std::string& target_key);
  // Leaves what there is of a key to later runs. False if there is nothing that may go on.
  bool KeepBack(const std::string& target_key);
  // Those of this job; another one's stay for it.
  std::vector<JournaledUpload> TakeRest();

 private:
  using ByKey = std::multimap<std::string, JournaledUpload>;

  ByKey::const_iterator Seek(const std::string& target_key) const;

  ByKey uploads_;  // By target key.
};

// Whether an upload at the service may be of a begin that was intended then. Clocks of the service
// and of this machine differ by a quarter of an hour at most, or the service would refuse us.
bool BegunSince(const UploadEntry& upload, Timestamp intended);

// A sum of all that an object gets when its upload begins: its metadata, whether its parts are
// copied inside the service, and the condition where it is given then. The bytes do not count.
std::uint64_t FormOf(const UploadOptions& options);

// Whether a copy can go on with an upload: the same version of the source, cut in the same way, to
// become an object of the same form (I21).
bool CanGoOn(const JournaledUpload& upload, const CopyJob& job, std::uint64_t form);

// The receipts of `journaled` parts that the service still has, as it has them: with a digest in
// common that agrees, or the very token that it gave. Nothing is believed that only one side
// tells (I15). Parts without both CRCs are left out, as the digest of the whole could not be made,
// but for those that the service copied itself.
std::vector<PartReceipt> PartsStillThere(const JournaledUpload& journaled,
                                         const UploadedParts& kept, const CopyJob& job);

}  // namespace godwit
