#include "lib/store/azure/azure_store.h"

#include <gmock/gmock.h>

#include "lib/checksum/crc.h"
#include "lib/store/azure/azure_batch.h"
#include "lib/store/azure/azure_metadata.h"
#include "tests/unit/azure/fake_azure.h"

namespace godwit {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const Fields kObject = {{"etag", "\"0x8D1\""},
                        {"last-modified", "Fri, 01 Nov 2024 12:00:00 GMT"},
                        {"content-length", "5"}};

Fields With(Fields fields, const Fields& more) {
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

std::uint64_t CrcOf(std::string_view text) { return Crc64Nvme(0, std::as_bytes(std::span(text))); }

class AzureStoreTest : public testing::Test {
 protected:
  Result<PutReceipt> Put(std::string_view text, const PutOptions& options = {}) {
    MemorySource body = SourceOf(text);
    return azure_.store->Put(azure_.context, azure_.permit, "k", options, body);
  }
  Result<ObjectMeta> Get(const GetOptions& options = {}) {
    sink_.text.clear();
    return azure_.store->Get(azure_.context, "k", options, sink_);
  }

  FakeAzure azure_;
  ScriptedTransport& wire_ = azure_.transport;
  TextSink sink_;
};

TEST_F(AzureStoreTest, PutSendsBlockBlobWithCrcClaimAndCondition) {
  wire_.Answer(201, kObject);
  PutOptions options;
  options.condition = WriteCondition::IfVersion("0x8D0");
  options.attributes.content_type = "text/plain";
  options.attributes.user_metadata = {{"x-y", "gr\xC3\xBCn"}};
  options.attributes.tags = {{"a b", "c&d"}};
  const Result<PutReceipt> receipt = Put("123456789", options);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->version, "0x8D1");
  EXPECT_EQ(receipt->proof, WriteProof::kCrc64Nvme);
  const ScriptedTransport::Sent& sent = azure_.last();
  EXPECT_EQ(sent.line, "PUT http://127.0.0.1:10000/devstoreaccount1/lake/k");
  EXPECT_EQ(sent.Header("x-ms-blob-type"), "BlockBlob");
  // CRC-64/NVME of "123456789" is AE8B14860A799888; Azure wants the lowest byte first.
  EXPECT_EQ(sent.Header("x-ms-content-crc64"), "iJh5CoYUi64=");
  EXPECT_EQ(sent.Header("x-ms-meta-godwit_crc64nvme"), "ae8b14860a799888");
  EXPECT_EQ(sent.Header("x-ms-meta-x_x2dy"), "=?UTF-8?B?Z3LDvG4=?=");
  EXPECT_EQ(sent.Header("x-ms-blob-content-type"), "text/plain");
  EXPECT_EQ(sent.Header("x-ms-tags"), "a%20b=c%26d");
  EXPECT_EQ(sent.Header("if-match"), "\"0x8D0\"");
  EXPECT_EQ(sent.Header("x-ms-version"), "2021-12-02");
  EXPECT_EQ(sent.Header("x-ms-date"), "Fri, 02 Jan 2026 03:04:05 GMT");
  EXPECT_THAT(sent.Header("authorization"), StartsWith("SharedKey devstoreaccount1:"));
}

TEST_F(AzureStoreTest, I14EchoOfOtherBytesIsCorruption) {
  wire_.Answer(201, With(kObject, {{"x-ms-content-crc64", AzureCrcText(CrcOf("other"))}}));
  const Status status = Put("these").status();
  EXPECT_EQ(Brief(status), "corrupted: the service has received other bytes than were sent");
  EXPECT_TRUE(status.maybe_applied());
}

TEST_F(AzureStoreTest, BodyThatStreamsIsProvenByTheEcho) {
  wire_.Answer(201, With(kObject, {{"x-ms-content-crc64", AzureCrcText(CrcOf("stream"))}}));
  PassingSource body("stream");
  Result<PutReceipt> receipt = azure_.store->Put(azure_.context, azure_.permit, "k", {}, body);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(azure_.last().Header("x-ms-content-crc64"), "(absent)");
  EXPECT_EQ(receipt->proof, WriteProof::kCrc64Nvme);
  wire_.Answer(201, kObject);
  receipt = azure_.store->Put(azure_.context, azure_.permit, "k", {}, body);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->proof, WriteProof::kNone) << "nothing proves it";
}

