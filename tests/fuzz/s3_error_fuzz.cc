// Any error body, with any status, becomes a failure; never a success.

#include "lib/store/s3/s3_errors.h"
#include "lib/store/s3/s3_xml.h"
#include "tests/fuzz/fuzz_target.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace godwit;
  const std::string_view document = InputOf(data, size);
  const S3Error error = ReadS3Error(document);
  for (const int status : {0, 200, 301, 307, 400, 403, 404, 409, 412, 416, 429, 500, 501, 503}) {
    for (const S3Subject subject : {S3Subject::kBucket, S3Subject::kObject, S3Subject::kUpload}) {
      S3ErrorContext context;
      context.subject = subject;
      context.changes = status % 2 == 0;
      const Status mapped = MapS3Error(status, error, context);
      Require(!mapped.ok(), "an error is no success");
      Require(!mapped.ToString().empty(), "an error says something");
    }
  }
  const Result<S3Answer> answer = ReadS3Answer(document, "CopyObjectResult");
  Require(
      !answer.ok() || answer.value().error || answer.value().document.root == "CopyObjectResult",
      "another document is no success");
  return 0;
}
