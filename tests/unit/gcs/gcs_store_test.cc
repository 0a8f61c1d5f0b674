#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/gcs/fake_gcs.h"

namespace godwit {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kDigits = "123456789";

PutOptions CreateOnly() {
  PutOptions options;
  options.condition = WriteCondition::CreateOnly();
  return options;
}

Result<PutReceipt> PutDigits(FakeGcs& gcs, const PutOptions& options = {}) {
  MemorySource body = SourceOf(kDigits);
  return gcs.store->Put(gcs.context, gcs.permit, "k", options, body);
}

TEST(GcsPutTest, DeclaresItsChecksumAndItsCondition) {
  FakeGcs gcs;
  gcs.Json(Resource());
  PutOptions options = CreateOnly();
  options.attributes.content_type = "text/x";
  options.attributes.mtime = PreciseTime{ParseRfc3339("2024-01-02T03:04:05.000000006Z")->time, 9};
  const Result<PutReceipt> receipt = PutDigits(gcs, options);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->version, "7");
  EXPECT_EQ(receipt->proof, WriteProof::kCrc32c);
  const SentRequest& sent = gcs.transport.last();
  EXPECT_THAT(sent.Line(), StartsWith("POST https://storage.googleapis.com/upload/storage/v1/b/"
                                      "lake/o?uploadType=multipart&name=k&"));
  EXPECT_THAT(sent.url, HasSubstr("ifGenerationMatch=0"));
  EXPECT_THAT(sent.body, HasSubstr("\"crc32c\":\"4waSgw==\""));
  EXPECT_THAT(sent.body, HasSubstr("\"mtime\":\"2024-01-02T03:04:05.000000006Z\""));
  EXPECT_THAT(sent.body, HasSubstr("Content-Type: text/x\r\n\r\n123456789\r\n--godwit"));
}

// I14, I16: an answer that is not the object that was sent is no success.
TEST(GcsPutTest, AnswersThatAreNotTheObjectAreNotBelieved) {
  const std::vector<std::string> bodies{Resource("k", "", "AAAAAA=="),
                                        Resource("k", "", "4waSgw==", "8"),
                                        Resource("other"),
                                        Resource("k", "", "4waSgw==", "9", "0"),
                                        Resource("k").substr(0, 80),
                                        "{}",
                                        "[]",
                                        "{\"error\":{\"code\":503}}",
                                        Resource("k", ",\"name\":\"twin\"")};
  for (const std::string& body : bodies) {
    FakeGcs gcs;
    gcs.Json(body);
    const Status status = PutDigits(gcs).status();
    ASSERT_FALSE(status.ok()) << body;
    EXPECT_EQ(status.kind(), ErrorKind::kCorrupted) << body << status;
    EXPECT_TRUE(status.maybe_applied()) << body;
  }
}

TEST(GcsPutTest, CaptivePortalIsNotBelieved) {
  for (const int status : {200, 302, 404}) {
    FakeGcs gcs;
    gcs.transport.Answer(status, {{"Content-Type", "text/html"}}, "<html>Sign in</html>");
    EXPECT_EQ(PutDigits(gcs).status().kind(), ErrorKind::kCorrupted) << status;
  }
}

TEST(GcsPutTest, FailuresReadAsTheyAreMeant) {
  struct Case {
    int status;
    const char* reason;
    const char* message;
    ErrorKind kind;
    bool maybe_applied;
  };
  const std::vector<Case> cases{
      {400, "invalid", "Provided CRC32C does not match", ErrorKind::kCorrupted, false},
      {400, "invalid", "Bad class", ErrorKind::kInvalidArgument, false},
      {401, "authError", "Invalid Credentials", ErrorKind::kUnauthenticated, false},
      {403, "forbidden", "no", ErrorKind::kPermissionDenied, false},
      {403, "rateLimitExceeded", "slow", ErrorKind::kThrottled, false},
      {403, "retentionPolicyNotMet", "held", ErrorKind::kPermissionDenied, false},
      {404, "notFound", "The specified bucket does not exist.", ErrorKind::kContainerNotFound,
       false},
      {408, "timeout", "late", ErrorKind::kUnavailable, true},
      {412, "conditionNotMet", "changed", ErrorKind::kPreconditionFailed, false},
      {429, "rateLimitExceeded", "slow", ErrorKind::kThrottled, false},
      {500, "backendError", "oops", ErrorKind::kUnavailable, true},
      {501, "notImplemented", "no", ErrorKind::kUnsupported, false},
      {503, "backendError", "oops", ErrorKind::kUnavailable, true}};
  for (const Case& item : cases) {
    FakeGcs gcs;
    gcs.Error(item.status, item.reason, item.message);
    const Status status = PutDigits(gcs).status();
    EXPECT_EQ(status.kind(), item.kind) << item.status << " " << item.reason << ": " << status;
    EXPECT_EQ(status.maybe_applied(), item.maybe_applied) << item.status << item.reason;
    EXPECT_EQ(status.provider_code(), item.reason);
  }
}

