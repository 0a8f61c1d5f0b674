#include <utility>

#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/store/azure/azure_batch.h"
#include "lib/store/azure/azure_store.h"
#include "lib/store/call_check.h"

namespace godwit {
namespace {

constexpr int kDeleted = 202;  // Within a batch, where no answer has a request id that proves it.

}  // namespace

Result<std::vector<Status>> AzureStore::Delete(const CallContext& context, const WritePermit&,
                                               std::span<const DeleteRequest> requests) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context, clock_.Now()));
  if (requests.size() > Describe().delete_keys_max) {
    return Status(ErrorKind::kInvalidArgument, "too many keys in one delete");
  }
  for (const DeleteRequest& request : requests) {
    GODWIT_RETURN_IF_ERROR(CheckKey("delete", request.key));
  }
  std::vector<Status> statuses(requests.size());
  // One key costs the same alone, and its failure says more.
  if (requests.size() == 1) {
    statuses.front() = DeleteOne(context, requests.front());
  } else if (!requests.empty()) {
    GODWIT_RETURN_IF_ERROR(DeleteBatch(context, requests, statuses));
  }
  return statuses;
}

// Missing is what was wanted. A container that is missing is another thing.
Status AzureStore::DeleteOne(const CallContext& context, const DeleteRequest& request) {
  AzureRequest http = AzureDeleteRequest(request);
  const Result<HttpResponse> response = channel_.Send(context, http);
  if (response.status().Is(ErrorKind::kNotFound)) return Status::Ok();
  if (!response.ok() || response->status == 202) return response.status();
  return channel_.Explain(http,
                          Status(ErrorKind::kCorrupted, "the answer does not look like Azure's"));
}

Status AzureStore::DeleteBatch(const CallContext& context, std::span<const DeleteRequest> requests,
                               std::vector<Status>& statuses) {
  std::vector<AzureRequest> subs;
  std::vector<AzureBatchPart> parts;
  for (const DeleteRequest& request : requests) {
    subs.push_back(AzureDeleteRequest(request));
    Result<AzureChannel::SubRequest> sub = channel_.MakeSubRequest(context, subs.back());
    if (!sub.ok()) return sub.status();
    parts.push_back({std::move(sub->target), std::move(sub->headers)});
  }
  const std::string boundary = "batch_" + std::to_string(RandomSeed());
  const std::string body = AzureBatchBody(boundary, parts);
  MemorySource source(std::as_bytes(std::span(body)));
  AzureRequest http;
  http.method = HttpMethod::kPost;
  http.request_class = RequestClass::kDelete;
  http.operation = "delete from";
  http.parameters = {{"restype", "container"}, {"comp", "batch"}};
  http.headers.Set("content-type", "multipart/mixed; boundary=" + boundary);
  http.body = &source;
  http.errors.container = http.errors.changes = true;
  const Result<HttpResponse> response = channel_.Send(context, http);
  if (!response.ok()) return response.status();
  const Result<std::vector<HttpResponse>> answers = ReadAzureBatch(
      response->headers.Find("content-type").value_or(""), response->body, requests.size());
  if (!answers.ok()) return channel_.Explain(http, answers.status());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const HttpResponse& answer = (*answers)[i];
    if (answer.status == kDeleted) continue;
    if (answer.status >= 200 && answer.status < 300) {
      statuses[i] = channel_.Explain(
          subs[i], Status(ErrorKind::kCorrupted, "the answer does not look like a deletion's")
                       .WithHttpStatus(answer.status));
      continue;
    }
    Status status = channel_.Failure(subs[i], {answer, ReadAzureError(answer)});
    if (!status.Is(ErrorKind::kNotFound)) statuses[i] = std::move(status);
  }
  return Status::Ok();
}

}  // namespace godwit
