#include "lib/plan/merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "lib/base/random.h"

namespace godwit {
namespace {

std::vector<ObjectEntry> Entries(const std::vector<std::string>& keys) {
  std::vector<ObjectEntry> entries;
  for (const std::string& key : keys) entries.emplace_back().key = key;
  return entries;
}

std::vector<StateRow> Rows(const std::vector<std::string>& keys) {
  std::vector<StateRow> rows;
  for (const std::string& key : keys) rows.emplace_back().key = key;
  return rows;
}

// "key:st" for a key at source and target, "r" for a row of the state.
std::string Drain(ThreeWayMerge& merge) {
  std::string text;
  while (std::optional<MergeItem> item = merge.Next()) {
    if (!text.empty()) text += ' ';
    text += item->key + ':' + (item->source ? "s" : "") + (item->target ? "t" : "") +
            (item->state ? "r" : "");
  }
  return text;
}

TEST(ThreeWayMerge, JoinsTheThreeStreamsByKey) {
  ThreeWayMerge merge;
  ASSERT_TRUE(merge.OfferListing(MergeStream::kSource, Entries({"a", "c", "d"}), true).ok());
  ASSERT_TRUE(merge.OfferListing(MergeStream::kTarget, Entries({"b", "c"}), true).ok());
  ASSERT_TRUE(merge.OfferState(Rows({"c", "e"}), true).ok());
  EXPECT_EQ(Drain(merge), "a:s b:t c:str d:s e:r");
  EXPECT_TRUE(merge.done());
}

TEST(ThreeWayMerge, EntriesKeepTheirOwnKeys) {
  ThreeWayMerge merge;
  ASSERT_TRUE(merge.OfferListing(MergeStream::kSource, Entries({"a"}), true).ok());
  ASSERT_TRUE(merge.OfferListing(MergeStream::kTarget, Entries({"a"}), true).ok());
  ASSERT_TRUE(merge.OfferState(Rows({"a"}), true).ok());
  const std::optional<MergeItem> item = merge.Next();
  ASSERT_TRUE(item && item->source && item->target && item->state);
  EXPECT_EQ(item->source->key, "a");
  EXPECT_EQ(item->target->key, "a");
  EXPECT_EQ(item->state->key, "a");
}

// I6: a key is taken only when no stream can still bring an earlier one.
TEST(ThreeWayMerge, WaitsForEveryStreamThatMayHoldAnEarlierKeyI6) {
  ThreeWayMerge merge;
  ASSERT_TRUE(merge.OfferListing(MergeStream::kSource, Entries({"b"}), false).ok());
  ASSERT_TRUE(merge.OfferState({}, true).ok());
  EXPECT_FALSE(merge.Needs(MergeStream::kSource));
  EXPECT_TRUE(merge.Needs(MergeStream::kTarget));
  EXPECT_EQ(Drain(merge), "");
  ASSERT_TRUE(merge.OfferListing(MergeStream::kTarget, Entries({"a", "b", "z"}), false).ok());
  EXPECT_EQ(Drain(merge), "a:t b:st");
  EXPECT_TRUE(merge.Needs(MergeStream::kSource));
  EXPECT_FALSE(merge.done());
  ASSERT_TRUE(merge.OfferListing(MergeStream::kSource, {}, true).ok());
  EXPECT_EQ(Drain(merge), "z:t");
  EXPECT_FALSE(merge.done());
  ASSERT_TRUE(merge.OfferListing(MergeStream::kTarget, {}, true).ok());
  EXPECT_TRUE(merge.done());
}

TEST(ThreeWayMerge, AnEmptyPageIsNoEnd) {
  ThreeWayMerge merge;
  ASSERT_TRUE(merge.OfferListing(MergeStream::kSource, {}, false).ok());
  EXPECT_TRUE(merge.Needs(MergeStream::kSource));
}

TEST(ThreeWayMerge, TheKeyOfThePrefixItselfIsAKey) {
  ThreeWayMerge merge;
  ASSERT_TRUE(merge.OfferListing(MergeStream::kSource, Entries({"", "a"}), true).ok());
  ASSERT_TRUE(merge.OfferListing(MergeStream::kTarget, {}, true).ok());
  ASSERT_TRUE(merge.OfferState({}, true).ok());
  EXPECT_EQ(Drain(merge), ":s a:s");
}

// I24: keys strictly increase within a page and from page to page.
TEST(ThreeWayMerge, RefusesKeysThatDoNotIncreaseI24) {
  const std::vector<std::vector<std::string>> bad = {{"b", "a"}, {"a", "a"}, {"c", "d", "cz"}};
  for (const std::vector<std::string>& keys : bad) {
    ThreeWayMerge merge;
    const Status status = merge.OfferListing(MergeStream::kSource, Entries(keys), true);
    EXPECT_TRUE(status.Is(ErrorKind::kCorrupted));
    EXPECT_TRUE(merge.Needs(MergeStream::kSource)) << "took a part of the page";
  }
  ThreeWayMerge merge;
  ASSERT_TRUE(merge.OfferListing(MergeStream::kTarget, Entries({"m"}), false).ok());
  const Status status = merge.OfferListing(MergeStream::kTarget, Entries({"m"}), true);
  EXPECT_EQ(status.message(), "keys do not increase: 'm' came after 'm'");
  EXPECT_TRUE(merge.OfferState(Rows({"b", "a"}), true).Is(ErrorKind::kCorrupted));
}

TEST(ThreeWayMerge, OrderIsCheckedAcrossReservedKeysAndEmptyPages) {
  ThreeWayMerge merge;
  ASSERT_TRUE(merge.OfferListing(MergeStream::kSource, Entries({".godwit-x"}), false).ok());
  ASSERT_TRUE(merge.OfferListing(MergeStream::kSource, {}, false).ok());
  EXPECT_FALSE(merge.OfferListing(MergeStream::kSource, Entries({".a"}), true).ok());
}

TEST(ThreeWayMerge, OrderIsByUnsignedBytes) {
  ThreeWayMerge merge;
  EXPECT_TRUE(
      merge.OfferListing(MergeStream::kSource, Entries({"a", "\x7F", "\x80", "\xFF"}), true).ok());
}

TEST(ThreeWayMerge, APageAfterTheEndIsRefused) {
  ThreeWayMerge merge;
  ASSERT_TRUE(merge.OfferListing(MergeStream::kSource, {}, true).ok());
  EXPECT_TRUE(merge.OfferListing(MergeStream::kSource, {}, true).Is(ErrorKind::kInternal));
  ASSERT_TRUE(merge.OfferState({}, true).ok());
  EXPECT_TRUE(merge.OfferState({}, true).Is(ErrorKind::kInternal));
}

TEST(ReservedKeys, AreOursWhereverTheyStand) {
  for (const char* key :
       {".godwit", ".godwit-1", "a/.godwit", "a/.godwit/b", ".godwit/x", "a/.godwit-tmp",
        "a/b/.godwit-1-2", ".godwit-dir/file", ".godwitx/.godwit"}) {
    EXPECT_TRUE(IsReservedKey(key)) << key;
  }
  for (const char* key : {"", "godwit", "x.godwit", "a.godwit-1", ".godwitx", "a/.godwitx/b",
                          "a/b.godwit/c", ".godwi", ".GODWIT"}) {
    EXPECT_FALSE(IsReservedKey(key)) << key;
  }
}

// ---- properties ----

// Keys whose neighbours differ in bytes around '/'.
std::string RandomKey(Random& random) {
  static constexpr std::string_view kBytes("\0!-./0a\x7F\x80\xFF", 10);
  std::string key;
  for (std::uint64_t n = random.Below(6); n > 0; --n) key += kBytes[random.Below(kBytes.size())];
  return key;
}

std::set<std::string> RandomKeys(Random& random) {
  std::set<std::string> keys;
  for (std::uint64_t n = random.Below(40); n > 0; --n) keys.insert(RandomKey(random));
  return keys;
}

// One stream, offered page by page.
struct Feed {
  std::vector<std::string> keys;
  std::size_t next = 0;
  bool ended = false;