TEST(GcsPutTest, RequesterPaysIsExplained) {
  FakeGcs gcs;
  gcs.Error(400, "required", "Bucket is a requester pays bucket but no user project provided.");
  EXPECT_THAT(PutDigits(gcs).status().message(), HasSubstr("user_project"));
  FakeGcs payer([](GcsConfig& config) { config.user_project = "me"; });
  payer.Json(Resource());
  ASSERT_TRUE(PutDigits(payer).ok());
  EXPECT_THAT(payer.transport.last().url, HasSubstr("&userProject=me"));
}

TEST(GcsReadTest, MissingIsBelievedOnlyFromTheService) {
  FakeGcs gcs;
  gcs.Error(404, "notFound", "No such object: lake/k");
  EXPECT_EQ(gcs.store->Head(gcs.context, "k").status().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(gcs.transport.sent.size(), 1u);
  gcs.transport.Answer(404, {{"Content-Type", "text/html"}}, "<html>Not here</html>");
  EXPECT_EQ(gcs.store->Head(gcs.context, "k").status().kind(), ErrorKind::kCorrupted);
}

TEST(GcsReadTest, UnclearNotFoundAsksForTheBucket) {
  FakeGcs gcs;
  gcs.Error(404, "notFound", "Not Found");
  gcs.Error(404, "notFound", "Not Found");
  EXPECT_EQ(gcs.store->Head(gcs.context, "k").status().kind(), ErrorKind::kContainerNotFound);
  EXPECT_EQ(gcs.transport.last().Line(),
            "GET https://storage.googleapis.com/storage/v1/b/lake?fields=name");
  gcs.Error(404, "notFound", "Not Found");
  gcs.Json("{\"name\":\"lake\"}");
  EXPECT_EQ(gcs.store->Head(gcs.context, "k").status().kind(), ErrorKind::kNotFound);
}

TEST(GcsReadTest, DownloadIsPinnedAndTakesTheStoredBytes) {
  FakeGcs gcs;
  gcs.Json(Resource("a/b c", ",\"contentEncoding\":\"gzip\",\"metadata\":{\"K\":\"v\"}"));
  gcs.transport.Answer(206,
                       {{"x-goog-generation", "7"},
                        {"x-goog-metageneration", "2"},
                        {"Content-Range", "bytes 2-4/9"},
                        {"Content-Length", "3"}},
                       "345");
  StringSink sink;
  const Result<ObjectMeta> meta = gcs.store->Get(gcs.context, "a/b c", {2, 3, "7"}, sink);
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(sink.text, "345");
  EXPECT_EQ(sink.first_offset, 2u);
  EXPECT_EQ(meta->attributes.user_metadata.at("k"), "v");
  EXPECT_EQ(gcs.transport.last().Line(),
            "GET https://storage.googleapis.com/storage/v1/b/lake/o/a%2Fb%20c?alt=media&"
            "generation=7");
  EXPECT_EQ(gcs.transport.last().Header("Range"), "bytes=2-4");
  EXPECT_EQ(gcs.transport.last().Header("Accept-Encoding"), "gzip");
}

TEST(GcsReadTest, PlainRefusalAfterWhichTheServerHangsUpIsOfNoWholeRequest) {
  for (const bool closes : {false, true}) {
    FakeGcs gcs;
    gcs.Json(Resource());
    gcs.transport.Answer(
        400, {{"Content-Type", "text/plain"}, {"Connection", closes ? "close" : "keep-alive"}},
        "400 Bad Request");
    StringSink sink;
    const Status status = gcs.store->Get(gcs.context, "k", {0, 0, "7"}, sink).status();
    EXPECT_EQ(status.kind(), closes ? ErrorKind::kCorrupted : ErrorKind::kInvalidArgument);
  }
}

TEST(GcsReadTest, MediaThatAreNotTheObjectAreNotPassedOn) {
  const std::vector<Fields> heads{
      {},
      {{"x-goog-generation", "8"}},
      {{"x-goog-generation", "7"}, {"x-goog-stored-content-length", "10"}},
      {{"x-goog-generation", "7"}, {"Content-Length", "10"}},
      {{"x-goog-generation", "7"}, {"x-goog-hash", "crc32c=AAAAAA=="}}};
  for (const Fields& head : heads) {
    FakeGcs gcs;
    gcs.Json(Resource());
    gcs.transport.Answer(200, head, std::string(kDigits));
    StringSink sink;
    EXPECT_FALSE(gcs.store->Get(gcs.context, "k", {}, sink).ok());
    EXPECT_EQ(sink.text, "");
  }
}

TEST(GcsReadTest, RangeThatIsAnsweredWholeIsRefused) {
  FakeGcs gcs;
  gcs.Json(Resource());
  gcs.transport.Answer(200, {{"x-goog-generation", "7"}}, std::string(kDigits));
  StringSink sink;
  EXPECT_EQ(gcs.store->Get(gcs.context, "k", {2, 3, ""}, sink).status().kind(),
            ErrorKind::kCorrupted);
  EXPECT_EQ(sink.text, "");
}

TEST(GcsReadTest, ShortBodyIsNoSuccess) {
  FakeGcs gcs;
  gcs.Json(Resource());
  gcs.transport.Answer(200, {{"x-goog-generation", "7"}}, "1234");
  StringSink sink;
  EXPECT_EQ(gcs.store->Get(gcs.context, "k", {}, sink).status().kind(), ErrorKind::kUnavailable);
}

TEST(GcsReadTest, ListedObjectNeedsNoSecondLook) {
  FakeGcs gcs;
  gcs.Json("{\"kind\":\"storage#objects\",\"items\":[" +
           Resource("k", ",\"metadata\":{\"a\":\"1\"}") + "]}");
  ASSERT_TRUE(gcs.store->List(gcs.context, {}).ok());
  gcs.transport.Answer(200, {{"x-goog-generation", "7"}, {"x-goog-metageneration", "2"}},
                       std::string(kDigits));
  StringSink sink;
  const Result<ObjectMeta> meta = gcs.store->Get(gcs.context, "k", {0, 0, "7"}, sink);
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(meta->attributes.user_metadata.at("a"), "1");
  EXPECT_EQ(gcs.transport.sent.size(), 2u);
  // Metadata that changed meanwhile are read again.
  gcs.transport.Answer(200, {{"x-goog-generation", "7"}, {"x-goog-metageneration", "3"}},
                       std::string(kDigits));
  gcs.Json(Resource("k", ",\"metadata\":{\"a\":\"2\"}"));
  const Result<ObjectMeta> again = gcs.store->Get(gcs.context, "k", {0, 0, "7"}, sink);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->attributes.user_metadata.at("a"), "2");
}

