#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "fakecloud/fault.h"

namespace fakecloud {
namespace {

std::string FailureOf(std::string_view script) {
  const auto rules = ParseFaultScript(script);
  return rules.ok() ? std::string() : rules.status().message();
}

RequestFacts Facts(std::string_view operation, std::string_view key = "") {
  RequestFacts facts;
  facts.service = "s3";
  facts.operation = operation;
  facts.key = key;
  facts.credential = "AK";
  return facts;
}

// How often the faults of `script` fire for the same request, `count` times.
std::vector<std::size_t> FireCounts(FaultEngine& engine, const RequestFacts& facts, int count) {
  std::vector<std::size_t> fired;
  for (int i = 0; i < count; ++i) fired.push_back(engine.Match(facts).size());
  return fired;
}

class FaultEngineTest : public testing::Test {
 protected:
  void Load(std::string_view script) {
    auto rules = ParseFaultScript(script);
    ASSERT_TRUE(rules.ok()) << rules.status();
    engine_.Load(std::move(rules).value());
  }
  FaultEngine engine_;
};

TEST(FaultScript, FailuresNameRuleAndField) {
  const std::string head = "fault script, rule 0: ";
  EXPECT_EQ(FailureOf(R"([{"do":{"fault":"status"}}])"), head + "field 'status' is missing");
  EXPECT_EQ(FailureOf(R"([{"on":{}}])"), head + "field 'do' is missing");
  EXPECT_EQ(FailureOf(R"([{"do":{"fault":"explode"}}])"),
            head + "field 'fault' cannot be 'explode'");
  EXPECT_EQ(FailureOf(R"([{"on":{"op":"Fetch"},"do":{"fault":"lose_answer"}}])"),
            head + "unknown operation 'Fetch'");
  EXPECT_EQ(FailureOf(R"([{"on":{"keys":"x"},"do":{"fault":"lose_answer"}}])"),
            head + "unknown field 'keys'");
  EXPECT_EQ(FailureOf(R"([{"do":{"fault":"lose_answer"},"time":1}])"),
            head + "unknown field 'time'");
  EXPECT_EQ(FailureOf(R"([{"do":{"fault":"lose_answer","by":"fire"}}])"),
            head + "field 'by' cannot be 'fire'");
  EXPECT_EQ(FailureOf(R"([{"do":{"fault":"cut_body","after":-1}}])"),
            head + "field 'after' is negative");
  EXPECT_EQ(FailureOf(R"([{"do":{"fault":"cut_body","after":1.5}}])"),
            head + "field 'after' is not a whole number");
  EXPECT_EQ(FailureOf(R"([{"on":{"nth":0},"do":{"fault":"lose_answer"}}])"),
            head + "field 'nth' counts from 1");
  EXPECT_EQ(FailureOf(R"([{"do":{"fault":"corrupt","how":"length_header","side":"request"}}])"),
            head + "this 'how' cannot be done to this 'side'");
  EXPECT_EQ(FailureOf(R"([{"do":{"fault":"lose_answer"}}, 7])"),
            "fault script, rule 1: not an object");
  EXPECT_NE(FailureOf("[").find("parse error"), std::string::npos);
}

TEST(FaultScript, EveryScriptOfTheReadmeIsAccepted) {
  std::ifstream file(FAKECLOUD_README);
  std::stringstream text;
  text << file.rdbuf();
  const std::string readme = text.str();
  int scripts = 0;
  for (std::size_t at = 0; (at = readme.find("```json\n", at)) != std::string::npos; ++scripts) {
    at += 8;
    EXPECT_EQ(FailureOf(readme.substr(at, readme.find("```", at) - at)), "");
  }
  EXPECT_EQ(scripts, 2);
}

TEST(FaultScript, OperationsHaveTheNamesOfTheStoreContractToo) {
  EXPECT_EQ(OperationsNamed("PutPart"),
            (std::vector<std::string>{"UploadPart", "resumable.put", "xml.part", "PutBlock"}));
  EXPECT_EQ(OperationsNamed("ListObjectsV2"), std::vector<std::string>{"ListObjects"});
  EXPECT_EQ(OperationsNamed("Delete"),
            (std::vector<std::string>{"DeleteObject", "DeleteObjects", "objects.delete", "batch",
                                      "DeleteBlob"}));
  EXPECT_EQ(OperationsNamed("GetObject"), std::vector<std::string>{"GetObject"});
  EXPECT_TRUE(OperationsNamed("get").empty());
}

TEST_F(FaultEngineTest, NthCountsMatchingRequestsAndTimesLimits) {
  Load(R"([{"on":{"op":"Put","key":"a*","nth":2},"do":{"fault":"lose_answer"},"times":2}])");
  EXPECT_EQ(FireCounts(engine_, Facts("GetObject", "a"), 2), (std::vector<std::size_t>{0, 0}));
  EXPECT_EQ(FireCounts(engine_, Facts("PutObject", "b"), 2), (std::vector<std::size_t>{0, 0}));
  EXPECT_EQ(FireCounts(engine_, Facts("PutObject", "a/b"), 5),
            (std::vector<std::size_t>{0, 1, 1, 0, 0}));
  EXPECT_EQ(engine_.Counts()[0].matched, 5U);
  EXPECT_EQ(engine_.Counts()[0].fired, 2U);
}

TEST_F(FaultEngineTest, TimesDefaultsToOneAndZeroIsAlways) {
  Load(R"([{"do":{"fault":"lose_answer"}},{"do":{"fault":"lose_answer"},"times":0}])");
  EXPECT_EQ(FireCounts(engine_, Facts("PutObject"), 3), (std::vector<std::size_t>{2, 1, 1}));
}

TEST_F(FaultEngineTest, ServiceBucketPageAndListOfOperationsRestrict) {
  Load(R"([{"on":{"service":"gcs"},"do":{"fault":"lose_answer"},"times":0},
           {"on":{"op":["Get","Head"]},"do":{"fault":"lose_answer"},"times":0},
           {"on":{"bucket":"b?"},"do":{"fault":"lose_answer"},"times":0},
           {"do":{"fault":"listing","how":"unordered","page":2},"times":0}])");
  RequestFacts facts = Facts("HeadObject");
  facts.bucket = "b1";
  facts.page = 2;
  EXPECT_EQ(engine_.Match(facts).size(), 3U);
  facts.page = 1;
  facts.bucket = "b";
  EXPECT_EQ(engine_.Match(facts).size(), 1U);
}

TEST_F(FaultEngineTest, SwapCountsRangeReadsOnly) {
  Load(R"([{"on":{"op":"Get","nth":2},"do":{"fault":"swap"}}])");
  RequestFacts facts = Facts("GetObject");
  EXPECT_EQ(FireCounts(engine_, facts, 3), (std::vector<std::size_t>{0, 0, 0}));
  facts.has_range = true;
  EXPECT_EQ(FireCounts(engine_, facts, 3), (std::vector<std::size_t>{0, 1, 0}));
}

TEST_F(FaultEngineTest, ExpiryHitsTheCredentialThatReachedTheCount) {
  Load(R"([{"do":{"fault":"expire_credentials","after":2}}])");
  EXPECT_EQ(FireCounts(engine_, Facts("GetObject"), 4), (std::vector<std::size_t>{0, 0, 1, 1}));
  RequestFacts fresh = Facts("GetObject");
  fresh.credential = "AK2";
  EXPECT_EQ(engine_.Match(fresh).size(), 0U);
}

TEST_F(FaultEngineTest, ExpiryOfEachCountsEveryCredentialByItself) {
  Load(R"([{"do":{"fault":"expire_credentials","after":2,"each":1}}])");
  EXPECT_EQ(FireCounts(engine_, Facts("GetObject"), 3), (std::vector<std::size_t>{0, 0, 1}));
  RequestFacts fresh = Facts("GetObject");
  fresh.credential = "AK2";
  EXPECT_EQ(FireCounts(engine_, fresh, 3), (std::vector<std::size_t>{0, 0, 1}));
  EXPECT_EQ(engine_.Match(Facts("GetObject")).size(), 1U);
  fresh.credential = "";
  EXPECT_EQ(FireCounts(engine_, fresh, 4), (std::vector<std::size_t>{0, 0, 0, 0}));
}

TEST_F(FaultEngineTest, ThrottleLetsTheBurstThrough) {
  Load(R"([{"do":{"fault":"throttle","requests_per_second":0,"burst":3}}])");
  EXPECT_EQ(FireCounts(engine_, Facts("GetObject"), 5), (std::vector<std::size_t>{0, 0, 0, 1, 1}));
}

TEST_F(FaultEngineTest, NewScriptBeginsToCountAgain) {
  Load(R"([{"do":{"fault":"lose_answer"}}])");
  engine_.Match(Facts("GetObject"));
  Load(R"([{"do":{"fault":"lose_answer"}}])");
  EXPECT_EQ(engine_.Counts()[0].matched, 0U);
  EXPECT_EQ(engine_.Match(Facts("GetObject")).size(), 1U);
}

}  // namespace
}  // namespace fakecloud
