#include <algorithm>
#include <array>

#include "fakecloud/encoding.h"
#include "fakecloud/gcs_handlers.h"
#include "fakecloud/gcs_resource.h"
#include "fakecloud/request_faults.h"

// Resumable sessions. What has not been kept is never pretended; what has been kept is never
// compared with what is sent again.

namespace fakecloud {
namespace {

constexpr std::uint64_t kChunkBytes = 256 << 10;
constexpr std::uint64_t kDocumentBytesMax = 1 << 20;

struct ChunkRange {
  bool empty = false;  // "*": no bytes.
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  // Behind the last byte.
  std::optional<std::uint64_t> total;
};

// "bytes 0-99/100", "bytes 0-99/*", "bytes */100", "bytes */*".
std::optional<ChunkRange> ReadRange(std::string_view text) {
  if (!HasPrefix(text, "bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  ChunkRange range;
  const std::string_view total = text.substr(slash + 1);
  if (total != "*") {
    range.total = ParseDecimal(total);
    if (!range.total) return std::nullopt;
  }
  const std::string_view bytes = text.substr(0, slash);
  range.empty = bytes == "*";
  if (range.empty) return range;
  const std::size_t dash = bytes.find('-');
  const auto first = ParseDecimal(bytes.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? std::nullopt : ParseDecimal(bytes.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  range.begin = *first;
  range.end = *last + 1;
  return range;
}

Response Unfinished(const GcsUploadSession& session) {
  Response response;
  response.status = 308;
  if (session.content.size() > 0) {
    response.headers.Add("Range", "bytes=0-" + std::to_string(session.content.size() - 1));
  }
  return response;
}

// Receives a chunk. Only whole multiples of 256 KiB are kept, but of the last chunk.
class ChunkReader {
 public:
  ChunkReader(GcsContext& context, GcsUploadSession& session, const ChunkRange& range)
      : session_(session),
        writer_(context.storage.policy, range.end - range.begin),
        skip_(session.content.size() - std::min(range.begin, session.content.size())),
        is_last_(range.total && *range.total == range.end) {}

  // False if the connection broke; what came before is kept all the same.
  bool Receive(RequestBody& body, std::uint64_t length) {
    std::array<std::byte, 64 << 10> buffer;
    std::uint64_t received = 0;
    std::ptrdiff_t got = 0;
    while ((got = body.Read(buffer)) > 0) {
      received += static_cast<std::uint64_t>(got);
      Take(std::span(buffer).first(static_cast<std::size_t>(got)));
    }
    const bool whole = got == 0 && received == length;
    if (whole && is_last_) Keep(pending_.size());
    session_.content.Append(writer_.Finish());
    return whole;
  }

 private:
  void Take(std::span<const std::byte> bytes) {
    const std::size_t known = std::min<std::uint64_t>(skip_, bytes.size());
    skip_ -= known;
    bytes = bytes.subspan(known);
    pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    Keep(pending_.size() / kChunkBytes * kChunkBytes);
  }

  void Keep(std::size_t count) {
    std::span<const std::byte> bytes(pending_.data(), count);
    session_.hasher->Update(bytes);
    while (!bytes.empty()) {
      const std::span<std::byte> room = writer_.Prepare();
      const std::size_t now = std::min(room.size(), bytes.size());
      std::copy_n(bytes.begin(), now, room.begin());
      if (!writer_.Commit(now)) return;
      bytes = bytes.subspan(now);
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
  }

  GcsUploadSession& session_;
  ContentWriter writer_;
  std::uint64_t skip_;
  const bool is_last_;
  std::vector<std::byte> pending_;
};

GcsResult<Response> Finish(GcsContext& context, GcsCall& call, GcsUploadSession& session) {
  ReadGcsHashHeader(call, session.declared);
  session.hasher->Finish();
  GcsObject object = session.draft;
  object.crc32c = session.hasher->value(ChecksumKind::kCrc32c);
  object.md5 = session.hasher->md5();
  if (auto failure = CheckGcsDeclared(session.declared, object.crc32c, object.md5)) {
    session.cancelled = true;
    return *failure;
  }
  object.content = GcsDamagedInStore(call, session.content);
  const GcsResult<GcsObjectPtr> published = PublishGcs(
      context, session.bucket, session.key, std::move(object), session.conditions, call.now);
  if (const auto* failure = std::get_if<GcsFailure>(&published)) {
    session.cancelled = true;
    return *failure;
  }
  session.finished = std::get<GcsObjectPtr>(published);
  session.content = Content();
  return GcsJson(GcsResource(session.bucket, session.key, *session.finished));
}

std::shared_ptr<GcsUploadSession> FindSession(GcsContext& context, const GcsCall& call) {
  const std::lock_guard lock(context.storage.mutex);
  const auto found = context.storage.sessions.find(call.query.Get("upload_id"));
  return found == context.storage.sessions.end() ? nullptr : found->second;
}

GcsFailure NoSession() { return {404, "notFound", "Upload session not found."}; }

}  // namespace

GcsResult<Response> GcsStartSession(GcsContext& context, GcsCall& call) {
  const GcsResult<GcsConditions> conditions = ReadGcsConditions(call, "if");
  if (const auto* failure = std::get_if<GcsFailure>(&conditions)) return *failure;
  const std::optional<std::string> body = ReadGcsBody(call, kDocumentBytesMax);
  if (!body) return GcsFailure{400, "badRequest", "The request body ended early."};
  auto session = std::make_shared<GcsUploadSession>();
  if (!ReadGcsResource(*body, session->draft, session->declared, call.key)) {
    return GcsFailure{400, "parseError", "Parse Error"};
  }
  if (call.key.empty() || call.key.size() > 1024) return GcsInvalid("Invalid object name.");
  session->bucket = call.bucket;
  session->key = call.key;
  session->conditions = std::get<GcsConditions>(conditions);
  session->hasher = std::make_unique<BodyHasher>();
  session->hasher->Want(ChecksumKind::kCrc32c);
  if (context.storage.policy.discard) session->hasher->SkipMd5();
  const std::string_view type = call.Header("x-upload-content-type");
  if (!type.empty() && !session->draft.fields.contains("contentType")) {
    session->draft.fields["contentType"] = type;
  }
  const std::lock_guard lock(context.storage.mutex);
  if (context.storage.Find(call.bucket) == nullptr) return NoGcsBucket();
  session->id = "session" + ToHex(ToBase64(std::to_string(context.storage.NextNumber())));
  context.storage.sessions[session->id] = session;
  Response response;
  response.headers.Add("Location", std::string(call.request.tls ? "https://" : "http://") +
                                       std::string(call.Header("host")) + call.request.path +
                                       "?uploadType=resumable&upload_id=" + session->id);
  return response;
}

GcsResult<Response> GcsPutSession(GcsContext& context, GcsCall& call) {
  const std::shared_ptr<GcsUploadSession> session = FindSession(context, call);
  if (!session) return NoSession();
  const std::lock_guard one_at_a_time(session->mutex);
  if (session->cancelled) return NoSession();
  if (session->finished) {
    return GcsJson(GcsResource(session->bucket, session->key, *session->finished));
  }
  const std::optional<ChunkRange> range = ReadRange(call.Header("content-range"));
  if (!range) return GcsInvalid("Failed to parse Content-Range header.");
  if (!range->empty) {
    if (range->begin > session->content.size()) {
      return GcsInvalid("Invalid request. The chunk does not follow the bytes that were received.");
    }
    FaultyBody body(*call.request.body, *call.request.waiter, call.faults);
    ChunkReader reader(context, *session, *range);
    if (!reader.Receive(body, range->end - range->begin)) {
      return GcsFailure{503, "backendError", "The connection broke."};
    }
  }
  if (range->total && *range->total == session->content.size()) {
    return Finish(context, call, *session);
  }
  return Unfinished(*session);
}

GcsResult<Response> GcsCancelSession(GcsContext& context, GcsCall& call) {
  const std::shared_ptr<GcsUploadSession> session = FindSession(context, call);
  if (!session) return NoSession();
  const std::lock_guard one_at_a_time(session->mutex);
  if (session->cancelled || session->finished) return NoSession();
  session->cancelled = true;
  session->content = Content();
  Response response;
  response.status = 499;
  return response;
}

}  // namespace fakecloud