  std::vector<std::string> Page(Random& random) {
    const std::size_t count = std::min<std::size_t>(random.Below(5), keys.size() - next);
    std::vector<std::string> page(keys.begin() + static_cast<std::ptrdiff_t>(next),
                                  keys.begin() + static_cast<std::ptrdiff_t>(next + count));
    next += count;
    ended = next == keys.size() && random.Chance(0.7);
    return page;
  }
};

TEST(MergeProperty, EqualsAMapI6) {
  const std::uint64_t seed = RandomSeed();
  for (std::uint64_t round = 0; round < 2'000; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed + round));
    Random random(seed + round);
    std::map<std::string, int> model;
    std::array<Feed, 3> feeds;
    for (int i = 0; i < 3; ++i) {
      for (const std::string& key : RandomKeys(random)) {
        feeds[static_cast<std::size_t>(i)].keys.push_back(key);
        model[key] |= 1 << i;
      }
    }
    ThreeWayMerge merge;
    std::vector<std::pair<std::string, int>> merged;
    while (!merge.done()) {
      if (const std::optional<MergeItem> item = merge.Next()) {
        merged.emplace_back(
            item->key, (item->source ? 1 : 0) | (item->target ? 2 : 0) | (item->state ? 4 : 0));
        continue;
      }
      for (std::size_t i = 0; i < 3; ++i) {
        const auto stream = static_cast<MergeStream>(i);
        // Pages may also come before they are needed.
        if (feeds[i].ended || (!merge.Needs(stream) && random.Chance(0.8))) continue;
        const std::vector<std::string> page = feeds[i].Page(random);
        const Status status = stream == MergeStream::kState
                                  ? merge.OfferState(Rows(page), feeds[i].ended)
                                  : merge.OfferListing(stream, Entries(page), feeds[i].ended);
        ASSERT_TRUE(status.ok()) << status;
      }
    }
    const std::vector<std::pair<std::string, int>> expected(model.begin(), model.end());
    ASSERT_EQ(merged, expected);
  }
}

}  // namespace
}  // namespace godwit
