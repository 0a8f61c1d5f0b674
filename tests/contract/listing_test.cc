#include <algorithm>

#include <gmock/gmock.h>

#include "lib/base/key_problem.h"
#include "lib/store/listing_order.h"
#include "tests/contract/contract_test.h"

namespace godwit {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

class ListingContract : public ContractTest {
 protected:
  // Keys around '/' in byte order, without one that is also a folder.
  std::vector<std::string> PutNeighbours() {
    std::vector<std::string> keys{"a!", "a-b", "a.b", "a/b", "a/b-", "a/c", "a0b", "b"};
    if (!Differs(Difference::kFileIsNoFolder)) keys.insert(keys.begin(), "a");
    for (const std::string& key : keys) Put(key, "x");
    return keys;
  }
};

TEST_P(ListingContract, EmptyContainerListsNothing) {
  const Listing listing = ListAll();
  EXPECT_THAT(listing.keys, IsEmpty());
  EXPECT_EQ(listing.pages, 1);
}

TEST_P(ListingContract, MissingContainerIsAnError) {
  const std::unique_ptr<StoreUnderTest> missing = under_test().OpenMissing();
  const Result<ListPage> page = missing->store().List(context(), {});
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.status().kind(), ErrorKind::kContainerNotFound) << page.status();
}

TEST_P(ListingContract, ForbiddenContainerIsAnError) {
  const std::unique_ptr<StoreUnderTest> forbidden = under_test().OpenForbidden();
  ASSERT_EQ(forbidden == nullptr, Differs(Difference::kContainerIsNotForbidden));
  if (forbidden == nullptr) return;
  const Result<ListPage> page = forbidden->store().List(context(), {});
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.status().kind(), ErrorKind::kPermissionDenied) << page.status();
}

TEST_P(ListingContract, KeysComeInByteOrderAroundTheSlash) {
  const std::vector<std::string> keys = PutNeighbours();
  EXPECT_THAT(Keys(), ElementsAreArray(keys));
}

TEST_P(ListingContract, SmallPagesGiveEveryKeyOnce) {
  const std::vector<std::string> keys = PutNeighbours();
  for (const std::uint32_t keys_max : {1U, 2U, 3U}) {
    ListRequest request;
    request.keys_max = keys_max;
    const Listing listing = ListAll(request);
    EXPECT_THAT(listing.keys, ElementsAreArray(keys)) << keys_max << " keys a page";
    EXPECT_GE(listing.pages, static_cast<int>(keys.size() / keys_max));
  }
}

// Where order is restored, what was held back may come in a page less full.
TEST_P(ListingContract, PageAskedForAgainBeginsTheSame) {
  PutNeighbours();
  ListRequest request;
  request.keys_max = 2;
  const Result<ListPage> first = store().List(context(), request);
  ASSERT_TRUE(first.ok()) << first.status();
  request.page_token = first->next_page_token;
  const Result<ListPage> second = store().List(context(), request);
  const Result<ListPage> again = store().List(context(), request);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_TRUE(again.ok()) << again.status();
  const std::size_t both = std::min(second->entries.size(), again->entries.size());
  ASSERT_GT(both, 0u);
  for (std::size_t i = 0; i < both; ++i) EXPECT_EQ(second->entries[i], again->entries[i]) << i;
}

TEST_P(ListingContract, StartAfterIsExclusive) {
  PutNeighbours();
  ListRequest request;
  request.start_after = "a/b";
  EXPECT_THAT(Keys(request), ElementsAre("a/b-", "a/c", "a0b", "b"));
  request.start_after = "a/";
  EXPECT_THAT(Keys(request), ElementsAre("a/b", "a/b-", "a/c", "a0b", "b"));
  request.start_after = "b";
  EXPECT_THAT(Keys(request), IsEmpty());
}

TEST_P(ListingContract, StartAfterNeedNotExist) {
  PutNeighbours();
  ListRequest request;
  request.start_after = "a/bz/y";
  EXPECT_THAT(Keys(request), ElementsAre("a/c", "a0b", "b"));
}

TEST_P(ListingContract, EndBeforeIsExclusive) {
  PutNeighbours();
  ListRequest request;
  request.start_after = "a!";
  request.end_before = "a/b-";
  request.keys_max = 1;
  EXPECT_THAT(Keys(request), ElementsAre("a-b", "a.b", "a/b"));
}

