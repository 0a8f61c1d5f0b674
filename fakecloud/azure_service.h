#pragma once

#include "fakecloud/azure_call.h"
#include "fakecloud/counters.h"
#include "fakecloud/fault.h"
#include "fakecloud/http_message.h"

namespace fakecloud {

// Azure Blob Storage's REST API over an AzureStorage, with the account's name first in the path:
// takes a request apart, verifies it, lets the fault engine have its say, and carries it out.
// Called by many threads at once.
class AzureService final : public Service {
 public:
  // All must outlive the service.
  AzureService(const AzureOptions& options, AzureStorage& storage, FaultEngine& faults,
               Counters& counters)
      : options_(options), storage_(storage), faults_(faults), counters_(counters) {}
  Response Handle(Request& request) override;

 private:
  MaybeAzureError Address(AzureCall& call) const;
  void MatchFaults(AzureCall& call);
  Response Answer(AzureCall& call);
  Response CarryOut(AzureCall& call);
  // Each of its requests is verified, counted and made to fail for itself.
  AzureResult<Response> CarryOutBatch(AzureCall& call);
  std::string BatchPart(AzureCall& call, std::string_view part, std::string_view boundary);

  const AzureOptions& options_;
  AzureStorage& storage_;
  FaultEngine& faults_;
  Counters& counters_;
};

}  // namespace fakecloud
