#include <gmock/gmock.h>

#include "fakecloud/encoding.h"
#include "fakecloud/s3_listing.h"
#include "tests/unit/fakecloud/cloud_test.h"

namespace godwit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class S3ListingTest : public CloudTest {
 protected:
  void Fill(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
      ASSERT_TRUE(cloud().PutObject("lake", key, key).ok());
    }
  }
  RawAnswer List(const std::string& query) {
    return Request("GET", "/lake?list-type=2" + (query.empty() ? "" : "&" + query));
  }
  // Keys and prefixes of all pages, as they come.
  std::vector<std::string> AllPages(const std::string& query) {
    std::vector<std::string> found;
    std::string token;
    do {
      const RawAnswer page = List(
          query +
          (token.empty() ? "" : "&continuation-token=" + fakecloud::EncodeCanonical(token, false)));
      const std::string contents = page.body.substr(0, page.body.find("<CommonPrefixes>"));
      for (const std::string& key : page.Elements("Key")) found.push_back(key);
      std::string rest = page.body.substr(contents.size());
      RawAnswer prefixes;
      prefixes.body = rest;
      for (const std::string& prefix : prefixes.Elements("Prefix")) found.push_back(prefix);
      EXPECT_EQ(page.Element("IsTruncated"),
                page.Element("NextContinuationToken").empty() ? "false" : "true");
      token = page.Element("NextContinuationToken");
    } while (!token.empty());
    return found;
  }
};

TEST_F(S3ListingTest, PagesOfAnySizeGiveEveryKeyOnceInByteOrder) {
  Fill({"a", "a-", "a.", "a/", "a/b", "a0", "B", "\xC3\xA9", "\xF0\x9F\x98\x80", "\xEF\xBF\xBD"});
  const std::vector<std::string> expected = {
      "B", "a", "a-", "a.", "a/", "a/b", "a0", "\xC3\xA9", "\xEF\xBF\xBD", "\xF0\x9F\x98\x80"};
  for (const std::string size : {"1", "2", "3", "9", "10", "1000"}) {
    EXPECT_EQ(AllPages("max-keys=" + size), expected) << size;
  }
}

TEST_F(S3ListingTest, PageSizeOfTheServerIsTheMost) {
  options_.page_size = 2;
  Fill({"a", "b", "c"});
  EXPECT_THAT(List("max-keys=1000").Elements("Key"), ElementsAre("a", "b"));
  EXPECT_THAT(AllPages("max-keys=1000"), ElementsAre("a", "b", "c"));
}

TEST_F(S3ListingTest, PrefixIsBytesAndStartAfterIsExclusive) {
  Fill({"a", "ab", "ab/c", "b"});
  EXPECT_THAT(List("prefix=ab").Elements("Key"), ElementsAre("ab", "ab/c"));
  EXPECT_THAT(List("start-after=ab").Elements("Key"), ElementsAre("ab/c", "b"));
  EXPECT_THAT(List("start-after=aa").Elements("Key"), ElementsAre("ab", "ab/c", "b"));
  EXPECT_THAT(List("start-after=zz").Elements("Key"), IsEmpty());
  EXPECT_EQ(List("prefix=zz").Element("IsTruncated"), "false");
}

TEST_F(S3ListingTest, CommonPrefixesCountAndDoNotRepeat) {
  Fill({"a/1", "a/2", "b", "c/1", "c/2/3", "d"});
  EXPECT_EQ(List("delimiter=%2F").Element("KeyCount"), "4");
  for (const std::string size : {"1", "2", "3", "4", "5"}) {
    std::vector<std::string> found = AllPages("delimiter=%2F&max-keys=" + size);
    std::sort(found.begin(), found.end());
    EXPECT_THAT(found, ElementsAre("a/", "b", "c/", "d")) << size;
  }
  EXPECT_THAT(AllPages("delimiter=%2F&prefix=c%2F"), ElementsAre("c/1", "c/2/"));
  EXPECT_THAT(AllPages("delimiter=%2F&start-after=a%2F1&prefix=a"), ElementsAre("a/"));
}

TEST_F(S3ListingTest, UrlEncodingIsDeclaredAndPlainControlCharactersAreNotXml) {
  Fill({"a b", "c\x01", "d+%"});
  const RawAnswer encoded = List("encoding-type=url&prefix=");
  EXPECT_EQ(encoded.Element("EncodingType"), "url");
  EXPECT_THAT(encoded.Elements("Key"), ElementsAre("a+b", "c%01", "d%2B%25"));
  EXPECT_EQ(List("").Element("EncodingType"), "");
  EXPECT_THAT(List("").Elements("Key"), ElementsAre("a b", "c&#x1;", "d+%"));
}