TEST_F(AzureStoreTest, I16SuccessWithoutVersionOrMarksIsCorruption) {
  wire_.Answer(201, {});
  EXPECT_EQ(Brief(Put("x").status()), "corrupted: the answer has no ETag");
  wire_.Portal(200, {{"content-type", "text/html"}}, "<html>log in</html>");
  EXPECT_EQ(Brief(Put("x").status()), "corrupted: the answer does not look like Azure's");
  wire_.Portal(200, kObject, "12345");
  EXPECT_THAT(Brief(Get().status()), HasSubstr("does not look like Azure's"));
  EXPECT_EQ(sink_.text, "");
}

TEST_F(AzureStoreTest, KeysThatAzureAltersAreNotWritten) {
  for (const char* key : {"back\\slash", "dot.", "a./b", "tab\tx", "..", "\xEF\xBF\xBF"}) {
    MemorySource body = SourceOf("x");
    const Status status = azure_.store->Put(azure_.context, azure_.permit, key, {}, body).status();
    EXPECT_TRUE(status.Is(ErrorKind::kInvalidArgument)) << key;
  }
  EXPECT_TRUE(wire_.sent.empty());
}

TEST_F(AzureStoreTest, MetadataThatCannotBeToldApartIsRefused) {
  PutOptions options;
  options.attributes.mtime = PreciseTime{};
  options.attributes.user_metadata = {{"mtime", "1"}};
  EXPECT_TRUE(Put("x", options).status().Is(ErrorKind::kInvalidArgument));
  options.attributes.mtime.reset();
  options.attributes.user_metadata = {{"a", "line\nbreak"}};
  EXPECT_TRUE(Put("x", options).status().Is(ErrorKind::kInvalidArgument));
}

TEST_F(AzureStoreTest, I12ReadIsPinnedAndItsRangeChecked) {
  wire_.Answer(206,
               With({{"etag", "\"0x8D1\""}, {"last-modified", "Fri, 01 Nov 2024 12:00:00 GMT"}},
                    {{"content-range", "bytes 2-4/10"}, {"content-length", "3"}}),
               "cde");
  const Result<ObjectMeta> meta = Get({2, 3, "0x8D1"});
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(sink_.text, "cde");
  EXPECT_EQ(meta->entry.size_bytes, 10u);
  EXPECT_EQ(azure_.last().Header("if-match"), "\"0x8D1\"");
  EXPECT_EQ(azure_.last().Header("range"), "bytes=2-4");
  wire_.Answer(206,
               With({{"etag", "\"0x8D1\""}, {"last-modified", "Fri, 01 Nov 2024 12:00:00 GMT"}},
                    {{"content-range", "bytes 3-5/10"}, {"content-length", "3"}}),
               "def");
  EXPECT_THAT(Brief(Get({2, 3, ""}).status()), HasSubstr("another range came"));
  wire_.Answer(200, kObject, "12345");
  EXPECT_THAT(Brief(Get({0, 0, "0x8D9"}).status()), HasSubstr("the object has changed"));
}

Fields RangeOfObject(const std::string& range, std::size_t size, const std::string& crc) {
  return {{"etag", "\"0x8D1\""},
          {"last-modified", "Fri, 01 Nov 2024 12:00:00 GMT"},
          {"content-range", "bytes " + range},
          {"content-length", std::to_string(size)},
          {"x-ms-content-crc64", crc}};
}

