#include "lib/store/gcs/gcs_store.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/json_writer.h"
#include "lib/store/answer_sinks.h"
#include "lib/store/page_token.h"

namespace godwit {
namespace {

constexpr std::size_t kKeyBytesMax = 1024;
constexpr std::uint64_t kChunkBytes = 256 << 10;
constexpr std::uint64_t kObjectBytesMax = 5ULL << 40;
constexpr std::uint64_t kXmlPartBytesMin = 5ULL << 20;
// Below, one stream is about as fast and needs one request less at either end.
constexpr std::uint64_t kXmlObjectBytesMin = 256ULL << 20;

Capabilities CapabilitiesOf(const GcsConfig& config) {
  const bool only_parts = config.parallel_upload == GcsParallelUpload::kXml;
  Capabilities can;
  can.service = "gcs";
  can.key_rules = KeyRules::kGcs;
  can.key_bytes_max = kKeyBytesMax;
  can.put_bytes_max = kObjectBytesMax;
  can.part_bytes_min = only_parts ? kXmlPartBytesMin : kChunkBytes;
  can.part_granularity_bytes = only_parts ? 1 : kChunkBytes;
  can.object_bytes_max = kObjectBytesMax;
  can.parts_in_any_order = only_parts;
  if (config.parallel_upload == GcsParallelUpload::kAuto && config.is_google) {
    can.any_order_object_bytes_min = kXmlObjectBytesMin;
    can.any_order_part_bytes_min = kXmlPartBytesMin;
  }
  can.condition_on_finish = ConditionSupport::kAtBegin;
  can.condition_on_copy = true;
  can.delete_keys_max = 100;
  can.server_copy = true;
  can.copy_bytes_max = kObjectBytesMax;
  can.set_metadata = true;
  can.digests_stored = {DigestKind::kCrc32c, DigestKind::kMd5};
  return can;
}

std::string LowerPlace(std::string_view location) { return "gcp/" + AsciiLower(location); }

}  // namespace

GcsStore::GcsStore(GcsConfig config, HttpTransport& transport, const Clock& clock, Log& log)
    : channel_(std::move(config), transport, clock, log),
      capabilities_(CapabilitiesOf(channel_.config())) {}

std::string GcsStore::Identity() const {
  return GcsServiceIdentity(channel_.config()) + "/" + channel_.config().bucket;
}

Result<std::string> GcsStore::CredentialSetId() {
  if (channel_.config().tokens == nullptr) return std::string("anonymous");
  const Result<GoogleAccount> account = channel_.config().tokens->Account();
  if (!account.ok()) return account.status();
  return account->Identity();
}

bool GcsStore::HasXml() const {
  return capabilities_.parts_in_any_order || capabilities_.any_order_object_bytes_min > 0;
}

Status GcsStore::CheckKey(std::string_view operation, std::string_view key) const {
  std::string why;
  if (key.empty()) why = "the key is empty";
  if (key.size() > kKeyBytesMax) {
    why = "the key has " + std::to_string(key.size()) + " bytes, more than the 1024 of the service";
  }
  if (key == "." || key == ".." || key.find_first_of("\r\n") != std::string_view::npos ||
      !IsValidUtf8(key)) {
    why = "the service takes no such key";
  }
  if (why.empty()) return Status::Ok();
  return Status(ErrorKind::kInvalidArgument, why)
      .WithOperation(operation)
      .WithObject(channel_.ObjectName(key));
}

Result<Location> GcsStore::Locate(const CallContext& context) {
  Location location;
  const GcsConfig& config = channel_.config();
  if (!config.location.empty()) location = {Location::Trust::kDeclared, config.location};
  Status refused;
  // The second needs fewer rights than the first.
  for (const char* tail : {"", "/storageLayout"}) {
    GcsRequest request;
    request.operation = "find";
    request.path = GcsBucketPath(config.bucket) + tail;
    request.errors.subject = GcsSubject::kBucket;
    const Result<JsonValue> bucket = channel_.SendForJson(context, request);
    if (bucket.ok()) {
      const std::string_view place = bucket->FindText("location").value_or("");
      if (config.is_google && !place.empty()) {
        location = {Location::Trust::kApi, LowerPlace(place)};
      }
      return location;
    }
    refused = bucket.status();
    if (!refused.Is(ErrorKind::kPermissionDenied)) return refused;
  }
  if (location.trust == Location::Trust::kUnknown) return refused;
  return location;
}

Result<ListPage> GcsStore::List(const CallContext& context, const ListRequest& request) {
  return ListWithinBounds(request, capabilities_.page_keys_max,
                          [&](std::uint32_t keys_max, bool& too_large) {
                            return ListOnce(context, request, keys_max, too_large);
                          });
}

Result<ListPage> GcsStore::ListOnce(const CallContext& context, const ListRequest& request,
                                    std::uint32_t keys_max, bool& too_large) {
  GcsListQuestion question;
  question.bucket = channel_.config().bucket;
  question.request = &request;
  question.after = request.start_after;
  if (!request.page_token.empty()) {
    auto parts = SplitPair(request.page_token);
    if (!parts.has_value() || parts->second.empty()) {
      return Status(ErrorKind::kInvalidArgument, "not a page token of this store");
    }
    question.after = std::move(parts->first);
    question.sent_token = std::move(parts->second);
    question.after_is_seen = true;
  }
  GcsRequest http;
  http.request_class = RequestClass::kList;
  http.operation = "list";
  http.path = GcsBucketPath(channel_.config().bucket) + "/o";
  http.errors.subject = GcsSubject::kBucket;
  AddParameter(http.query, "fields", GcsListFields());
  AddParameter(http.query, "maxResults", std::to_string(keys_max));
  const auto add = [&http](std::string_view name, const std::string& value) {
    if (!value.empty()) AddParameter(http.query, name, value);
  };
  add("prefix", request.prefix);
  add("delimiter", request.delimiter);
  add("startOffset", request.start_after);
  add("endOffset", request.end_before);
  add("pageToken", question.sent_token);
  if (request.versions) AddParameter(http.query, "versions", "true");
  ListingSink sink;
  http.choose = [&sink](const HttpResponse& head) -> Result<HttpBodyPlan> {
    const std::string_view type = head.headers.Find("content-type").value_or("");
    if (!type.starts_with("application/json")) return HttpBodyPlan{};
    const auto length = ParseUint64(head.headers.Find("content-length").value_or(""));
    GODWIT_RETURN_IF_ERROR(sink.Announce(length.value_or(0)));
    return HttpBodyPlan{&sink, 0, UINT64_MAX};
  };
  const Result<HttpResponse> response = channel_.Send(context, http);
  too_large = sink.too_large;
  if (!response.ok()) return response.status();
  if (!response->headers.Find("content-type").value_or("").starts_with("application/json")) {
    return channel_.ReadJsonAnswer(http, *response).status();
  }
  Result<GcsListAnswer> answer = ReadGcsListing(sink.text, question);
  if (!answer.ok()) return channel_.Explain(http, std::move(answer).status());
  for (std::size_t i = 0; i < answer->page.entries.size(); ++i) {
    cache_.Keep(GcsObject{{answer->page.entries[i], std::move(answer->attributes[i])},
                          answer->metagenerations[i]});
  }
  std::string& token = answer->page.next_page_token;
  if (!token.empty()) token = JoinPair(answer->last_name, token);
  return std::move(answer->page);
}

Status GcsStore::CreateContainer(const CallContext& context, const WritePermit&,
                                 std::string_view region) {
  const GcsConfig& config = channel_.config();
  std::string project = config.project;
  if (project.empty() && config.tokens != nullptr) {
    const Result<GoogleAccount> account = config.tokens->Account();
    if (account.ok()) project = account->project;
  }
  if (project.empty() && config.is_google) {
    return Status(ErrorKind::kInvalidArgument,
                  "a bucket belongs to a project: set GOOGLE_CLOUD_PROJECT")
        .WithOperation("create")
        .WithObject(channel_.BucketName());
  }
  JsonValue::Object bucket{{"name", JsonValue(config.bucket)}};
  if (!region.empty()) bucket.emplace_back("location", JsonValue(std::string(region)));
  const std::string text = WriteJson(JsonValue(std::move(bucket)));
  MemorySource body(std::as_bytes(std::span(text)));
  GcsRequest request;
  request.method = HttpMethod::kPost;
  request.operation = "create";
  request.path = "/storage/v1/b";
  AddParameter(request.query, "project", project.empty() ? "godwit" : project);
  request.headers.Add("Content-Type", "application/json; charset=UTF-8");
  request.body = &body;
  request.errors.subject = GcsSubject::kBucket;
  request.errors.changes = true;
  const Result<GcsChannel::Answer> answer = channel_.Exchange(context, request);
  if (!answer.ok()) return answer.status();
  if (answer->ok()) return channel_.ReadJsonAnswer(request, answer->response).status();
  const Status failure = channel_.Failure(context, request, *answer);
  if (!failure.Is(ErrorKind::kAlreadyExists)) return failure;
  // The name is taken by ourselves if we may see what has it.
  if (answer->error.message.find("you already own it") != std::string::npos) return Status::Ok();
  if (channel_.CheckBucket(context).ok()) return Status::Ok();
  return Status(ErrorKind::kPermissionDenied, "the bucket belongs to somebody else")
      .WithOperation("create")
      .WithObject(channel_.BucketName());
}

}  // namespace godwit
