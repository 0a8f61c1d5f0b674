#include <algorithm>

#include "fakecloud/encoding.h"
#include "fakecloud/s3_body.h"
#include "fakecloud/s3_handlers.h"
#include "lib/http/xml_reader.h"

namespace fakecloud {
namespace {

// Collects the text of one element of a small document.
class OneElement final : public godwit::XmlHandler {
 public:
  explicit OneElement(std::string_view name) : name_(name) {}
  void OnStart(std::string_view, int) override {}
  void OnEnd(std::string_view name, std::string_view text, int) override {
    if (name == name_) value = text;
  }
  std::string value;

 private:
  const std::string_view name_;
};

bool IsBucketName(std::string_view name) {
  if (name.size() < 3 || name.size() > 63) return false;
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (!alphanumeric(name.front()) || !alphanumeric(name.back())) return false;
  if (name.find("..") != std::string_view::npos) return false;
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return alphanumeric(c) || c == '-' || c == '.'; });
}

S3Result<std::string> RegionToCreateIn(const S3Options& options, S3Call& call) {
  S3Result<std::string> document = ReceiveDocument(call, false);
  if (const S3Error* error = ErrorOf(document)) return *error;
  const std::string& xml = std::get<std::string>(document);
  if (xml.empty()) return options.region;
  OneElement reader("LocationConstraint");
  if (!godwit::ReadXml(xml, "CreateBucketConfiguration", reader).ok()) return MalformedXml();
  if (reader.value.empty()) return options.region;
  if (reader.value == "EU") return std::string("eu-west-1");
  return reader.value;
}

template <typename Function>
S3Result<Response> WithBucket(S3Context& context, const S3Call& call, Function function) {
  Storage::Access access = context.storage.Lock();
  Bucket* bucket = access.Find(call.bucket);
  if (bucket == nullptr) {
    if (context.options.foreign_buckets.contains(call.bucket)) return AccessDenied();
    return NoSuchBucket(call.bucket);
  }
  return function(*bucket);
}

}  // namespace

S3Result<Response> ListBuckets(S3Context& context, S3Call&) {
  std::string body(kXmlHead);
  body += "<ListAllMyBucketsResult" + std::string(kXmlNamespace) + "><Owner>" +
          XmlElement("ID", context.options.account_id) + "</Owner><Buckets>";
  Storage::Access access = context.storage.Lock();
  for (const auto& [name, bucket] : access.all()) {
    body += "<Bucket>" + XmlElement("Name", name) +
            XmlElement("CreationDate", FormatIsoTime(bucket.created)) +
            XmlElement("BucketRegion", bucket.region) + "</Bucket>";
  }
  return XmlResponse(body + "</Buckets></ListAllMyBucketsResult>");
}

S3Result<Response> CreateBucket(S3Context& context, S3Call& call) {
  if (!IsBucketName(call.bucket)) {
    return S3Error{400,
                   "InvalidBucketName",
                   "The specified bucket is not valid.",
                   {{"BucketName", call.bucket}},
                   {}};
  }
  const S3Result<std::string> region = RegionToCreateIn(context.options, call);
  if (const S3Error* error = ErrorOf(region)) return *error;
  if (context.options.foreign_buckets.contains(call.bucket)) {
    return S3Error{409,
                   "BucketAlreadyExists",
                   "The requested bucket name is not available. The bucket namespace is shared by "
                   "all users of the system. Please select a different name and try again.",
                   {{"BucketName", call.bucket}},
                   {}};
  }
  Storage::Access access = context.storage.Lock();
  if (access.Find(call.bucket) != nullptr) {
    return S3Error{409,
                   "BucketAlreadyOwnedByYou",
                   "Your previous request to create the named bucket succeeded and you already own "
                   "it.",
                   {{"BucketName", call.bucket}},
                   {}};
  }
  access.Create(call.bucket, std::get<std::string>(region), call.now);
  Response response = EmptyResponse(200);
  response.headers.Add("Location", "/" + call.bucket);
  return response;
}

S3Result<Response> DeleteBucket(S3Context& context, S3Call& call) {
  Storage::Access access = context.storage.Lock();
  const Bucket* bucket = access.Find(call.bucket);
  if (bucket == nullptr) return NoSuchBucket(call.bucket);
  if (!bucket->keys.empty() || bucket->synthetic) {
    return S3Error{409,
                   "BucketNotEmpty",
                   "The bucket you tried to delete is not empty",
                   {{"BucketName", call.bucket}},
                   {}};
  }
  access.Remove(call.bucket);
  return EmptyResponse(204);
}

S3Result<Response> HeadBucket(S3Context& context, S3Call& call) {
  return WithBucket(context, call, [](Bucket& bucket) {
    Response response = EmptyResponse(200);
    response.headers.Add("x-amz-bucket-region", bucket.region);
    return response;
  });
}

S3Result<Response> GetBucketLocation(S3Context& context, S3Call& call) {
  return WithBucket(context, call, [](Bucket& bucket) {
    const std::string region = bucket.region == "us-east-1" ? "" : bucket.region;
    return XmlResponse(std::string(kXmlHead) + "<LocationConstraint" + std::string(kXmlNamespace) +
                       ">" + EscapeXml(region) + "</LocationConstraint>");
  });
}

S3Result<Response> GetBucketVersioning(S3Context& context, S3Call& call) {
  return WithBucket(context, call, [](Bucket& bucket) {
    std::string body(kXmlHead);
    body += "<VersioningConfiguration" + std::string(kXmlNamespace) + ">";
    if (bucket.versioning == Versioning::kEnabled) body += XmlElement("Status", "Enabled");
    if (bucket.versioning == Versioning::kSuspended) body += XmlElement("Status", "Suspended");
    return XmlResponse(body + "</VersioningConfiguration>");
  });
}

S3Result<Response> PutBucketVersioning(S3Context& context, S3Call& call) {
  const S3Result<std::string> document = ReceiveDocument(call, false);
  if (const S3Error* error = ErrorOf(document)) return *error;
  OneElement reader("Status");
  if (!godwit::ReadXml(std::get<std::string>(document), "VersioningConfiguration", reader).ok() ||
      (reader.value != "Enabled" && reader.value != "Suspended")) {
    return MalformedXml();
  }
  return WithBucket(context, call, [&](Bucket& bucket) {
    bucket.versioning = reader.value == "Enabled" ? Versioning::kEnabled : Versioning::kSuspended;
    return EmptyResponse(200);
  });
}

}  // namespace fakecloud