TEST_F(AzureStoreTest, I14RangesAreReadInPiecesWhoseCrcTheServiceTells) {
  const std::string first(4 << 20, 'a');
  wire_.Answer(206, RangeOfObject("10-4194313/5000000", first.size(), AzureCrcText(CrcOf(first))),
               first);
  wire_.Answer(206, RangeOfObject("4194314-4194316/5000000", 3, AzureCrcText(CrcOf("end"))), "end");
  ASSERT_TRUE(Get({10, (4 << 20) + 3, ""}).ok());
  EXPECT_EQ(sink_.text, first + "end");
  EXPECT_EQ(azure_.last().Header("x-ms-range-get-content-crc64"), "true");
  EXPECT_EQ(azure_.last().Header("range"), "bytes=4194314-4194316");
  EXPECT_EQ(azure_.last().Header("if-match"), "\"0x8D1\"") << "of the version of the first piece";
  wire_.Answer(206, RangeOfObject("0-2/10", 3, AzureCrcText(CrcOf("enb"))), "end");
  EXPECT_TRUE(Get({0, 3, "0x8D1"}).status().Is(ErrorKind::kCorrupted));
}

TEST_F(AzureStoreTest, I14WholeBlobWithoutMd5IsReadInCheckedRanges) {
  wire_.Answer(200, kObject, "12345");
  wire_.Answer(206, RangeOfObject("0-4/5", 5, AzureCrcText(CrcOf("12345"))), "12345");
  ASSERT_TRUE(Get().ok());
  EXPECT_EQ(sink_.text, "12345");
  EXPECT_EQ(azure_.last().Header("if-match"), "\"0x8D1\"");
  EXPECT_EQ(wire_.left(), 0u);
}

TEST_F(AzureStoreTest, TwoRangesSideBySideMayBothBeRefusedTheirCrc) {
  wire_.while_under_way = [this] { EXPECT_TRUE(Get({5, 3, ""}).ok()); };
  wire_.Answer(500, {{"x-ms-error-code", "FeatureNotSupported"}});
  wire_.Answer(206, RangeOfObject("5-7/9", 3, ""), "678");
  wire_.Answer(500, {{"x-ms-error-code", "FeatureNotSupported"}});
  wire_.Answer(206, RangeOfObject("0-4/9", 5, ""), "12345");
  EXPECT_TRUE(Get({0, 5, ""}).ok());
  EXPECT_EQ(wire_.left(), 0u);
}

TEST_F(AzureStoreTest, ServerThatTellsNoCrcOfRangesIsAskedOnce) {
  wire_.Answer(500, {{"x-ms-error-code", "FeatureNotSupported"}});
  wire_.Answer(206, RangeOfObject("0-4/9", 5, ""), "12345");
  wire_.Answer(200, kObject, "12345");
  ASSERT_TRUE(Get({0, 5, ""}).ok());
  EXPECT_EQ(azure_.last().Header("x-ms-range-get-content-crc64"), "(absent)");
  sink_.text.clear();
  ASSERT_TRUE(Get().ok());
  EXPECT_EQ(sink_.text, "12345");
  EXPECT_EQ(wire_.left(), 0u);
}

TEST_F(AzureStoreTest, I11BodyThatEndsEarlyIsNoSuccess) {
  wire_.Answer(200, With(kObject, {{"content-md5", "gnzLDuqKcGxMNKFokfhOew=="}}), "123");
  EXPECT_EQ(Brief(Get().status()), "unavailable: the answer ended after 3 of 5 bytes");
}

TEST_F(AzureStoreTest, FolderIsNoObject) {
  wire_.Answer(200, With(kObject, {{"x-ms-resource-type", "directory"}}));
  EXPECT_TRUE(azure_.store->Head(azure_.context, "k").status().Is(ErrorKind::kNotFound));
  wire_.Answer(200, With(kObject, {{"x-ms-meta-Hdi_IsFolder", "True"}}));
  EXPECT_TRUE(azure_.store->Head(azure_.context, "k").status().Is(ErrorKind::kNotFound));
}

