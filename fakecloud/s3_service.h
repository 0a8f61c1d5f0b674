#pragma once

#include <string>

#include "fakecloud/counters.h"
#include "fakecloud/fault.h"
#include "fakecloud/http_message.h"
#include "fakecloud/s3_call.h"

namespace fakecloud {

// Amazon S3's REST API over a Storage: takes a request apart, verifies it, lets the fault engine
// have its say, and carries it out. Called by many threads at once.
class S3Service final : public Service {
 public:
  // All must outlive the service.
  S3Service(const S3Options& options, Storage& storage, FaultEngine& faults, Counters& counters)
      : options_(options), storage_(storage), faults_(faults), counters_(counters) {}
  Response Handle(Request& request) override;

 private:
  MaybeError Address(S3Call& call) const;
  MaybeError Authorize(S3Call& call);
  void MatchFaults(S3Call& call);
  Response Answer(S3Call& call);
  Response CarryOut(S3Call& call);

  const S3Options& options_;
  Storage& storage_;
  FaultEngine& faults_;
  Counters& counters_;
};

// s3_faults.cc

// The answer of a fault that takes the place of the whole operation; none if the operation runs.
std::optional<Response> FaultBefore(const S3Call& call);
// Changes an answer, or how it goes onto the wire; replaces the object where a script says so.
void FaultAfter(S3Context& context, const S3Call& call, Response& response);

}  // namespace fakecloud
