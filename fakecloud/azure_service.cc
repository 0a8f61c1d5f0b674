#include "fakecloud/azure_service.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <ctime>

#include "fakecloud/encoding.h"
#include "fakecloud/request_faults.h"

namespace fakecloud {
namespace {

std::string NextRequestId() {
  static std::atomic<std::uint32_t> count{0};
  char text[48];
  std::snprintf(text, sizeof(text), "f00dcafe-%04x-4000-8000-%012x", ++count & 0xFFFFU,
                count.load());
  return text;
}

// A part of a batch has no body.
class NoBody final : public RequestBody {
 public:
  std::ptrdiff_t Read(std::span<std::byte>) override { return 0; }
  std::optional<std::uint64_t> announced_size() const override { return 0; }
};

// The page that a marker leads to.
int PageOfMarker(std::string_view marker) {
  const std::size_t end = marker.find('!');
  return static_cast<int>(ParseDecimal(marker.substr(0, end)).value_or(0)) + 1;
}

}  // namespace

MaybeAzureError AzureService::Address(AzureCall& call) const {
  std::optional<QueryParams> query = QueryParams::Parse(call.request.query);
  if (!query) return AzureErrorByCode("InvalidUri");
  call.query = std::move(*query);
  if (!SplitAzurePath(options_, call.request.path, call.container, call.blob)) {
    return AzureErrorByCode("InvalidUri");
  }
  call.operation = AzureOperationOf(call);
  if (call.operation == "ListBlobs") call.page = PageOfMarker(call.query.Get("marker"));
  return std::nullopt;
}

void AzureService::MatchFaults(AzureCall& call) {
  RequestFacts facts;
  facts.service = "azure";
  facts.operation = call.operation;
  facts.bucket = call.container;
  facts.key = call.blob.empty() ? call.query.Get("prefix") : std::string_view(call.blob);
  facts.page = call.page;
  facts.has_range = call.request.headers.Has("range");
  facts.credential = call.credential;
  call.faults = faults_.Match(facts);
}

Response AzureService::CarryOut(AzureCall& call) {
  AzureContext context{options_, storage_};
  const AzureHandler handler = AzureHandlerOf(call.operation);
  AzureResult<Response> result = call.operation == "BlobBatch" ? CarryOutBatch(call)
                                 : handler == nullptr ? AzureErrorByCode("UnsupportedHttpVerb")
                                                      : handler(context, call);
  if (const AzureError* error = AzureErrorOf(result)) return AzureErrorAnswer(call, *error);
  return std::move(std::get<Response>(result));
}

Response AzureService::Answer(AzureCall& call) {
  if (MaybeAzureError error = Address(call)) return AzureErrorAnswer(call, *error);
  counters_.CountRequest(call.operation.empty() ? "Unknown" : call.operation);
  const MaybeAzureError refused = AuthenticateAzure(options_, call);
  MatchFaults(call);
  std::optional<Response> instead = AzureFaultBefore(call);
  Response response = instead   ? std::move(*instead)
                      : refused ? AzureErrorAnswer(call, *refused)
                                : CarryOut(call);
  AzureContext context{options_, storage_};
  AzureFaultAfter(context, call, response);
  return response;
}

Response AzureService::Handle(Request& request) {
  AzureCall call{request, NextRequestId(), {}, {}, {}, {}, 0, {}, {}, 0};
  call.now = static_cast<std::int64_t>(std::time(nullptr)) + options_.clock_offset_seconds;
  Response response = Answer(call);
  const bool replaced = call.FindFault(FaultKind::kReplaceBody, FaultSide::kResponse) != nullptr;
  // What a portal puts in place of an answer has no marks of the service.
  if (!replaced) {
    response.headers.Add("x-ms-request-id", call.request_id);
    response.headers.Add("x-ms-version", "2021-12-02");
  }
  if (options_.clock_offset_seconds != 0) response.headers.Set("Date", FormatHttpTime(call.now));
  counters_.CountStatus(response.status);
  return response;
}

std::string AzureService::BatchPart(AzureCall& call, std::string_view part,
                                    std::string_view boundary) {
  NoBody no_body;
  Request request;
  request.body = &no_body;
  request.waiter = call.request.waiter;
  std::string id;
  bool inner = false;
  for (std::string_view line : Split(part, '\n')) {
    line = Trim(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line);
    const std::size_t colon = line.find(": ");
    if (HasPrefix(line, "Content-ID: ")) id = line.substr(12);
    if (HasPrefix(line, "DELETE ") && line.ends_with(" HTTP/1.1")) {
      const std::string_view target = line.substr(7, line.size() - 16);
      request.method = "DELETE";
      request.path = target.substr(0, target.find('?'));
      if (target.find('?') != std::string_view::npos) {
        request.query = target.substr(target.find('?') + 1);
      }
      inner = true;
    } else if (inner && colon != std::string_view::npos) {
      request.headers.Add(line.substr(0, colon), line.substr(colon + 2));
    }
  }
  const Response answer = Handle(request);
  std::string out = "--" + std::string(boundary) +
                    "\r\nContent-Type: application/http\r\nContent-ID: " + id +
                    "\r\n\r\nHTTP/1.1 " + std::to_string(answer.status) + " Status\r\n";
  for (const auto& [name, value] : answer.headers.all()) out += name + ": " + value + "\r\n";
  return out + "\r\n" + answer.text + "\r\n";
}

AzureResult<Response> AzureService::CarryOutBatch(AzureCall& call) {
  AzureContext context{options_, storage_};
  {
    AzureStorage::Access access = storage_.Lock();
    if (!call.container.empty() && access.Find(call.container) == nullptr) {
      return AzureErrorByCode("ContainerNotFound");
    }
  }
  const std::string type(call.Header("content-type"));
  const std::size_t at = type.find("boundary=");
  AzureResult<AzureBody> body = ReceiveAzureBody(context, call, AzureBodyUse::kCommand);
  if (const AzureError* error = AzureErrorOf(body)) return *error;
  const std::string text = std::get<AzureBody>(body).content.ToText();
  if (at == std::string::npos) return AzureErrorByCode("InvalidInput");
  const std::string mark = "--" + type.substr(at + 9);
  std::vector<std::string_view> parts;
  std::size_t begin = text.find(mark);
  while (begin != std::string::npos) {
    const std::size_t next = text.find(mark, begin + mark.size());
    if (next == std::string::npos) break;
    parts.push_back(std::string_view(text).substr(begin, next - begin));
    begin = next;
  }
  if (parts.empty() || parts.size() > 256) return AzureErrorByCode("InvalidInput");
  const std::string boundary = "batchresponse_" + call.request_id;
  Response response = AzureAnswer(202);
  response.headers.Add("Content-Type", "multipart/mixed; boundary=" + boundary);
  for (const std::string_view part : parts) response.text += BatchPart(call, part, boundary);
  response.text += "--" + boundary + "--\r\n";
  return response;
}

}  // namespace fakecloud
