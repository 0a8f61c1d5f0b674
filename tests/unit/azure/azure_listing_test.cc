#include <gmock/gmock.h>

#include "tests/unit/azure/fake_azure.h"

// Listings that are not to be believed (sync.md I1, I24), and those that are.

namespace godwit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Blob(std::string_view name, std::string_view more = "") {
  return "<Blob><Name>" + std::string(name) +
         "</Name><Properties><Last-Modified>Fri, 01 Nov 2024 12:00:00 GMT</Last-Modified>"
         "<Etag>0x8D1</Etag><Content-Length>5</Content-Length>" +
         std::string(more) + "</Properties></Blob>";
}

std::string Page(std::string_view blobs, std::string_view marker = "<NextMarker/>") {
  return "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs>" +
         std::string(blobs) + "</Blobs>" + std::string(marker) + "</EnumerationResults>";
}

class AzureListing : public testing::Test {
 protected:
  Result<ListPage> List(std::string body, ListRequest request = {}) {
    if (!met_) azure_.Meet(hierarchical_);
    met_ = true;
    azure_.transport.Answer(200, {{"content-type", "application/xml"}}, std::move(body));
    return azure_.store->List(azure_.context, request);
  }
  std::string Failure(std::string body, const ListRequest& request = {}) {
    return Brief(List(std::move(body), request).status());
  }
  std::vector<std::string> Keys(const Result<ListPage>& page) {
    std::vector<std::string> keys;
    if (!page.ok()) return {Brief(page.status())};
    for (const ObjectEntry& entry : page->entries) keys.push_back(entry.key);
    return keys;
  }

  FakeAzure azure_;
  bool met_ = false;
  bool hierarchical_ = false;
};

TEST_F(AzureListing, EntryTellsSizeTimeVersionDigestAndTier) {
  const Result<ListPage> page = List(Page(Blob("a b",
                                               "<Content-MD5>XUFAKrxLKna5cZ2REBfFkg==</Content-MD5>"
                                               "<AccessTier>Archive</AccessTier>")));
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->entries.size(), 1u);
  const ObjectEntry& entry = page->entries.front();
  EXPECT_EQ(entry.key, "a b");
  EXPECT_EQ(entry.size_bytes, 5u);
  EXPECT_EQ(entry.version, "0x8D1");
  EXPECT_EQ(entry.modified.fraction_digits, 0);
  ASSERT_NE(entry.digests.Find(DigestKind::kMd5), nullptr);
  EXPECT_EQ(entry.digests.Find(DigestKind::kMd5)->hex(), "5d41402abc4b2a76b9719d911017c592");
  EXPECT_EQ(entry.storage_class, "Archive");
  EXPECT_TRUE(entry.archived);
  EXPECT_EQ(page->next_page_token, "");
}

TEST_F(AzureListing, MarkerIsPassedOnUnchanged) {
  const Result<ListPage> first = List(Page(Blob("a"), "<NextMarker>2!76!MDA+</NextMarker>"));
  ASSERT_TRUE(first.ok()) << first.status();
  ListRequest next;
  next.page_token = first->next_page_token;
  EXPECT_THAT(Keys(List(Page(Blob("b")), next)), ElementsAre("b"));
  EXPECT_THAT(azure_.last().line, HasSubstr("marker=2%2176%21MDA%2B"));
}

TEST_F(AzureListing, EmptyPageWithAMarkerIsNotTheEnd) {
  const Result<ListPage> page = List(Page("", "<NextMarker>m</NextMarker>"));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_NE(page->next_page_token, "");
}

TEST_F(AzureListing, KeysAboveTheBasicPlaneComeBeforeThoseBelowIt) {
  EXPECT_THAT(Keys(List(Page(Blob("\xF0\x9F\x98\x80") + Blob("\xEF\xBD\x9E")))),
              ElementsAre("\xF0\x9F\x98\x80", "\xEF\xBD\x9E"));
  EXPECT_THAT(Failure(Page(Blob("\xEF\xBD\x9E") + Blob("\xF0\x9F\x98\x80"))),
              HasSubstr("out of order"));
}

TEST_F(AzureListing, I24UnorderedOrRepeatedKeysFailTheListing) {
  EXPECT_THAT(Failure(Page(Blob("b") + Blob("a"))), HasSubstr("out of order"));
  EXPECT_THAT(Failure(Page(Blob("a") + Blob("a"))), HasSubstr("out of order"));
  const Result<ListPage> first = List(Page(Blob("m"), "<NextMarker>x</NextMarker>"));
  ListRequest next;
  next.page_token = first->next_page_token;
  EXPECT_THAT(Failure(Page(Blob("l")), next), HasSubstr("out of order"));
}

TEST_F(AzureListing, I24RepeatedMarkerFailsTheListing) {
  const Result<ListPage> first = List(Page(Blob("a"), "<NextMarker>x</NextMarker>"));
  ListRequest next;
  next.page_token = first->next_page_token;
  EXPECT_THAT(Failure(Page(Blob("b"), "<NextMarker>x</NextMarker>"), next),
              HasSubstr("repeats its marker"));
}

