#pragma once

#include <cstdint>
#include <string>

#include "godwit/status.h"
#include "lib/http/transport.h"

namespace godwit {

// What Azure said of a failure: x-ms-error-code and the <Error> document.
struct AzureError {
  std::string code;     // Empty: it did not say.
  std::string message;  // Its first line.
};

// What a request was about, as far as its error codes read differently.
struct AzureErrorContext {
  bool container = false;    // About the container, not a blob.
  bool head = false;         // The answer has no body.
  bool conditional = false;  // The write had a condition on its target.
  bool changes = false;      // The request writes or deletes something.
  bool upload = false;       // About the blocks of an upload.
};

// The one place where Azure's statuses and codes become kinds. Sets maybe_applied for answers after
// which a change may have happened all the same.
Status MapAzureError(int status, const AzureError& error, const AzureErrorContext& context);

// As above from a whole answer: also its request id and its wish for a pause.
Status MapAzureAnswer(const HttpResponse& response, const AzureError& error,
                      const AzureErrorContext& context);

// The error of an answer that is no success.
AzureError ReadAzureError(const HttpResponse& response);

// A fresh token may help.
bool IsExpiredAzureToken(int status, const AzureError& error);

}  // namespace godwit
