#include "lib/run/unsettled_mark.h"

#include <unistd.h>

#include <cerrno>

#include "lib/base/errno_status.h"
#include "lib/base/text.h"
#include "lib/run/small_file.h"

namespace godwit {

namespace {

constexpr const char* kOperation = "mark the job state";

std::string PathOf(const std::string& folder) { return folder + "/unsettled"; }

}  // namespace

std::optional<Timestamp> UnsettledSince(const std::string& folder) {
  const Result<std::string> text = ReadWholeFile(PathOf(folder), kOperation);
  if (text.status().Is(ErrorKind::kNotFound)) return std::nullopt;
  const auto time = text.ok() ? ParseRfc3339(*text) : std::nullopt;
  return time ? time->time : Timestamp();
}

Status MarkUnsettled(const std::string& folder, Timestamp now) {
  const std::optional<Timestamp> before = UnsettledSince(folder);
  // One from the future was made by a clock that was wrong.
  if (before && *before <= now) return Status::Ok();
  GODWIT_RETURN_IF_ERROR(ReplaceFile(PathOf(folder), FormatRfc3339(now, 9), kOperation));
  SyncFolder(folder);
  return Status::Ok();
}

Status RemoveUnsettledMark(const std::string& folder) {
  const std::string path = PathOf(folder);
  const bool gone = unlink(path.c_str()) == 0 || errno == ENOENT;
  return gone ? Status::Ok() : ErrnoStatus(errno, kOperation, path);
}

}  // namespace godwit
