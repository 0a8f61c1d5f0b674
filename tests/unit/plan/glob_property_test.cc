// The matcher against a naive one that tries everything, and against patterns that blow up naive
// matchers.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "lib/base/random.h"
#include "lib/plan/filter.h"
#include "lib/plan/glob.h"

namespace godwit {
namespace {

// Takes the pattern from the front and tries every way to go on. Single bytes only.
bool Naive(std::string_view pattern, std::string_view text, bool at_folder = true) {
  if (pattern.empty()) return text.empty();
  const auto rest_after_one = [&](std::string_view rest_pattern, bool folder) {
    return Naive(rest_pattern, text.substr(1), folder);
  };
  if (pattern.starts_with("**")) {
    const std::string_view rest = pattern.substr(2);
    if (at_folder && rest.starts_with('/')) {
      if (Naive(rest.substr(1), text, true)) return true;
      for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '/' && Naive(rest.substr(1), text.substr(i + 1), true)) return true;
      }
      return false;
    }
    for (std::size_t i = 0; i <= text.size(); ++i) {
      if (Naive(rest, text.substr(i), false)) return true;
    }
    return false;
  }
  if (pattern[0] == '*') {
    if (Naive(pattern.substr(1), text, false)) return true;
    return !text.empty() && text[0] != '/' && Naive(pattern, text.substr(1), at_folder);
  }
  if (text.empty()) return false;
  if (pattern[0] == '?') return text[0] != '/' && rest_after_one(pattern.substr(1), false);
  if (pattern.starts_with("[ab]")) {
    return (text[0] == 'a' || text[0] == 'b') && rest_after_one(pattern.substr(4), false);
  }
  if (pattern.starts_with("[!a]")) {
    return text[0] != 'a' && text[0] != '/' && rest_after_one(pattern.substr(4), false);
  }
  return pattern[0] == text[0] && rest_after_one(pattern.substr(1), pattern[0] == '/');
}

std::string RandomPattern(Random& random) {
  static const std::string kPieces[] = {"a",   "b",    "/", "*",    "**",
                                        "**/", "/**/", "?", "[ab]", "[!a]"};
  std::string pattern = kPieces[random.Below(10)];
  for (std::uint64_t n = random.Below(6); n > 0; --n) {
    const std::string& piece = kPieces[random.Below(10)];
    // Three stars mean two; the naive matcher does not know.
    if (pattern.ends_with('*') && piece.starts_with('*')) continue;
    pattern += piece;
  }
  return pattern;
}

std::string RandomText(Random& random) {
  std::string text;
  for (std::uint64_t n = random.Below(9); n > 0; --n) text += "ab/"[random.Below(3)];
  return text;
}

TEST(GlobProperty, EqualsANaiveMatcher) {
  const std::uint64_t seed = RandomSeed();
  Random random(seed);
  int matched = 0;
  for (int round = 0; round < 20'000; ++round) {
    const std::string pattern = RandomPattern(random);
    const Result<Glob> glob = Glob::Compile(pattern);
    ASSERT_TRUE(glob.ok()) << glob.status();
    for (int i = 0; i < 5; ++i) {
      const std::string text = RandomText(random);
      const bool expected = Naive(pattern, text);
      ASSERT_EQ(glob->Matches(text), expected)
          << "seed " << seed << " pattern " << pattern << " text " << text;
      matched += expected ? 1 : 0;
    }
  }
  EXPECT_GT(matched, 1'000);
}

// Each of these takes a backtracking matcher longer than the age of the universe.
TEST(GlobProperty, NoPatternBlowsUp) {
  const std::string text(1'024, 'a');
  std::string stars, double_stars, folders;
  for (int i = 0; i < 200; ++i) {
    stars += "*a";
    double_stars += "**a";
    folders += "**/a*";
  }
  std::string path;
  for (int i = 0; i < 512; ++i) path += "a/";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(Glob::Compile(stars + "b*")->Matches(text));
  EXPECT_FALSE(Glob::Compile(double_stars + "b**")->Matches(text));
  EXPECT_FALSE(Glob::Compile(folders + "b*")->Matches(path));
  EXPECT_TRUE(Glob::Compile(double_stars + "**")->Matches(text));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(GlobProperty, PatternsLongerThanAWordOfPositionsMatch) {
  std::string pattern;
  std::string text;
  for (int i = 0; i < 400; ++i) {
    pattern += "?*";
    text += "xy";
  }
  EXPECT_TRUE(Glob::Compile(pattern)->Matches(text));
  EXPECT_FALSE(Glob::Compile(pattern)->Matches(text.substr(0, 399)));
}

// I7: a filter knows nothing but the key, so both sides get the same answer, whatever was asked
// before and in whatever order.
TEST(FilterProperty, IsAPureFunctionOfTheKeyI7) {
  const std::uint64_t seed = RandomSeed();
  Random random(seed);
  for (int round = 0; round < 500; ++round) {
    KeyFilter source;
    for (std::uint64_t n = random.Below(5); n > 0; --n) {
      ASSERT_TRUE(source.Add(random.Chance(0.5), RandomPattern(random)).ok());
    }
    const KeyFilter target = source;
    std::vector<std::string> keys;
    for (int i = 0; i < 20; ++i) keys.push_back(RandomText(random));
    std::vector<bool> of_source;
    for (const std::string& key : keys) of_source.push_back(source.Includes(key));
    for (std::size_t i = keys.size(); i-- > 0;) {
      ASSERT_EQ(target.Includes(keys[i]), of_source[i]) << "seed " << seed << " key " << keys[i];
    }
  }
}

}  // namespace
}  // namespace godwit
