#include "lib/store/azure/azure_store.h"

#include <algorithm>
#include <utility>

#include "lib/base/key_problem.h"
#include "lib/base/text.h"
#include "lib/store/answer_sinks.h"
#include "lib/store/azure/azure_metadata.h"
#include "lib/store/call_check.h"
#include "lib/store/page_token.h"

namespace godwit {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

Capabilities MakeCapabilities(bool hierarchical) {
  Capabilities can;
  can.service = "azure";
  can.key_rules = KeyRules::kAzure;
  can.key_bytes_max = 1024;
  can.order = hierarchical ? ListingOrder::kSlashFirst : ListingOrder::kUtf16Units;
  can.page_keys_max = 5000;
  can.put_bytes_max = 5000 * kMiB;
  can.part_bytes_min = 1;
  can.part_bytes_max = 4000 * kMiB;
  can.parts_max = 50'000;
  can.object_bytes_max = 50'000 * (4000 * kMiB);
  can.uploads_abortable = false;
  can.condition_on_copy = true;
  can.delete_keys_max = 256;
  can.server_copy = true;
  // Of a copy that every version of the service makes at once.
  can.copy_bytes_max = 256 * kMiB;
  can.set_metadata = true;
  can.digests_stored = {DigestKind::kMd5};
  return can;
}

}  // namespace

Result<std::unique_ptr<AzureStore>> AzureStore::Create(AzureConfig config,
                                                       std::shared_ptr<TokenCache> tokens,
                                                       HttpTransport& transport, const Clock& clock,
                                                       Log& log) {
  Result<AzureRoute> route = MakeAzureRoute(config);
  if (!route.ok()) return route.status();
  return std::unique_ptr<AzureStore>(new AzureStore(std::move(config), std::move(*route),
                                                    std::move(tokens), transport, clock, log));
}

AzureStore::AzureStore(AzureConfig config, AzureRoute route, std::shared_ptr<TokenCache> tokens,
                       HttpTransport& transport, const Clock& clock, Log& log)
    : channel_(std::move(config), std::move(route), std::move(tokens), transport, clock, log),
      clock_(clock) {}

const Capabilities& AzureStore::Describe() const {
  static const Capabilities kFlat = MakeCapabilities(false);
  static const Capabilities kHierarchical = MakeCapabilities(true);
  return hierarchy_ == 1 ? kHierarchical : kFlat;
}

std::string AzureStore::Identity() const {
  const AzureRoute& route = channel_.route();
  return "az://" + route.origin + route.base_path + "/" + channel_.config().container;
}

std::string AzureStore::CopyDomain() const {
  const AzureRoute& route = channel_.route();
  return "az://" + route.origin + route.base_path + "|" +
         AzureCredentialSetId(channel_.config().account.credential);
}

bool AzureStore::HasTags() const { return hierarchy_ != 1; }

Status AzureStore::Refuse(std::string_view operation, std::string_view key,
                          std::string message) const {
  return Status(ErrorKind::kInvalidArgument, std::move(message))
      .WithOperation(operation)
      .WithObject(channel_.ObjectName(key));
}

Status AzureStore::CheckKey(std::string_view operation, std::string_view key) const {
  if (key.empty()) return Refuse(operation, key, "the key is empty");
  if (!IsValidUtf8(key)) return Refuse(operation, key, "the key is not valid UTF-8");
  return Status::Ok();
}

// What the service would alter on the way would become another key.
Status AzureStore::CheckNewKey(std::string_view operation, std::string_view key) const {
  const std::optional<std::string> problem = KeyProblem(Describe(), key);
  if (!problem.has_value()) return Status::Ok();
  return Refuse(operation, key, "Azure cannot hold this key: " + *problem);
}

