// Objects of which the source tells nothing but the MD5: parts go in order and are hashed as they
// pass, also over the end of a run.
#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>

#include "lib/crypto/running_md5.h"
#include "tests/unit/sync/resume_fixture.h"

namespace godwit {
namespace {

Digest Md5Of(const std::string& bytes) { return Digest(DigestKind::kMd5, Md5(bytes)); }

class EngineMd5 : public EngineResume {
 protected:
  EngineMd5() {
    for (ScriptedRunner* run : {&fresh_, &stopped_, &next_}) {
      run->options.part_size_bytes = 10;
      run->source.Set("big", kBig).listed_digests = {Md5Of(kBig)};
    }
  }

  // A run is stopped at its third part; the next one goes on with what it left.
  void StopOne() {
    int parts = 0;
    stopped_.watch = [this, parts](const Command& command) mutable {
      if (Is<TransferPartCommand>(command) && ++parts == 3) stopped_.Post(Stop{130});
    };
    stopped_.Run();
    GoOn(next_);
  }
  void GoOn(ScriptedRunner& next) const {
    next.options.part_size_bytes = 10;
    next.source = stopped_.source;
    next.target = stopped_.target;
    next.unfinished = {Journaled(stopped_)};
  }

  static Digest Md5Told(const ScriptedRunner& run) {
    const DigestSet told = run.Sent<FinishUploadCommand>().at(0).options.digests;
    const Digest* md5 = told.Find(DigestKind::kMd5);
    return md5 == nullptr ? Md5Of("nothing told") : *md5;
  }

  ScriptedRunner fresh_;
  ScriptedRunner stopped_;
  ScriptedRunner next_;
};

TEST_F(EngineMd5, GoesInPartsOneByOneThatAreHashedInOrder) {
  fresh_.options.jobs = 4;
  EXPECT_EQ(fresh_.Run().exit_code, 0);
  std::uint32_t index = 0;
  for (const TransferPartCommand& part : fresh_.Sent<TransferPartCommand>()) {
    EXPECT_EQ(part.index, index++);
    EXPECT_TRUE(part.md5_before.has_value());
  }
  EXPECT_TRUE(fresh_.Sent<TransferWholeCommand>().empty());
  EXPECT_EQ(Md5Told(fresh_), Md5Of(kBig));
}

TEST_F(EngineMd5, OtherBytesThanTheSourceStoresAreNotPublished) {
  fresh_.options.retry = RetryPolicy::Immediate(1);
  fresh_.source.objects.at("big").listed_digests = {Md5Of("other")};
  EXPECT_EQ(fresh_.Run().exit_code, 5);
  EXPECT_TRUE(fresh_.target.objects.empty());
  EXPECT_TRUE(fresh_.Sent<FinishUploadCommand>().empty());
}

TEST_F(EngineMd5, TheNextRunGoesOnWithTheHash) {
  StopOne();
  EXPECT_EQ(next_.Run().exit_code, 0);
  EXPECT_LT(next_.Sent<TransferPartCommand>().size(), 3U);
  EXPECT_EQ(Md5Told(next_), Md5Of(kBig));
}

TEST_F(EngineMd5, WhatAnEarlierRunReadIsComparedToo) {
  StopOne();
  next_.options.retry = RetryPolicy::Immediate(0);
  next_.source.objects.at("big").listed_digests = {Md5Of("other")};
  EXPECT_EQ(next_.Run().exit_code, 5);
  EXPECT_TRUE(next_.target.objects.empty());
}

TEST_F(EngineMd5, WhatIsBehindAGapIsReadAgain) {
  StopOne();
  next_.target.uploads.begin()->second.parts.erase(0);
  EXPECT_EQ(next_.Run().exit_code, 0);
  EXPECT_EQ(next_.Sent<TransferPartCommand>().size(), 4U);
  EXPECT_EQ(Md5Told(next_), Md5Of(kBig));
}

TEST_F(EngineMd5, WhatIsBehindAMissingOrForeignStateIsReadAgain) {
  StopOne();
  RunningMd5 foreign;
  foreign.Update(std::as_bytes(std::span(kBig).first(5)));
  for (const std::string& state : {std::string(), std::string("nonsense"), foreign.State()}) {
    ScriptedRunner next;
    GoOn(next);
    next.unfinished.at(0).parts.at(1).running_md5 = state;
    EXPECT_EQ(next.Run().exit_code, 0);
    EXPECT_EQ(next.Sent<TransferPartCommand>().size(), 3U);
    EXPECT_EQ(Md5Told(next), Md5Of(kBig));
  }
}

TEST_F(EngineMd5, ALostAnswerDoesNotLoseTheHash) {
  fresh_.after = FailFirst<TransferPartCommand>(1, Lost());
  EXPECT_EQ(fresh_.Run().exit_code, 0);
  EXPECT_EQ(Md5Told(fresh_), Md5Of(kBig));
}

}  // namespace
}  // namespace godwit
