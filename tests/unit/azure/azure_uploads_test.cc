#include <gmock/gmock.h>

#include "lib/checksum/crc.h"
#include "lib/crypto/md5.h"
#include "tests/unit/azure/fake_azure.h"

// Uploads, of which the service knows nothing but the blocks (sync.md I14, I15, I17).

namespace godwit {
namespace {

using testing::HasSubstr;

const Fields kCommitted = {{"etag", "\"0x8D2\""},
                           {"last-modified", "Fri, 01 Nov 2024 12:00:00 GMT"}};

std::string Block(std::string_view id, std::size_t size) {
  return "<Block><Name>" + Base64Encode(id) + "</Name><Size>" + std::to_string(size) +
         "</Size></Block>";
}

std::string Lists(std::string_view committed, std::string_view uncommitted) {
  return "<BlockList><CommittedBlocks>" + std::string(committed) +
         "</CommittedBlocks><UncommittedBlocks>" + std::string(uncommitted) +
         "</UncommittedBlocks></BlockList>";
}

DigestSet CrcOf(std::string_view text) {
  return {Digest::Crc64Nvme(Crc64Nvme(0, std::as_bytes(std::span(text))))};
}

// A body that is sent while it is read.
class Streamed final : public ByteSource {
 public:
  explicit Streamed(std::string_view text) : inner_(SourceOf(text)) {}
  std::uint64_t size_bytes() const override { return inner_.size_bytes(); }
  Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) override {
    return inner_.Read(offset, buffer);
  }

 private:
  MemorySource inner_;
};

class AzureUploads : public testing::Test {
 protected:
  Secret Begin() {
    wire_.Answer(404, {{"x-ms-error-code", "BlobNotFound"}});
    const Result<Secret> id = azure_.store->BeginUpload(azure_.context, azure_.permit, "k", {});
    EXPECT_TRUE(id.ok()) << id.status();
    return id.ok() ? *id : Secret();
  }
  PartReceipt PutPart(const Secret& id, std::uint32_t index, std::string_view text) {
    wire_.Answer(201);
    MemorySource body = SourceOf(text);
    const Result<PartReceipt> part = azure_.store->PutPart(azure_.context, azure_.permit, "k", id,
                                                           {index, 0, CrcOf(text)}, body);
    EXPECT_TRUE(part.ok()) << part.status();
    return part.ok() ? *part : PartReceipt();
  }
  Result<PutReceipt> Finish(const Secret& id, const std::vector<PartReceipt>& parts,
                            std::string_view whole) {
    FinishOptions options;
    options.size_bytes = whole.size();
    options.digests = CrcOf(whole);
    options.condition = WriteCondition::CreateOnly();
    options.attributes.content_type = "text/plain";
    return azure_.store->FinishUpload(azure_.context, azure_.permit, "k", id, parts, options);
  }

  FakeAzure azure_;
  ScriptedTransport& wire_ = azure_.transport;
};

TEST_F(AzureUploads, BlocksAreCheckedBeforeTheCommitWhichNamesThemInOrder) {
  const Secret id = Begin();
  const PartReceipt one = PutPart(id, 0, "first ");
  EXPECT_THAT(azure_.last().line, HasSubstr("/lake/k?blockid="));
  EXPECT_THAT(azure_.last().line, HasSubstr("comp=block"));
  const PartReceipt two = PutPart(id, 1, "second");
  EXPECT_EQ(one.token.size(), 32u);
  wire_.Answer(200, {}, Lists("", Block(two.token, 6) + Block(one.token, 6)));
  wire_.Answer(201, kCommitted);
  const Result<PutReceipt> receipt = Finish(id, {one, two}, "first second");
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->proof, WriteProof::kBlockCrc64);
  EXPECT_EQ(receipt->version, "0x8D2");
  EXPECT_EQ(receipt->digests, CrcOf("first second"));
  EXPECT_EQ(azure_.last().body, "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList><Latest>" +
                                    Base64Encode(one.token) + "</Latest><Latest>" +
                                    Base64Encode(two.token) + "</Latest></BlockList>");
  EXPECT_EQ(azure_.last().Header("if-none-match"), "*");
  EXPECT_EQ(azure_.last().Header("x-ms-blob-content-type"), "text/plain");
}

// The service keeps an MD5 as it is told, and later tells it as if it knew.
TEST_F(AzureUploads, AnMd5IsToldOnlyWhereTheServiceHasCheckedEveryBlock) {
  FinishOptions options;
  options.size_bytes = 5;
  options.digests.Set(Digest(DigestKind::kMd5, Md5("whole")));
  for (const bool checked : {true, false}) {
    const Secret id = Begin();
    PartReceipt part;
    if (checked) {
      part = PutPart(id, 0, "whole");
    } else {
      wire_.Answer(201);
      Streamed body("whole");
      part = *azure_.store->PutPart(azure_.context, azure_.permit, "k", id, {0, 0, {}}, body);
    }
    const std::string block = part.token.substr(0, part.token.find(' '));
    wire_.Answer(200, {}, Lists("", Block(block, 5)));
    wire_.Answer(201, kCommitted);
    const Result<PutReceipt> receipt = azure_.store->FinishUpload(
        azure_.context, azure_.permit, "k", id, std::vector{part}, options);
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    EXPECT_EQ(azure_.last().Header("x-ms-blob-content-md5") != "(absent)", checked);
  }
}

