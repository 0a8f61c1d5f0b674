#include "lib/store/ordered_store.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/random.h"
#include "lib/policy/permit_issuer.h"
#include "lib/store/listing_order.h"
#include "lib/store/memory/memory_store.h"
#include "tests/contract/fault_store.h"

namespace godwit {
namespace {

using testing::ElementsAre;

constexpr ListingOrder kOrders[] = {ListingOrder::kUtf16Units, ListingOrder::kSlashFirst,
                                    ListingOrder::kNone};

MemoryOptions InOrder(ListingOrder order, std::uint32_t page_keys_max = 1000) {
  MemoryOptions options = MemoryOptions::Capable();
  options.capabilities.order = order;
  options.capabilities.page_keys_max = page_keys_max;
  return options;
}

void Fill(ObjectStore& store, const std::set<std::string>& keys) {
  for (const std::string& key : keys) {
    MemorySource body({});
    const Result<PutReceipt> put = store.Put({}, PermitIssuer().Judge(key), key, {}, body);
    ASSERT_TRUE(put.ok()) << put.status();
  }
}

// Few different characters, so that keys share beginnings: neighbours of '/', and of both borders
// of the characters that UTF-16 order displaces.
std::string RandomKey(Random& random) {
  static const std::vector<std::string> kParts{"/",
                                               "/",
                                               "-",
                                               ".",
                                               "0",
                                               "a",
                                               "!",
                                               "\x01",
                                               "\xED\x9F\xBF",
                                               "\xEE\x80\x80",
                                               "\xEF\xBD\x9E",
                                               "\xEF\xBF\xBD",
                                               "\xF0\x90\x80\x80",
                                               "\xF0\x9F\x98\x80",
                                               "\xF4\x8F\xBF\xBF"};
  std::string key;
  const std::uint64_t count = 1 + random.Below(6);
  for (std::uint64_t i = 0; i < count; ++i) key += kParts[random.Below(kParts.size())];
  return key;
}

std::set<std::string> RandomKeys(Random& random, std::uint64_t count) {
  std::set<std::string> keys;
  for (std::uint64_t i = 0; i < count; ++i) keys.insert(RandomKey(random));
  return keys;
}

struct Listed {
  std::vector<std::string> keys;
  std::vector<std::string> prefixes;
  Status status;
  int pages = 0;
};

// All pages, as the engine asks for them: `start_after` only with the first.
Listed ListAll(ObjectStore& store, ListRequest request) {
  Listed listed;
  for (; listed.pages < 2'000; ++listed.pages) {
    Result<ListPage> page = store.List({}, request);
    listed.status = page.status();
    if (!page.ok()) return listed;
    for (const ObjectEntry& entry : page->entries) listed.keys.push_back(entry.key);
    for (const std::string& prefix : page->common_prefixes) listed.prefixes.push_back(prefix);
    if (page->next_page_token.empty()) return listed;
    EXPECT_NE(page->next_page_token, request.page_token);
    request.page_token = page->next_page_token;
    request.start_after.clear();
  }
  ADD_FAILURE() << "the listing does not end";
  return listed;
}

// What a sort of the whole says.
Listed Expected(const std::set<std::string>& keys, const ListRequest& request) {
  Listed expected;
  std::set<std::string> prefixes;
  for (const std::string& key : keys) {
    const bool asked = key.starts_with(request.prefix) && key > request.start_after &&
                       (request.end_before.empty() || key < request.end_before);
    if (!asked) continue;
    const std::size_t at = request.delimiter.empty()
                               ? std::string::npos
                               : key.find(request.delimiter, request.prefix.size());
    if (at == std::string::npos) {
      expected.keys.push_back(key);
    } else {
      prefixes.insert(key.substr(0, at + 1));
    }
  }
  expected.prefixes.assign(prefixes.begin(), prefixes.end());
  return expected;
}

TEST(OrderedStore, RandomRangesAreASortOfTheWhole) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int round = 0; round < 200; ++round) {
    const ListingOrder order = kOrders[random.Below(3)];
    MemoryStore memory(InOrder(order, 1 + static_cast<std::uint32_t>(random.Below(40))));
    const std::set<std::string> keys = RandomKeys(random, random.Below(150));
    Fill(memory, keys);
    OrderedStore store(memory, {.held_max = 1 + random.Below(20),
                                .pages_max = 1 + static_cast<std::uint32_t>(random.Below(4))});
    ListRequest request;
    if (random.Chance(0.5)) request.prefix = RandomKey(random).substr(0, 1);
    if (request.prefix > "\x7F") request.prefix.clear();
    if (random.Chance(0.5)) request.start_after = RandomKey(random);
    if (random.Chance(0.3)) request.end_before = RandomKey(random);
    request.keys_max = static_cast<std::uint32_t>(random.Below(12));
    SCOPED_TRACE(testing::Message() << "round " << round << " order " << static_cast<int>(order)
                                    << " after '" << request.start_after << "'");
    const Listed listed = ListAll(store, request);
    ASSERT_TRUE(listed.status.ok()) << listed.status;
    ASSERT_EQ(listed.keys, Expected(keys, request).keys);
  }
}