std::string Page(const std::vector<std::string>& keys, const std::string& token = "",
                 const std::string& prefixes = "") {
  std::string items;
  for (const std::string& key : keys) items += (items.empty() ? "" : ",") + Resource(key);
  std::string body = "{\"kind\":\"storage#objects\"";
  if (!items.empty()) body += ",\"items\":[" + items + "]";
  if (!token.empty()) body += ",\"nextPageToken\":\"" + token + "\"";
  if (!prefixes.empty()) body += ",\"prefixes\":[" + prefixes + "]";
  return body + "}";
}

// I1, I24: a page that is not whole, in order and under its prefix is no page.
TEST(GcsListTest, DamagedPagesFail) {
  const std::vector<std::string> bodies{Page({"p/b", "p/a"}),
                                        Page({"p/a", "p/a"}),
                                        Page({"q"}),
                                        Page({"p/a"}, "", "\"p/x/\""),
                                        "{}",
                                        "{\"kind\":\"storage#bucket\"}",
                                        Page({"p/a"}).substr(0, 100),
                                        "{\"kind\":\"storage#objects\",\"items\":{}}",
                                        "{\"kind\":\"storage#objects\",\"nextPageToken\":5}",
                                        Page({"p/a"}) + "x"};
  for (const std::string& body : bodies) {
    FakeGcs gcs;
    gcs.Json(body);
    ListRequest request;
    request.prefix = "p/";
    EXPECT_EQ(gcs.store->List(gcs.context, request).status().kind(), ErrorKind::kCorrupted) << body;
  }
}

