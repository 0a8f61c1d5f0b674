// What becomes of an upload when the run that goes on with it fails.

#include <gtest/gtest.h>

#include "tests/unit/sync/resume_fixture.h"

namespace godwit {
namespace {

// The parts of the second run up to the first failure, which is to outlast it.
class EngineResumeFailing : public EngineResume {
 protected:
  template <typename T>
  void FailFor(ErrorKind kind, Side side) {
    second_.fails_on = side;
    second_.before = [kind](const Command& command) -> std::optional<Status> {
      if (!Is<T>(command)) return std::nullopt;
      return Status(kind, "for good");
    };
    summary_ = second_.Run();
    EXPECT_NE(summary_.exit_code, 0);
  }
  void ExpectKept() {
    EXPECT_EQ(second_.target.uploads.size(), 1U);
    EXPECT_TRUE(second_.Kept<UploadEndedRecord>().empty());
    EXPECT_TRUE(summary_.resumable);
    EXPECT_FALSE(summary_.stopped);
  }
  void ExpectAborted() {
    EXPECT_TRUE(second_.target.uploads.empty());
    EXPECT_EQ(second_.Kept<UploadEndedRecord>().size(), 1U);
    EXPECT_FALSE(summary_.resumable);
  }
};

TEST_F(EngineResumeFailing, FailureThatMayPassLaterKeepsTheUpload) {
  for (const Side side : {Side::kSource, Side::kTarget}) {
    for (const ErrorKind kind :
         {ErrorKind::kUnavailable, ErrorKind::kThrottled, ErrorKind::kTimeout,
          ErrorKind::kUnreachable, ErrorKind::kUntrusted, ErrorKind::kUnauthenticated,
          ErrorKind::kPermissionDenied}) {
      SCOPED_TRACE(ErrorKindName(kind));
      ScriptedRunner failing;
      GoOnAfter(first_, failing);
      failing.fails_on = side;
      failing.before = FailFirst<TransferPartCommand>(99, Status(kind, "for good"));
      EXPECT_NE(failing.Run().exit_code, 0);
      EXPECT_TRUE(failing.summary->resumable);
      ScriptedRunner third;
      GoOnAfter(failing, third);
      EXPECT_EQ(third.Run().exit_code, 0);
      EXPECT_EQ(third.Sent<TransferPartCommand>().size(), 1U);
      EXPECT_EQ(third.target.objects.at("big").bytes, kBig);
    }
  }
}

TEST_F(EngineResumeFailing, PartsThatCannotBeListedNowKeepTheUpload) {
  FailFor<ListPartsCommand>(ErrorKind::kUnavailable, Side::kTarget);
  ExpectKept();
}

TEST_F(EngineResumeFailing, FinishThatFailsForNowKeepsTheUpload) {
  FailFor<FinishUploadCommand>(ErrorKind::kUnavailable, Side::kTarget);
  ExpectKept();
}

TEST_F(EngineResumeFailing, WhatNoLaterRunCanGoOnWithIsAborted) {
  FailFor<TransferPartCommand>(ErrorKind::kInvalidArgument, Side::kTarget);
  ExpectAborted();
}

TEST_F(EngineResumeFailing, DamagedBytesAbortTheUpload) {
  FailFor<TransferPartCommand>(ErrorKind::kCorrupted, Side::kSource);
  ExpectAborted();
}

TEST_F(EngineResumeFailing, SourceThatIsGoneAbortsTheUpload) {
  second_.watch = [this](const Command& command) {
    if (Is<TransferPartCommand>(command)) second_.source.objects.clear();
  };
  summary_ = second_.Run();
  ExpectAborted();
}

TEST_F(EngineResumeFailing, NoResumeKeepsNothing) {
  second_.options.resume = false;
  FailFor<TransferPartCommand>(ErrorKind::kUnavailable, Side::kTarget);
  EXPECT_TRUE(second_.target.uploads.empty());
  EXPECT_FALSE(summary_.resumable);
}

// Nobody got as far as its upload.
TEST_F(EngineResumeFailing, UploadOfAnObjectThatFailedBeforeIsKept) {
  second_.source.Set("small", "x");
  FailFor<HeadCommand>(ErrorKind::kUnavailable, Side::kSource);
  EXPECT_TRUE(second_.Sent<ListPartsCommand>().empty());
  EXPECT_TRUE(second_.target.objects.contains("small"));
  ExpectKept();
}

TEST_F(EngineResumeFailing, UploadOfAKeyThatIsGoneIsAbortedAlthoughOthersFail) {
  second_.source.objects.erase("big");
  second_.source.Set("small", "x");
  FailFor<TransferWholeCommand>(ErrorKind::kPermissionDenied, Side::kSource);
  ExpectAborted();
}

}  // namespace
}  // namespace godwit
