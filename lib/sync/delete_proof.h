#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lib/sync/delete_spool.h"
#include "lib/sync/listing_pump.h"
#include "lib/sync/run_core.h"

namespace godwit {

// Proves a second time that the source has none of the spooled keys: by a HEAD each with a clean
// "not found" for up to 1,000 of them, above that by a second listing (I3). Excluded rows need no
// proof. Tells the outcome once: success, or which key spoils it. One thread at a time.
class DeleteProof {
 public:
  using ProofDone = std::function<void(const std::string& key, const Status& status)>;

  DeleteProof(RunCore& core, DeleteSpool& spool, ProofDone done)
      : core_(core), spool_(spool), pump_(core, Side::kSource), done_(std::move(done)) {}

  void Start();
  // Goes on with pages that have come. True if anything happened.
  bool Advance();

 private:
  void ReadRows();
  void OnRows(std::vector<SpooledDelete> rows, Status status);
  void AskHeads();
  void OnHead(const std::string& key, const Answer<ObjectMeta>& answer);
  bool Step();
  void End(const std::string& key, Status status);

  RunCore& core_;
  DeleteSpool& spool_;
  ListingPump pump_;
  ProofDone done_;
  bool by_listing_ = false;
  bool listing_ = false;  // The pump was started.
  bool reading_ = false;
  std::uint64_t read_ = 0;  // Rows of the spool so far.
  std::vector<SpooledDelete> rows_;
  std::size_t row_ = 0;
  std::uint32_t heads_ = 0;  // In flight.
  std::optional<ListingPump::Page> page_;
  std::size_t entry_ = 0;
};

}  // namespace godwit
