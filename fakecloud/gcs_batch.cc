#include "fakecloud/encoding.h"
#include "fakecloud/gcs_handlers.h"
#include "fakecloud/gcs_resource.h"

namespace fakecloud {
namespace {

constexpr std::uint64_t kBatchBytesMax = 10 << 20;
constexpr std::size_t kCallsMax = 100;

// A body of no bytes.
class NoBody final : public RequestBody {
 public:
  std::ptrdiff_t Read(std::span<std::byte>) override { return 0; }
  std::optional<std::uint64_t> announced_size() const override { return 0; }
};

// Carries out one call; what it says comes as the text of an HTTP answer.
std::string CarryOut(GcsContext& context, const GcsCall& batch, std::string_view line) {
  const std::vector<std::string_view> words = Split(line, ' ');
  NoBody body;
  Request request;
  request.body = &body;
  request.waiter = batch.request.waiter;
  if (words.size() == 3) {
    request.method = words[0];
    const std::size_t mark = words[1].find('?');
    request.path = words[1].substr(0, mark);
    if (mark != std::string_view::npos) request.query = words[1].substr(mark + 1);
  }
  GcsCall call{request, {}, {}, {}, {}, {}, {}, false, 0, {}, {}, batch.now};
  GcsResult<Response> result = GcsInvalid("Not a call of a batch.");
  if (RouteGcs(call) && call.operation == "objects.delete") {
    const Fault* fault = batch.FindFault(FaultKind::kOkWithError);
    if (fault != nullptr && GlobMatches(fault->keys, call.key)) {
      const bool denied = fault->code == "AccessDenied" || fault->code == "forbidden";
      result = GcsFailure{denied ? 403 : 503, denied ? "forbidden" : "backendError",
                          fault->message.empty() ? fault->code : fault->message};
    } else {
      result = GcsDeleteObject(context, call);
    }
  }
  const Response response = std::holds_alternative<Response>(result)
                                ? std::get<Response>(std::move(result))
                                : GcsErrorResponse(call, std::get<GcsFailure>(result));
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " Answer\r\n";
  for (const auto& [name, value] : response.headers.all()) text += name + ": " + value + "\r\n";
  return text + "Content-Length: " + std::to_string(response.text.size()) + "\r\n\r\n" +
         response.text;
}

}  // namespace

GcsResult<Response> GcsBatch(GcsContext& context, GcsCall& call) {
  const std::string_view type = call.Header("content-type");
  const std::size_t found = type.find("boundary=");
  const std::optional<std::string> body = ReadGcsBody(call, kBatchBytesMax);
  if (!body || found == std::string_view::npos) return GcsInvalid("Malformed batch.");
  const std::string mark = "--" + std::string(type.substr(found + 9));
  std::string answer;
  std::size_t calls = 0;
  for (std::size_t at = body->find(mark); at != std::string::npos;) {
    const std::size_t begin = at + mark.size();
    at = body->find(mark, begin);
    if (at == std::string::npos) break;
    if (++calls > kCallsMax) return GcsInvalid("The batch request has too many calls.");
    const std::string_view part = std::string_view(*body).substr(begin, at - begin);
    const std::size_t id = part.find("Content-ID: <");
    const std::size_t head_end = part.find("\r\n\r\n");
    if (id == std::string_view::npos || head_end == std::string_view::npos) {
      return GcsInvalid("Malformed batch.");
    }
    const std::string_view name = part.substr(id + 13, part.find('>', id) - id - 13);
    const std::string_view inner = part.substr(head_end + 4);
    answer += "--answers\r\nContent-Type: application/http\r\nContent-ID: <response-" +
              std::string(name) + ">\r\n\r\n" +
              CarryOut(context, call, inner.substr(0, inner.find("\r\n"))) + "\r\n";
  }
  Response response;
  response.headers.Add("Content-Type", "multipart/mixed; boundary=answers");
  response.text = answer + "--answers--\r\n";
  return response;
}

}  // namespace fakecloud
