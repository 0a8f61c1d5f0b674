#include <utility>

#include "lib/base/text.h"
#include "lib/store/call_check.h"
#include "lib/store/s3/s3_store.h"
#include "lib/store/s3/s3_xml.h"

namespace godwit {

Result<std::vector<Status>> S3Store::Delete(const CallContext& context, const WritePermit&,
                                            std::span<const DeleteRequest> requests) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  if (requests.size() > Describe().delete_keys_max) {
    return Status(ErrorKind::kInvalidArgument, "too many keys in one delete");
  }
  const S3DeleteCondition support = channel_.knowledge().promises().condition_on_delete;
  std::vector<std::size_t> batch;
  std::vector<std::size_t> singles;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    GODWIT_RETURN_IF_ERROR(CheckKey("delete", requests[i].key));
    const bool conditional = !requests[i].if_version.empty();
    const bool alone =
        !IsXmlText(requests[i].key) || (conditional && support == S3DeleteCondition::kSingle);
    (alone ? singles : batch).push_back(i);
  }
  // One key costs the same alone, and its failure says more.
  if (batch.size() == 1) {
    singles.push_back(batch.front());
    batch.clear();
  }
  std::vector<Status> statuses(requests.size());
  if (!batch.empty()) {
    GODWIT_RETURN_IF_ERROR(DeleteBatch(context, requests, batch, statuses));
  }
  // What has been deleted by now is known; a later failure is one of its own key.
  for (const std::size_t index : singles) statuses[index] = DeleteOne(context, requests[index]);
  return statuses;
}

Status S3Store::DeleteOne(const CallContext& context, const DeleteRequest& request) {
  const WriteCondition condition = request.if_version.empty()
                                       ? WriteCondition::None()
                                       : WriteCondition::IfVersion(request.if_version);
  const RequestMaker make = [&]() -> Result<S3Request> {
    S3Request http;
    http.method = HttpMethod::kDelete;
    http.request_class = RequestClass::kDelete;
    http.operation = "delete";
    http.key = request.key;
    http.errors.changes = true;
    return http;
  };
  const Result<Sent> sent = SendConditional(context, condition, make, true);
  if (!sent.ok()) return sent.status();
  // Missing is what was wanted, also where a condition on it was lost to that.
  const S3Error& error = sent->answer.error;
  const bool gone = error.code == "NoSuchKey" || error.code == "NoSuchVersion";
  if (gone) return Status::Ok();
  if (sent->answer.ok()) return channel_.CheckRemoved(sent->request, sent->answer.response);
  return channel_.Failure(sent->request, sent->answer);
}

Status S3Store::DeleteBatch(const CallContext& context, std::span<const DeleteRequest> requests,
                            std::span<const std::size_t> chosen, std::vector<Status>& statuses) {
  const bool with_etags =
      channel_.knowledge().promises().condition_on_delete == S3DeleteCondition::kBatch;
  std::vector<S3DeleteKey> keys;
  keys.reserve(chosen.size());
  std::map<std::string_view, std::size_t> index_of;
  for (const std::size_t index : chosen) {
    const DeleteRequest& request = requests[index];
    keys.push_back({request.key, with_etags ? request.if_version : std::string_view()});
    index_of[request.key] = index;
  }
  S3XmlBody body(DeleteXml(keys));
  S3Request http = PostRequest("", {{"delete", ""}});
  http.request_class = RequestClass::kDelete;
  http.operation = "delete from";
  http.errors.subject = S3Subject::kBucket;
  body.AttachTo(http, true);
  const Result<S3Document> document = channel_.SendForXml(context, http, "DeleteResult");
  if (!document.ok()) return document.status();
  for (const S3Document::Record& record : document->records) {
    if (record.name != "Error") continue;
    const auto field = [&record](std::string_view name) {
      const auto found = record.fields.find(name);
      return found == record.fields.end() ? std::string() : found->second;
    };
    S3Error error;
    error.code = field("Code");
    error.message = field("Message");
    const auto found = index_of.find(field("Key"));
    if (found == index_of.end()) {
      return channel_.Explain(
          http, Status(ErrorKind::kCorrupted, "the answer names a key that was not asked for"));
    }
    if (error.code == "NoSuchKey") continue;
    S3ErrorContext errors;
    errors.changes = errors.conditional = true;
    statuses[found->second] = MapS3Error(0, error, errors)
                                  .WithOperation("delete")
                                  .WithObject(channel_.ObjectName(found->first));
  }
  return Status::Ok();
}

}  // namespace godwit
