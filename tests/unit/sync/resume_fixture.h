#pragma once

#include <gtest/gtest.h>

#include <string>

#include "lib/sync/unfinished_uploads.h"
#include "tests/unit/sync/scripted_runner.h"

namespace godwit {

inline const std::string kBig = "0123456789abcdefghijABCDEFGHIJ)!@#$%^&*(";  // Four parts.

// A run that is stopped when it sends its fourth part, and the one after it.
class EngineResume : public testing::Test {
 protected:
  EngineResume() {
    first_.options.jobs = 1;
    first_.options.part_size_bytes = 10;
    first_.source.Set("big", kBig);
    int parts = 0;
    first_.watch = [this, parts](const Command& command) mutable {
      if (Is<TransferPartCommand>(command) && ++parts == 3) first_.Post(Stop{130});
    };
    first_.Run();
    GoOnAfter(first_, second_);
  }

  void GoOnAfter(const ScriptedRunner& last, ScriptedRunner& next) const {
    next.options.part_size_bytes = 10;
    next.source = last.source;
    next.target = last.target;
    next.unfinished = {Journaled(first_)};
  }

  static JournaledUpload Journaled(const ScriptedRunner& run) {
    const UploadIntentRecord intent = run.Kept<UploadIntentRecord>().at(0);
    JournaledUpload upload{intent.key,
                           intent.source_version,
                           intent.size_bytes,
                           intent.part_size_bytes,
                           run.Kept<UploadBegunRecord>().at(0).upload_id,
                           {},
                           intent.form};
    for (const UploadPartRecord& record : run.Kept<UploadPartRecord>()) {
      upload.parts.push_back(record.part);
    }
    return upload;
  }

  // Parts of the second run, which must end well.
  std::size_t Finish() {
    summary_ = second_.Run();
    EXPECT_EQ(summary_.exit_code, 0);
    EXPECT_EQ(second_.target.objects.at("big").bytes, second_.source.objects.at("big").bytes);
    EXPECT_TRUE(second_.target.uploads.empty());
    return second_.Sent<TransferPartCommand>().size();
  }
  // As if it had always been so.
  void GiveConditionsAtBegin() {
    second_.target.capabilities.condition_on_finish = ConditionSupport::kAtBegin;
    left().options.condition = WriteCondition::CreateOnly();
    second_.unfinished[0].form = FormOf(left().options);
  }
  void LoseTheTargetDuringTheSecondRun() {
    second_.watch = [this](const Command& command) {
      if (Is<TransferPartCommand>(command)) second_.target.Set("big", "somebody else's");
    };
    EXPECT_EQ(second_.Run().exit_code, 10);
    EXPECT_EQ(second_.target.objects.at("big").bytes, "somebody else's");
    EXPECT_TRUE(second_.target.uploads.empty());
  }
  FakeUpload& left() { return second_.target.uploads.begin()->second; }

  ScriptedRunner first_;
  ScriptedRunner second_;
  SyncSummary summary_;
};

}  // namespace godwit
