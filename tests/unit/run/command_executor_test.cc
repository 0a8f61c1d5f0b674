#include "lib/run/command_executor.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lib/checksum/content_hasher.h"
#include "lib/crypto/md5.h"
#include "tests/unit/run/executor_fixture.h"

namespace godwit {
namespace {

constexpr std::uint64_t kPartSize = 5ULL << 20;

TEST_F(CommandExecutorTest, ListGivesKeysRelativeToTheFolder) {
  Put(source_memory_, "from/a", "1");
  Put(source_memory_, "from/b/c", "2");
  Put(source_memory_, "fromage", "3");
  const auto page = Done<ListPage>(ListCommand{Side::kSource, "", "", "", 0});
  ASSERT_EQ(page.entries.size(), 2u);
  EXPECT_EQ(page.entries[0].key, "a");
  EXPECT_EQ(page.entries[1].key, "b/c");
  EXPECT_EQ(page.next_page_token, "");
}

TEST_F(CommandExecutorTest, ListTakesARangeOfRelativeKeys) {
  for (const char* key : {"from/a", "from/b", "from/c", "from/d"}) Put(source_memory_, key, "x");
  const auto page = Done<ListPage>(ListCommand{Side::kSource, "a", "d", "", 0});
  ASSERT_EQ(page.entries.size(), 2u);
  EXPECT_EQ(page.entries[0].key, "b");
  EXPECT_EQ(page.entries[1].key, "c");
}

TEST_F(CommandExecutorTest, ListGoesOnFromItsToken) {
  for (const char* key : {"from/a", "from/b", "from/c"}) Put(source_memory_, key, "x");
  const auto first = Done<ListPage>(ListCommand{Side::kSource, "", "", "", 2});
  ASSERT_NE(first.next_page_token, "");
  const auto second = Done<ListPage>(ListCommand{Side::kSource, "", "", first.next_page_token, 2});
  ASSERT_EQ(second.entries.size(), 1u);
  EXPECT_EQ(second.entries[0].key, "c");
}

TEST_F(CommandExecutorTest, AKeyOutsideTheFolderFailsTheListing) {
  Put(source_memory_, "from/a", "1");
  source_store_.alter_page = [](ListPage& page) { page.entries[0].key = "elsewhere/a"; };
  const Failed failed = Fails(ListCommand{Side::kSource, "", "", "", 0});
  EXPECT_TRUE(failed.status.Is(ErrorKind::kCorrupted));
  EXPECT_EQ(failed.side, Side::kSource);
}

TEST_F(CommandExecutorTest, AKeyOutsideTheRangeFailsTheListing) {
  for (const char* key : {"from/a", "from/z"}) {
    source_store_.alter_page = [key](ListPage& page) {
      page.entries.assign(1, ObjectEntry());
      page.entries[0].key = key;
    };
    EXPECT_TRUE(Fails(ListCommand{Side::kSource, "a", "z", "", 0}).status.Is(ErrorKind::kCorrupted))
        << key;
  }
}

TEST_F(CommandExecutorTest, ARepeatedTokenFailsTheListing) {
  source_store_.alter_page = [](ListPage& page) { page.next_page_token = "again"; };
  EXPECT_EQ(Done<ListPage>(ListCommand{Side::kSource, "", "", "", 0}).next_page_token, "again");
  source_store_.alter_page = [](ListPage& page) { page.next_page_token = ""; };
  Put(source_memory_, "from/a", "1");
  Put(source_memory_, "from/b", "1");
  const auto page = Done<ListPage>(ListCommand{Side::kSource, "", "", "", 1});
  source_store_.alter_page = nullptr;
  const auto first = Done<ListPage>(ListCommand{Side::kSource, "", "", "", 1});
  source_store_.alter_page = [&first](ListPage& next) {
    next.next_page_token = first.next_page_token;
  };
  EXPECT_TRUE(Fails(ListCommand{Side::kSource, "", "", first.next_page_token, 1})
                  .status.Is(ErrorKind::kCorrupted));
}

TEST_F(CommandExecutorTest, TheFoldersOwnMarkerIsListedOnlyForRemoval) {
  Put(target_memory_, "to/", "");
  Put(target_memory_, "to/a", "1");
  EXPECT_EQ(Done<ListPage>(ListCommand{Side::kTarget, "", "", "", 0}).entries.size(), 1u);
  settings_.keep_root_marker = true;
  const auto page = Done<ListPage>(ListCommand{Side::kTarget, "", "", "", 0});
  ASSERT_EQ(page.entries.size(), 2u);
  EXPECT_EQ(page.entries[0].key, "");
}

TEST_F(CommandExecutorTest, HeadAsksTheRightSide) {
  Put(target_memory_, "to/a", "123");
  EXPECT_EQ(Done<ObjectMeta>(HeadCommand{Side::kTarget, "a"}).entry.key, "a");
  const Failed failed = Fails(HeadCommand{Side::kSource, "a"});
  EXPECT_TRUE(failed.status.Is(ErrorKind::kNotFound));
  EXPECT_EQ(failed.side, Side::kSource);
}

TEST_F(CommandExecutorTest, HashReadsOnceAndGivesTheDigestsWanted) {
  const std::string body = Body(100'000);
  const Version version = Put(source_memory_, "from/a", body);
  ContentHasher hasher;
  hasher.Update(std::as_bytes(std::span(body)));
  const auto plain = Done<Hashed>(HashCommand{Side::kSource, "a", version, body.size()});
  EXPECT_EQ(plain.digests, hasher.sum().digests());
  const auto all = Done<Hashed>(HashCommand{Side::kSource, "a", version, body.size(), true, true});
  ASSERT_NE(all.digests.Find(DigestKind::kMd5), nullptr);
  EXPECT_EQ(*all.digests.Find(DigestKind::kMd5), Digest(DigestKind::kMd5, Md5(body)));
  EXPECT_NE(all.digests.Find(DigestKind::kSha256), nullptr);
}

TEST_F(CommandExecutorTest, HashOfAChangedObjectFails) {
  Put(source_memory_, "from/a", "old");
  const Failed failed = Fails(HashCommand{Side::kSource, "a", "another version", 3});
  EXPECT_TRUE(failed.status.Is(ErrorKind::kPreconditionFailed)) << failed.status;
}

TEST_F(CommandExecutorTest, UploadsAreListedByTheirExactKeyAndAborted) {
  const UploadOptions options{{}, {}, 2 * kPartSize, kPartSize};
  const Secret id = Done<UploadBegan>(BeginUploadCommand{"b", options}).upload_id;
  Done<UploadBegan>(BeginUploadCommand{"b2", options});
  const auto list = Done<UploadList>(ListUploadsCommand{"b"});
  ASSERT_EQ(list.uploads.size(), 1u);
  EXPECT_EQ(list.uploads[0].key, "b");
  EXPECT_EQ(list.uploads[0].upload_id, id);
  Done<Finished>(AbortUploadCommand{"b", id});
  EXPECT_EQ(target_memory_.OpenUploadCount(), 1u);
}

TEST_F(CommandExecutorTest, AFailedFinishTellsWhatWasSent) {
  FinishOptions options;
  options.digests = {Digest::Crc32c(1)};
  const Failed failed = Fails(FinishUploadCommand{"b", Secret("no"), {}, options});
  EXPECT_EQ(failed.sent, options.digests);
}

TEST_F(CommandExecutorTest, CopiesAndMetadataStayInsideTheService) {
  target_.store = &source_store_;
  const Version version = Put(source_memory_, "from/a", "abc");
  const auto receipt = Done<PutReceipt>(ServerCopyCommand{"a", "b", version, PutOptions()});
  EXPECT_EQ(source_memory_.Contents().at("to/b"), "abc");
  ObjectAttributes attributes;
  attributes.content_type = "text/plain";
  Done<PutReceipt>(SetMetadataCommand{"b", receipt.version, attributes});
  EXPECT_EQ(source_memory_.Head(CallContext(), "to/b").value().attributes.content_type,
            "text/plain");
  EXPECT_EQ(meter_.requests(RequestClass::kGet), 0u);
}

TEST_F(CommandExecutorTest, DeletesAnswerInTheOrderOfTheirKeys) {
  const Version version = Put(target_memory_, "to/a", "1");
  Put(target_memory_, "to/b", "2");
  const auto answer = Done<DeleteStatuses>(
      DeleteCommand{{DeleteRequest{"b", "another version"}, DeleteRequest{"a", version}}});
  ASSERT_EQ(answer.statuses.size(), 2u);
  EXPECT_TRUE(answer.statuses[0].Is(ErrorKind::kPreconditionFailed));
  EXPECT_TRUE(answer.statuses[1].ok());
  EXPECT_EQ(TargetContents(), (std::map<std::string, std::string>{{"to/b", "2"}}));
}

TEST_F(CommandExecutorTest, ControlCommandsAreNotForTheStores) {
  EXPECT_TRUE(Fails(JournalCommand{}).status.Is(ErrorKind::kInternal));
}

}  // namespace
}  // namespace godwit