TEST_P(ListingContract, PrefixIsABytePrefix) {
  PutNeighbours();
  ListRequest request;
  request.prefix = "a/b";
  EXPECT_THAT(Keys(request), ElementsAre("a/b", "a/b-"));
  request.prefix = "a/";
  EXPECT_THAT(Keys(request), ElementsAre("a/b", "a/b-", "a/c"));
  request.prefix = "a-";
  EXPECT_THAT(Keys(request), ElementsAre("a-b"));
}

TEST_P(ListingContract, PrefixWithoutKeysIsAnEmptyListing) {
  PutNeighbours();
  ListRequest request;
  for (const char* prefix : {"c", "a/d", "a/b/", "c/d/e"}) {
    request.prefix = prefix;
    EXPECT_THAT(Keys(request), IsEmpty()) << prefix;
  }
}

TEST_P(ListingContract, PrefixAndStartAfterNarrowTogether) {
  PutNeighbours();
  ListRequest request;
  request.prefix = "a/";
  request.start_after = "a/b";
  EXPECT_THAT(Keys(request), ElementsAre("a/b-", "a/c"));
}

TEST_P(ListingContract, DelimiterGathersFolders) {
  PutNeighbours();
  Put("d/e/f", "x");
  ListRequest request;
  request.delimiter = "/";
  Listing listing = ListAll(request);
  EXPECT_THAT(listing.prefixes, ElementsAre("a/", "d/"));
  EXPECT_EQ(std::ranges::count(listing.keys, "a/b"), 0);
  request.prefix = "d/";
  listing = ListAll(request);
  EXPECT_THAT(listing.prefixes, ElementsAre("d/e/"));
  EXPECT_THAT(listing.keys, IsEmpty());
}

TEST_P(ListingContract, DelimiterWithSmallPagesGivesEachFolderOnce) {
  for (const char* key : {"a/1", "a/2", "b", "c/1", "c/2/3", "d"}) Put(key, "x");
  for (const std::uint32_t keys_max : {1U, 2U, 3U}) {
    ListRequest request;
    request.delimiter = "/";
    request.keys_max = keys_max;
    const Listing listing = ListAll(request);
    EXPECT_THAT(listing.prefixes, ElementsAre("a/", "c/")) << keys_max;
    EXPECT_THAT(listing.keys, ElementsAre("b", "d")) << keys_max;
  }
}

TEST_P(ListingContract, EmptiedFolderIsListedOnlyWhereFoldersExist) {
  Put("a/b", "x");
  ASSERT_TRUE(Delete("a/b").ok());
  EXPECT_THAT(Keys(), IsEmpty());
  ListRequest request;
  request.delimiter = "/";
  EXPECT_EQ(ListAll(request).prefixes.size(),
            Differs(Difference::kEmptyFoldersAreListed) ? 1u : 0u);
}

TEST_P(ListingContract, EntriesTellWhatHeadTells) {
  const PutReceipt receipt = Put("a/b", "twelve bytes");
  const Listing listing = ListAll();
  ASSERT_EQ(listing.entries.size(), 1u);
  const ObjectEntry& entry = listing.entries.front();
  const Result<ObjectMeta> meta = store().Head(context(), "a/b");
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(entry.type, EntryType::kObject);
  EXPECT_EQ(entry.size_bytes, 12u);
  EXPECT_EQ(entry.version, receipt.version);
  EXPECT_EQ(meta->entry.version, receipt.version);
  EXPECT_EQ(meta->entry.size_bytes, 12u);
  EXPECT_TRUE(PreciseTime::Same(entry.modified, meta->entry.modified));
}

TEST_P(ListingContract, KeysOfEveryByteClassComeBackUnchanged) {
  std::vector<std::string> keys{"space in it",
                                " lead",
                                "plus+plus",
                                "percent%",
                                "escaped%2Fslash",
                                "%41",
                                "quote\"'",
                                "hash#",
                                "question?x=1&y",
                                "semi;colon",
                                "amp&<>",
                                "new\nline",
                                "tab\ttab",
                                "back\\slash",
                                "star*[x]{y}",
                                "tilde~",
                                "caf\xC3\xA9",
                                "cafe\xCC\x81",
                                "\xF0\x9F\x90\xA6/bird",
                                "\xEF\xBC\xA1",
                                "\xEF\xBF\xBD",
                                "a..b",
                                "..a",
                                "a./b.",
                                "...",
                                "dir/.hidden",
                                "=",
                                "@:,$",
                                "control\x01"
                                "x",
                                "del\x7F"};
  if (Differs(Difference::kDotsAndLinesAreRefused)) std::erase(keys, "new\nline");
  std::erase_if(keys, [this](const std::string& key) {
    if (!KeyProblem(can(), key).has_value()) return false;
    const Status refused = TryPut(key, "x").status();
    EXPECT_TRUE(refused.Is(ErrorKind::kInvalidArgument)) << refused;
    return true;
  });
  for (const std::string& key : keys) Put(key, key);
  std::ranges::sort(keys, [this](const std::string& a, const std::string& b) {
    return ListedBefore(can().order, a, b);
  });
  EXPECT_THAT(Keys(), ElementsAreArray(keys));
  ListRequest request;
  request.keys_max = 1;  // Each key stands in a page token once.
  EXPECT_THAT(Keys(request), ElementsAreArray(keys));
  for (const std::string& key : keys) EXPECT_EQ(Get(key), key);
}

