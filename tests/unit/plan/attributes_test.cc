#include "lib/plan/attributes.h"

#include <gtest/gtest.h>

#include "lib/plan/action.h"

namespace godwit {
namespace {

PreciseTime At(std::int64_t seconds) { return {Timestamp(std::chrono::seconds(seconds)), 9}; }

ObjectMeta Source() {
  ObjectMeta source;
  source.entry.key = "a.csv";
  source.entry.modified = At(100);
  source.entry.storage_class = "GLACIER_IR";
  ObjectAttributes& attributes = source.attributes;
  attributes.content_type = "text/x-mine";
  attributes.cache_control = "no-store";
  attributes.content_encoding = "gzip";
  attributes.content_disposition = "inline";
  attributes.content_language = "de";
  attributes.storage_class = "GLACIER_IR";
  attributes.mtime = At(50);
  attributes.user_metadata = {{"owner", "x"}};
  attributes.tags = {{"k", "v"}};
  attributes.claimed_crc64nvme = 7;
  return source;
}

TEST(DigestsToMeet, RecordCountsOnlyWhereTheServiceToldNothing) {
  const ObjectAttributes recorded = Source().attributes;
  const DigestSet told{Digest::Crc32c(1)};
  EXPECT_EQ(DigestsToMeet(told, recorded), told);
  EXPECT_EQ(DigestsToMeet({}, recorded), DigestSet{Digest::Crc64Nvme(7)});
  EXPECT_EQ(DigestsToMeet({}, {}), DigestSet{});
}

TEST(TargetAttributes, CarriesTheSourcesOver) {
  ObjectAttributes expected = Source().attributes;
  expected.storage_class = "";
  expected.claimed_crc64nvme.reset();
  EXPECT_EQ(TargetAttributes({}, Source(), "a.csv"), expected);
}

TEST(TargetAttributes, TypeIsTheOptionThenTheSourcesThenTheExtensions) {
  AttributeRules rules;
  rules.content_type = "x/y";
  EXPECT_EQ(TargetAttributes(rules, Source(), "a.csv").content_type, "x/y");
  ObjectMeta plain;
  EXPECT_EQ(TargetAttributes({}, plain, "d.x/a.csv").content_type, "text/csv");
  EXPECT_EQ(TargetAttributes({}, plain, "a").content_type, "application/octet-stream");
}

TEST(TargetAttributes, TimeIsTheRecordedOneElseLastModified) {
  EXPECT_EQ(TargetAttributes({}, Source(), "a").mtime, At(50));
  ObjectMeta unmarked = Source();
  unmarked.attributes.mtime.reset();
  EXPECT_EQ(TargetAttributes({}, unmarked, "a").mtime, At(100));
}

TEST(TargetAttributes, WithoutMetadataOnlyWhatTheBytesNeedStays) {
  AttributeRules rules;
  rules.keep_metadata = false;
  rules.keep_tags = false;
  ObjectAttributes expected;
  expected.content_type = "text/x-mine";
  expected.content_encoding = "gzip";
  expected.mtime = At(50);
  EXPECT_EQ(TargetAttributes(rules, Source(), "a.csv"), expected);
}

TEST(TargetAttributes, OptionsAddAndReplace) {
  AttributeRules rules;
  rules.storage_class = "STANDARD_IA";
  rules.set_metadata = {{"Owner", "y"}, {"new", "z"}};
  const ObjectAttributes wanted = TargetAttributes(rules, Source(), "a.csv");
  EXPECT_EQ(wanted.storage_class, "STANDARD_IA");
  EXPECT_EQ(wanted.user_metadata,
            (std::map<std::string, std::string>{{"owner", "y"}, {"new", "z"}}));
}

TEST(TargetAttributes, TagsGoTheirOwnWay) {
  AttributeRules rules;
  rules.keep_metadata = false;
  EXPECT_EQ(TargetAttributes(rules, Source(), "a").tags.size(), 1u);
  rules = {};
  rules.keep_tags = false;
  EXPECT_TRUE(TargetAttributes(rules, Source(), "a").tags.empty());
}

AttributeRules RulesOf(KeyRules key_rules, bool is_local = false) {
  Capabilities target;
  target.key_rules = key_rules;
  target.is_local = is_local;
  AttributeRules rules;
  rules.limits = AttributeLimits::Of(target);
  return rules;
}

TEST(AttributeLimits, WhatDoesNotFitIsLeftOutAndNamed) {
  using Names = std::vector<std::string>;
  ObjectMeta source;
  source.attributes.content_type = "text/csv";
  source.attributes.content_language = "de\r\nx: y";
  source.attributes.user_metadata = {{"ok", "1"}, {"no token", "2"}, {"broken", "a\nb"}};
  source.attributes.tags = {{"a", "b"}};
  const std::map<KeyRules, Names> expected{
      {KeyRules::kAny, {}},
      {KeyRules::kS3, {"content-language", "metadata:broken", "metadata:no token"}},
      {KeyRules::kAzure, {"content-language", "metadata:broken", "metadata:no token"}},
      {KeyRules::kGcs, {"tags"}}};
  for (const auto& [key_rules, names] : expected) {
    const AttributeRules rules = RulesOf(key_rules);
    EXPECT_EQ(DroppedAttributes(rules, source, "a.csv"), names);
    const ObjectAttributes kept = TargetAttributes(rules, source, "a.csv");
    EXPECT_EQ(kept.user_metadata.at("ok"), "1");
    // What is left fits: nothing more would be dropped.
    EXPECT_EQ(DroppedAttributes(rules, ObjectMeta{source.entry, kept}, "a.csv"), Names());
  }
}

TEST(AttributeLimits, LocalFilesHoldNoneButATypeThatTheExtensionTellsIsNoLoss) {
  const AttributeRules rules = RulesOf(KeyRules::kLocal, true);
  ObjectMeta source;
  source.attributes.content_type = "text/csv";
  source.attributes.user_metadata = {{"k", "v"}};
  EXPECT_EQ(DroppedAttributes(rules, source, "a.csv"), std::vector<std::string>{"metadata:k"});
  EXPECT_EQ(DroppedAttributes(rules, source, "a.bin"),
            (std::vector<std::string>{"content-type", "metadata:k"}));
  // What a service says of an object that came without a type.
  for (const char* type : {"binary/octet-stream", "application/octet-stream"}) {
    source.attributes.content_type = type;
    EXPECT_EQ(DroppedAttributes(rules, source, "a.csv"), std::vector<std::string>{"metadata:k"});
  }
}

TEST(AttributeLimits, MetadataOverTheServicesLimitIsLeftOutByName) {
  ObjectMeta source;
  for (const char* name : {"a", "b", "c"}) {
    source.attributes.user_metadata[name] = std::string(900, 'x');
  }
  const AttributeRules s3 = RulesOf(KeyRules::kS3);
  EXPECT_EQ(DroppedAttributes(s3, source, "k"), std::vector<std::string>{"metadata:c"});
  EXPECT_TRUE(DroppedAttributes(RulesOf(KeyRules::kGcs), source, "k").empty());
}

TEST(ContentTypeOf, LooksAtTheLastExtensionOnly) {
  EXPECT_EQ(ContentTypeOf("a.JSON"), "application/json");
  EXPECT_EQ(ContentTypeOf("a.tar.gz"), "application/gzip");
  EXPECT_EQ(ContentTypeOf("model.safetensors"), "application/octet-stream");
  EXPECT_EQ(ContentTypeOf("d.txt/a"), "application/octet-stream");
  EXPECT_EQ(ContentTypeOf("a."), "application/octet-stream");
  EXPECT_EQ(ContentTypeOf("7z"), "application/octet-stream");
  EXPECT_EQ(ContentTypeOf("x.7z"), "application/x-7z-compressed");
  EXPECT_EQ(ContentTypeOf("x.zst"), "application/zstd");
}

TEST(ActionNames, AreThoseOfTheManual) {
  EXPECT_EQ(ActionName(ActionKind::kUnchanged), "unchanged");
  EXPECT_EQ(ActionName(ActionKind::kDeny), "deny");
  EXPECT_EQ(ActionStatusName(ActionStatus::kPlanned), "planned");
  EXPECT_EQ(ReasonName(Reason::kMissingAtTarget), "missing-at-target");
  EXPECT_EQ(ReasonName(Reason::kKeyNotRepresentable), "key-not-representable");
  EXPECT_EQ(ReasonName(Reason::kDeniedByPolicy), "denied-by-policy");
  EXPECT_EQ(EvidenceName(Evidence::kSizeMtime), "size-mtime");
}

}  // namespace
}  // namespace godwit
