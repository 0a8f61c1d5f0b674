#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "godwit/status.h"
#include "lib/http/transport.h"

namespace godwit {

// What Cloud Storage said of a failure, in its JSON or its XML error body.
struct GcsError {
  bool readable = false;  // There was an error body in one of the two forms.
  std::string reason;     // "notFound", or the <Code> of XML.
  std::string message;
};

// What a request was about, as far as its failures read differently.
enum class GcsSubject : std::uint8_t { kBucket, kObject, kUpload };

struct GcsErrorContext {
  GcsSubject subject = GcsSubject::kObject;
  bool changes = false;      // The request writes or deletes something.
  bool conditional = false;  // The write had a condition on what it replaces.
  bool bare = false;         // A media or upload request: its failures may come as plain text.
};

// The error body of a failed request; not readable where it is none.
GcsError ReadGcsError(const HttpResponse& response);
GcsError ReadGcsError(std::string_view body);

// The one place where the service's statuses and reasons become kinds. Sets maybe_applied for
// answers after which a change may have happened all the same.
Status MapGcsError(int status, const GcsError& error, const GcsErrorContext& context);
// As above from a whole answer: also its id and its wish for a pause. A 400 without an error body
// after which the connection ends tells that no whole request came: kCorrupted.
Status MapGcsAnswer(const HttpResponse& response, const GcsError& error,
                    const GcsErrorContext& context);

// True if a 404 does not tell whether the bucket or the object is missing.
bool IsAmbiguousNotFound(int status, const GcsError& error, const GcsErrorContext& context);

}  // namespace godwit
