// What only the memory store has: capabilities that are chosen, and eyes for tests.

#include "lib/store/memory/memory_store.h"

#include <gmock/gmock.h>

#include "lib/policy/permit_issuer.h"
#include "tests/contract/manual_clock.h"
#include "tests/contract/test_bytes.h"

namespace godwit {
namespace {

using testing::ElementsAre;
using testing::Pair;

class Memory : public testing::Test {
 protected:
  Result<PutReceipt> Put(MemoryStore& store, std::string_view key, std::string_view bytes,
                         const PutOptions& options = {}) {
    MemorySource body(AsBytes(bytes));
    return store.Put(context_, permit_, key, options, body);
  }

  CallContext context_;
  WritePermit permit_ = PermitIssuer().Judge("test");
  MemoryOptions options_ = MemoryOptions::Capable();
};

TEST_F(Memory, CountsVersionsAndShowsContents) {
  MemoryStore store;
  ASSERT_TRUE(Put(store, "a", "1").ok());
  ASSERT_TRUE(Put(store, "a", "2").ok());
  ASSERT_TRUE(Put(store, "b", "3").ok());
  EXPECT_EQ(store.VersionCount("a"), 2u);
  EXPECT_EQ(store.VersionCount("missing"), 0u);
  EXPECT_THAT(store.Contents(), ElementsAre(Pair("a", "2"), Pair("b", "3")));
}

TEST_F(Memory, TimesComeFromTheClockGiven) {
  ManualClock clock;
  options_.clock = &clock;
  MemoryStore store(options_);
  const Result<PutReceipt> receipt = Put(store, "a", "1");
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->modified.time, clock.WallNow());
  context_.deadline = clock.Now() + std::chrono::seconds(1);
  EXPECT_TRUE(store.Head(context_, "a").ok());
  clock.Advance(std::chrono::seconds(1));
  EXPECT_EQ(store.Head(context_, "a").status().kind(), ErrorKind::kTimeout);
}

TEST_F(Memory, LimitsOfItsCapabilitiesAreEnforced) {
  options_.capabilities.put_bytes_max = 3;
  options_.capabilities.page_keys_max = 1;
  options_.capabilities.delete_keys_max = 1;
  options_.capabilities.key_bytes_max = 2;
  MemoryStore store(options_);
  EXPECT_FALSE(Put(store, "a", "1234").ok());
  EXPECT_FALSE(Put(store, "abc", "1").ok());
  ASSERT_TRUE(Put(store, "a", "123").ok());
  ASSERT_TRUE(Put(store, "b", "1").ok());
  const Result<ListPage> page = store.List(context_, {});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->entries.size(), 1u);
  EXPECT_FALSE(page->next_page_token.empty());
}

TEST_F(Memory, ConditionsThatItLacksAreIgnored) {
  options_.capabilities.condition_on_put = false;
  options_.capabilities.condition_on_delete = false;
  MemoryStore store(options_);
  ASSERT_TRUE(Put(store, "a", "1").ok());
  PutOptions create_only;
  create_only.condition = WriteCondition::CreateOnly();
  EXPECT_TRUE(Put(store, "a", "2", create_only).ok());
  const DeleteRequest request{"a", "some other version"};
  EXPECT_TRUE(store.Delete(context_, permit_, {&request, 1})->at(0).ok());
  EXPECT_TRUE(store.Contents().empty());
}

TEST_F(Memory, ConditionGivenAtTheBeginCountsAtTheEnd) {
  options_.capabilities.condition_on_finish = ConditionSupport::kAtBegin;
  MemoryStore store(options_);
  UploadOptions begin;
  begin.condition = WriteCondition::CreateOnly();
  const Result<Secret> id = store.BeginUpload(context_, permit_, "a", begin);
  MemorySource body(AsBytes("part"));
  const Result<PartReceipt> part = store.PutPart(context_, permit_, "a", *id, {0, 0, {}}, body);
  ASSERT_TRUE(Put(store, "a", "1").ok());
  FinishOptions finish;
  finish.size_bytes = 4;
  EXPECT_EQ(store.FinishUpload(context_, permit_, "a", *id, {&*part, 1}, finish).status().kind(),
            ErrorKind::kPreconditionFailed);
  EXPECT_EQ(store.OpenUploadCount(), 1u);
}

