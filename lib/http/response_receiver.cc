#include "lib/http/response_receiver.h"

#include <algorithm>
#include <string>
#include <utility>

namespace godwit {
namespace {

// What is reserved at once for a body of announced length, which may be a lie.
constexpr std::uint64_t kReserveBytesMax = 4ULL << 20;

Status TooLarge(std::uint64_t limit) {
  return Status(ErrorKind::kCorrupted,
                "the answer is larger than the " + std::to_string(limit) + " bytes expected");
}

}  // namespace

Status ResponseReceiver::AddHeaderLine(std::string_view line) {
  const bool was_complete = head_.complete();
  GODWIT_RETURN_IF_ERROR(head_.AddLine(line));
  return head_.complete() && !was_complete ? ChooseBody() : Status::Ok();
}

Status ResponseReceiver::ChooseBody() {
  if (choose_) {
    Result<HttpBodyPlan> plan = choose_(head_.response());
    if (!plan.ok()) return std::move(plan).status();
    plan_ = *plan;
  }
  if (!HasBody()) return Status::Ok();
  const std::optional<std::uint64_t> length = head_.content_length();
  if (length && *length > plan_.body_bytes_max) return TooLarge(plan_.body_bytes_max);
  if (plan_.sink != nullptr && !head_.framed()) {
    return Status(ErrorKind::kCorrupted, "the answer does not tell the length of its body");
  }
  if (plan_.sink == nullptr && length) {
    head_.response().body.reserve(std::min(*length, kReserveBytesMax));
  }
  return Status::Ok();
}

Status ResponseReceiver::AddBody(std::span<const std::byte> bytes) {
  if (!head_.complete()) return Status(ErrorKind::kCorrupted, "a body without a head");
  if (bytes.size() > plan_.body_bytes_max - body_bytes_) return TooLarge(plan_.body_bytes_max);
  if (plan_.sink != nullptr) {
    GODWIT_RETURN_IF_ERROR(plan_.sink->Write(plan_.sink_offset + body_bytes_, bytes));
  } else {
    head_.response().body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  body_bytes_ += bytes.size();
  return Status::Ok();
}

bool ResponseReceiver::complete() const {
  if (!head_.complete()) return false;
  return !HasBody() || head_.content_length() == body_bytes_;
}

Status ResponseReceiver::CheckEnd() const {
  if (!head_.complete()) return Status(ErrorKind::kUnavailable, "the answer ended in its head");
  const std::optional<std::uint64_t> length = head_.content_length();
  if (!HasBody() || !length || *length == body_bytes_) return Status::Ok();
  return Status(ErrorKind::kUnavailable, "the answer ended after " + std::to_string(body_bytes_) +
                                             " of " + std::to_string(*length) + " bytes");
}

}  // namespace godwit