TEST(OrderedStore, RandomLevelsHaveEachKeyAndFolderOnceInByteOrder) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int round = 0; round < 100; ++round) {
    const ListingOrder order = kOrders[random.Below(3)];
    MemoryStore memory(InOrder(order, 7));
    const std::set<std::string> keys = RandomKeys(random, random.Below(100));
    Fill(memory, keys);
    OrderedStore store(memory, {.held_max = 5});
    ListRequest request;
    request.delimiter = "/";
    request.keys_max = 1 + static_cast<std::uint32_t>(random.Below(5));
    const Listed listed = ListAll(store, request);
    ASSERT_TRUE(listed.status.ok()) << listed.status;
    const Listed expected = Expected(keys, request);
    ASSERT_EQ(listed.keys, expected.keys);
    ASSERT_EQ(listed.prefixes, expected.prefixes);
  }
}

TEST(OrderedStore, SiblingsThatSortBeforeTheSlashComeBeforeTheFolder) {
  MemoryStore memory(InOrder(ListingOrder::kSlashFirst));
  Fill(memory, {"A", "A/x", "A-B", "A-B/y", "A0"});
  EXPECT_THAT(ListAll(memory, {}).keys, ElementsAre("A", "A/x", "A-B", "A-B/y", "A0"));
  OrderedStore store(memory);
  EXPECT_THAT(ListAll(store, {}).keys, ElementsAre("A", "A-B", "A-B/y", "A/x", "A0"));
  EXPECT_EQ(store.Describe().order, ListingOrder::kUtf8Bytes);
}

TEST(OrderedStore, CharactersAboveUFFFFComeBehindTheOthers) {
  MemoryStore memory(InOrder(ListingOrder::kUtf16Units));
  Fill(memory, {"\xF0\x9F\x98\x80", "\xEF\xBD\x9E", "z"});
  EXPECT_THAT(ListAll(memory, {}).keys, ElementsAre("z", "\xF0\x9F\x98\x80", "\xEF\xBD\x9E"));
  OrderedStore store(memory);
  EXPECT_THAT(ListAll(store, {}).keys, ElementsAre("z", "\xEF\xBD\x9E", "\xF0\x9F\x98\x80"));
}

TEST(OrderedStore, EntriesSurviveBeingSpilled) {
  MemoryStore memory(InOrder(ListingOrder::kNone));
  Fill(memory, {std::string("nul\0in it", 9), "a", std::string(1000, 'k')});
  OrderedStore store(memory, {.held_max = 1});
  std::map<std::string, ObjectEntry> direct;
  const Result<ListPage> inner = memory.List({}, {});
  ASSERT_TRUE(inner.ok());
  for (const ObjectEntry& entry : inner->entries) direct[entry.key] = entry;
  const Result<ListPage> page = store.List({}, {});
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->entries.size(), 3u);
  for (const ObjectEntry& entry : page->entries) EXPECT_EQ(entry, direct[entry.key]);
}

TEST(OrderedStore, MissingSpillFolderFailsTheListing) {
  MemoryStore memory(InOrder(ListingOrder::kNone));
  Fill(memory, {"a", "b", "c"});
  OrderedStore store(memory, {.held_max = 1, .spill_folder = "/nonexistent/folder"});
  EXPECT_TRUE(ListAll(store, {}).status.Is(ErrorKind::kNotFound) ||
              ListAll(store, {}).status.Is(ErrorKind::kLocalIo));
}

