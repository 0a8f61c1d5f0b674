#include "lib/plan/key_rules.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "lib/base/random.h"

namespace godwit {
namespace {

Capabilities Target(KeyRules rules, const std::string& service) {
  Capabilities target;
  target.key_rules = rules;
  target.service = service;
  return target;
}
const Capabilities kS3 = Target(KeyRules::kS3, "s3");
const Capabilities kGcs = Target(KeyRules::kGcs, "gcs");
const Capabilities kAzure = Target(KeyRules::kAzure, "azure");
const Capabilities kLocal = Target(KeyRules::kLocal, "local");
const Capabilities kAnyStore = Target(KeyRules::kAny, "memory");

std::string Problem(const Capabilities& target, std::string_view key) {
  return KeyProblem(target, key).value_or("");
}

// I29: what a target cannot hold is said beforehand, never silently renamed or skipped.
TEST(KeyProblem, CloudsRefuseWhatNoCloudHoldsI29) {
  for (const Capabilities* cloud : {&kS3, &kGcs, &kAzure}) {
    EXPECT_EQ(Problem(*cloud,
                      "a\xFF"
                      "b"),
              "it is not valid UTF-8");
    EXPECT_EQ(Problem(*cloud, "\xED\xA0\x80"), "it is not valid UTF-8");
    EXPECT_EQ(Problem(*cloud, ""), "it is empty");
    EXPECT_EQ(Problem(*cloud, std::string(1'025, 'k')),
              "it has 1025 bytes, " + cloud->service + " holds at most 1024");
    EXPECT_EQ(Problem(*cloud, std::string(1'024, 'k')), "");
  }
}

TEST(KeyProblem, CloudsTakeOddNamesUnchanged) {
  for (const Capabilities* cloud : {&kS3, &kGcs, &kAzure}) {
    for (const char* key : {"a b", "a+b", "%2F", "a//b", "/a", "a/", "'\"", "#?&", "\xC3\xA9",
                            "e\xCC\x81", "\xF0\x9F\xA6\x86", "a..b", ".hidden"}) {
      EXPECT_EQ(Problem(*cloud, key), "") << cloud->service << " " << key;
    }
  }
}

TEST(KeyProblem, S3TakesControlCharactersAndDots) {
  for (const char* key : {"\x01", "a\nb", "a\rb", ".", "..", "../x", "a/./b", "\xEF\xBF\xBE"}) {
    EXPECT_EQ(Problem(kS3, key), "") << key;
  }
}

TEST(KeyProblem, GcsRules) {
  EXPECT_EQ(Problem(kGcs, "a\rb"), "it has a carriage return or a line feed");
  EXPECT_EQ(Problem(kGcs, "a\nb"), "it has a carriage return or a line feed");
  EXPECT_EQ(Problem(kGcs, "."), "it is '.'");
  EXPECT_EQ(Problem(kGcs, ".."), "it is '..'");
  EXPECT_EQ(Problem(kGcs, "../a"), "");
  EXPECT_EQ(Problem(kGcs, ".well-known/acme-challenge/x"),
            "it begins with '.well-known/acme-challenge/'");
  EXPECT_EQ(Problem(kGcs, "a/.well-known/acme-challenge/x"), "");
}

TEST(KeyProblem, AzureRules) {
  EXPECT_EQ(Problem(kAzure, "a."), "a path segment ends with a dot");
  EXPECT_EQ(Problem(kAzure, "a./b"), "a path segment ends with a dot");
  EXPECT_EQ(Problem(kAzure, "a/../b"), "a path segment ends with a dot");
  EXPECT_EQ(Problem(kAzure, "a\\b"), "it has a backslash");
  const std::string refused = "it has a character that Azure refuses";
  for (const char* key :
       {"a\x01", "a\n", "a\x7F", "a\xC2\x81", "a\xEE\x80\x80", "a\xEF\xBF\xBE", "a\xEF\xBF\xBF"}) {
    EXPECT_EQ(Problem(kAzure, key), refused);
  }
  EXPECT_EQ(Problem(kAzure, "a\xC2\xA0"), "");
  EXPECT_EQ(Problem(kAzure,
                    "\xC3\x82"
                    "b"),
            "");
  std::string deep = "a";
  for (int i = 1; i < 254; ++i) deep += "/a";
  EXPECT_EQ(Problem(kAzure, deep), "");
  EXPECT_EQ(Problem(kAzure, deep + "/a"), "it has 255 path segments, Azure allows 254");
}

TEST(KeyProblem, LocalRules) {
  EXPECT_EQ(Problem(kLocal, std::string_view("a\0b", 3)), "it has a NUL byte");
  EXPECT_EQ(Problem(kLocal, "/etc/x"), "it begins with '/'");
  EXPECT_EQ(Problem(kLocal, "/"), "it begins with '/'");
  EXPECT_EQ(Problem(kLocal, "a//b"), "it has an empty path component");
  EXPECT_EQ(Problem(kLocal, "a//"), "it has an empty path component");
  EXPECT_EQ(Problem(kLocal, "../x"), "it has a path component '..'");
  EXPECT_EQ(Problem(kLocal, "x/../../y"), "it has a path component '..'");
  EXPECT_EQ(Problem(kLocal, "a/."), "it has a path component '.'");
  EXPECT_EQ(Problem(kLocal, "../"), "it has a path component '..'");
  EXPECT_EQ(Problem(kLocal, "d/" + std::string(256, 'n')),
            "a path component has 256 bytes, a file name holds at most 255");
}

TEST(KeyProblem, LocalTakesOddNames) {
  for (const char* key : {"a..b", "...", "..a/b", "a\\b", "a\nb", "\xFF", "a/", "CON", " "}) {
    EXPECT_EQ(Problem(kLocal, key), "") << key;
  }
  EXPECT_EQ(Problem(kLocal, std::string(255, 'n') + "/" + std::string(255, 'n')), "");
}

TEST(KeyProblem, AStoreWithoutRulesTakesAllButTooLongKeys) {
  EXPECT_EQ(Problem(kAnyStore, "\xFF//..\n"), "");
  EXPECT_NE(Problem(kAnyStore, std::string(1'025, 'k')), "");
}

TEST(FolderClash, TheFirstInByteOrderIsTheFile) {
  FolderClash clash;
  EXPECT_EQ(clash.Check("a"), std::nullopt);
  EXPECT_EQ(clash.Check("a-b"), std::nullopt);
  EXPECT_EQ(clash.Check("a.txt"), std::nullopt);
  EXPECT_EQ(clash.Check("a/"), "a");
  EXPECT_EQ(clash.Check("a/b"), "a");
  EXPECT_EQ(clash.Check("a/b/c"), "a");
  EXPECT_EQ(clash.Check("a0"), std::nullopt);
  EXPECT_EQ(clash.Check("b/c"), std::nullopt);
}

TEST(FolderClash, MarkersAreFolders) {
  FolderClash clash;
  EXPECT_EQ(clash.Check("d/"), std::nullopt);
  EXPECT_EQ(clash.Check("d/e"), std::nullopt);
  EXPECT_EQ(clash.Check("d/e/f"), "d/e");
}

// Against all earlier keys, kept in a set.
TEST(FolderClash, EqualsAModel) {
  const std::uint64_t seed = RandomSeed();
  for (std::uint64_t round = 0; round < 2'000; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed + round));
    Random random(seed + round);
    std::set<std::string> keys;
    for (int i = 0; i < 30; ++i) {
      std::string key;
      for (std::uint64_t n = random.Below(6) + 1; n > 0; --n) key += "!-/0a\xFF"[random.Below(6)];
      keys.insert(key);
    }
    FolderClash clash;
    std::set<std::string> files;
    for (const std::string& key : keys) {
      std::optional<std::string> expected;
      for (std::size_t at = key.find('/'); at != std::string::npos && !expected;
           at = key.find('/', at + 1)) {
        if (files.count(key.substr(0, at)) > 0) expected = key.substr(0, at);
      }
      ASSERT_EQ(clash.Check(key), expected) << key;
      if (!expected && !key.ends_with('/')) files.insert(key);
    }
  }
}

}  // namespace
}  // namespace godwit
