#include <algorithm>

#include "fakecloud/encoding.h"
#include "fakecloud/query_params.h"
#include "fakecloud/s3_handlers.h"
#include "fakecloud/s3_objects.h"
#include "lib/http/xml_reader.h"

namespace fakecloud {
namespace {

constexpr std::size_t kTagsMax = 10;

class TagReader final : public godwit::XmlHandler {
 public:
  void OnStart(std::string_view, int) override {}
  void OnEnd(std::string_view name, std::string_view text, int) override {
    if (name == "Key") key_ = text;
    if (name == "Value") value_ = text;
    if (name == "Tag") tags.emplace_back(std::move(key_), std::move(value_));
  }
  NameValues tags;

 private:
  std::string key_, value_;
};

// Replaces the tags of the latest version; the version stays the same one.
MaybeError SetTags(S3Context& context, const S3Call& call, NameValues tags) {
  const S3Result<ObjectPtr> found =
      FindObject(context, call, call.bucket, call.key, call.query.Find("versionId"));
  if (const S3Error* error = ErrorOf(found)) return *error;
  const ObjectPtr& old = std::get<ObjectPtr>(found);
  auto changed = std::make_shared<ObjectVersion>(*old);
  changed->tags = std::move(tags);
  Storage::Access access = context.storage.Lock();
  Bucket* bucket = access.Find(call.bucket);
  if (bucket == nullptr) return NoSuchBucket(call.bucket);
  const auto versions = bucket->keys.find(call.key);
  if (versions == bucket->keys.end()) return NoSuchKey(call.key);
  std::replace(versions->second.begin(), versions->second.end(), old, ObjectPtr(changed));
  return std::nullopt;
}

}  // namespace

MaybeError CheckTags(const NameValues& tags) {
  if (tags.size() > kTagsMax) {
    return S3Error{400, "BadRequest", "Object tags cannot be greater than 10", {}, {}};
  }
  for (const auto& [key, value] : tags) {
    if (!key.empty() && key.size() <= 128 * 4 && value.size() <= 256 * 4) continue;
    return S3Error{400, "InvalidTag", "The TagKey you have provided is invalid", {}, {}};
  }
  return std::nullopt;
}

S3Result<NameValues> ParseTagHeader(std::string_view text) {
  const std::optional<QueryParams> params = QueryParams::Parse(text);
  if (!params) {
    return InvalidArgument(
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded "
        "URL query parameters without tag name duplicates.",
        "x-amz-tagging", text);
  }
  if (MaybeError error = CheckTags(params->all())) return *error;
  return params->all();
}

S3Result<Response> GetObjectTagging(S3Context& context, S3Call& call) {
  const S3Result<ObjectPtr> found =
      FindObject(context, call, call.bucket, call.key, call.query.Find("versionId"));
  if (const S3Error* error = ErrorOf(found)) return *error;
  std::string body(kXmlHead);
  body += "<Tagging" + std::string(kXmlNamespace) + "><TagSet>";
  for (const auto& [key, value] : std::get<ObjectPtr>(found)->tags) {
    body += "<Tag>" + XmlElement("Key", key) + XmlElement("Value", value) + "</Tag>";
  }
  return XmlResponse(body + "</TagSet></Tagging>");
}

S3Result<Response> PutObjectTagging(S3Context& context, S3Call& call) {
  const S3Result<std::string> document = ReceiveDocument(call, true);
  if (const S3Error* error = ErrorOf(document)) return *error;
  TagReader reader;
  if (!godwit::ReadXml(std::get<std::string>(document), "Tagging", reader).ok()) {
    return MalformedXml();
  }
  if (MaybeError error = CheckTags(reader.tags)) return *error;
  if (MaybeError error = SetTags(context, call, std::move(reader.tags))) return *error;
  return EmptyResponse(200);
}

S3Result<Response> DeleteObjectTagging(S3Context& context, S3Call& call) {
  if (MaybeError error = SetTags(context, call, {})) return *error;
  return EmptyResponse(204);
}

}  // namespace fakecloud