TEST(OrderedStore, StoreThatBreaksItsDeclaredOrderFailsTheListing) {
  for (const ListingOrder order : {ListingOrder::kUtf16Units, ListingOrder::kSlashFirst}) {
    MemoryStore memory(InOrder(ListingOrder::kUtf8Bytes, 2));
    Fill(memory, {"A", "A-B", "A/x", "\xEF\xBD\x9E", "\xF0\x9F\x98\x80"});
    FaultStore liar(memory);
    liar.ClaimOrder(order);
    OrderedStore store(liar);
    const Listed listed = ListAll(store, {});
    EXPECT_TRUE(listed.status.Is(ErrorKind::kCorrupted)) << listed.status;
  }
}

TEST(OrderedStore, RepeatedTokenFailsTheListing) {
  MemoryStore memory(InOrder(ListingOrder::kUtf16Units));
  FaultStore liar(memory);
  liar.RepeatToken("again");
  OrderedStore store(liar);
  const Listed listed = ListAll(store, {});
  EXPECT_TRUE(listed.status.Is(ErrorKind::kCorrupted)) << listed.status;
}

TEST(OrderedStore, FailedPageGoesOnWhereItWas) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  MemoryStore memory(InOrder(ListingOrder::kSlashFirst, 3));
  const std::set<std::string> keys = RandomKeys(random, 200);
  Fill(memory, keys);
  FaultStore faults(memory);
  faults.FailEverySecond();
  OrderedStore store(faults, {.held_max = 4});
  std::vector<std::string> listed;
  ListRequest request;
  for (int call = 0; call < 2'000; ++call) {
    const Result<ListPage> page = store.List({}, request);
    if (!page.ok()) {
      ASSERT_TRUE(page.status().Is(ErrorKind::kUnavailable)) << page.status();
      continue;
    }
    for (const ObjectEntry& entry : page->entries) listed.push_back(entry.key);
    if (page->next_page_token.empty()) break;
    request.page_token = page->next_page_token;
  }
  EXPECT_EQ(listed, std::vector<std::string>(keys.begin(), keys.end()));
}

TEST(OrderedStore, ListingWhoseCursorIsGoneBeginsAnewBehindItsLastKey) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const ListingOrder order : kOrders) {
    MemoryStore memory(InOrder(order, 5));
    const std::set<std::string> keys = RandomKeys(random, 100);
    Fill(memory, keys);
    std::vector<std::string> listed;
    ListRequest request;
    for (int call = 0; call < 2'000; ++call) {
      OrderedStore store(memory, {.held_max = 4, .pages_max = 100});
      request.keys_max = 11 + static_cast<std::uint32_t>(random.Below(9));
      const Result<ListPage> page = store.List({}, request);
      ASSERT_TRUE(page.ok()) << page.status();
      for (const ObjectEntry& entry : page->entries) listed.push_back(entry.key);
      if (page->next_page_token.empty()) break;
      request.page_token = page->next_page_token;
    }
    EXPECT_EQ(listed, std::vector<std::string>(keys.begin(), keys.end()));
  }
}

TEST(OrderedStore, ForeignTokenIsRefused) {
  MemoryStore memory(InOrder(ListingOrder::kUtf16Units));
  OrderedStore store(memory);
  ListRequest request;
  request.page_token = "what";
  EXPECT_TRUE(store.List({}, request).status().Is(ErrorKind::kInvalidArgument));
}

TEST(OrderedStore, ByteOrderIsPassedThrough) {
  MemoryStore memory(InOrder(ListingOrder::kUtf8Bytes));
  Fill(memory, {"a", "b"});
  OrderedStore store(memory);
  ListRequest request;
  request.keys_max = 1;
  const Result<ListPage> inner = memory.List({}, request);
  const Result<ListPage> page = store.List({}, request);
  ASSERT_TRUE(inner.ok() && page.ok());
  EXPECT_EQ(page->next_page_token, inner->next_page_token);
  EXPECT_EQ(&store.Describe(), &memory.Describe());
}

}  // namespace
}  // namespace godwit
