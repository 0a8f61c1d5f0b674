#include <utility>

#include "lib/base/text.h"
#include "lib/store/call_check.h"
#include "lib/store/gcs/gcs_batch.h"
#include "lib/store/gcs/gcs_store.h"

namespace godwit {
namespace {

constexpr std::string_view kBoundary = "godwit_batch";

GcsRequest DeleteCall(const GcsConfig& config, const DeleteRequest& request) {
  GcsRequest http;
  http.method = HttpMethod::kDelete;
  http.request_class = RequestClass::kDelete;
  http.operation = "delete";
  http.key = request.key;
  http.path = GcsObjectPath(config.bucket, request.key);
  http.errors.changes = true;
  return http;
}

// The service answers 204; emulators also 200 with nothing, which a portal on the way has not.
bool SaysDeleted(const HttpResponse& response, bool is_google) {
  if (response.status == 204) return true;
  const std::string_view body = response.body;
  return !is_google && (body.empty() || body == "null" || body == "null\n");
}

Status AddVersion(const DeleteRequest& request, GcsRequest& http) {
  if (request.if_version.empty()) return Status::Ok();
  return AddGcsCondition(WriteCondition::IfVersion(request.if_version), http);
}

}  // namespace

Result<std::vector<Status>> GcsStore::Delete(const CallContext& context, const WritePermit&,
                                             std::span<const DeleteRequest> requests) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  if (requests.size() > capabilities_.delete_keys_max) {
    return Status(ErrorKind::kInvalidArgument, "too many keys in one delete");
  }
  for (const DeleteRequest& request : requests) {
    GODWIT_RETURN_IF_ERROR(CheckKey("delete", request.key));
  }
  std::vector<Status> statuses(requests.size());
  if (requests.empty()) return statuses;
  // One key costs the same alone, and its failure says more.
  if (requests.size() == 1) {
    statuses[0] = DeleteOne(context, requests[0]);
    return statuses;
  }
  GODWIT_RETURN_IF_ERROR(DeleteBatch(context, requests, statuses));
  return statuses;
}

Status GcsStore::DeleteOne(const CallContext& context, const DeleteRequest& request) {
  GcsRequest http = DeleteCall(channel_.config(), request);
  GODWIT_RETURN_IF_ERROR(AddVersion(request, http));
  const Result<GcsChannel::Answer> answer = channel_.Exchange(context, http);
  if (!answer.ok()) return answer.status();
  if (answer->ok() && SaysDeleted(answer->response, channel_.config().is_google)) {
    return Status::Ok();
  }
  if (answer->ok()) {
    return channel_.Explain(
        http, Status(ErrorKind::kCorrupted, "the answer does not look like Cloud Storage's"));
  }
  const Status failure = channel_.Failure(context, http, *answer);
  // Missing is what was wanted, also where a condition on it was lost to that.
  return failure.Is(ErrorKind::kNotFound) ? Status::Ok() : failure;
}

Status GcsStore::DeleteBatch(const CallContext& context, std::span<const DeleteRequest> requests,
                             std::vector<Status>& statuses) {
  std::vector<std::string> calls;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    GcsRequest call = DeleteCall(channel_.config(), requests[i]);
    statuses[i] = AddVersion(requests[i], call);
    if (!statuses[i].ok()) continue;
    if (!channel_.config().user_project.empty()) {
      AddParameter(call.query, "userProject", channel_.config().user_project);
    }
    calls.push_back("DELETE " + call.path + (call.query.empty() ? "" : "?" + call.query));
    places.push_back(i);
  }
  if (calls.empty()) return Status::Ok();
  const std::string text = MakeGcsBatch(calls, kBoundary);
  MemorySource body(std::as_bytes(std::span(text)));
  GcsRequest http;
  http.method = HttpMethod::kPost;
  http.request_class = RequestClass::kDelete;
  http.operation = "delete from";
  http.path = "/batch/storage/v1";
  http.with_project = false;
  http.headers.Add("Content-Type", "multipart/mixed; boundary=" + std::string(kBoundary));
  http.body = &body;
  http.errors.subject = GcsSubject::kBucket;
  http.errors.changes = true;
  const Result<HttpResponse> response = channel_.Send(context, http);
  if (!response.ok()) return response.status();
  const Result<std::vector<GcsBatchAnswer>> answers = ReadGcsBatch(
      response->headers.Find("content-type").value_or(""), response->body, calls.size());
  if (!answers.ok()) return channel_.Explain(http, answers.status());
  for (std::size_t i = 0; i < places.size(); ++i) {
    const GcsBatchAnswer& answer = (*answers)[i];
    const std::size_t place = places[i];
    if (answer.status >= 200 && answer.status < 300) continue;
    statuses[place] =
        JudgeDeleted(context, requests[place], answer.status, ReadGcsError(answer.body));
  }
  return Status::Ok();
}

Status GcsStore::JudgeDeleted(const CallContext& context, const DeleteRequest& request, int status,
                              const GcsError& error) {
  const GcsRequest http = DeleteCall(channel_.config(), request);
  HttpResponse response;
  response.status = status;
  // An answer inside a whole answer came from the service, with or without a body of its own.
  GcsError told = error;
  told.readable = true;
  const Status failure =
      channel_.Failure(context, http, GcsChannel::Answer{std::move(response), told});
  return failure.Is(ErrorKind::kNotFound) ? Status::Ok() : failure;
}

}  // namespace godwit
