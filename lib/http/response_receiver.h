#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "lib/http/response_head.h"
#include "lib/http/transport.h"

namespace godwit {

// Takes one answer as its bytes come: checks the head, asks once what to do with the body, and
// hands the body on within its limits. One thread at a time.
class ResponseReceiver {
 public:
  // `choose` may be null, and must outlive the receiver. `to_head_request`: the answer has no body.
  ResponseReceiver(const HttpBodyChooser& choose, bool to_head_request)
      : choose_(choose), to_head_request_(to_head_request) {}

  // One line of the head, or of the trailer, with its line end.
  Status AddHeaderLine(std::string_view line);
  Status AddBody(std::span<const std::byte> bytes);

  // The head has come, and as many bytes of body as it announced. Without an announced length the
  // connection has to say where the body ends.
  bool complete() const;
  bool head_complete() const { return head_.complete(); }
  std::uint64_t bytes() const { return head_.bytes() + body_bytes_; }

  // Checks, once the answer has ended, that nothing is missing. Fails with kUnavailable.
  Status CheckEnd() const;
  // The answer; leaves the receiver without it.
  HttpResponse Take() { return std::move(head_.response()); }

 private:
  Status ChooseBody();
  bool HasBody() const { return !to_head_request_ && !head_.bodiless(); }

  const HttpBodyChooser& choose_;
  const bool to_head_request_;
  ResponseHead head_;
  HttpBodyPlan plan_;
  std::uint64_t body_bytes_ = 0;
};

}  // namespace godwit
