#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/checksum/crc.h"
#include "lib/http/json_writer.h"
#include "lib/http/url.h"
#include "lib/store/gcs/gcs_body.h"
#include "lib/store/gcs/gcs_metadata.h"
#include "lib/store/gcs/gcs_store.h"

// An upload as one resumable session. What the service has kept is known from its last answer;
// after any failure it is asked again before a byte is sent (I17).

namespace godwit {
namespace {

constexpr std::uint64_t kChunkBytes = 256 << 10;

GcsRequest SessionRequest(std::string_view key, const GcsUploadId& id, std::string_view operation) {
  GcsRequest request;
  request.method = HttpMethod::kPut;
  request.request_class = RequestClass::kPut;
  request.operation = operation;
  request.key = key;
  request.path = id.handle;
  request.with_project = false;
  request.errors.subject = GcsSubject::kUpload;
  request.errors.bare = true;
  request.errors.changes = true;
  request.errors.conditional = true;  // There is no source that could have changed.
  return request;
}

// Path and query of the session's address. It is used below our own endpoint, whatever host the
// answer names.
Result<std::string> SessionPath(const HttpResponse& response, const std::string& endpoint) {
  const std::string_view location = response.headers.Find("location").value_or("");
  const Result<Url> url = Url::Parse(location);
  const Result<Url> own = Url::Parse(endpoint);
  if (!url.ok() || !own.ok() || url->query.empty() || url->path.find(' ') != std::string::npos) {
    return Status(ErrorKind::kCorrupted, "the answer names no session");
  }
  std::string path = url->path;
  if (!own->path.empty() && path.starts_with(own->path)) path.erase(0, own->path.size());
  return path + "?" + url->query;
}

// The token of a part says which bytes it has; the service gives none.
std::string PartToken(std::uint64_t offset, std::uint64_t size) {
  return std::to_string(offset) + "+" + std::to_string(size);
}

PartReceipt StreamReceipt(std::uint32_t index, std::uint64_t offset, std::uint64_t size) {
  PartReceipt receipt;
  receipt.index = index;
  receipt.size_bytes = size;
  receipt.token = PartToken(offset, size);
  return receipt;
}

Status ReadExactly(ByteSource& source, std::uint64_t offset, std::span<std::byte> buffer) {
  while (!buffer.empty()) {
    const Result<std::size_t> count = source.Read(offset, buffer);
    if (!count.ok()) return count.status();
    if (*count == 0) return Status(ErrorKind::kCorrupted, "the body is shorter than announced");
    offset += *count;
    buffer = buffer.subspan(*count);
  }
  return Status::Ok();
}

// Reads what the service has kept already, for sources that cannot skip and for the digest.
Status ReadThrough(ByteSource& source, std::uint64_t length) {
  std::vector<std::byte> buffer(std::min<std::uint64_t>(length, kChunkBytes));
  for (std::uint64_t done = 0; done < length;) {
    const std::uint64_t now = std::min<std::uint64_t>(buffer.size(), length - done);
    GODWIT_RETURN_IF_ERROR(ReadExactly(source, done, std::span(buffer).first(now)));
    done += now;
  }
  return Status::Ok();
}

Status WrongDigest() {
  return Status(ErrorKind::kCorrupted, "crc32c of the part is not that of its bytes");
}

}  // namespace

Result<Secret> GcsStore::BeginStream(const CallContext& context, std::string_view key,
                                     const UploadOptions& options) {
  JsonValue::Object resource = GcsAttributeMembers(options.attributes);
  resource.emplace_back("name", JsonValue(std::string(key)));
  const std::string text = WriteJson(JsonValue(std::move(resource)));
  MemorySource body(std::as_bytes(std::span(text)));
  GcsRequest request;
  request.method = HttpMethod::kPost;
  request.request_class = RequestClass::kPut;
  request.operation = "write";
  request.key = key;
  request.path = GcsInsertPath(channel_.config().bucket);
  AddParameter(request.query, "uploadType", "resumable");
  AddParameter(request.query, "name", key);
  AddParameter(request.query, "fields", GcsObjectFields());
  GODWIT_RETURN_IF_ERROR(AddGcsCondition(options.condition, request));
  request.headers.Add("Content-Type", "application/json; charset=UTF-8");
  if (!options.attributes.content_type.empty()) {
    request.headers.Add("X-Upload-Content-Type", options.attributes.content_type);
  }
  request.body = &body;
  const Result<HttpResponse> response = channel_.Send(context, request);
  if (!response.ok()) return response.status();
  const Result<std::string> path = SessionPath(*response, channel_.config().endpoint);
  if (!path.ok()) return channel_.Explain(request, path.status());
  GcsUploadId id;
  id.part_bytes = options.part_size_bytes;
  id.size_bytes = options.size_bytes;
  id.handle = *path;
  const Secret secret = id.Join();
  RedactSession(*path);
  sessions_.Begin(secret);
  return secret;
}

Result<GcsStore::SessionState> GcsStore::AskSession(const CallContext& context,
                                                    std::string_view key, const GcsUploadId& id) {
  GcsRequest request = SessionRequest(key, id, "continue the upload of");
  MemorySource nothing({});
  request.body = &nothing;
  request.headers.Add("Content-Range", "bytes */*");
  const Result<GcsChannel::Answer> answer = channel_.Exchange(context, request);
  if (!answer.ok()) return answer.status();
  SessionState state;
  if (answer->response.status == 308) {
    const Result<std::uint64_t> kept = KeptBytesOf(answer->response.headers);
    if (!kept.ok()) return channel_.Explain(request, kept.status());
    state.kept_bytes = *kept;
    return state;
  }
  if (!answer->ok()) return channel_.Failure(context, request, *answer);
  Result<JsonValue> resource = channel_.ReadJsonAnswer(request, answer->response);
  if (!resource.ok()) return resource.status();
  state.finished = std::move(*resource);
  return state;
}

Result<PartReceipt> GcsStore::PutStreamPart(const CallContext& context, std::string_view key,
                                            const GcsUploadId& id, const UploadPart& part,
                                            ByteSource& body) {
  const GcsRequest naming = SessionRequest(key, id, "write a part of");
  const auto* memory = dynamic_cast<const MemorySource*>(&body);
  const Digest* expected = part.digests.Find(DigestKind::kCrc32c);
  const auto differs = [expected](const std::optional<Digest>& crc) {
    return expected != nullptr && crc.has_value() && *crc != *expected;
  };
  // The service checks the whole only. A part in memory is checked before it is sent.
  if (memory != nullptr && differs(Digest::Crc32c(Crc32c(0, memory->bytes())))) {
    return channel_.Explain(naming, WrongDigest()).WithMaybeApplied(false);
  }
  const std::shared_ptr<GcsSession> session = sessions_.Find(id.Join());
  const std::lock_guard one_at_a_time(session->mutex);
  if (!session->kept_bytes.has_value()) {
    const Result<SessionState> state = AskSession(context, key, id);
    if (!state.ok()) return state.status();
    if (state->finished.has_value()) {
      return channel_.Explain(naming, Status(ErrorKind::kNotFound, "the upload has ended"));
    }
    session->kept_bytes = state->kept_bytes;
  }
  const std::uint64_t end = part.offset + body.size_bytes();
  const bool has_tail = !session->tail.empty() && session->tail_offset < part.offset;
  if (*session->kept_bytes < part.offset || has_tail) {
    return channel_.Explain(naming, Status(ErrorKind::kInvalidArgument,
                                           "the part does not follow the bytes kept so far"));
  }
  HashedSource hashed(body);
  ByteSource& source = memory != nullptr ? body : static_cast<ByteSource&>(hashed);
  const std::uint64_t kept = std::min(*session->kept_bytes, end) - part.offset;
  if (memory == nullptr) GODWIT_RETURN_IF_ERROR(ReadThrough(source, kept));
  GODWIT_RETURN_IF_ERROR(SendChunks(context, key, id, source, part.offset, *session));
  if (differs(hashed.crc32c())) return channel_.Explain(naming, WrongDigest());
  PartReceipt receipt = StreamReceipt(part.index, part.offset, body.size_bytes());
  receipt.digests = part.digests;
  return receipt;
}

// Sends what the session lacks of `body`, whose first byte is byte `begin` of the object: whole
// chunks to the service, the rest into memory.
Status GcsStore::SendChunks(const CallContext& context, std::string_view key, const GcsUploadId& id,
                            ByteSource& body, std::uint64_t begin, GcsSession& session) {
  const std::uint64_t end = begin + body.size_bytes();
  while (*session.kept_bytes < end && end - *session.kept_bytes >= kChunkBytes) {
    const std::uint64_t from = *session.kept_bytes;
    const std::uint64_t length = (end - from) / kChunkBytes * kChunkBytes;
    SourceRange chunks(body, from - begin, length);
    session.kept_bytes.reset();
    const Result<std::uint64_t> kept = SendChunk(context, key, id, chunks, from);
    if (!kept.ok()) return kept.status();
    if (*kept <= from || *kept > from + length) {
      return Status(ErrorKind::kUnavailable, "the session does not keep what it is sent")
          .WithOperation("write a part of")
          .WithObject(channel_.ObjectName(key));
    }
    session.kept_bytes = *kept;
  }
  if (*session.kept_bytes >= end) return Status::Ok();
  session.tail.resize(end - *session.kept_bytes);
  session.tail_offset = *session.kept_bytes;
  return ReadExactly(body, session.tail_offset - begin, session.tail);
}

// Answers how many bytes of the object the session has kept now.
Result<std::uint64_t> GcsStore::SendChunk(const CallContext& context, std::string_view key,
                                          const GcsUploadId& id, ByteSource& body,
                                          std::uint64_t begin) {
  GcsRequest request = SessionRequest(key, id, "write a part of");
  request.body = &body;
  request.object_bytes = body.size_bytes();
  request.resendable = false;
  request.headers.Add("Content-Range",
                      GcsContentRange(begin, begin + body.size_bytes(), std::nullopt));
  const Result<GcsChannel::Answer> answer = channel_.Exchange(context, request);
  if (!answer.ok()) return answer.status();
  if (answer->response.status == 308) {
    const Result<std::uint64_t> kept = KeptBytesOf(answer->response.headers);
    if (!kept.ok()) return channel_.Explain(request, kept.status());
    return *kept;
  }
  if (!answer->ok()) return channel_.Failure(context, request, *answer);
  return channel_.Explain(request,
                          Status(ErrorKind::kCorrupted, "the session ended before its last part"));
}

Result<UploadedParts> GcsStore::ListStreamParts(const CallContext& context, std::string_view key,
                                                const GcsUploadId& id) {
  const Result<SessionState> state = AskSession(context, key, id);
  if (!state.ok()) return state.status();
  if (state->finished.has_value()) {
    return channel_.Explain(SessionRequest(key, id, "continue the upload of"),
                            Status(ErrorKind::kNotFound, "the upload has ended"));
  }
  const std::shared_ptr<GcsSession> session = sessions_.Find(id.Join());
  const std::lock_guard one_at_a_time(session->mutex);
  session->kept_bytes = state->kept_bytes;
  UploadedParts parts;
  std::uint64_t kept = state->kept_bytes;
  const std::uint64_t tail_end = session->tail_offset + session->tail.size();
  if (!session->tail.empty() && session->tail_offset <= kept) kept = std::max(kept, tail_end);
  parts.contiguous_bytes = kept;
  if (id.part_bytes == 0) return parts;
  for (std::uint64_t offset = 0; offset < kept; offset += id.part_bytes) {
    const std::uint64_t size = std::min(id.part_bytes, id.size_bytes - offset);
    if (offset + size > kept) break;
    parts.parts.push_back(
        StreamReceipt(static_cast<std::uint32_t>(parts.parts.size()), offset, size));
  }
  return parts;
}

Result<PutReceipt> GcsStore::FinishStream(const CallContext& context, std::string_view key,
                                          const GcsUploadId& id, const FinishOptions& options) {
  const std::shared_ptr<GcsSession> session = sessions_.Find(id.Join());
  const std::lock_guard one_at_a_time(session->mutex);
  if (!session->kept_bytes.has_value()) {
    const Result<SessionState> state = AskSession(context, key, id);
    if (!state.ok()) return state.status();
    if (state->finished.has_value()) {
      const Digest* crc = options.digests.Find(DigestKind::kCrc32c);
      return Receive(SessionRequest(key, id, "finish the upload of"), *state->finished, key,
                     options.size_bytes,
                     crc == nullptr ? std::nullopt : std::optional<Digest>(*crc));
    }
    session->kept_bytes = state->kept_bytes;
  }
  return SendLast(context, key, id, options, *session);
}

Result<PutReceipt> GcsStore::SendLast(const CallContext& context, std::string_view key,
                                      const GcsUploadId& id, const FinishOptions& options,
                                      GcsSession& session) {
  GcsRequest request = SessionRequest(key, id, "finish the upload of");
  request.first_byte_timeout = kGcsSlowAnswer;
  const std::uint64_t kept = *session.kept_bytes;
  const std::uint64_t end = session.tail.empty() ? kept : session.tail_offset + session.tail.size();
  if (end != options.size_bytes || (!session.tail.empty() && session.tail_offset > kept)) {
    return channel_
        .Explain(request,
                 Status(ErrorKind::kCorrupted, "the session has not kept all bytes of the object"))
        .WithMaybeApplied(false);
  }
  const std::span<const std::byte> tail(session.tail);
  MemorySource body(kept >= end ? std::span<const std::byte>()
                                : tail.subspan(kept - session.tail_offset));
  request.body = &body;
  request.object_bytes = body.size_bytes();
  request.headers.Add("Content-Range", GcsContentRange(kept, end, end));
  const Digest* crc = options.digests.Find(DigestKind::kCrc32c);
  if (crc != nullptr) request.headers.Add("x-goog-hash", GcsHashHeader(*crc));
  session.kept_bytes.reset();
  const Result<GcsChannel::Answer> answer = channel_.Exchange(context, request);
  if (!answer.ok()) return answer.status();
  if (answer->response.status == 308) {
    return channel_.Explain(request,
                            Status(ErrorKind::kUnavailable, "the session has not kept the end"));
  }
  if (!answer->ok()) return channel_.Failure(context, request, *answer);
  const Result<JsonValue> resource = channel_.ReadJsonAnswer(request, answer->response);
  if (!resource.ok()) return resource.status();
  return Receive(request, *resource, key, options.size_bytes,
                 crc == nullptr ? std::nullopt : std::optional<Digest>(*crc));
}

}  // namespace godwit
