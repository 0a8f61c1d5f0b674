#pragma once

#include "fakecloud/azure_call.h"

namespace fakecloud {

// Keeps `content` as the uncommitted block that the call names, in place of one of the same id.
MaybeAzureError StageAzureBlock(AzureContext& context, const AzureCall& call, Content content);

}  // namespace fakecloud
