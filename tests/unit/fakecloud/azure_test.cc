#include <gmock/gmock.h>

#include <algorithm>

#include "fakecloud/digests.h"
#include "fakecloud/encoding.h"
#include "tests/unit/fakecloud/cloud_test.h"

// The Azure listener, asked byte by byte with a bearer token, or with signatures made here.

namespace godwit {
namespace {

using testing::HasSubstr;

class FakeAzureTest : public CloudTest {
 protected:
  FakeAzureTest() {
    options_.azure.bearer_tokens = {"TOKEN"};
    options_.azure.containers = {"lake"};
  }
  RawAnswer Ask(const std::string& method, const std::string& target, const std::string& body = "",
                HeaderList headers = {}, const std::string& authorization = "Bearer TOKEN") {
    std::string endpoint = cloud().azure_endpoint();
    endpoint.resize(endpoint.rfind('/'));
    std::string text = method + " /fakecloudaccount" + target + " HTTP/1.1\r\nHost: h\r\n";
    if (!authorization.empty()) text += "Authorization: " + authorization + "\r\n";
    for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    RawConnection connection(endpoint);
    connection.Send(text);
    return connection.Receive(method == "HEAD");
  }
  RawAnswer PutBlob(const std::string& name, const std::string& body, HeaderList headers = {}) {
    headers.emplace_back("x-ms-blob-type", "BlockBlob");
    return Ask("PUT", "/lake/" + name, body, headers);
  }
  RawAnswer PutBlock(const std::string& id, const std::string& body) {
    return Ask("PUT", "/lake/k?comp=block&blockid=" + id, body);
  }
  std::string Code(const RawAnswer& answer) {
    return std::to_string(answer.status) + " " + answer.Header("x-ms-error-code");
  }
};

TEST_F(FakeAzureTest, BlobComesBackWithWhatWasStoredBesideIt) {
  const RawAnswer put =
      PutBlob("a%20b", "hello", {{"x-ms-meta-Owner", "me"}, {"x-ms-blob-content-type", "text/x"}});
  EXPECT_EQ(put.status, 201);
  EXPECT_EQ(put.Header("content-md5"), "XUFAKrxLKna5cZ2REBfFkg==");
  const RawAnswer get = Ask("GET", "/lake/a%20b");
  EXPECT_EQ(get.status, 200);
  EXPECT_EQ(get.body, "hello");
  EXPECT_EQ(get.Header("etag"), put.Header("etag"));
  EXPECT_EQ(get.Header("x-ms-meta-owner"), "me");
  EXPECT_EQ(get.Header("content-type"), "text/x");
  EXPECT_EQ(cloud().GetBlob("lake", "a b"), "hello");
  EXPECT_EQ(cloud().Counters().Requests("azure:PutBlob"), 1u);
}

TEST_F(FakeAzureTest, WrongOrMissingAuthorisationIsRefused) {
  EXPECT_EQ(Code(Ask("GET", "/lake/k", "", {}, "")), "401 NoAuthenticationInformation");
  EXPECT_EQ(Code(Ask("GET", "/lake/k", "", {}, "Bearer OLD")), "401 InvalidAuthenticationInfo");
  EXPECT_EQ(Code(Ask("GET", "/lake/k", "", {}, "SharedKey fakecloudaccount:AAAA")),
            "403 AuthenticationFailed");
}

TEST_F(FakeAzureTest, SharedKeyOverTheWrittenOutTextIsAccepted) {
  const std::int64_t now = std::time(nullptr);
  const std::string date = fakecloud::FormatHttpTime(now);
  const std::string key = *fakecloud::FromBase64(options_.azure.key_base64);
  const std::string text =
      "PUT\n\n\n5\n\n\n\n\n\n\n\n\nx-ms-blob-type:BlockBlob\nx-ms-date:" + date +
      "\nx-ms-meta-a_b:1\nx-ms-meta-a1:2\nx-ms-meta-ab:3\n"
      "/fakecloudaccount/fakecloudaccount/lake/k%2B\ntimeout:30";
  const std::string signature = fakecloud::ToBase64(fakecloud::HmacSha256(key, text));
  const HeaderList headers{{"x-ms-date", date},
                           {"x-ms-meta-ab", "3"},
                           {"x-ms-meta-a1", "2"},
                           {"x-ms-meta-a_b", "1"},
                           {"x-ms-blob-type", "BlockBlob"}};
  EXPECT_EQ(Ask("PUT", "/lake/k%2B?timeout=30", "hello", headers,
                "SharedKey fakecloudaccount:" + signature)
                .status,
            201);
  EXPECT_EQ(Code(Ask("PUT", "/lake/k+?timeout=30", "hello", headers,
                     "SharedKey fakecloudaccount:" + signature)),
            "403 AuthenticationFailed")
      << "another path";
}

TEST_F(FakeAzureTest, ServiceSasAllowsWhatItNamesUntilItEnds) {
  PutBlob("k", "hello");
  const std::string key = *fakecloud::FromBase64(options_.azure.key_base64);
  const auto query = [&](const std::string& end) {
    const std::string text =
        "r\n\n" + end + "\n/blob/fakecloudaccount/lake/k\n\n\n\n2020-12-06\nb\n\n\n\n\n\n\n";
    std::string signature = fakecloud::ToBase64(fakecloud::HmacSha256(key, text));
    return "?sv=2020-12-06&sr=b&sp=r&se=" + end +
           "&sig=" + fakecloud::EncodeCanonical(signature, false);
  };
  EXPECT_EQ(Ask("GET", "/lake/k" + query("2099-01-01T00:00:00Z"), "", {}, "").body, "hello");
  EXPECT_EQ(Code(Ask("GET", "/lake/k" + query("2020-01-01T00:00:00Z"), "", {}, "")),
            "403 AuthenticationFailed");
  EXPECT_EQ(Code(Ask("GET", "/lake/other" + query("2099-01-01T00:00:00Z"), "", {}, "")),
            "403 AuthenticationFailed");
  EXPECT_EQ(Code(Ask("DELETE", "/lake/k" + query("2099-01-01T00:00:00Z"), "", {}, "")),
            "403 AuthorizationPermissionMismatch");
}

TEST_F(FakeAzureTest, WrongDigestsAreRefusedAndNothingIsStored) {
  EXPECT_EQ(Code(PutBlob("k", "hello", {{"Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="}})),
            "400 Md5Mismatch");
  EXPECT_EQ(Code(PutBlob("k", "hello", {{"x-ms-content-crc64", "AAAAAAAAAAA="}})),
            "400 Crc64Mismatch");
  EXPECT_EQ(Code(PutBlob("k", "hello",
                         {{"x-ms-content-crc64", "AAAAAAAAAAA="},
                          {"Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="}})),
            "400 BothCrc64AndMd5HeaderPresent");
  EXPECT_EQ(Code(Ask("HEAD", "/lake/k")), "404 BlobNotFound");
  // CRC-64/NVME of "123456789", the lowest byte first.
  EXPECT_EQ(PutBlob("k", "123456789", {{"x-ms-content-crc64", "iJh5CoYUi64="}}).status, 201);
}

TEST_F(FakeAzureTest, ConditionsDecideWritesReadsAndDeletes) {
  EXPECT_EQ(Code(PutBlob("k", "x", {{"If-Match", "*"}})), "412 ConditionNotMet");
  const std::string etag = PutBlob("k", "x", {{"If-None-Match", "*"}}).Header("etag");
  EXPECT_EQ(Code(PutBlob("k", "y", {{"If-None-Match", "*"}})), "409 BlobAlreadyExists");
  EXPECT_EQ(Code(PutBlob("k", "y", {{"If-Match", "\"0x0\""}})), "412 ConditionNotMet");
  EXPECT_EQ(Code(Ask("GET", "/lake/k", "", {{"If-Match", "\"0x0\""}})), "412 ConditionNotMet");
  EXPECT_EQ(Ask("GET", "/lake/k", "", {{"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(Code(Ask("DELETE", "/lake/k", "", {{"If-Match", "\"0x0\""}})), "412 ConditionNotMet");
  EXPECT_EQ(Ask("DELETE", "/lake/k", "", {{"If-Match", etag}}).status, 202);
}

TEST_F(FakeAzureTest, BlocksAreInvisibleUntilTheirListIsCommittedWhichSweepsTheOthers) {
  EXPECT_NE(PutBlock("QUFB", "one").Header("x-ms-content-crc64"), "");
  PutBlock("QkJC", "two");
  PutBlock("Q0ND", "three");
  EXPECT_EQ(Code(PutBlock("QUE=", "x")), "400 InvalidBlobOrBlock");
  EXPECT_EQ(Code(Ask("HEAD", "/lake/k")), "404 BlobNotFound");
  EXPECT_EQ(Ask("GET", "/lake?restype=container&comp=list").Elements("Name").size(), 0u);
  const RawAnswer lists = Ask("GET", "/lake/k?comp=blocklist&blocklisttype=all");
  EXPECT_EQ(lists.Elements("Size"), (std::vector<std::string>{"3", "3", "5"}));
  EXPECT_EQ(
      Code(Ask("PUT", "/lake/k?comp=blocklist", "<BlockList><Latest>WFhY</Latest></BlockList>")),
      "400 InvalidBlockList");
  EXPECT_EQ(Ask("PUT", "/lake/k?comp=blocklist",
                "<BlockList><Latest>QkJC</Latest><Uncommitted>QUFB</Uncommitted></BlockList>")
                .status,
            201);
  EXPECT_EQ(Ask("GET", "/lake/k").body, "twoone");
  EXPECT_EQ(Ask("GET", "/lake/k?comp=blocklist&blocklisttype=uncommitted").Elements("Size").size(),
            0u);
}

TEST_F(FakeAzureTest, NamesOfMetadataMustBeIdentifiers) {
  EXPECT_EQ(Code(PutBlob("k", "x", {{"x-ms-meta-a-b", "1"}})), "400 InvalidMetadata");
  EXPECT_EQ(Code(PutBlob("k", "x", {{"x-ms-meta-1a", "1"}})), "400 InvalidMetadata");
  EXPECT_EQ(Code(PutBlob("k", "x", {{"x-ms-meta-a", std::string(9000, 'v')}})),
            "400 MetadataTooLarge");
}

TEST_F(FakeAzureTest, ListingComesInUtf16OrderPageByPage) {
  for (const char* name : {"%EF%BD%9E", "%F0%9F%98%80", "a/b", "a-"}) PutBlob(name, "x");
  const RawAnswer all = Ask("GET", "/lake?restype=container&comp=list");
  EXPECT_EQ(all.Elements("Name"),
            (std::vector<std::string>{"a-", "a/b", "\xF0\x9F\x98\x80", "\xEF\xBD\x9E"}));
  EXPECT_EQ(all.Element("NextMarker"), "");
  const RawAnswer first = Ask("GET", "/lake?restype=container&comp=list&maxresults=3");
  const std::string marker = fakecloud::EncodeCanonical(first.Element("NextMarker"), false);
  const RawAnswer rest =
      Ask("GET", "/lake?restype=container&comp=list&maxresults=3&marker=" + marker);
  EXPECT_EQ(rest.Elements("Name"), (std::vector<std::string>{"\xEF\xBD\x9E"}));
}

TEST_F(FakeAzureTest, HierarchicalAccountHasRealFoldersAndListsThemFirst) {
  options_.azure.hierarchical = true;
  for (const char* name : {"A-B", "A/x"}) EXPECT_EQ(PutBlob(name, "x").status, 201);
  EXPECT_EQ(Ask("GET", "/lake?restype=container&comp=list").Elements("Name"),
            (std::vector<std::string>{"A", "A/x", "A-B"}));
  EXPECT_EQ(Ask("HEAD", "/lake/A").Header("x-ms-resource-type"), "directory");
  EXPECT_EQ(Code(Ask("DELETE", "/lake/A")), "409 DirectoryIsNotEmpty");
  EXPECT_EQ(Code(PutBlob("A", "x")), "409 ResourceTypeMismatch");
  EXPECT_EQ(Code(PutBlob("A-B/c", "x")), "409 ResourceTypeMismatch");
  EXPECT_EQ(Ask("GET", "/?restype=account&comp=properties").Header("x-ms-is-hns-enabled"), "true");
}

TEST_F(FakeAzureTest, ArchivedBlobIsNotRead) {
  PutBlob("k", "x", {{"x-ms-access-tier", "Archive"}});
  EXPECT_EQ(Code(Ask("GET", "/lake/k")), "409 BlobArchived");
  EXPECT_EQ(Ask("HEAD", "/lake/k").Header("x-ms-access-tier"), "Archive");
}

TEST_F(FakeAzureTest, FaultsMeetTheOperationsOfThisServiceOnly) {
  SetFaults(R"([{"on": {"service": "azure", "op": "Put", "key": "k"},
                 "do": {"fault": "status", "status": 503, "retry_after": 7}}])");
  EXPECT_EQ(Put("k", "x").status, 200) << "S3's";
  const RawAnswer busy = PutBlob("k", "x");
  EXPECT_EQ(Code(busy), "503 ServerBusy");
  EXPECT_EQ(busy.Header("retry-after"), "7");
  EXPECT_EQ(Fired(0), 1u);
  EXPECT_EQ(PutBlob("k", "x").status, 201);
  SetFaults(R"([{"on": {"op": "PutBlockList"}, "do": {"fault": "lose_answer"}}])");
  PutBlock("QUFB", "one");
  EXPECT_EQ(
      Ask("PUT", "/lake/k?comp=blocklist", "<BlockList><Latest>QUFB</Latest></BlockList>").status,
      0);
  EXPECT_EQ(cloud().GetBlob("lake", "k"), "one");
}

}  // namespace
}  // namespace godwit
