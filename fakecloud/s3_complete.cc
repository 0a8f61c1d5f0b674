#include <algorithm>

#include "fakecloud/encoding.h"
#include "fakecloud/s3_handlers.h"
#include "fakecloud/s3_objects.h"
#include "fakecloud/s3_uploads.h"
#include "lib/http/xml_reader.h"

namespace fakecloud {
namespace {

struct NamedPart {
  std::uint32_t number = 0;
  std::string etag;
  std::optional<std::pair<ChecksumKind, std::string>> checksum;
};

class CompleteReader final : public godwit::XmlHandler {
 public:
  void OnStart(std::string_view name, int depth) override {
    if (name == "Part" && depth == 2) parts.emplace_back();
  }
  void OnEnd(std::string_view name, std::string_view text, int depth) override {
    if (depth != 3 || parts.empty()) return;
    NamedPart& part = parts.back();
    if (name == "PartNumber") {
      part.number = static_cast<std::uint32_t>(ParseDecimal(text).value_or(0));
    }
    if (name == "ETag") part.etag = text;
    for (ChecksumKind kind : kChecksumKinds) {
      if (name == ChecksumElement(kind)) part.checksum = {kind, std::string(text)};
    }
  }
  std::vector<NamedPart> parts;
};

std::string Unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

MaybeError CheckPartChecksum(const Upload& upload, const NamedPart& named, const Part& part) {
  const std::string number = std::to_string(named.number);
  if (!upload.checksum) return std::nullopt;
  const std::string name = LowerCase(ChecksumName(upload.checksum->kind));
  if (!named.checksum) {
    if (!upload.checksum->composite) return std::nullopt;
    return InvalidRequest("The upload was created using a " + name +
                          " checksum. The complete "
                          "request must include the checksum for each part. It was missing for "
                          "part " +
                          number + " in the request.");
  }
  if (named.checksum->first != upload.checksum->kind || named.checksum->second != part.checksum) {
    return InvalidPart(upload.id, number);
  }
  return std::nullopt;
}

// Every part named is there, is the one meant, is large enough, and the order ascends.
MaybeError CheckParts(const S3Options& options, const Upload& upload,
                      const std::vector<NamedPart>& named) {
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (i > 0 && named[i].number <= named[i - 1].number) {
      return S3Error{400,
                     "InvalidPartOrder",
                     "The list of parts was not in ascending order. Parts must be ordered by part "
                     "number.",
                     {{"UploadId", upload.id}},
                     {}};
    }
  }
  for (std::size_t i = 0; i < named.size(); ++i) {
    const std::string number = std::to_string(named[i].number);
    const auto found = upload.parts.find(named[i].number);
    if (found == upload.parts.end() || found->second.etag != Unquoted(named[i].etag)) {
      return InvalidPart(upload.id, number).With("ETag", named[i].etag);
    }
    const Part& part = found->second;
    if (MaybeError error = CheckPartChecksum(upload, named[i], part)) return error;
    if (i + 1 < named.size() && part.content.size() < options.part_bytes_min) {
      return S3Error{400,
                     "EntityTooSmall",
                     "Your proposed upload is smaller than the minimum allowed size",
                     {{"ProposedSize", std::to_string(part.content.size())},
                      {"MinSizeAllowed", std::to_string(options.part_bytes_min)},
                      {"PartNumber", number},
                      {"ETag", part.etag}},
                     {}};
    }
  }
  // The service's documentation says so, in these words, of uploads with a checksum.
  if (upload.checksum && named.back().number != named.size()) return ErrorByCode("InternalError");
  return std::nullopt;
}

// Joins digests of parts: a checksum of checksums, or the CRC of the whole.
std::string JoinChecksums(const StoredChecksum& checksum, const std::vector<const Part*>& parts) {
  std::string raw;
  for (const Part* part : parts) {
    const std::string value = *FromBase64(part->checksum);
    if (checksum.composite || raw.empty()) {
      raw += value;
    } else {
      raw = CombineCrc(checksum.kind, raw, value, part->content.size());
    }
  }
  if (!checksum.composite) return ToBase64(raw);
  return ToBase64(Checksum(checksum.kind, raw)) + "-" + std::to_string(parts.size());
}

ObjectVersion Assemble(const Upload& upload, const std::vector<NamedPart>& named,
                       std::int64_t now) {
  ObjectVersion object = upload.draft;
  object.modified = now;
  std::vector<const Part*> parts;
  std::string etags, crc;
  for (const NamedPart& one : named) {
    const Part& part = upload.parts.at(one.number);
    parts.push_back(&part);
    object.content.Append(part.content);
    object.parts.push_back({one.number, part.content.size(), part.checksum});
    // Parts without an MD5 have another 32 hex digits, or those of a copied multipart object.
    std::string_view hex = part.etag;
    for (std::size_t i = 0; i + 1 < std::min<std::size_t>(hex.size(), 32); i += 2) {
      etags += static_cast<char>(std::strtol(std::string(hex.substr(i, 2)).c_str(), nullptr, 16));
    }
    crc = crc.empty()
              ? part.crc64nvme
              : CombineCrc(ChecksumKind::kCrc64Nvme, crc, part.crc64nvme, part.content.size());
  }
  object.etag = ToHex(Md5(etags)) + "-" + std::to_string(parts.size());
  object.crc64nvme = crc;
  object.checksum = StoredChecksum{ChecksumKind::kCrc64Nvme, false, ToBase64(crc)};
  if (upload.checksum) {
    object.checksum = upload.checksum;
    object.checksum->value = JoinChecksums(*upload.checksum, parts);
  }
  return object;
}

// What the request says about the whole object.
MaybeError CheckWhole(const S3Call& call, const ObjectVersion& object) {
  if (const std::string* size = call.request.headers.Find("x-amz-mp-object-size")) {
    if (ParseDecimal(*size) != object.size()) {
      return InvalidRequest("The provided 'x-amz-mp-object-size' header value " + *size +
                            " does not match what was computed: " + std::to_string(object.size()));
    }
  }
  const std::string_view type = call.Header("x-amz-checksum-type");
  const StoredChecksum& stored = *object.checksum;
  if (!type.empty() && type != (stored.composite ? "COMPOSITE" : "FULL_OBJECT")) {
    return InvalidRequest("The upload was created using the " +
                          std::string(stored.composite ? "COMPOSITE" : "FULL_OBJECT") +
                          " checksum mode. The complete request must use the same checksum mode.");
  }
  for (ChecksumKind kind : kChecksumKinds) {
    const std::string* given = call.request.headers.Find(ChecksumHeader(kind));
    if (given == nullptr) continue;
    std::string_view without_count = stored.value;
    without_count = without_count.substr(0, without_count.find('-'));
    if (kind != stored.kind || (*given != stored.value && *given != without_count)) {
      return BadDigest("The " + LowerCase(ChecksumName(kind)) +
                       " you specified did not match the calculated checksum.");
    }
  }
  return std::nullopt;
}

// The request's x-amz-checksum header speaks of the object, not of this document: it must not be
// held against the document's bytes.
S3Result<std::vector<NamedPart>> ReadNamedParts(S3Call& call) {
  Request& request = call.request;
  const Headers original = request.headers;
  for (ChecksumKind kind : kChecksumKinds) request.headers.Remove(ChecksumHeader(kind));
  const S3Result<std::string> document = ReceiveDocument(call, false);
  request.headers = original;
  if (const S3Error* error = ErrorOf(document)) return *error;
  CompleteReader reader;
  const std::string& xml = std::get<std::string>(document);
  if (!godwit::ReadXml(xml, "CompleteMultipartUpload", reader).ok() || reader.parts.empty()) {
    return MalformedXml();
  }
  return std::move(reader.parts);
}

Response CompleteAnswer(const S3Call& call, const ObjectVersion& object) {
  std::string body(kXmlHead);
  body += "<CompleteMultipartUploadResult" + std::string(kXmlNamespace) + ">" +
          XmlElement("Location", "http://" + std::string(call.Header("host")) + call.request.path) +
          XmlElement("Bucket", call.bucket) + XmlElement("Key", call.key) +
          XmlElement("ETag", Quoted(object.etag)) +
          XmlElement(ChecksumElement(object.checksum->kind), object.checksum->value) +
          XmlElement("ChecksumType", object.checksum->composite ? "COMPOSITE" : "FULL_OBJECT") +
          "</CompleteMultipartUploadResult>";
  Response response = XmlResponse(std::move(body));
  response.headers.Add("x-amz-server-side-encryption", object.encryption);
  AddVersionHeader(object, response);
  return response;
}

// The answer to a Complete whose upload is gone, if the same one has succeeded before.
std::optional<Response> AnswerAgain(S3Context& context, const S3Call& call) {
  if (!context.options.complete_is_repeatable) return std::nullopt;
  Storage::Access access = context.storage.Lock();
  const Bucket* bucket = access.Find(call.bucket);
  const ObjectPtr object = bucket != nullptr ? bucket->Live(call.key) : nullptr;
  if (!object || object->upload_id != call.query.Get("uploadId")) return std::nullopt;
  return CompleteAnswer(call, *object);
}

}  // namespace

S3Result<Response> CompleteMultipartUpload(S3Context& context, S3Call& call) {
  const S3Result<std::vector<NamedPart>> read = ReadNamedParts(call);
  if (const S3Error* error = ErrorOf(read)) return *error;
  const std::vector<NamedPart>& named = std::get<0>(read);
  if (std::optional<Response> again = AnswerAgain(context, call)) return std::move(*again);
  return WithUpload(context, call, [&](Bucket& bucket, Upload& upload) -> S3Result<Response> {
    if (MaybeError error = CheckParts(context.options, upload, named)) return *error;
    ObjectVersion object = Assemble(upload, named, call.now);
    if (MaybeError error = CheckWhole(call, object)) return *error;
    if (MaybeError error = CheckWriteCondition(call, bucket.Live(call.key))) return *error;
    object.upload_id = upload.id;
    const std::string id = upload.id;
    const ObjectPtr published = bucket.Publish(
        call.key, std::make_shared<ObjectVersion>(std::move(object)), context.storage.NextSerial());
    bucket.uploads.erase(id);
    return CompleteAnswer(call, *published);
  });
}

}  // namespace fakecloud
