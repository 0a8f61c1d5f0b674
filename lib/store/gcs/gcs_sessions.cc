#include "lib/store/gcs/gcs_sessions.h"

#include <string_view>
#include <utility>

#include "lib/base/text.h"

namespace godwit {
namespace {

// The word before the next space; `rest` begins behind it then.
std::string_view TakeWord(std::string_view& rest) {
  const std::size_t space = rest.find(' ');
  const std::string_view word = rest.substr(0, space);
  rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
  return word;
}

std::string ConditionText(const WriteCondition& condition) {
  if (condition.kind == WriteCondition::Kind::kNone) return "-";
  return condition.kind == WriteCondition::Kind::kCreateOnly ? "0" : condition.version;
}

WriteCondition ConditionOf(std::string_view text) {
  if (text == "-") return WriteCondition::None();
  return text == "0" ? WriteCondition::CreateOnly() : WriteCondition::IfVersion(std::string(text));
}

}  // namespace

Secret GcsUploadId::Join() const {
  return Secret(std::string(by_parts ? "parts " : "stream ") + std::to_string(part_bytes) + " " +
                std::to_string(size_bytes) + " " + ConditionText(condition) + " " + handle);
}

Result<GcsUploadId> GcsUploadId::Split(const Secret& secret) {
  std::string_view rest = secret.Reveal();
  const std::string_view kind = TakeWord(rest);
  const std::optional<std::uint64_t> part_bytes = ParseUint64(TakeWord(rest));
  const std::optional<std::uint64_t> size_bytes = ParseUint64(TakeWord(rest));
  const std::string_view condition = TakeWord(rest);
  const bool known = kind == "parts" || kind == "stream";
  if (!known || !part_bytes || !size_bytes || condition.empty() || rest.empty()) {
    return Status(ErrorKind::kNotFound, "no such upload");
  }
  GcsUploadId id;
  id.by_parts = kind == "parts";
  id.part_bytes = *part_bytes;
  id.size_bytes = *size_bytes;
  id.condition = ConditionOf(condition);
  id.handle = rest;
  return id;
}

std::shared_ptr<GcsSession> GcsSessions::Find(const Secret& id) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<GcsSession>& session = sessions_[id.Reveal()];
  if (session == nullptr) session = std::make_shared<GcsSession>();
  return session;
}

std::shared_ptr<GcsSession> GcsSessions::Begin(const Secret& id) {
  std::shared_ptr<GcsSession> session = Find(id);
  session->kept_bytes = 0;
  return session;
}

void GcsSessions::Forget(const Secret& id) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(id.Reveal());
}

}  // namespace godwit