TEST(GcsListTest, TokenAndOrderAreHeldAcrossPages) {
  FakeGcs gcs;
  gcs.Json(Page({"a", "b"}, "T1"));
  const Result<ListPage> first = gcs.store->List(gcs.context, {});
  ASSERT_TRUE(first.ok()) << first.status();
  ListRequest request;
  request.page_token = first->next_page_token;
  gcs.Json(Page({"c"}, "T1"));
  EXPECT_EQ(gcs.store->List(gcs.context, request).status().kind(), ErrorKind::kCorrupted);
  EXPECT_THAT(gcs.transport.last().url, HasSubstr("pageToken=T1"));
  gcs.Json(Page({"a"}, "T2"));
  EXPECT_EQ(gcs.store->List(gcs.context, request).status().kind(), ErrorKind::kCorrupted);
  gcs.Json(Page({}, "T2"));
  const Result<ListPage> empty = gcs.store->List(gcs.context, request);
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_FALSE(empty->next_page_token.empty()) << "an empty page with a token goes on";
}

TEST(GcsListTest, AsksForItsFieldsAndRange) {
  FakeGcs gcs;
  gcs.Json(Page({"a", "b", "c"}));
  ListRequest request;
  request.start_after = "a";
  request.end_before = "c";
  const Result<ListPage> page = gcs.store->List(gcs.context, request);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->entries.size(), 1u);
  EXPECT_EQ(page->entries[0].key, "b");
  EXPECT_THAT(gcs.transport.last().url, HasSubstr("fields=kind%2CnextPageToken%2Cprefixes"));
  EXPECT_THAT(gcs.transport.last().url, HasSubstr("startOffset=a&endOffset=c"));
}

TEST(GcsCopyTest, RewriteGoesOnUntilItIsDone) {
  FakeGcs gcs;
  gcs.Json(Resource("from"));
  gcs.Json(R"({"done":false,"rewriteToken":"R1","totalBytesRewritten":"4","objectSize":"9"})");
  gcs.Json("{\"done\":true,\"resource\":" + Resource("to", "", "4waSgw==", "9", "8") + "}");
  const Result<PutReceipt> receipt =
      gcs.store->Copy(gcs.context, gcs.permit, {"lake", "from", "7"}, "to", CreateOnly());
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->version, "8");
  EXPECT_THAT(gcs.transport.sent[1].url, HasSubstr("sourceGeneration=7&ifGenerationMatch=0"));
  EXPECT_THAT(gcs.transport.last().url, HasSubstr("&rewriteToken=R1"));
}

TEST(GcsCopyTest, RewriteThatDoesNotAdvanceFails) {
  FakeGcs gcs;
  gcs.Json(Resource("from"));
  const char* step = R"({"done":false,"rewriteToken":"R1","totalBytesRewritten":"4"})";
  gcs.Json(step);
  gcs.Json(step);
  EXPECT_EQ(
      gcs.store->Copy(gcs.context, gcs.permit, {"lake", "from", "7"}, "to", {}).status().kind(),
      ErrorKind::kCorrupted);
}

