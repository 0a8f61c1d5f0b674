#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/http/transport.h"

// A transport that answers from a script and records what was sent, and what stands around it.

namespace godwit {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct SentRequest {
  HttpMethod method = HttpMethod::kGet;
  std::string url;
  HttpHeaders headers;
  std::string body;

  std::string Header(std::string_view name) const {
    return std::string(headers.Find(name).value_or("(absent)"));
  }
  // "PUT https://host/path?query".
  std::string Line() const { return std::string(HttpMethodName(method)) + " " + url; }
};

inline std::string ReadAll(ByteSource& source) {
  std::string text(source.size_bytes(), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const auto buffer = std::as_writable_bytes(std::span(text)).subspan(done);
    // Odd sizes, so that no reader may count on whole buffers.
    const Result<std::size_t> count =
        source.Read(done, buffer.first(std::min<std::size_t>(buffer.size(), 70'001)));
    if (!count.ok() || *count == 0) return "(broken body)";
    done += *count;
  }
  return text;
}

class FakeTransport final : public HttpTransport {
 public:
  void Answer(int status, const Fields& headers = {}, std::string body = "") {
    HttpResponse response;
    response.status = status;
    for (const auto& [name, value] : headers) response.headers.Add(name, value);
    response.body = std::move(body);
    script_.emplace_back(std::move(response));
  }
  void Fail(Status status) { script_.emplace_back(std::move(status)); }

  Result<HttpResponse> Send(const CallContext&, const HttpRequest& request,
                            const HttpBodyChooser& choose) override {
    sent.push_back({request.method, request.url, request.headers,
                    request.body == nullptr ? "" : ReadAll(*request.body)});
    expect_continue = request.expect_continue;
    if (script_.empty()) return Status(ErrorKind::kInternal, "the script is over");
    Result<HttpResponse> answer = std::move(script_.front());
    script_.pop_front();
    if (!answer.ok() || !choose) return answer;
    const std::string body = std::exchange(answer->body, "");
    const Result<HttpBodyPlan> plan = choose(*answer);
    if (!plan.ok()) return plan.status();
    if (request.method == HttpMethod::kHead) return answer;
    if (body.size() > plan->body_bytes_max) return Status(ErrorKind::kCorrupted, "too large");
    if (plan->sink == nullptr) {
      answer->body = body;
    } else if (!body.empty()) {
      GODWIT_RETURN_IF_ERROR(plan->sink->Write(plan->sink_offset, std::as_bytes(std::span(body))));
    }
    return answer;
  }

  std::size_t left() const { return script_.size(); }
  const SentRequest& last() const { return sent.back(); }

  std::vector<SentRequest> sent;
  bool expect_continue = false;

 private:
  std::deque<Result<HttpResponse>> script_;
};

class FakeClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point Now() const override { return {}; }
  Timestamp WallNow() const override { return wall; }
  Timestamp wall = ParseRfc3339("2026-01-02T03:04:05Z")->time;
};

class StringSink final : public ByteSink {
 public:
  Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override {
    if (text.empty()) first_offset = offset;
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Status::Ok();
  }
  std::string text;
  std::uint64_t first_offset = 0;
};

// A body that is not in memory.
class StreamSource final : public ByteSource {
 public:
  explicit StreamSource(std::string text) : text_(std::move(text)) {}
  std::uint64_t size_bytes() const override { return text_.size(); }
  Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) override {
    ++reads;
    const std::string_view rest = std::string_view(text_).substr(offset);
    const std::size_t count = std::min(buffer.size(), rest.size());
    std::copy_n(reinterpret_cast<const std::byte*>(rest.data()), count, buffer.begin());
    return count;
  }
  int reads = 0;

 private:
  std::string text_;
};

inline MemorySource SourceOf(std::string_view text) {
  return MemorySource(std::as_bytes(std::span(text)));
}

}  // namespace godwit