TEST_F(AzureUploads, I14BlockThatIsMissingOrOfAnotherSizeStopsTheCommit) {
  const Secret id = Begin();
  const PartReceipt one = PutPart(id, 0, "first ");
  const PartReceipt two = PutPart(id, 1, "second");
  const std::size_t before = wire_.sent.size();
  for (const std::string& list :
       {Lists("", Block(one.token, 6)), Lists("", Block(one.token, 6) + Block(two.token, 5)),
        Lists(Block("other", 6), "")}) {
    wire_.Answer(200, kCommitted, list);
    EXPECT_EQ(Brief(Finish(id, {one, two}, "first second").status()),
              "not-found: the service no longer has all parts");
  }
  EXPECT_EQ(wire_.sent.size(), before + 3) << "nothing was committed";
}

TEST_F(AzureUploads, I14PartsThatDoNotMakeTheObjectAreNotCommitted) {
  const Secret id = Begin();
  const PartReceipt one = PutPart(id, 0, "first ");
  const PartReceipt two = PutPart(id, 1, "second");
  const std::size_t before = wire_.sent.size();
  EXPECT_TRUE(Finish(id, {one, two}, "first SECOND").status().Is(ErrorKind::kCorrupted));
  EXPECT_TRUE(Finish(id, {one}, "first second").status().Is(ErrorKind::kCorrupted));
  EXPECT_TRUE(Finish(id, {two, one}, "first second").status().Is(ErrorKind::kCorrupted));
  EXPECT_EQ(wire_.sent.size(), before);
}

TEST_F(AzureUploads, I15AnotherProcessGoesOnFromTheServicesOwnList) {
  const Secret id = Begin();
  const PartReceipt one = PutPart(id, 0, "first ");
  const PartReceipt two = PutPart(id, 1, "second");
  FakeAzure later;
  const std::string foreign = "gw1ffffffff000010000000000000000";
  later.transport.Answer(200, {},
                         Lists("", Block(two.token, 6) + Block(foreign, 9) + Block(one.token, 6)));
  const Result<UploadedParts> kept = later.store->ListParts(later.context, "k", id);
  ASSERT_TRUE(kept.ok()) << kept.status();
  ASSERT_EQ(kept->parts.size(), 2u);
  EXPECT_EQ(kept->parts[0].token, one.token);
  EXPECT_EQ(kept->parts[0].digests, CrcOf("first "));
  EXPECT_EQ(kept->parts[1].size_bytes, 6u);
}

TEST_F(AzureUploads, I17FinishThatWasDoneIsRecognisedByItsBlocks) {
  const Secret id = Begin();
  const PartReceipt one = PutPart(id, 0, "whole");
  FakeAzure later;
  later.transport.Answer(200, kCommitted, Lists(Block(one.token, 5), ""));
  FinishOptions options;
  options.size_bytes = 5;
  options.digests = CrcOf("whole");
  const Result<PutReceipt> receipt =
      later.store->FinishUpload(later.context, later.permit, "k", id, std::vector{one}, options);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->version, "0x8D2");
  EXPECT_EQ(later.transport.sent.size(), 1u);
  later.transport.Answer(200, kCommitted, Lists(Block(one.token, 5), ""));
  EXPECT_TRUE(later.store->ListParts(later.context, "k", id).status().Is(ErrorKind::kNotFound));
}

TEST_F(AzureUploads, I17LostAnswerOfACommitMayHaveBeenApplied) {
  const Secret id = Begin();
  const PartReceipt one = PutPart(id, 0, "whole");
  wire_.Answer(200, {}, Lists("", Block(one.token, 5)));
  wire_.Fail(Status(ErrorKind::kUnavailable, "lost").WithMaybeApplied(true));
  const Status status = Finish(id, {one}, "whole").status();
  EXPECT_TRUE(status.Is(ErrorKind::kUnavailable));
  EXPECT_TRUE(status.maybe_applied());
}

