#include "lib/store/s3/s3_store.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/url.h"
#include "lib/store/answer_sinks.h"
#include "lib/store/page_token.h"
#include "lib/store/s3/s3_xml.h"

namespace godwit {
namespace {

constexpr std::size_t kKeyBytesMax = 1024;

}  // namespace

Result<std::unique_ptr<S3Store>> S3Store::Create(S3Config config, HttpTransport& transport,
                                                 const Clock& clock, Log& log) {
  if (!config.anonymous && config.credentials == nullptr) {
    return Status(ErrorKind::kInvalidArgument, "no source of credentials was given");
  }
  Result<S3Route> route = MakeS3Route(config, config.region);
  if (!route.ok()) return route.status();
  return std::unique_ptr<S3Store>(
      new S3Store(std::move(config), std::move(*route), transport, clock, log));
}

S3Store::S3Store(S3Config config, S3Route route, HttpTransport& transport, const Clock& clock,
                 Log& log)
    : channel_(std::move(config), std::move(route), transport, clock, log),
      transport_(transport),
      clock_(clock) {}

std::string S3Store::ServiceIdentity() const {
  const std::string identity = Identity();
  return identity.substr(0, identity.rfind('/'));
}

Status S3Store::CheckKey(std::string_view operation, std::string_view key) const {
  if (!key.empty() && key.size() <= kKeyBytesMax) return Status::Ok();
  return Status(ErrorKind::kInvalidArgument, key.empty()
                                                 ? "the key is empty"
                                                 : "the key has " + std::to_string(key.size()) +
                                                       " bytes, more than the 1024 that S3 takes")
      .WithOperation(operation)
      .WithObject(channel_.ObjectName(key));
}

Result<Location> S3Store::Locate(const CallContext& context) {
  S3Request request;
  request.method = HttpMethod::kHead;
  request.operation = "find";
  request.errors.head = true;
  request.errors.subject = S3Subject::kBucket;
  const Result<S3Channel::Answer> answer = channel_.Exchange(context, request);
  if (!answer.ok()) return answer.status();
  Location location;
  if (!channel_.config().location.empty()) {
    location = {Location::Trust::kDeclared, channel_.config().location};
  }
  // Amazon tells the region even to those who may not see the bucket.
  const std::string region(answer->response.headers.Find("x-amz-bucket-region").value_or(""));
  const bool is_told = channel_.knowledge().promises().is_aws && IsRegionName(region);
  if (is_told) location = {Location::Trust::kApi, "aws/" + region};
  const bool hidden = answer->response.status == 403 && is_told;
  if (!answer->ok() && !hidden) return channel_.Failure(request, *answer);
  return location;
}

Result<ListPage> S3Store::List(const CallContext& context, const ListRequest& request) {
  return ListWithinBounds(request, Describe().page_keys_max,
                          [&](std::uint32_t keys_max, bool& too_large) {
                            return ListOnce(context, request, keys_max, too_large);
                          });
}

Result<ListPage> S3Store::ListOnce(const CallContext& context, const ListRequest& request,
                                   std::uint32_t keys_max, bool& too_large) {
  Result<S3ListCursor> cursor = ReadListToken(request);
  if (!cursor.ok()) return cursor.status();
  const S3Promises& promises = channel_.knowledge().promises();
  S3Request http = ListRequestFor(request, *cursor, keys_max, promises.restore_status);
  ListingSink sink;
  http.choose = [&sink](const HttpResponse& head) -> Result<HttpBodyPlan> {
    const auto length = ParseUint64(head.headers.Find("content-length").value_or(""));
    GODWIT_RETURN_IF_ERROR(sink.Announce(length.value_or(0)));
    return HttpBodyPlan{&sink, 0, UINT64_MAX};
  };
  const Result<HttpResponse> response = channel_.Send(context, http);
  too_large = sink.too_large;
  if (!response.ok()) return response.status();
  S3ListQuestion question;
  question.prefix = request.prefix;
  question.delimiter = request.delimiter;
  question.end_before = request.end_before;
  question.after = cursor->after;
  question.sent_token = cursor->token;
  question.versions = request.versions;
  question.whole_seconds = promises.is_aws;
  question.etag_is_md5 = promises.listed_etag_is_md5;
  Result<S3ListAnswer> answer = ReadS3Listing(sink.text, question);
  if (!answer.ok()) return channel_.Explain(http, std::move(answer).status());
  std::string& token = answer->page.next_page_token;
  if (!token.empty()) token = JoinPair(answer->last_name, token);
  return std::move(answer->page);
}

Result<ObjectMeta> S3Store::Head(const CallContext& context, std::string_view key) {
  GODWIT_RETURN_IF_ERROR(CheckKey("read", key));
  S3Request request = HeadRequest(key);
  const Result<HttpResponse> response = channel_.Send(context, request);
  if (!response.ok()) return response.status();
  Result<ObjectMeta> meta =
      ObjectFromHead(key, response->headers, channel_.knowledge().EtagIsMd5());
  if (!meta.ok()) return channel_.Explain(request, std::move(meta).status());
  GODWIT_RETURN_IF_ERROR(ReadTags(context, key, response->headers, meta->attributes));
  return meta;
}

Result<ObjectMeta> S3Store::Get(const CallContext& context, std::string_view key,
                                const GetOptions& options, ByteSink& sink) {
  GODWIT_RETURN_IF_ERROR(CheckKey("read", key));
  S3Request request = GetRequest(key, options);
  ObjectDownload download;
  CountingSink counting(sink, context.meter);
  request.choose = [&](const HttpResponse& head) -> Result<HttpBodyPlan> {
    Result<ObjectDownload> known =
        ObjectFromGet(key, head, options, channel_.knowledge().EtagIsMd5());
    if (!known.ok()) return std::move(known).status();
    download = std::move(*known);
    return HttpBodyPlan{&counting, options.offset, download.length};
  };
  const Result<HttpResponse> response = channel_.Send(context, request);
  if (!response.ok()) return response.status();
  if (Status whole = counting.CheckLength(download.length); !whole.ok()) {
    return channel_.Explain(request, std::move(whole));
  }
  if (download.length == download.meta.entry.size_bytes) {
    GODWIT_RETURN_IF_ERROR(ReadTags(context, key, response->headers, download.meta.attributes));
  }
  return std::move(download.meta);
}

// Tags are no part of an object's headers, only their number. Who may not read them copies without
// them, and is told.
Status S3Store::ReadTags(const CallContext& context, std::string_view key,
                         const HttpHeaders& headers, ObjectAttributes& attributes) {
  if (headers.Find("x-amz-missing-meta").value_or("0") != "0") {
    channel_.log().WarnOnce("missing-meta", "some metadata of " + channel_.ObjectName(key) +
                                                " cannot be told over HTTP and is lost");
  }
  const std::string_view count = headers.Find("x-amz-tagging-count").value_or("0");
  if (count == "0" || count.empty()) return Status::Ok();
  S3Request request;
  request.request_class = RequestClass::kGet;
  request.operation = "read the tags of";
  request.key = key;
  request.query = CanonicalQuery({{"tagging", ""}});
  const Result<S3Document> document = channel_.SendForXml(context, request, "Tagging", 3);
  if (document.status().Is(ErrorKind::kPermissionDenied)) {
    channel_.log().WarnOnce("tags", "the tags of " + channel_.ObjectName(key) +
                                        " and others cannot be read: permission denied");
    return Status::Ok();
  }
  if (!document.ok()) return document.status();
  for (const S3Document::Record& record : document->records) {
    const auto name = record.fields.find("Key");
    const auto value = record.fields.find("Value");
    if (record.name != "Tag" || name == record.fields.end()) continue;
    attributes.tags[name->second] = value == record.fields.end() ? "" : value->second;
  }
  return Status::Ok();
}

Status S3Store::CreateContainer(const CallContext& context, const WritePermit&,
                                std::string_view region) {
  S3Config config = channel_.config();
  const bool is_amazon = IsAmazon(config);
  if (!region.empty()) config.region = region;
  Result<S3Route> route = MakeS3Route(config, config.region);
  if (!route.ok()) return route.status();
  // The new bucket's region answers for it, whatever this store's own is. Other services name their
  // regions as they like and are told only what the caller says.
  const std::string place = is_amazon ? config.region : std::string(region);
  S3Channel channel(std::move(config), std::move(*route), transport_, clock_, channel_.log());
  S3Request request = PutRequest("");
  request.request_class = RequestClass::kOther;
  request.operation = "create";
  request.errors.subject = S3Subject::kBucket;
  S3XmlBody body(CreateBucketXml(place));
  if (!place.empty() && place != "us-east-1") body.AttachTo(request, false);
  const Result<HttpResponse> response = channel.Send(context, request);
  if (response.status().Is(ErrorKind::kAlreadyExists)) return Status::Ok();
  return response.status();
}

}  // namespace godwit
