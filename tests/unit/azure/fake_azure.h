#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "lib/policy/permit_issuer.h"
#include "lib/store/azure/azure_store.h"

// A transport that answers from a script and records what was sent, and a store on top of it.

namespace godwit {

using Fields = std::vector<std::pair<std::string, std::string>>;

class ScriptedTransport final : public HttpTransport {
 public:
  struct Sent {
    std::string line;  // "PUT http://host/path?query".
    HttpHeaders headers;
    std::string body;
    std::string Header(std::string_view name) const {
      return std::string(headers.Find(name).value_or("(absent)"));
    }
  };

  // An answer with the marks of the service.
  void Answer(int status, Fields headers = {}, std::string body = "") {
    headers.emplace_back("x-ms-request-id", "R1");
    Portal(status, headers, std::move(body));
  }
  // An answer without them.
  void Portal(int status, const Fields& headers, std::string body) {
    HttpResponse response;
    response.status = status;
    for (const auto& [name, value] : headers) response.headers.Add(name, value);
    response.body = std::move(body);
    script_.emplace_back(std::move(response));
  }
  void Fail(Status status) { script_.emplace_back(std::move(status)); }

  Result<HttpResponse> Send(const CallContext&, const HttpRequest& request,
                            const HttpBodyChooser& choose) override {
    std::string body;
    if (request.body != nullptr) {
      body.resize(request.body->size_bytes());
      const auto buffer = std::as_writable_bytes(std::span(body));
      for (std::size_t done = 0; done < body.size();) {
        const Result<std::size_t> count = request.body->Read(done, buffer.subspan(done));
        if (!count.ok() || *count == 0) return Status(ErrorKind::kInternal, "broken body");
        done += *count;
      }
    }
    sent.push_back({std::string(HttpMethodName(request.method)) + " " + request.url,
                    request.headers, std::move(body)});
    if (while_under_way) std::exchange(while_under_way, nullptr)();
    if (script_.empty()) return Status(ErrorKind::kInternal, "the script is over");
    Result<HttpResponse> answer = std::move(script_.front());
    script_.pop_front();
    if (!answer.ok() || !choose) return answer;
    const std::string text = std::exchange(answer->body, "");
    const Result<HttpBodyPlan> plan = choose(*answer);
    if (!plan.ok()) return plan.status();
    if (request.method == HttpMethod::kHead) return answer;
    if (plan->sink == nullptr) {
      answer->body = text;
    } else if (!text.empty()) {
      GODWIT_RETURN_IF_ERROR(plan->sink->Write(plan->sink_offset, std::as_bytes(std::span(text))));
    }
    return answer;
  }

  std::size_t left() const { return script_.size(); }
  std::vector<Sent> sent;
  std::function<void()> while_under_way;  // Called once, before the next answer.

 private:
  std::deque<Result<HttpResponse>> script_;
};

class StillClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point Now() const override { return {}; }
  Timestamp WallNow() const override { return ParseRfc3339("2026-01-02T03:04:05Z")->time; }
};

class TextSink final : public ByteSink {
 public:
  Status Write(std::uint64_t, std::span<const std::byte> bytes) override {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Status::Ok();
  }
  std::string text;
};

// A body that is not in memory.
class PassingSource final : public ByteSource {
 public:
  explicit PassingSource(std::string text) : text_(std::move(text)) {}
  std::uint64_t size_bytes() const override { return text_.size(); }
  Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) override {
    const std::string_view rest = std::string_view(text_).substr(offset);
    const std::size_t count = std::min(buffer.size(), rest.size());
    std::copy_n(reinterpret_cast<const std::byte*>(rest.data()), count, buffer.begin());
    return count;
  }

 private:
  std::string text_;
};

inline MemorySource SourceOf(std::string_view text) {
  return MemorySource(std::as_bytes(std::span(text)));
}

// Everything that a test of the store needs: the emulator's account on loopback.
struct FakeAzure {
  explicit FakeAzure(const std::function<void(AzureConfig&)>& change = {},
                     std::shared_ptr<TokenCache> tokens = nullptr) {
    AzureConfig config;
    config.container = "lake";
    config.account = *ParseAzureConnectionString("UseDevelopmentStorage=true");
    if (change) change(config);
    store = *AzureStore::Create(config, std::move(tokens), transport, clock, log);
    context.meter = &meter;
  }
  // The answer to the question what kind of account it is, which comes before the first listing.
  void Meet(bool hierarchical = false) {
    transport.Answer(200, {{"x-ms-is-hns-enabled", hierarchical ? "true" : "false"}});
  }
  const ScriptedTransport::Sent& last() const { return transport.sent.back(); }

  ScriptedTransport transport;
  StillClock clock;
  std::ostringstream log_text;
  Log log{log_text, LogLevel::kDebug, LogFormat::kText};
  RequestMeter meter;
  CallContext context;
  WritePermit permit = PermitIssuer().Judge("");
  std::unique_ptr<AzureStore> store;
};

inline std::string ErrorBody(std::string_view code) {
  return "<?xml version=\"1.0\"?><Error><Code>" + std::string(code) +
         "</Code><Message>said so\nRequestId:R1</Message></Error>";
}

// The kind and the message of a failure: "not-found: no such object".
inline std::string Brief(const Status& status) {
  if (status.ok()) return "ok";
  return std::string(ErrorKindName(status.kind())) + ": " + status.message();
}

}  // namespace godwit