TEST_F(Memory, PartsInSequenceTellTheBytesKept) {
  options_.capabilities.parts_in_any_order = false;
  MemoryStore store(options_);
  const Result<Secret> id = store.BeginUpload(context_, permit_, "a", {});
  MemorySource body(AsBytes("part"));
  EXPECT_FALSE(store.PutPart(context_, permit_, "a", *id, {1, 4, {}}, body).ok());
  EXPECT_TRUE(store.PutPart(context_, permit_, "a", *id, {0, 0, {}}, body).ok());
  const Result<UploadedParts> parts = store.ListParts(context_, "a", *id);
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_EQ(parts->contiguous_bytes, 4u);
}

TEST_F(Memory, TakesBackAnObjectAsItWas) {
  MemoryStore store;
  const Result<PutReceipt> first = Put(store, "a", "1");
  ASSERT_TRUE(first.ok());
  const std::optional<MemoryStore::Object> before = store.Find("a");
  ASSERT_TRUE(Put(store, "a", "2").ok());
  store.Restore("a", before);
  EXPECT_EQ(store.Head(context_, "a")->entry.version, first->version);
  EXPECT_THAT(store.Contents(), ElementsAre(Pair("a", "1")));
  store.Restore("a", std::nullopt);
  EXPECT_FALSE(store.Find("a"));
}

TEST_F(Memory, OneStreamOfBytesLosesAllFromALostPartOn) {
  for (const bool in_any_order : {true, false}) {
    options_.capabilities.parts_in_any_order = in_any_order;
    MemoryStore store(options_);
    const Result<Secret> id = store.BeginUpload(context_, permit_, "a", {});
    ASSERT_TRUE(id.ok());
    for (std::uint32_t index = 0; index < 3; ++index) {
      MemorySource body(AsBytes("12"));
      const UploadPart part{index, std::uint64_t{index} * 2, {}};
      ASSERT_TRUE(store.PutPart(context_, permit_, "a", *id, part, body).ok());
    }
    store.LosePart(*id, 1);
    const Result<UploadedParts> kept = store.ListParts(context_, "a", *id);
    ASSERT_TRUE(kept.ok());
    EXPECT_EQ(kept->parts.size(), in_any_order ? 2U : 1U);
    EXPECT_EQ(kept->contiguous_bytes.value_or(0), in_any_order ? 0U : 2U);
  }
}

TEST_F(Memory, ArchivedObjectsCannotBeRead) {
  MemoryStore store(options_);
  PutOptions options;
  options.attributes.storage_class = "GLACIER";
  ASSERT_TRUE(Put(store, "a", "1", options).ok());
  CollectSink sink;
  EXPECT_EQ(store.Get(context_, "a", {}, sink).status().kind(), ErrorKind::kArchived);
  EXPECT_TRUE(store.Head(context_, "a")->entry.archived);
}

TEST_F(Memory, ActsAsAFolderWhereItIsLocal) {
  options_.capabilities.is_local = true;
  MemoryStore store(options_);
  PutOptions options;
  options.attributes.content_type = "text/plain";
  options.attributes.mtime = PreciseTime{Timestamp(std::chrono::seconds(5)), 9};
  ASSERT_TRUE(Put(store, "a", "1", options).ok());
  const Result<ObjectMeta> meta = store.Head(context_, "a");
  EXPECT_EQ(meta->attributes.content_type, "");
  EXPECT_EQ(meta->entry.modified, *options.attributes.mtime);
}

}  // namespace
}  // namespace godwit
