#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "lib/http/curl_transport.h"

namespace godwit {

inline std::unique_ptr<CurlTransport> MakeTransport(CurlOptions options = {}) {
  Result<std::unique_ptr<CurlTransport>> transport = CurlTransport::Create(std::move(options));
  EXPECT_TRUE(transport.ok()) << transport.status();
  return *std::move(transport);
}

inline HttpRequest RequestOf(HttpMethod method, std::string url, ByteSource* body = nullptr) {
  HttpRequest request;
  request.method = method;
  request.url = std::move(url);
  request.body = body;
  return request;
}

inline MemorySource SourceOf(std::string_view bytes) {
  return MemorySource(std::as_bytes(std::span(bytes)));
}

// Keeps what it is given; checks that offsets follow each other; fails or stops when asked to.
class CollectingSink final : public ByteSink {
 public:
  Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override {
    EXPECT_EQ(offset, first_offset + collected.size());
    if (stop_at_write != nullptr) stop_at_write->request_stop();
    if (!answer.ok()) return answer;
    collected.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Status::Ok();
  }

  std::uint64_t first_offset = 0;
  std::string collected;
  Status answer;
  std::stop_source* stop_at_write = nullptr;
};

// A chooser that sends every body into `sink`.
inline HttpBodyChooser Into(ByteSink& sink, std::uint64_t body_bytes_max = 1 << 20) {
  return [&sink, body_bytes_max](const HttpResponse&) -> Result<HttpBodyPlan> {
    return HttpBodyPlan{&sink, 0, body_bytes_max};
  };
}

}  // namespace godwit