TEST_F(AzureStoreTest, HeadTellsMetadataUnescapedAndTags) {
  wire_.Answer(200, With(kObject, {{"x-ms-meta-x_x2dy", "=?UTF-8?B?Z3LDvG4=?="},
                                   {"x-ms-meta-mtime", "2024-11-01T12:00:00.5Z"},
                                   {"x-ms-meta-godwit_crc64nvme", "ae8b14860a799888"},
                                   {"x-ms-access-tier", "Archive"},
                                   {"x-ms-tag-count", "1"}}));
  wire_.Answer(200, {},
               "<Tags><TagSet><Tag><Key>a b</Key><Value>c&amp;d</Value></Tag></TagSet></Tags>");
  const Result<ObjectMeta> meta = azure_.store->Head(azure_.context, "k");
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(meta->attributes.user_metadata,
            (std::map<std::string, std::string>{{"x-y", "gr\xC3\xBCn"}}));
  ASSERT_TRUE(meta->attributes.mtime.has_value());
  EXPECT_EQ(meta->attributes.mtime->fraction_digits, 1);
  EXPECT_EQ(meta->attributes.claimed_crc64nvme, 0xAE8B14860A799888u);
  EXPECT_TRUE(meta->entry.archived);
  EXPECT_EQ(meta->attributes.tags, (std::map<std::string, std::string>{{"a b", "c&d"}}));
}

TEST_F(AzureStoreTest, SignatureInTheUrlNeverReachesTheLog) {
  FakeAzure azure([](AzureConfig& config) {
    config.account.credential = {};
    config.account.credential.kind = AzureCredential::Kind::kSas;
    config.account.credential.sas = Secret("sv=2020-12-06&sig=VERYSECRET%3D");
  });
  azure.transport.Answer(200, kObject);
  ASSERT_TRUE(azure.store->Head(azure.context, "k").ok());
  EXPECT_EQ(azure.last().line,
            "HEAD http://127.0.0.1:10000/devstoreaccount1/lake/k?sv=2020-12-06&sig=VERYSECRET%3D");
  EXPECT_EQ(azure.last().Header("authorization"), "(absent)");
  azure.log.Error("GET " + azure.last().line);
  EXPECT_EQ(azure.log_text.str().find("VERYSECRET"), std::string::npos);
}

// Tokens "t1", "t2", ...
std::shared_ptr<TokenCache> CountingTokens(int& count, const Clock& clock) {
  return std::make_shared<TokenCache>(
      [&count, &clock](const CallContext&) -> Result<AccessToken> {
        return AccessToken{Secret("t" + std::to_string(++count)),
                           clock.WallNow() + std::chrono::hours(1), std::nullopt};
      },
      clock);
}

TEST_F(AzureStoreTest, RefusedTokenIsReplacedAFewTimesAndTheRequestSentAgain) {
  static const StillClock kClock;
  int count = 0;
  FakeAzure azure(
      [](AzureConfig& config) {
        config.account.credential = {};
        config.account.credential.kind = AzureCredential::Kind::kClientSecret;
      },
      CountingTokens(count, kClock));
  azure.transport.Answer(401, {{"x-ms-error-code", "InvalidAuthenticationInfo"}});
  azure.transport.Answer(200, kObject);
  ASSERT_TRUE(azure.store->Head(azure.context, "k").ok());
  EXPECT_EQ(azure.transport.sent[0].Header("authorization"), "Bearer t1");
  EXPECT_EQ(azure.transport.sent[1].Header("authorization"), "Bearer t2");
  for (int refusals = 0; refusals < 4; ++refusals) {
    azure.transport.Answer(401, {{"x-ms-error-code", "InvalidAuthenticationInfo"}});
  }
  EXPECT_TRUE(azure.store->Head(azure.context, "k").status().Is(ErrorKind::kUnauthenticated));
  EXPECT_EQ(azure.transport.left(), 0u);
}

