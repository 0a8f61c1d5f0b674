#pragma once

#include <atomic>
#include <mutex>
#include <string_view>

#include "godwit/capabilities.h"
#include "lib/http/transport.h"
#include "lib/store/s3/s3_config.h"
#include "lib/store/s3/s3_promises.h"

namespace godwit {

// What one endpoint is known to do: its row of the table, found by host or by the first answer's
// Server header, and what requests have shown since. For the life of one store. Safe from any
// thread; the references stay valid for the object's life.
class S3Knowledge {
 public:
  S3Knowledge(const S3Promises& host_row, S3Checksum setting);

  const S3Promises& promises() const { return *promises_.load(std::memory_order_acquire); }
  const Capabilities& capabilities() const {
    return *capabilities_.load(std::memory_order_acquire);
  }
  void SeeAnswer(const HttpHeaders& headers);
  // The service has a row of its own.
  bool IsKnown() const { return is_row_found_; }
  // The checksum may still be given up for Content-MD5.
  bool MayDoWithoutChecksum() const {
    return setting_ == S3Checksum::kAuto && checksums_ != S3ChecksumSupport::kSupported;
  }

  // The checksum that the next body gets; never kAuto.
  S3Checksum BodyChecksum() const;
  bool ChecksumIsConfirmed() const { return checksums_ == S3ChecksumSupport::kSupported; }
  // An answer repeated our checksum. Final.
  void ChecksumWasChecked();
  // A body's checksum was refused, or nothing came back for it.
  void ChecksumIsUnknown();

  bool EtagIsMd5() const { return etag_is_md5_; }
  void SeeMd5Etag() { etag_is_md5_ = true; }

  bool EtagsAreUnquoted() const { return promises().etags_unquoted || etags_unquoted_; }
  void EtagsMustBeUnquoted() { etags_unquoted_ = true; }

  bool TakesConditions() const { return promises().conditions_accepted && !no_conditions_; }
  void ConditionsAreRefused() { no_conditions_ = true; }

 private:
  const S3Checksum setting_;
  Capabilities host_capabilities_;
  std::atomic<const S3Promises*> promises_;
  std::atomic<const Capabilities*> capabilities_;
  std::atomic<bool> is_row_found_;
  std::mutex mutex_;                  // Guards the one change of the row.
  Capabilities server_capabilities_;  // Written once, before it is published.
  std::atomic<S3ChecksumSupport> checksums_;
  std::atomic<bool> etag_is_md5_;
  std::atomic<bool> etags_unquoted_{false};
  std::atomic<bool> no_conditions_{false};
};

}  // namespace godwit