TEST_F(AzureListing, I1CutOrForeignAnswersAreNoListing) {
  const std::string whole = Page(Blob("a"));
  EXPECT_THAT(Failure(whole.substr(0, whole.size() - 5)), HasSubstr("corrupted"));
  EXPECT_THAT(Failure(Page(Blob("a"), "")), HasSubstr("does not tell whether it is complete"));
  EXPECT_THAT(Failure("<ListBucketResult/>"), HasSubstr("corrupted"));
  EXPECT_THAT(Failure(""), HasSubstr("corrupted"));
  EXPECT_THAT(Failure("<html><body>Please log in</body></html>"), HasSubstr("corrupted"));
  EXPECT_THAT(Failure(Page("<Blob><Name>a</Name></Blob>")), HasSubstr("incomplete entry 'a'"));
}

TEST_F(AzureListing, I1AnswerOfAPortalIsNotAzures) {
  azure_.Meet();
  azure_.transport.Portal(200, {{"content-type", "text/html"}}, Page(Blob("a")));
  EXPECT_THAT(Brief(azure_.store->List(azure_.context, {}).status()),
              HasSubstr("does not look like Azure's"));
}

TEST_F(AzureListing, KeysOutsideThePrefixFailTheListing) {
  ListRequest request;
  request.prefix = "p/";
  EXPECT_THAT(Failure(Page(Blob("q")), request), HasSubstr("not under 'p/'"));
}

TEST_F(AzureListing, RangeIsCutOutOfWhatTheServiceLists) {
  ListRequest request;
  request.start_after = "a";
  request.end_before = "c";
  const Result<ListPage> page =
      List(Page(Blob("a") + Blob("b") + Blob("c"), "<NextMarker>x</NextMarker>"), request);
  EXPECT_THAT(Keys(page), ElementsAre("b"));
  EXPECT_EQ(page->next_page_token, "") << "the end was reached";
}

TEST_F(AzureListing, EncodedNamesAreDecodedAndOthersAreNot) {
  const std::string encoded =
      "<Blob><Name Encoded=\"true\">a%EF%BF%BEb</Name><Properties><Last-Modified>Fri, 01 Nov 2024 "
      "12:00:00 GMT</Last-Modified><Etag>1</Etag><Content-Length>1</Content-Length>"
      "</Properties></Blob>";
  EXPECT_THAT(Keys(List(Page(encoded + Blob("b%41")))), ElementsAre("a\xEF\xBF\xBE"
                                                                    "b",
                                                                    "b%41"));
}

TEST_F(AzureListing, BlobsThatStandForFoldersAreNoObjects) {
  const std::string marker =
      "<Blob><Name>dir</Name><Properties><Last-Modified>Fri, 01 Nov 2024 12:00:00 GMT"
      "</Last-Modified><Etag>1</Etag><Content-Length>0</Content-Length></Properties>"
      "<Metadata><Hdi_isfolder>true</Hdi_isfolder></Metadata></Blob>";
  EXPECT_THAT(Keys(List(Page(marker + Blob("dir/a")))), ElementsAre("dir/a"));
}

TEST_F(AzureListing, MetadataCannotPassForProperties) {
  const std::string liar =
      "<Blob><Name>a</Name><Properties><Last-Modified>Fri, 01 Nov 2024 12:00:00 GMT"
      "</Last-Modified><Etag>1</Etag><Content-Length>3</Content-Length></Properties>"
      "<Metadata><Etag>2</Etag><AccessTier>Archive</AccessTier></Metadata></Blob>";
  const Result<ListPage> page = List(Page(liar));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->entries.front().version, "1");
  EXPECT_FALSE(page->entries.front().archived);
}

TEST_F(AzureListing, HierarchicalAccountListsSlashFirstWithoutItsFolders) {
  hierarchical_ = true;
  const std::string folder = "<ResourceType>directory</ResourceType>";
  EXPECT_THAT(Keys(List(Page(Blob("A", folder) + Blob("A/x") + Blob("A-B")))),
              ElementsAre("A/x", "A-B"));
  EXPECT_EQ(azure_.store->Describe().order, ListingOrder::kSlashFirst);
}

TEST_F(AzureListing, AccountThatMayNotBeAskedShowsItselfByItsEntries) {
  azure_.transport.Answer(403, {{"x-ms-error-code", "AuthorizationPermissionMismatch"}});
  met_ = true;
  const std::string file = "<ResourceType>file</ResourceType>";
  EXPECT_EQ(azure_.store->Describe().order, ListingOrder::kUtf16Units);
  EXPECT_THAT(Keys(List(Page(Blob("A/x", file) + Blob("A-B", file)))), ElementsAre("A/x", "A-B"));
  EXPECT_EQ(azure_.store->Describe().order, ListingOrder::kSlashFirst);
}

TEST_F(AzureListing, MissingContainerIsAnError) {
  azure_.Meet();
  azure_.transport.Answer(404, {{"x-ms-error-code", "ContainerNotFound"}},
                          ErrorBody("ContainerNotFound"));
  EXPECT_EQ(Brief(azure_.store->List(azure_.context, {}).status()),
            "container-not-found: no such container");
}

}  // namespace
}  // namespace godwit
