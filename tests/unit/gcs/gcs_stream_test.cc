#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "lib/base/digest_text.h"
#include "lib/checksum/crc.h"
#include "tests/unit/gcs/fake_gcs.h"

namespace godwit {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kChunk = 256 << 10;

// A session that was begun for an object of two parts of 512 KiB and a rest of 5 bytes.
struct Session {
  explicit Session(const WriteCondition& condition = {}) {
    gcs.transport.Answer(
        200, {{"Location", "https://elsewhere.example/upload/storage/v1/b/lake/o?upload_id=S1"}});
    UploadOptions options;
    options.size_bytes = bytes.size();
    options.part_size_bytes = 2 * kChunk;
    options.condition = condition;
    id = *gcs.store->BeginUpload(gcs.context, gcs.permit, "k", options);
  }
  Result<PartReceipt> Part(std::uint32_t index) {
    const std::uint64_t offset = index * 2 * kChunk;
    MemorySource body = SourceOf(std::string_view(bytes).substr(offset, 2 * kChunk));
    Result<PartReceipt> part =
        gcs.store->PutPart(gcs.context, gcs.permit, "k", id, {index, offset, {}}, body);
    if (part.ok()) parts.push_back(*part);
    return part;
  }
  void Kept(std::size_t count) {
    gcs.transport.Answer(
        308, count == 0 ? Fields{} : Fields{{"Range", "bytes=0-" + std::to_string(count - 1)}});
  }
  Result<PutReceipt> Finish() {
    FinishOptions options;
    options.size_bytes = bytes.size();
    options.digests.Set(crc());
    return gcs.store->FinishUpload(gcs.context, gcs.permit, "k", id, parts, options);
  }
  Digest crc() const { return Digest::Crc32c(Crc32c(0, std::as_bytes(std::span(bytes)))); }
  std::string Object() const {
    return Resource("k", "", Base64Of(crc()), std::to_string(bytes.size()));
  }

  FakeGcs gcs;
  std::string bytes = std::string(4 * kChunk, 'x') + "tail!";
  Secret id;
  std::vector<PartReceipt> parts;
};

TEST(GcsStreamTest, AConditionThatIsLostIsTheTargets) {
  Session session(WriteCondition::IfVersion("5"));
  session.Kept(2 * kChunk);
  ASSERT_TRUE(session.Part(0).ok());
  session.Kept(4 * kChunk);
  ASSERT_TRUE(session.Part(1).ok());
  ASSERT_TRUE(session.Part(2).ok());
  session.gcs.transport.Answer(412, {}, R"({"error":{"code":412,"message":"conditionNotMet"}})");
  const Result<PutReceipt> receipt = session.Finish();
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kPreconditionFailed);
  EXPECT_THAT(receipt.status().ToString(), HasSubstr("object at the target has changed"));
}

TEST(GcsStreamTest, PartsGoAsChunksAndTheRestWithTheFinish) {
  Session session(WriteCondition::IfVersion("5"));
  EXPECT_THAT(session.gcs.transport.last().url, HasSubstr("ifGenerationMatch=5"));
  session.Kept(2 * kChunk);
  ASSERT_TRUE(session.Part(0).ok());
  EXPECT_EQ(session.gcs.transport.last().Line(),
            "PUT https://storage.googleapis.com/upload/storage/v1/b/lake/o?upload_id=S1");
  EXPECT_EQ(session.gcs.transport.last().Header("Content-Range"), "bytes 0-524287/*");
  session.Kept(4 * kChunk);
  ASSERT_TRUE(session.Part(1).ok());
  ASSERT_TRUE(session.Part(2).ok());
  EXPECT_EQ(session.gcs.transport.sent.size(), 3u) << "the rest waits";
  session.gcs.Json(session.Object());
  const Result<PutReceipt> receipt = session.Finish();
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->proof, WriteProof::kCrc32c);
  const SentRequest& last = session.gcs.transport.last();
  EXPECT_EQ(last.Header("Content-Range"), "bytes 1048576-1048580/1048581");
  EXPECT_EQ(last.Header("x-goog-hash"), GcsHashHeader(session.crc()));
  EXPECT_EQ(last.body, "tail!");
}

TEST(GcsStreamTest, WhatWasNotKeptIsSentAgain) {
  Session session;
  session.Kept(kChunk);
  session.Kept(2 * kChunk);
  ASSERT_TRUE(session.Part(0).ok());
  EXPECT_EQ(session.gcs.transport.last().Header("Content-Range"), "bytes 262144-524287/*");
}

