// Uploads that nobody goes on with: begins whose answer was lost, and aborts that failed.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "tests/unit/sync/resume_fixture.h"

namespace godwit {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Timestamp kIntended = Timestamp(hours(24));

FakeUpload UploadOf(const std::string& key, Timestamp started) {
  FakeUpload upload;
  upload.key = key;
  upload.started.time = started;
  return upload;
}

// Two begins, of which the first was applied and its answer lost.
class EngineLostBegin : public testing::Test {
 protected:
  EngineLostBegin() {
    run_.source.Set("big", kBig);
    run_.after = FailFirst<BeginUploadCommand>(1, Lost());
  }
  // Begun by somebody else, so long after ours that succeeded.
  FakeUpload& Foreign(std::chrono::seconds later) {
    return run_.target.uploads["foreign"] = UploadOf("big", Timestamp(hours(1)) + later);
  }
  void ExpectForeignStays() {
    EXPECT_EQ(run_.Run().exit_code, 0);
    EXPECT_EQ(run_.Sent<BeginUploadCommand>().size(), 2U);
    EXPECT_EQ(run_.target.uploads.size(), 1U);
    EXPECT_TRUE(run_.target.uploads.contains("foreign"));
    EXPECT_EQ(run_.Kept<AbandonedEndedRecord>().size(), 1U);
  }