struct ErrorCase {
  int status;
  const char* code;
  ErrorKind kind;
};

TEST_F(AzureStoreTest, EveryCodeHasItsKind) {
  for (const ErrorCase& item : std::initializer_list<ErrorCase>{
           {404, "BlobNotFound", ErrorKind::kNotFound},
           {404, "ContainerNotFound", ErrorKind::kContainerNotFound},
           {404, "", ErrorKind::kCorrupted},
           {409, "BlobAlreadyExists", ErrorKind::kPreconditionFailed},
           {412, "ConditionNotMet", ErrorKind::kPreconditionFailed},
           {412, "LeaseIdMissing", ErrorKind::kPermissionDenied},
           {409, "SnapshotsPresent", ErrorKind::kInvalidArgument},
           {409, "BlobArchived", ErrorKind::kArchived},
           {409, "BlobImmutableDueToPolicy", ErrorKind::kPermissionDenied},
           {409, "ContainerBeingDeleted", ErrorKind::kConflict},
           {400, "Md5Mismatch", ErrorKind::kCorrupted},
           {400, "Crc64Mismatch", ErrorKind::kCorrupted},
           {403, "AuthenticationFailed", ErrorKind::kUnauthenticated},
           {403, "AuthorizationFailure", ErrorKind::kUnauthenticated},
           {403, "AuthorizationPermissionMismatch", ErrorKind::kPermissionDenied},
           {503, "ServerBusy", ErrorKind::kThrottled},
           {429, "TooManyRequests", ErrorKind::kThrottled},
           {500, "OperationTimedOut", ErrorKind::kUnavailable},
           {500, "InternalError", ErrorKind::kUnavailable},
           {501, "APINotImplemented", ErrorKind::kUnsupported},
           {301, "", ErrorKind::kCorrupted},
           {400, "", ErrorKind::kCorrupted}}) {
    wire_.Answer(item.status, {{"x-ms-error-code", item.code}}, ErrorBody(item.code));
    const Status status = Put("x").status();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.kind(), item.kind) << item.status << " " << item.code << ": " << status;
    EXPECT_EQ(status.request_id(), "R1");
    EXPECT_EQ(status.maybe_applied(), item.kind == ErrorKind::kUnavailable) << item.code;
  }
}

TEST_F(AzureStoreTest, WishForAPauseIsTakenInSecondsMillisecondsOrAsADate) {
  const auto pause = [&](const Fields& headers) {
    wire_.Answer(503, With(headers, {{"x-ms-error-code", "ServerBusy"}}));
    return Put("x").status().retry_after();
  };
  EXPECT_EQ(pause({{"retry-after", "10"}}), std::chrono::seconds(10));
  EXPECT_EQ(pause({{"x-ms-retry-after-ms", "250"}, {"retry-after", "10"}}),
            std::chrono::milliseconds(250));
  EXPECT_EQ(pause({{"retry-after", "Fri, 02 Jan 2026 03:04:35 GMT"},
                   {"date", "Fri, 02 Jan 2026 03:04:05 GMT"}}),
            std::chrono::seconds(30));
  EXPECT_EQ(pause({}), std::nullopt);
}

TEST_F(AzureStoreTest, I16AnswerToADeleteThatIsNotTheServicesIsNoSuccess) {
  const DeleteRequest request{"k", ""};
  wire_.Answer(200, {{"content-type", "application/xml"}},
               "<Error><Code>InternalError</Code></Error>");
  const auto statuses = azure_.store->Delete(azure_.context, azure_.permit, {&request, 1});
  ASSERT_TRUE(statuses.ok());
  EXPECT_TRUE(statuses->front().Is(ErrorKind::kCorrupted)) << statuses->front();
  EXPECT_TRUE(statuses->front().maybe_applied());
  wire_.Answer(202);
  EXPECT_TRUE(azure_.store->Delete(azure_.context, azure_.permit, {&request, 1})->front().ok());
}