TEST(GcsStreamTest, NoProgressFails) {
  Session session;
  session.Kept(0);
  EXPECT_EQ(session.Part(0).status().kind(), ErrorKind::kUnavailable);
}

// I17: after a failure the service is asked before a byte is sent.
TEST(GcsStreamTest, LostAnswerIsLookedUpFirst) {
  Session session;
  session.gcs.transport.Fail(
      Status(ErrorKind::kUnavailable, "connection lost").WithMaybeApplied(true));
  ASSERT_FALSE(session.Part(0).ok());
  session.Kept(2 * kChunk);
  ASSERT_TRUE(session.Part(0).ok());
  EXPECT_EQ(session.gcs.transport.last().Header("Content-Range"), "bytes */*");
  EXPECT_EQ(session.gcs.transport.last().body, "");
}

// The offset that the service tells counts, wherever in a part it lies.
TEST(GcsStreamTest, I15AnotherProcessGoesOnWhereTheServiceStands) {
  Session begun;
  for (const std::size_t kept : {0 * kChunk, 1 * kChunk, 3 * kChunk, 4 * kChunk}) {
    Session later;
    later.id = begun.id;
    later.gcs.transport.sent.clear();
    later.Kept(kept);
    const Result<UploadedParts> there =
        later.gcs.store->ListParts(later.gcs.context, "k", later.id);
    ASSERT_TRUE(there.ok()) << there.status();
    EXPECT_EQ(there->contiguous_bytes, kept);
    EXPECT_EQ(there->parts.size(), kept / (2 * kChunk));
    EXPECT_EQ(later.gcs.transport.last().Header("Content-Range"), "bytes */*");
    for (const std::size_t end : {2 * kChunk, 4 * kChunk}) {
      if (kept < end) later.Kept(end);
    }
    for (const std::uint32_t index : {0U, 1U, 2U}) ASSERT_TRUE(later.Part(index).ok());
    std::size_t bytes_sent = 0;
    for (const SentRequest& request : later.gcs.transport.sent) bytes_sent += request.body.size();
    EXPECT_EQ(bytes_sent, 4 * kChunk - kept);
    later.gcs.Json(later.Object());
    ASSERT_TRUE(later.Finish().ok());
    EXPECT_EQ(later.gcs.transport.last().Header("x-goog-hash"), GcsHashHeader(later.crc()));
  }
}

// Who has it can write to it, without a key.
TEST(GcsStreamTest, AddressOfASessionFromAJournalIsNeverLogged) {
  const Session begun;
  FakeGcs later;
  later.transport.Answer(410);
  EXPECT_TRUE(
      later.store->ListParts(later.context, "k", begun.id).status().Is(ErrorKind::kNotFound));
  later.log.Warn("PUT /upload/storage/v1/b/lake/o?upload_id=S1 and again S1");
  EXPECT_THAT(later.log_text.str(), Not(HasSubstr("S1")));
}

TEST(GcsStreamTest, LostFinishIsFoundAgain) {
  Session session;
  session.Kept(2 * kChunk);
  session.Kept(4 * kChunk);
  for (const std::uint32_t index : {0U, 1U, 2U}) ASSERT_TRUE(session.Part(index).ok());
  session.gcs.transport.Fail(
      Status(ErrorKind::kUnavailable, "connection lost").WithMaybeApplied(true));
  EXPECT_TRUE(session.Finish().status().maybe_applied());
  session.gcs.Json(session.Object());
  const Result<PutReceipt> receipt = session.Finish();
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(session.gcs.transport.last().Header("Content-Range"), "bytes */*");
}

TEST(GcsStreamTest, ForgottenSessionIsUnknown) {
  for (const int status : {404, 410, 499}) {
    Session session;
    session.gcs.transport.Answer(status);
    EXPECT_EQ(session.Part(0).status().kind(), ErrorKind::kNotFound) << status;
  }
}

TEST(GcsStreamTest, RangeThatCannotBeReadIsNotBelieved) {
  for (const char* range : {"bytes=5-10", "bytes=0-x", "0", "bytes=0-18446744073709551615"}) {
    Session session;
    session.gcs.transport.Answer(308, {{"Range", range}});
    EXPECT_EQ(session.Part(0).status().kind(), ErrorKind::kCorrupted) << range;
  }
  Session session;
  session.gcs.transport.Answer(308, {{"Range", "bytes=0-9999999"}});
  EXPECT_EQ(session.Part(0).status().kind(), ErrorKind::kUnavailable) << "more than was sent";
}