TEST_F(AzureUploads, IdsTakeTheWidthThatAnotherProgramHasUsed) {
  wire_.Answer(200, {}, Lists("", Block(std::string(48, 'x'), 1)));
  const Result<Secret> id = azure_.store->BeginUpload(azure_.context, azure_.permit, "k", {});
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(PutPart(*id, 0, "x").token.size(), 48u);
  wire_.Answer(400, {{"x-ms-error-code", "InvalidBlobOrBlock"}});
  MemorySource body = SourceOf("x");
  EXPECT_THAT(Brief(azure_.store->PutPart(azure_.context, azure_.permit, "k", *id, {0, 0, {}}, body)
                        .status()),
              HasSubstr("unfinished blocks of another program"));
}

TEST_F(AzureUploads, SweptBlocksMakeTheUploadUnknown) {
  const Secret id = Begin();
  const PartReceipt one = PutPart(id, 0, "whole");
  wire_.Answer(200, {}, Lists("", Block(one.token, 5)));
  wire_.Answer(400, {{"x-ms-error-code", "InvalidBlockList"}});
  EXPECT_EQ(Brief(Finish(id, {one}, "whole").status()), "not-found: no such upload");
}

TEST_F(AzureUploads, StreamedBlockIsProvenByItsEchoOnly) {
  const Secret id = Begin();
  PassingSource body("whole");
  const std::string crc = AzureCrcText(CrcOf("whole").Find(DigestKind::kCrc64Nvme)->crc64nvme());
  for (const bool echoes : {true, false}) {
    wire_.Answer(201, echoes ? Fields{{"x-ms-content-crc64", crc}} : Fields{});
    const Result<PartReceipt> part =
        azure_.store->PutPart(azure_.context, azure_.permit, "k", id, {0, 0, {}}, body);
    ASSERT_TRUE(part.ok()) << part.status();
    const std::string block = part->token.substr(0, 32);
    wire_.Answer(200, {}, Lists("", Block(block, 5)));
    wire_.Answer(500, {{"x-ms-error-code", "InternalError"}});
    (void)Finish(id, {*part}, "whole");
    EXPECT_EQ(part->token.substr(32), echoes ? " +" : "") << "a note that no list has";
    EXPECT_EQ(part->digests.empty(), !echoes);
  }
}

TEST_F(AzureUploads, AbortForgetsTheUploadAndSendsNothing) {
  const Secret id = Begin();
  const std::size_t before = wire_.sent.size();
  EXPECT_TRUE(azure_.store->AbortUpload(azure_.context, azure_.permit, "k", id).ok());
  EXPECT_TRUE(azure_.store->ListParts(azure_.context, "k", id).status().Is(ErrorKind::kNotFound));
  EXPECT_EQ(wire_.sent.size(), before);
  EXPECT_FALSE(azure_.store->Describe().uploads_abortable);
}

TEST_F(AzureUploads, CopiedBlockNamesItsPinnedSourceBySignature) {
  const Secret id = Begin();
  wire_.Answer(201, {{"x-ms-content-crc64",
                      AzureCrcText(CrcOf("copied").Find(DigestKind::kCrc64Nvme)->crc64nvme())}});
  const Result<PartReceipt> part = azure_.store->CopyPart(
      azure_.context, azure_.permit, "k", id, {0, 10, {}}, {"other", "a b", "0x8D1"}, 6);
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(part->digests, CrcOf("copied"));
  const ScriptedTransport::Sent& sent = azure_.last();
  EXPECT_THAT(sent.Header("x-ms-copy-source"),
              HasSubstr("http://127.0.0.1:10000/devstoreaccount1/other/a%20b?sv="));
  EXPECT_EQ(sent.Header("x-ms-source-range"), "bytes=10-15");
  EXPECT_EQ(sent.Header("x-ms-source-if-match"), "\"0x8D1\"");
}

// The engine repeats a copy under its first condition, which its own copy has ended.
TEST_F(AzureUploads, CopyThatStandsIsNotTakenForUndoneWhenItsDescriptionFails) {
  PutOptions options;
  options.attributes.user_metadata["a"] = "b";
  for (const int failures : {1, 3}) {
    // The service is asked once whether it copies in one request.
    if (failures == 1) wire_.Answer(501, {{"x-ms-error-code", "NotImplemented"}});
    wire_.Answer(202, kCommitted);
    for (int i = 0; i < failures; ++i) wire_.Fail(Status(ErrorKind::kUnavailable, "cut"));
    if (failures == 1) {
      wire_.Answer(200, {{"etag", "\"0x8D2\""},
                         {"last-modified", "Fri, 01 Nov 2024 12:00:00 GMT"},
                         {"content-length", "5"}});
      wire_.Answer(200, kCommitted);
    }
    const Result<PutReceipt> receipt =
        azure_.store->Copy(azure_.context, azure_.permit, {"other", "k", "0x8D1"}, "k", options);
    EXPECT_EQ(receipt.ok(), failures == 1) << receipt.status();
    EXPECT_EQ(receipt.status().maybe_applied(), failures == 3);
    EXPECT_EQ(wire_.left(), 0u);
  }
}

}  // namespace
}  // namespace godwit
