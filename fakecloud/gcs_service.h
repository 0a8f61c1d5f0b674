#pragma once

#include <optional>

#include "fakecloud/counters.h"
#include "fakecloud/fault.h"
#include "fakecloud/gcs_call.h"
#include "fakecloud/gcs_token.h"
#include "fakecloud/http_message.h"

namespace fakecloud {

// Google Cloud Storage over a GcsStorage: the JSON API, uploads of the XML API, and sign-in. Takes
// a request apart, verifies its token, lets the fault engine have its say, and carries it out.
// Called by many threads at once.
class GcsService final : public Service {
 public:
  // All must outlive the service.
  GcsService(const GcsOptions& options, GcsStorage& storage, FaultEngine& faults,
             Counters& counters)
      : options_(options),
        storage_(storage),
        faults_(faults),
        counters_(counters),
        tokens_(options) {}
  Response Handle(Request& request) override;
  void ForgetTokens() { tokens_.Reset(); }

 private:
  std::optional<GcsFailure> Authorize(GcsCall& call) const;
  void MatchFaults(GcsCall& call);
  Response Answer(GcsCall& call);
  Response CarryOut(GcsCall& call);

  const GcsOptions& options_;
  GcsStorage& storage_;
  FaultEngine& faults_;
  Counters& counters_;
  GcsTokens tokens_;
};

// gcs_faults.cc

// The answer of a fault that takes the place of the whole operation; none if the operation runs.
std::optional<Response> GcsFaultBefore(const GcsCall& call);
// Changes an answer, or how it goes onto the wire; replaces the object where a script says so.
void GcsFaultAfter(GcsContext& context, const GcsCall& call, Response& response);

}  // namespace fakecloud