TEST_P(ListingContract, KeysThatAreNoPathsAreKeptOrRefused) {
  std::vector<std::string> keys{"a//b", "./c", "a/./b", "a/../b", "../x", "..", "."};
  if (!Differs(Difference::kLeadingSlashIsDropped)) keys.push_back("/lead");
  if (Differs(Difference::kDotsAndLinesAreRefused)) {
    for (const char* key : {".", "..", "a\nb", "a\rb"}) {
      const Result<PutReceipt> receipt = TryPut(key, "x");
      ASSERT_FALSE(receipt.ok()) << key;
      EXPECT_EQ(receipt.status().kind(), ErrorKind::kInvalidArgument) << receipt.status();
    }
    std::erase(keys, ".");
    std::erase(keys, "..");
  }
  std::size_t kept = 0;
  for (const std::string& key : keys) {
    const Result<PutReceipt> receipt = TryPut(key, "x");
    if (Differs(Difference::kKeysArePaths) || KeyProblem(can(), key).has_value()) {
      ASSERT_FALSE(receipt.ok()) << key;
      EXPECT_EQ(receipt.status().kind(), ErrorKind::kInvalidArgument) << receipt.status();
    } else {
      EXPECT_TRUE(receipt.ok()) << receipt.status();
      EXPECT_EQ(Get(key), "x");
      ++kept;
    }
  }
  EXPECT_EQ(Keys().size(), kept);
}

TEST_P(ListingContract, LongestKeyIsTakenAndALongerOneRefused) {
  std::string key;
  while (key.size() + 200 < can().key_bytes_max) key += std::string(199, 'k') + '/';
  key += std::string(can().key_bytes_max - key.size(), 'z');
  Put(key, "long");
  EXPECT_EQ(Get(key), "long");
  EXPECT_THAT(Keys(), ElementsAre(key));
  const Result<PutReceipt> longer = TryPut(key + "z", "x");
  ASSERT_FALSE(longer.ok());
  EXPECT_EQ(longer.status().kind(), ErrorKind::kInvalidArgument) << longer.status();
}

TEST_P(ListingContract, ObjectAndFolderOfOneNameExistOrBlock) {
  Put("a", "file");
  const Result<PutReceipt> child = TryPut("a/b", "child");
  if (Differs(Difference::kFileIsNoFolder) && can().is_local) {
    ASSERT_FALSE(child.ok());
    EXPECT_EQ(child.status().kind(), ErrorKind::kBlocked) << child.status();
    EXPECT_THAT(Keys(), ElementsAre("a"));
  } else if (Differs(Difference::kFileIsNoFolder)) {
    EXPECT_THAT(Keys(), ElementsAre("a"));  // Both are there, one is hidden.
  } else {
    EXPECT_THAT(Keys(), ElementsAre("a", "a/b"));
  }
  EXPECT_EQ(Get("a"), "file");
}

TEST_P(ListingContract, FolderMarkerIsAnEmptyObjectOrAFolder) {
  Put("dir/", "");
  const Result<ObjectMeta> meta = store().Head(context(), "dir/");
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(meta->entry.type, can().is_local ? EntryType::kFolder : EntryType::kObject);
  EXPECT_EQ(meta->entry.size_bytes, 0u);
  EXPECT_EQ(Get("dir/"), "");
  ListRequest request;
  request.include_folders = true;
  EXPECT_THAT(Keys(request), ElementsAre("dir/"));
  EXPECT_TRUE(Delete("dir/").ok());
  EXPECT_FALSE(Exists("dir/"));
}

GODWIT_CONTRACT_SUITE(ListingContract);

}  // namespace
}  // namespace godwit