TEST(GcsStreamTest, OtherDigestOfTheWholeIsNoSuccess) {
  Session session;
  session.Kept(2 * kChunk);
  session.Kept(4 * kChunk);
  for (const std::uint32_t index : {0U, 1U, 2U}) ASSERT_TRUE(session.Part(index).ok());
  session.gcs.Json(Resource("k", "", "AAAAAA==", std::to_string(session.bytes.size())));
  const Status status = session.Finish().status();
  EXPECT_EQ(status.kind(), ErrorKind::kCorrupted);
  EXPECT_TRUE(status.maybe_applied());
}

TEST(GcsStreamTest, CancelledSessionIsAborted) {
  Session session;
  session.gcs.transport.Answer(499);
  EXPECT_TRUE(
      session.gcs.store->AbortUpload(session.gcs.context, session.gcs.permit, "k", session.id)
          .ok());
  EXPECT_EQ(session.gcs.transport.last().method, HttpMethod::kDelete);
}

TEST(GcsStreamTest, LargeObjectsGoInPartsWhereTheEndpointIsGoogles) {
  FakeGcs google;
  const Capabilities& can = google.store->Describe();
  EXPECT_FALSE(can.TakesPartsInAnyOrder(255ULL << 20, 16 << 20));
  EXPECT_TRUE(can.TakesPartsInAnyOrder(256ULL << 20, 16 << 20));
  EXPECT_FALSE(can.TakesPartsInAnyOrder(256ULL << 20, 1 << 20));
  FakeGcs other([](GcsConfig& config) { config.is_google = false; });
  EXPECT_FALSE(other.store->Describe().TakesPartsInAnyOrder(1ULL << 40, 16 << 20));
  FakeGcs none([](GcsConfig& config) { config.parallel_upload = GcsParallelUpload::kNone; });
  EXPECT_FALSE(none.store->Describe().TakesPartsInAnyOrder(1ULL << 40, 16 << 20));
}

TEST(GcsPartsTest, PartsThatComeInOrderGoAsOneStream) {
  for (const bool in_order : {true, false}) {
    FakeGcs gcs([](GcsConfig& config) { config.is_google = true; });
    UploadOptions options;
    options.size_bytes = 1ULL << 30;
    options.part_size_bytes = 16ULL << 20;
    options.in_order = in_order;
    gcs.transport.Answer(403);
    EXPECT_FALSE(gcs.store->BeginUpload(gcs.context, gcs.permit, "k", options).ok());
    EXPECT_EQ(gcs.transport.last().url.find("uploadType=resumable") != std::string::npos, in_order);
  }
}

TEST(GcsPartsTest, TheGenerationIsLookedAtBeforeTheFinish) {
  FakeGcs gcs([](GcsConfig& config) { config.parallel_upload = GcsParallelUpload::kXml; });
  gcs.transport.Answer(200, {},
                       "<InitiateMultipartUploadResult><UploadId>U1</UploadId>"
                       "</InitiateMultipartUploadResult>");
  UploadOptions options;
  options.size_bytes = 9;
  options.part_size_bytes = 9;
  options.condition = WriteCondition::IfVersion("5");
  const Result<Secret> id = gcs.store->BeginUpload(gcs.context, gcs.permit, "k", options);
  ASSERT_TRUE(id.ok()) << id.status();
  gcs.Json(Resource());
  FinishOptions finish;
  finish.size_bytes = 9;
  const std::vector<PartReceipt> parts{{0, 9, "etag", {}}};
  const Status status =
      gcs.store->FinishUpload(gcs.context, gcs.permit, "k", *id, parts, finish).status();
  EXPECT_EQ(status.kind(), ErrorKind::kPreconditionFailed) << status;
  EXPECT_EQ(gcs.transport.last().method, HttpMethod::kGet) << "it was not finished";
  EXPECT_THAT(gcs.log_text.str(), HasSubstr("by the XML multipart API"));
}

// I16: an error document inside a success is a failure.
TEST(GcsPartsTest, ErrorInsideASuccessIsAFailure) {
  FakeGcs gcs([](GcsConfig& config) { config.parallel_upload = GcsParallelUpload::kXml; });
  gcs.transport.Answer(200, {}, "<Error><Code>InternalError</Code></Error>");
  UploadOptions options;
  const Status status = gcs.store->BeginUpload(gcs.context, gcs.permit, "k", options).status();
  EXPECT_EQ(status.kind(), ErrorKind::kUnavailable) << status;
}

}  // namespace
}  // namespace godwit