TEST_F(S3ListingTest, MadeUpTokensAndBadCountsAreRefused) {
  Fill({"a", "b"});
  EXPECT_EQ(List("continuation-token=a").Element("Code"), "InvalidArgument");
  EXPECT_EQ(List("max-keys=x").Element("Code"), "InvalidArgument");
  EXPECT_EQ(List("max-keys=0").Element("KeyCount"), "0");
  EXPECT_EQ(List("max-keys=0").Element("IsTruncated"), "false");
}

TEST_F(S3ListingTest, EntriesTellSizeEtagAndChecksumKind) {
  Put("k", "hello",
      {{"x-amz-checksum-sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="},
       {"x-amz-storage-class", "STANDARD_IA"}});
  const RawAnswer page = List("");
  EXPECT_EQ(page.Element("Size"), "5");
  EXPECT_EQ(page.Element("ETag"), "&quot;5d41402abc4b2a76b9719d911017c592&quot;");
  EXPECT_EQ(page.Element("ChecksumAlgorithm"), "SHA256");
  EXPECT_EQ(page.Element("StorageClass"), "STANDARD_IA");
  EXPECT_EQ(page.Element("ID"), "");
  EXPECT_EQ(List("fetch-owner=true").Element("ID"), "123456789012");
}

TEST_F(S3ListingTest, OldVersionOfTheListingGoesOnByMarker) {
  Fill({"a/1", "b", "c"});
  const RawAnswer first = Request("GET", "/lake?delimiter=%2F&max-keys=1");
  EXPECT_EQ(first.Element("NextMarker"), "a/");
  EXPECT_THAT(Request("GET", "/lake?delimiter=%2F&max-keys=1&marker=a%2F").Elements("Key"),
              ElementsAre("b"));
  EXPECT_THAT(Request("GET", "/lake?marker=b").Elements("Key"), ElementsAre("c"));
}

TEST_F(S3ListingTest, SyntheticBucketListsAndReadsWhatIsNotStored) {
  options_.synthetic = {{"endless", 2500, 3}};
  RawAnswer page = Request("GET", "/endless?list-type=2");
  EXPECT_EQ(page.Elements("Key").size(), 1000U);
  EXPECT_EQ(page.Element("Key"), "d000000/f000000000.bin");
  std::size_t count = 0;
  std::string last, token;
  do {
    page = Request("GET", "/endless?list-type=2" +
                              (token.empty() ? ""
                                             : "&continuation-token=" +
                                                   fakecloud::EncodeCanonical(token, false)));
    for (const std::string& key : page.Elements("Key")) {
      EXPECT_LT(last, key);
      last = key;
      ++count;
    }
    token = page.Element("NextContinuationToken");
  } while (!token.empty());
  EXPECT_EQ(count, 2500U);
  EXPECT_EQ(Request("GET", "/endless/" + last).body, std::string(3, '\0'));
  EXPECT_EQ(Request("HEAD", "/endless/d000000/f000000001.bin").Header("content-length"), "3");
  EXPECT_EQ(Request("HEAD", "/endless/d000002/f000002500.bin").status, 404);
  EXPECT_EQ(Request("PUT", "/endless/k", "x").Element("Code"), "AccessDenied");
  EXPECT_EQ(Request("DELETE", "/endless/" + last).Element("Code"), "AccessDenied");
  EXPECT_EQ(Request("GET", "/endless?list-type=2&delimiter=%2F").Element("KeyCount"), "3");
}

TEST(ListingPosition, TokensRoundTripAndNoticeDamage) {
  const fakecloud::ListingPosition position{7, std::string("a\0b", 3), true};
  std::string token = position.Token();
  const auto read = fakecloud::ListingPosition::FromToken(token);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->page, 7);
  EXPECT_EQ(read->after, position.after);
  EXPECT_TRUE(read->is_prefix);
  token[token.size() / 2] = token[token.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(fakecloud::ListingPosition::FromToken(token));
}

TEST(ListingPosition, SuccessorOfPrefixIsBehindAllItsKeys) {
  EXPECT_EQ(fakecloud::SuccessorOfPrefix("a/"), "a0");
  EXPECT_EQ(fakecloud::SuccessorOfPrefix("a\xFF"), "b");
  EXPECT_FALSE(fakecloud::SuccessorOfPrefix("\xFF\xFF"));
}

}  // namespace
}  // namespace godwit
