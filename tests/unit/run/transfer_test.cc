#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lib/checksum/content_hasher.h"
#include "lib/crypto/md5.h"
#include "lib/crypto/running_md5.h"
#include "tests/unit/run/executor_fixture.h"

namespace godwit {
namespace {

// A source that keeps nothing but MD5, as S3-compatible stores do for objects of other tools.
class Md5SourceTest : public CommandExecutorTest {
 protected:
  Md5SourceTest() : CommandExecutorTest(Md5Only()) {}
  static MemoryOptions Md5Only() {
    MemoryOptions options = MemoryOptions::Capable();
    options.capabilities.digests_stored = {DigestKind::kMd5};
    return options;
  }
};

// Whole transfers, buffered and streamed.
class WholeTransfer : public CommandExecutorTest, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Ways, WholeTransfer, testing::Bool(),
                         [](const auto& way) { return way.param ? "Streamed" : "Buffered"; });

TEST_P(WholeTransfer, CopiesBytesMetadataAndDigests) {
  const std::string body = Body(3'000'001);
  Put(source_memory_, "from/a", body);
  const auto transferred = Done<Transferred>(Whole(GetParam()));
  EXPECT_EQ(TargetContents(), (std::map<std::string, std::string>{{"to/b", body}}));
  ContentHasher hasher;
  hasher.Update(std::as_bytes(std::span(body)));
  EXPECT_EQ(transferred.digests, hasher.sum().digests());
  EXPECT_TRUE(transferred.source_checked);
  EXPECT_EQ(transferred.source.entry.key, "a");
  const ObjectMeta meta = target_memory_.Head(CallContext(), "to/b").value();
  EXPECT_EQ(transferred.receipt.version, meta.entry.version);
  EXPECT_EQ(meta.attributes.user_metadata.at("colour"), "red");
  EXPECT_TRUE(meta.attributes.mtime.has_value());
}

TEST_P(WholeTransfer, TheConditionIsKept) {
  Put(source_memory_, "from/a", "new");
  Put(target_memory_, "to/b", "old");
  TransferWholeCommand whole = Whole(GetParam());
  whole.condition = WriteCondition::CreateOnly();
  const Failed failed = Fails(whole);
  EXPECT_TRUE(failed.status.Is(ErrorKind::kPreconditionFailed)) << failed.status;
  EXPECT_EQ(failed.side, Side::kTarget);
  EXPECT_EQ(TargetContents().at("to/b"), "old");
}

// One flipped bit, at the first, a middle and the last byte.
TEST_P(WholeTransfer, ACorruptedSourceIsNeverPublished) {
  const std::string body = Body(2'500'000);
  Put(source_memory_, "from/a", body);
  for (const std::uint64_t position : {std::size_t{0}, body.size() / 2, body.size() - 1}) {
    source_store_.alter_bytes = [position](std::uint64_t offset, std::string& bytes) {
      if (position < offset || position >= offset + bytes.size()) return;
      bytes[position - offset] = static_cast<char>(bytes[position - offset] ^ 1);
    };
    const Failed failed = Fails(Whole(GetParam()));
    EXPECT_TRUE(failed.status.Is(ErrorKind::kCorrupted)) << failed.status;
    EXPECT_EQ(failed.side, Side::kSource);
    EXPECT_TRUE(TargetContents().empty()) << position;
  }
}

TEST_P(WholeTransfer, AShortSourceIsNeverPublished) {
  Put(source_memory_, "from/a", Body(100'000));
  source_store_.alter_bytes = [](std::uint64_t, std::string& bytes) { bytes.pop_back(); };
  source_store_.alter_meta = [](ObjectMeta& meta) { meta.entry.digests = {}; };
  TransferWholeCommand whole = Whole(GetParam());
  whole.source.digests = {};
  const Failed failed = Fails(whole);
  EXPECT_TRUE(failed.status.Is(ErrorKind::kCorrupted)) << failed.status;
  EXPECT_EQ(failed.side, Side::kSource);
  EXPECT_TRUE(TargetContents().empty());
}

TEST_P(WholeTransfer, ALongSourceIsNeverPublished) {
  Put(source_memory_, "from/a", Body(100'000));
  source_store_.extra_bytes = 1;
  const Failed failed = Fails(Whole(GetParam()));
  EXPECT_EQ(failed.side, Side::kSource);
  EXPECT_TRUE(TargetContents().empty());
}

TEST_P(WholeTransfer, AChangedSourceFailsOnTheSourceSide) {
  Put(source_memory_, "from/a", "old");
  const TransferWholeCommand whole = Whole(GetParam());
  Put(source_memory_, "from/a", "new");
  const Failed failed = Fails(whole);
  EXPECT_TRUE(failed.status.Is(ErrorKind::kPreconditionFailed)) << failed.status;
  EXPECT_EQ(failed.side, Side::kSource);
  EXPECT_TRUE(TargetContents().empty());
}

TEST_P(WholeTransfer, AMissingSourceFailsOnTheSourceSide) {
  Put(source_memory_, "from/a", "x");
  TransferWholeCommand whole = Whole(GetParam());
  whole.source_key = "gone";
  const Failed failed = Fails(whole);
  EXPECT_TRUE(failed.status.Is(ErrorKind::kNotFound)) << failed.status;
  EXPECT_EQ(failed.side, Side::kSource);
}

TEST_P(WholeTransfer, AFailedPutTellsWhatItMayHaveStored) {
  Put(source_memory_, "from/a", Body(5'000'000));
  target_store_.put_failure =
      Status(ErrorKind::kUnavailable, "the answer was lost").WithMaybeApplied(true);
  const Failed failed = Fails(Whole(GetParam()));
  EXPECT_TRUE(failed.status.maybe_applied());
  EXPECT_EQ(failed.status.message(), "the answer was lost");
  EXPECT_EQ(failed.side, Side::kTarget);
  // A stream that was refused at its beginning was not hashed to its end.
  EXPECT_EQ(failed.sent.empty(), GetParam());
}

TEST_P(WholeTransfer, AStopBeforeTheBeginningDoesNothing) {
  Put(source_memory_, "from/a", "x");
  std::stop_source stop;
  stop.request_stop();
  const Failed failed = Fails(Whole(GetParam()), stop.get_token());
  EXPECT_TRUE(failed.status.Is(ErrorKind::kCancelled));
  EXPECT_EQ(meter_.requests(RequestClass::kGet), 0u);
  EXPECT_TRUE(TargetContents().empty());
}

TEST_P(WholeTransfer, AStopInTheMiddlePublishesNothing) {
  Put(source_memory_, "from/a", Body(5'000'000));
  std::stop_source stop;
  source_store_.alter_bytes = [&stop](std::uint64_t offset, std::string&) {
    if (offset > 1'000'000) stop.request_stop();
  };
  const Failed failed = Fails(Whole(GetParam()), stop.get_token());
  EXPECT_TRUE(failed.status.Is(ErrorKind::kCancelled)) << failed.status;
  EXPECT_TRUE(TargetContents().empty());
}

TEST_F(CommandExecutorTest, AnEmptyObjectIsCopied) {
  Put(source_memory_, "from/a", "");
  Done<Transferred>(Whole());
  EXPECT_EQ(TargetContents(), (std::map<std::string, std::string>{{"to/b", ""}}));
}

TEST_F(CommandExecutorTest, Md5IsNotComputedWhereTheSourceKeepsMore) {
  Put(source_memory_, "from/a", "abc");
  const TransferWholeCommand listed = [this] {
    TransferWholeCommand whole = Whole();
    whole.source.digests = {Digest(DigestKind::kMd5, Md5("abc"))};  // All that the listing tells.
    return whole;
  }();
  const auto transferred = Done<Transferred>(listed);
  EXPECT_EQ(transferred.digests.Find(DigestKind::kMd5), nullptr);
  EXPECT_TRUE(transferred.source_checked);
}

TEST_F(Md5SourceTest, TheBodyIsCheckedAgainstTheMd5) {
  Put(source_memory_, "from/a", Body(1000));
  for (const bool stream : {false, true}) {
    source_store_.alter_bytes = nullptr;
    EXPECT_TRUE(Done<Transferred>(Whole(stream)).source_checked);
    source_store_.alter_bytes = [](std::uint64_t, std::string& bytes) { bytes[500] = '!'; };
    EXPECT_TRUE(Fails(Whole(stream)).status.Is(ErrorKind::kCorrupted));
  }
}

TEST_F(CommandExecutorTest, AStreamedPutCarriesTheSourcesOwnDigests) {
  Put(source_memory_, "from/a", Body(1000));
  const TransferWholeCommand whole = Whole(true);
  Done<Transferred>(whole);
  EXPECT_EQ(target_store_.put_options->digests, whole.source.digests);
}

class Multipart : public CommandExecutorTest, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Ways, Multipart, testing::Bool(),
                         [](const auto& way) { return way.param ? "Streamed" : "Buffered"; });

constexpr std::uint64_t kPartSize = 5ULL << 20;

TEST_P(Multipart, PartsCombineToTheObject) {
  const std::string body = Body(kPartSize + 1234);
  const Version version = Put(source_memory_, "from/a", body);
  UploadOptions options;
  options.size_bytes = body.size();
  options.part_size_bytes = kPartSize;
  const Secret id = Done<UploadBegan>(BeginUploadCommand{"b", options}).upload_id;
  FinishOptions finish;
  finish.size_bytes = body.size();
  ContentSum sum;
  std::vector<PartReceipt> receipts;
  for (std::uint32_t i = 0; i < 2; ++i) {
    const std::uint64_t length = i == 0 ? kPartSize : 1234;
    TransferPartCommand command{"a", "b", version, id, i, i * kPartSize, length, GetParam()};
    command.md5_before = i == 0 ? std::string() : receipts.back().running_md5;
    const auto part = Done<PartTransferred>(command);
    ASSERT_TRUE(part.has_sum);
    EXPECT_EQ(part.receipt.size_bytes, length);
    sum = sum.Then(ContentSum{length, part.crc64nvme, part.crc32c});
    receipts.push_back(part.receipt);
  }
  EXPECT_EQ(Done<UploadedParts>(ListPartsCommand{"b", id}).parts.size(), 2u);
  const std::optional<RunningMd5> md5 = RunningMd5::After(receipts.back().running_md5);
  ASSERT_TRUE(md5);
  EXPECT_EQ(md5->Hash(), Md5(body));
  finish.digests = sum.digests();
  const auto receipt = Done<PutReceipt>(FinishUploadCommand{"b", id, receipts, finish});
  EXPECT_EQ(TargetContents(), (std::map<std::string, std::string>{{"to/b", body}}));
  EXPECT_EQ(receipt.version, target_memory_.Head(CallContext(), "to/b").value().entry.version);
}

TEST_P(Multipart, AShortPartIsNotKept) {
  const std::string body = Body(kPartSize);
  const Version version = Put(source_memory_, "from/a", body);
  const Secret id =
      Done<UploadBegan>(BeginUploadCommand{"b", UploadOptions{{}, {}, body.size(), kPartSize}})
          .upload_id;
  source_store_.alter_bytes = [](std::uint64_t offset, std::string& bytes) {
    if (offset + bytes.size() == kPartSize) bytes.pop_back();
  };
  const Failed failed =
      Fails(TransferPartCommand{"a", "b", version, id, 0, 0, kPartSize, GetParam()});
  EXPECT_TRUE(failed.status.Is(ErrorKind::kCorrupted)) << failed.status;
  EXPECT_EQ(failed.side, Side::kSource);
  EXPECT_TRUE(Done<UploadedParts>(ListPartsCommand{"b", id}).parts.empty());
}

TEST_P(Multipart, AnUnknownUploadFailsOnTheTargetSide) {
  const Version version = Put(source_memory_, "from/a", Body(kPartSize));
  const Failed failed =
      Fails(TransferPartCommand{"a", "b", version, Secret("no"), 0, 0, kPartSize, GetParam()});
  EXPECT_TRUE(failed.status.Is(ErrorKind::kNotFound)) << failed.status;
  EXPECT_EQ(failed.side, Side::kTarget);
}

}  // namespace
}  // namespace godwit