TEST(GcsMetadataTest, PatchRemovesWhatIsNoLongerWanted) {
  FakeGcs gcs;
  gcs.Json(
      Resource("k", ",\"cacheControl\":\"no-store\",\"metadata\":{\"Old\":\"1\",\"b\":\"2\"}"));
  gcs.Json(Resource());
  ObjectAttributes attributes;
  attributes.user_metadata = {{"b", "3"}};
  ASSERT_TRUE(gcs.store->SetMetadata(gcs.context, gcs.permit, "k", "7", attributes).ok());
  EXPECT_EQ(gcs.transport.last().body, R"({"cacheControl":null,"metadata":{"b":"3","Old":null}})");
  EXPECT_THAT(gcs.transport.last().url, HasSubstr("ifGenerationMatch=7&ifMetagenerationMatch=2"));
}

std::string BatchAnswer(const std::vector<std::string>& parts) {
  std::string body;
  for (const std::string& part : parts) {
    body += "--x\r\nContent-Type: application/http\r\n" + part + "\r\n";
  }
  return body + "--x--\r\n";
}

TEST(GcsDeleteTest, I16AnswerThatIsNotTheServicesIsNoSuccess) {
  const DeleteRequest request{"a", ""};
  for (const bool is_google : {true, false}) {
    FakeGcs gcs([&](GcsConfig& config) {
      if (!is_google) config.endpoint = "http://127.0.0.1:1";
      config.is_google = is_google;
    });
    const auto deletes = [&] {
      const auto statuses = gcs.store->Delete(gcs.context, gcs.permit, {&request, 1});
      return statuses.ok() ? statuses->front() : statuses.status();
    };
    gcs.transport.Answer(200, {{"Content-Type", "text/html"}}, "<html>Sign in</html>");
    EXPECT_TRUE(deletes().Is(ErrorKind::kCorrupted));
    gcs.transport.Answer(200, {{"Content-Type", "application/json"}}, "null\n");
    EXPECT_EQ(deletes().ok(), !is_google) << "as an emulator answers";
    gcs.transport.Answer(204);
    EXPECT_TRUE(deletes().ok());
  }
}

TEST(GcsDeleteTest, BatchTellsOfEachKey) {
  FakeGcs gcs;
  gcs.transport.Answer(
      200, {{"Content-Type", "multipart/mixed; boundary=x"}},
      BatchAnswer({"Content-ID: <response-godwit+1>\r\n\r\nHTTP/1.1 412 No\r\n\r\n{}",
                   "Content-ID: <response-godwit+0>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
                   "Content-ID: <response-godwit+2>\r\n\r\nHTTP/1.1 404 No\r\n\r\n"
                   "{\"error\":{\"message\":\"No such object: lake/c\"}}"}));
  const std::vector<DeleteRequest> requests{{"a", ""}, {"b", "5"}, {"c", "6"}};
  const auto statuses = gcs.store->Delete(gcs.context, gcs.permit, requests);
  ASSERT_TRUE(statuses.ok()) << statuses.status();
  EXPECT_TRUE((*statuses)[0].ok());
  EXPECT_TRUE((*statuses)[1].Is(ErrorKind::kPreconditionFailed));
  EXPECT_TRUE((*statuses)[2].ok()) << "missing is what was wanted";
  EXPECT_THAT(gcs.transport.last().body,
              HasSubstr("DELETE /storage/v1/b/lake/o/b?ifGenerationMatch=5 HTTP/1.1"));
}

TEST(GcsDeleteTest, BatchThatIsNotWholeIsNotBelieved) {
  const std::string one = "Content-ID: <response-godwit+0>\r\n\r\nHTTP/1.1 204 Gone\r\n\r\n";
  for (const std::string& body :
       {BatchAnswer({one}), BatchAnswer({one, one}),
        BatchAnswer({one, "\r\nHTTP/1.1 204 x\r\n"}).substr(0, 120), std::string()}) {
    FakeGcs gcs;
    gcs.transport.Answer(200, {{"Content-Type", "multipart/mixed; boundary=x"}}, body);
    const std::vector<DeleteRequest> requests{{"a", ""}, {"b", ""}};
    const Status status = gcs.store->Delete(gcs.context, gcs.permit, requests).status();
    EXPECT_TRUE(status.Is(ErrorKind::kCorrupted)) << body << status;
    EXPECT_TRUE(status.maybe_applied());
  }
}

}  // namespace
}  // namespace godwit
