#include "lib/plan/filter.h"

#include <gtest/gtest.h>

#include <string>

#include "lib/base/random.h"

namespace godwit {
namespace {

// A filter from rules like "+*.txt" and "-tmp/".
KeyFilter Filter(const std::vector<std::string>& rules) {
  KeyFilter filter;
  for (const std::string& rule : rules) {
    const Status status = filter.Add(rule[0] == '+', rule.substr(1));
    EXPECT_TRUE(status.ok()) << status;
  }
  return filter;
}

bool PatternMatches(const std::string& pattern, const std::string& key) {
  return Filter({"+" + pattern}).Includes(key);
}

struct MatchCase {
  std::string pattern;
  std::string key;
  bool matches;
};

TEST(KeyFilter, PatternsFollowTheManual) {
  const MatchCase cases[] = {
      // Without a slash: the last component.
      {"*.txt", "a.txt", true},
      {"*.txt", "d/e/a.txt", true},
      {"*.txt", "a.txt/b", false},
      {"a", "b/a", true},
      {"a", "a/b", false},
      {"d", "d/", true},
      {"*", "", true},
      // With one: the whole key.
      {"d/*.txt", "d/a.txt", true},
      {"d/*.txt", "x/d/a.txt", false},
      {"d/*.txt", "d/e/a.txt", false},
      {"d/?", "d/x", true},
      {"d/?", "d//", false},
      {"d/?", "d/\xC3\xA9", true},
      {"d/?", "d/\xFF", true},
      {"d/?", "d/", false},
      // Double stars.
      {"d/**", "d/e/f", true},
      {"d/**", "d/", true},
      {"d/**", "d", false},
      {"**/x", "x", true},
      {"**/x", "a/b/x", true},
      {"**/x", "ax", false},
      {"**/x", "a/bx", false},
      {"a/**/b", "a/b", true},
      {"a/**/b", "a/x/y/b", true},
      {"a/**/b", "a/xb", false},
      {"a/**/b", "ab", false},
      {"a**/b", "ax/y/b", true},
      {"a**/b", "a/b", true},
      {"a**/b", "ab", false},
      {"d/**.gz", "d/e/f.gz", true},
      {"d/***", "d/e/f", true},
      // Anchors and folders.
      {"/a", "a", true},
      {"/a", "d/a", false},
      {"/*.txt", "d/a.txt", false},
      {"logs/", "logs/a/b", true},
      {"logs/", "logs/", true},
      {"logs/", "logs", false},
      {"logs/", "d/logs/a", false},
      {"/", "a/b", true},
      {"**/logs/", "d/logs/a", true},
      // Classes.
      {"[a-c]x", "bx", true},
      {"[a-c]x", "dx", false},
      {"[!a-c]x", "dx", true},
      {"[^a-c]x", "bx", false},
      {"[]]", "]", true},
      {"[]-]", "-", true},
      {"[a-]", "-", true},
      {"[\\]x]", "]", true},
      {"d/[!a]", "d//", false},
      {"[\xC3\xA0-\xC3\xBF]", "\xC3\xA9", true},
      {"[\xC3\xA0-\xC3\xBF]", "e", false},
      // Escapes.
      {"\\*", "*", true},
      {"\\*", "x", false},
      {"a\\[b", "a[b", true},
      {"a\\\\b", "a\\b", true},
      {"a\\/b", "a/b", true},
      // Case matters, and bytes are bytes.
      {"A", "a", false},
      {"e\xCC\x81", "\xC3\xA9", false},
      {std::string("a\0b", 3), std::string("a\0b", 3), true},
  };
  for (const MatchCase& c : cases) {
    EXPECT_EQ(PatternMatches(c.pattern, c.key), c.matches)
        << "pattern " << c.pattern << " key " << c.key;
  }
}

TEST(KeyFilter, LastMatchWins) {
  const KeyFilter filter = Filter({"-*.tmp", "+keep.tmp", "-d/keep.tmp"});
  EXPECT_FALSE(filter.Includes("a.tmp"));
  EXPECT_TRUE(filter.Includes("keep.tmp"));
  EXPECT_TRUE(filter.Includes("e/keep.tmp"));
  EXPECT_FALSE(filter.Includes("d/keep.tmp"));
}

TEST(KeyFilter, UnmatchedKeysAreOutOnlyWithOnlyIncludes) {
  EXPECT_TRUE(KeyFilter().Includes("x"));
  EXPECT_FALSE(Filter({"+*.txt"}).Includes("x"));
  EXPECT_TRUE(Filter({"-*.txt"}).Includes("x"));
  EXPECT_TRUE(Filter({"+*.txt", "-*.gz"}).Includes("x"));
}

struct BadPattern {
  std::string pattern;
  std::string message;
};

TEST(KeyFilter, RefusesPatternsThatCannotBeRight) {
  const BadPattern cases[] = {
      {"", "pattern '' is empty"},
      {"[a-", "pattern '[a-' has a '[' without its ']'"},
      {"[", "pattern '[' has a '[' without its ']'"},
      {"[]", "pattern '[]' has a '[' without its ']'"},
      {"[!]", "pattern '[!]' has a '[' without its ']'"},
      {"[a\\", "pattern '[a\\' has a '[' without its ']'"},
      {"a\\", "pattern 'a\\' ends with a lone '\\'"},
      {"[z-a]", "pattern '[z-a]' has a range that runs backwards"},
      {"[a/b]", "pattern '[a/b]' has a '/' between '[' and ']', where it cannot match"},
  };
  for (const BadPattern& c : cases) {
    KeyFilter filter;
    const Status status = filter.Add(true, c.pattern);
    EXPECT_TRUE(status.Is(ErrorKind::kInvalidArgument)) << c.pattern;
    EXPECT_EQ(status.message(), c.message);
  }
}

TEST(KeyFilter, ReadsAFilterFile) {
  KeyFilter filter;
  ASSERT_TRUE(filter.AddFile("# first\r\n\n- *.tmp\r\n+ keep.tmp\n- # odd").ok());
  EXPECT_FALSE(filter.Includes("a.tmp"));
  EXPECT_TRUE(filter.Includes("keep.tmp"));
  EXPECT_FALSE(filter.Includes("# odd"));
}

TEST(KeyFilter, NamesTheBadLineOfAFilterFile) {
  KeyFilter filter;
  EXPECT_EQ(filter.AddFile("+ a\n*.txt\n").message(),
            "filter file, line 2: expected '+ PATTERN', '- PATTERN' or '# comment', not '*.txt'");
  EXPECT_EQ(filter.AddFile("\n\n- [a").message(),
            "filter file, line 3: pattern '[a' has a '[' without its ']'");
}

TEST(KeyFilter, RestrictsToNamedKeys) {
  KeyFilter filter;
  EXPECT_EQ(filter.restricted_keys(), nullptr);
  filter.RestrictTo({"b", "a", "b"});
  ASSERT_NE(filter.restricted_keys(), nullptr);
  EXPECT_EQ(*filter.restricted_keys(), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(filter.Includes("a"));
  EXPECT_FALSE(filter.Includes("c"));
  ASSERT_TRUE(filter.Add(false, "a").ok());
  EXPECT_FALSE(filter.Includes("a"));
  EXPECT_TRUE(filter.Includes("b"));
}

TEST(SourceLimits, AreInclusive) {
  const auto at = [](std::int64_t s) { return Timestamp(std::chrono::seconds(s)); };
  const SourceLimits limits{10, 20, at(100), at(200)};
  const auto allows = [&](std::uint64_t size, std::int64_t seconds) {
    ObjectEntry entry;
    entry.size_bytes = size;
    entry.modified.time = at(seconds);
    return limits.Allows(entry);
  };
  EXPECT_TRUE(allows(10, 100));
  EXPECT_TRUE(allows(20, 200));
  EXPECT_FALSE(allows(9, 150));
  EXPECT_FALSE(allows(21, 150));
  EXPECT_FALSE(allows(15, 99));
  EXPECT_FALSE(allows(15, 201));
  EXPECT_TRUE(SourceLimits().Allows(ObjectEntry()));
}

}  // namespace
}  // namespace godwit