  ScriptedRunner run_;
};

TEST_F(EngineLostBegin, SomebodyElsesUploadThatHasPartsStays) {
  Foreign(seconds(0)).parts[0] = "somebody else's";
  ExpectForeignStays();
}

TEST_F(EngineLostBegin, SomebodyElsesUploadThatBeganLaterStays) {
  Foreign(seconds(1));
  ExpectForeignStays();
}

TEST_F(EngineLostBegin, WhatCannotBeLookedForNowIsRemembered) {
  run_.before = FailFirst<ListUploadsCommand>(99, Passing());
  EXPECT_EQ(run_.Run().exit_code, 0);
  ASSERT_EQ(run_.Kept<UploadAbandonedRecord>().size(), 1U);
  EXPECT_TRUE(run_.Kept<UploadAbandonedRecord>()[0].upload_id.empty());
  EXPECT_TRUE(run_.Kept<AbandonedEndedRecord>().empty());
}

// The first run was killed while its begin was on its way.
class EngineUnheardBegin : public EngineResume {
 protected:
  EngineUnheardBegin() {
    JournaledUpload& intent = second_.unfinished[0];
    intent.upload_id = Secret();
    intent.parts.clear();
    intent.intended = kIntended;
    second_.target.uploads.clear();
    second_.target.uploads["unheard"] = UploadOf("big", kIntended - minutes(14));
    second_.target.uploads["older"] = UploadOf("big", kIntended - minutes(16));
    second_.target.uploads["begun"] = UploadOf("big", kIntended);
    second_.target.uploads["begun"].parts[0] = "x";
    second_.target.uploads["biggest"] = UploadOf("biggest", kIntended);
  }
  void ExpectOnlyTheUnheardGone() const {
    EXPECT_EQ(second_.target.uploads.size(), 3U);
    EXPECT_FALSE(second_.target.uploads.contains("unheard"));
  }
};

TEST_F(EngineUnheardBegin, IsAbortedWhenTheKeyIsCopied) {
  EXPECT_EQ(second_.Run().exit_code, 0);
  ExpectOnlyTheUnheardGone();
  EXPECT_TRUE(second_.Kept<UploadAbandonedRecord>().empty());
}

TEST_F(EngineUnheardBegin, IsAbortedWhenTheKeyIsGone) {
  second_.source.objects.clear();
  second_.source.Set("small", "x");
  EXPECT_EQ(second_.Run().exit_code, 0);
  ExpectOnlyTheUnheardGone();
  EXPECT_EQ(second_.Kept<UploadEndedRecord>().size(), 1U);
}

TEST_F(EngineUnheardBegin, IsRememberedWhereItCannotBeLookedForNow) {
  second_.before = FailFirst<ListUploadsCommand>(99, Passing());
  EXPECT_EQ(second_.Run().exit_code, 0);
  ASSERT_EQ(second_.Kept<UploadAbandonedRecord>().size(), 1U);
  EXPECT_EQ(second_.Kept<UploadAbandonedRecord>()[0].intended, kIntended);
}

TEST_F(EngineUnheardBegin, IsToldWhereItMayNotBeLookedFor) {
  second_.before = FailFirst<ListUploadsCommand>(99, Status(ErrorKind::kPermissionDenied, "403"));
  EXPECT_EQ(second_.Run().exit_code, 0);
  EXPECT_TRUE(second_.Kept<UploadAbandonedRecord>().empty());
  EXPECT_EQ(second_.notices.size(), 1U);
}

// The upload of the first run, which the second one has no use for and cannot abort.
class EngineFailedAbort : public EngineResume {
 protected:
  EngineFailedAbort() {
    second_.source.Set("big", std::string(40, 'n'));
    second_.before = FailFirst<AbortUploadCommand>(4, Passing());
  }
  static JournaledUpload Abandoned(const std::string& key, const std::string& id) {
    JournaledUpload upload;
    upload.key = key;
    upload.upload_id = Secret(id);
    upload.abandoned = true;
    return upload;
  }
};

TEST_F(EngineFailedAbort, IsRememberedAndTheObjectIsCopied) {
  EXPECT_EQ(second_.Run().exit_code, 0);
  EXPECT_EQ(second_.target.objects.at("big").bytes, std::string(40, 'n'));
  ASSERT_EQ(second_.Kept<UploadAbandonedRecord>().size(), 1U);
  EXPECT_EQ(second_.Kept<UploadAbandonedRecord>()[0].upload_id,
            first_.Kept<UploadBegunRecord>()[0].upload_id);
}

TEST_F(EngineFailedAbort, AsTheSourceChangesIsRememberedAndTheObjectIsCopied) {
  second_.unfinished.clear();
  second_.target.uploads.clear();
  bool first = true;
  second_.watch = [&](const Command& command) {
    if (!Is<TransferPartCommand>(command) || !std::exchange(first, false)) return;
    second_.source.Set("big", std::string(30, 'c'));
  };
  EXPECT_EQ(second_.Run().exit_code, 0);
  EXPECT_EQ(second_.target.objects.at("big").bytes, std::string(30, 'c'));
  EXPECT_EQ(second_.Kept<UploadAbandonedRecord>().size(), 1U);
  EXPECT_EQ(second_.target.uploads.size(), 1U);
}

TEST_F(EngineFailedAbort, OfAnEarlierRunIsRepeatedWhileAnotherUploadGoesOn) {
  second_.before = nullptr;
  second_.source = first_.source;
  second_.target.uploads["old"] = UploadOf("big", kIntended);
  second_.unfinished.push_back(Abandoned("big", "old"));
  EXPECT_EQ(Finish(), 1U);
  ASSERT_EQ(second_.Kept<AbandonedEndedRecord>().size(), 1U);
  EXPECT_EQ(second_.Kept<AbandonedEndedRecord>()[0].upload_id, Secret("old"));
}

TEST_F(EngineFailedAbort, OfAnEarlierRunStaysUntilItCanBeRepeated) {
  second_.before = FailFirst<AbortUploadCommand>(99, Passing());
  second_.unfinished = {Abandoned("gone", "old")};
  EXPECT_EQ(second_.Run().exit_code, 0);
  EXPECT_TRUE(second_.Kept<AbandonedEndedRecord>().empty());
}

// The upload of the first run may be finished at any moment by a request that is still under way.
using EngineOldUpload = EngineResume;

TEST_F(EngineOldUpload, IsAbortedBeforeTheObjectIsSentWhole) {
  second_.source.Set("big", "small");
  EXPECT_EQ(Finish(), 0U);
  const auto at = [this](auto is) {
    return std::find_if(second_.commands.begin(), second_.commands.end(), is);
  };
  EXPECT_LT(at([](const Command& c) { return Is<AbortUploadCommand>(c); }),
            at([](const Command& c) { return Is<TransferWholeCommand>(c); }));
  EXPECT_EQ(second_.Kept<UploadEndedRecord>().size(), 1U);
}

TEST_F(EngineFailedAbort, DoesNotKeepTheObjectFromBeingSentWhole) {
  second_.source.Set("big", "small");
  second_.before = FailFirst<AbortUploadCommand>(99, Passing());
  EXPECT_EQ(second_.Run().exit_code, 0);
  EXPECT_EQ(second_.target.objects.at("big").bytes, "small");
  EXPECT_TRUE(second_.Kept<UploadEndedRecord>().empty());
}

// The first run was killed after its finish had been applied.
class EngineUnheardFinish : public EngineResume {
 protected:
  EngineUnheardFinish() {
    second_.options.mode = JobMode::kCopy;
    second_.options.single = SyncOptions::SingleObject{"big", "big"};
    second_.unfinished[0].parts.push_back({3, 10, "e3", SumOf(kBig.substr(30)).digests()});
    second_.target.uploads.clear();
    second_.target.Put("big", kBig, {});
  }
};

TEST_F(EngineUnheardFinish, ObjectIsFoundAndNotSentAgain) {
  EXPECT_EQ(Finish(), 0U);
  EXPECT_TRUE(second_.Sent<BeginUploadCommand>().empty());
  EXPECT_TRUE(summary_.resumed);
  EXPECT_EQ(summary_.copied, 1U);
  EXPECT_EQ(second_.Kept<UploadEndedRecord>().size(), 1U);
}

TEST_F(EngineUnheardFinish, OtherObjectIsReplaced) {
  second_.target.Put("big", std::string(kBig.size(), 'x'), {});
  EXPECT_EQ(Finish(), 4U);
}

TEST_F(EngineUnheardFinish, ObjectWhosePartsAreNotAllKnownIsSentAgain) {
  second_.unfinished[0].parts.pop_back();
  EXPECT_EQ(Finish(), 4U);
}

}  // namespace
}  // namespace godwit