// Asks once whether the account is hierarchical. Who may not know it finds out by its listings.
Status AzureStore::MeetAccount(const CallContext& context) {
  const std::lock_guard lock(meet_mutex_);
  if (met_) return Status::Ok();
  AzureRequest request;
  request.operation = "find";
  request.errors.container = true;
  request.parameters = {{"restype", "account"}, {"comp", "properties"}};
  const Result<AzureChannel::Answer> answer = channel_.Exchange(context, request);
  if (!answer.ok()) return answer.status();
  const Status failure = answer->ok() ? Status::Ok() : channel_.Failure(request, *answer);
  const bool passing = failure.Is(ErrorKind::kThrottled) || failure.Is(ErrorKind::kUnavailable);
  if (passing) return failure;
  met_ = true;
  const auto told = answer->response.headers.Find("x-ms-is-hns-enabled");
  if (answer->ok() && told.has_value()) hierarchy_ = *told == "true" ? 1 : 0;
  return Status::Ok();
}

Result<Location> AzureStore::Locate(const CallContext& context) {
  GODWIT_RETURN_IF_ERROR(MeetAccount(context));
  AzureRequest request;
  request.method = HttpMethod::kHead;
  request.operation = "find";
  request.errors.head = true;
  request.errors.container = true;
  request.parameters = {{"restype", "container"}};
  const Result<HttpResponse> response = channel_.Send(context, request);
  if (!response.ok()) return response.status();
  // No answer tells the region.
  Location location;
  if (!channel_.config().location.empty()) {
    location = {Location::Trust::kDeclared, channel_.config().location};
  }
  return location;
}

Result<ListPage> AzureStore::List(const CallContext& context, const ListRequest& request) {
  if (request.versions) {
    return Status(ErrorKind::kUnsupported, "old versions of blobs cannot be listed")
        .WithOperation("list")
        .WithObject(Name());
  }
  GODWIT_RETURN_IF_ERROR(MeetAccount(context));
  return ListWithinBounds(request, Describe().page_keys_max,
                          [&](std::uint32_t keys_max, bool& too_large) {
                            return ListOnce(context, request, keys_max, too_large);
                          });
}

Result<ListPage> AzureStore::ListOnce(const CallContext& context, const ListRequest& request,
                                      std::uint32_t keys_max, bool& too_large) {
  std::pair<std::string, std::string> cursor;
  if (!request.page_token.empty()) {
    const auto parts = SplitPair(request.page_token);
    if (!parts.has_value()) return Refuse("list", "", "not a page token of this store");
    cursor = *parts;
  }
  AzureRequest http = AzureListRequest(request, cursor.second, keys_max);
  ListingSink sink;
  http.choose = [&sink](const HttpResponse& head) -> Result<HttpBodyPlan> {
    const auto length = ParseUint64(head.headers.Find("content-length").value_or(""));
    GODWIT_RETURN_IF_ERROR(sink.Announce(length.value_or(0)));
    return HttpBodyPlan{&sink, 0, UINT64_MAX};
  };
  const Result<HttpResponse> response = channel_.Send(context, http);
  too_large = sink.too_large;
  if (!response.ok()) return response.status();
  AzureListQuestion question{request.prefix,     request.delimiter, request.start_after,
                             request.end_before, cursor.first,      cursor.second,
                             Describe().order};
  Result<AzureListAnswer> answer = ReadAzureListing(sink.text, std::move(question));
  if (!answer.ok()) return channel_.Explain(http, std::move(answer).status());
  if (answer->hierarchical) hierarchy_ = 1;
  std::string& token = answer->page.next_page_token;
  if (!token.empty()) token = JoinPair(answer->last_name, token);
  return std::move(answer->page);
}

Status AzureStore::CreateContainer(const CallContext& context, const WritePermit&,
                                   std::string_view) {
  AzureRequest request = AzurePutRequest("");
  request.request_class = RequestClass::kOther;
  request.operation = "create";
  request.errors.container = true;
  request.parameters = {{"restype", "container"}};
  const Result<HttpResponse> response = channel_.Send(context, request);
  if (response.status().Is(ErrorKind::kAlreadyExists)) return Status::Ok();
  return response.status();
}

}  // namespace godwit