TEST_F(AzureStoreTest, BatchOfDeletesIsSignedEachAndJudgedEach) {
  const std::string answer =
      "--b\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\nHTTP/1.1 404 Missing\r\n"
      "x-ms-error-code: BlobNotFound\r\nx-ms-request-id: 2\r\n\r\n" +
      ErrorBody("BlobNotFound") +
      "\r\n--b\r\nContent-Type: application/http\r\nContent-ID: 0\r\n\r\nHTTP/1.1 202 Accepted\r\n"
      "x-ms-request-id: 1\r\n\r\n\r\n--b\r\nContent-ID: 2\r\n\r\nHTTP/1.1 412 Changed\r\n"
      "x-ms-error-code: ConditionNotMet\r\n\r\n\r\n--b--\r\n";
  wire_.Answer(202, {{"content-type", "multipart/mixed; boundary=b"}}, answer);
  const std::vector<DeleteRequest> requests{{"a b", ""}, {"b", ""}, {"c", "0x8D1"}};
  const auto statuses = azure_.store->Delete(azure_.context, azure_.permit, requests);
  ASSERT_TRUE(statuses.ok()) << statuses.status();
  EXPECT_TRUE((*statuses)[0].ok());
  EXPECT_TRUE((*statuses)[1].ok()) << "missing is what was wanted";
  EXPECT_TRUE((*statuses)[2].Is(ErrorKind::kPreconditionFailed));
  const std::string& body = azure_.last().body;
  EXPECT_THAT(body, HasSubstr("DELETE /devstoreaccount1/lake/a%20b HTTP/1.1\r\n"));
  EXPECT_THAT(body, HasSubstr("if-match: \"0x8D1\"\r\n"));
  std::size_t signatures = 0;
  for (std::size_t at = 0; (at = body.find("SharedKey ", at)) != std::string::npos; ++at) {
    ++signatures;
  }
  EXPECT_EQ(signatures, 3u);
}

TEST_F(AzureStoreTest, I16SuccessOtherThanADeletionsInABatchIsCorruption) {
  const std::string answer =
      "--b\r\nContent-ID: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n\r\n"
      "--b\r\nContent-ID: 1\r\n\r\nHTTP/1.1 202 Accepted\r\n\r\n\r\n--b--\r\n";
  wire_.Answer(202, {{"content-type", "multipart/mixed; boundary=b"}}, answer);
  const std::vector<DeleteRequest> requests{{"a", ""}, {"b", ""}};
  const auto statuses = azure_.store->Delete(azure_.context, azure_.permit, requests);
  ASSERT_TRUE(statuses.ok()) << statuses.status();
  EXPECT_TRUE((*statuses)[0].Is(ErrorKind::kCorrupted)) << (*statuses)[0];
  EXPECT_TRUE((*statuses)[1].ok()) << (*statuses)[1];
}

TEST_F(AzureStoreTest, I16BatchAnswerThatLacksAPartIsCorruption) {
  const std::string one = "--b\r\nContent-ID: 0\r\n\r\nHTTP/1.1 202 Accepted\r\n\r\n\r\n";
  for (const std::string& answer :
       {one + "--b--\r\n", one + one + "--b--\r\n", one, std::string("<html/>")}) {
    wire_.Answer(202, {{"content-type", "multipart/mixed; boundary=b"}}, answer);
    const std::vector<DeleteRequest> requests{{"a", ""}, {"b", ""}};
    const auto statuses = azure_.store->Delete(azure_.context, azure_.permit, requests);
    EXPECT_TRUE(statuses.status().Is(ErrorKind::kCorrupted)) << answer;
  }
}

}  // namespace
}  // namespace godwit
