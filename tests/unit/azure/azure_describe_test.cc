#include <gtest/gtest.h>

#include "tests/unit/azure/fake_azure.h"

// New properties and metadata for a blob that stays: two requests, each of which makes a version.

namespace godwit {
namespace {

class AzureDescribeTest : public testing::Test {
 protected:
  AzureDescribeTest() {
    wanted_.content_type = "text/new";
    wanted_.user_metadata = {{"a", "1"}};
  }

  void AnswerHead(const std::string& etag, const std::string& type, const std::string& md5) {
    Fields headers{{"etag", "\"" + etag + "\""},
                   {"last-modified", "Fri, 02 Jan 2026 03:04:05 GMT"},
                   {"content-length", "5"},
                   {"content-type", type},
                   {"x-ms-blob-type", "BlockBlob"}};
    if (!md5.empty()) headers.emplace_back("content-md5", md5);
    azure_.transport.Answer(200, std::move(headers));
  }
  void AnswerWrite(const std::string& etag) {
    azure_.transport.Answer(
        200, {{"etag", "\"" + etag + "\""}, {"last-modified", "Fri, 02 Jan 2026 03:04:06 GMT"}});
  }
  Result<PutReceipt> Describe() {
    return azure_.store->SetMetadata(azure_.context, azure_.permit, "k", "E1", wanted_);
  }
  // The properties are set, or not; nobody hears of it.
  void LoseTheAnswerToTheProperties(const std::string& md5) {
    AnswerHead("E1", "text/old", md5);
    azure_.transport.Fail(Status(ErrorKind::kUnreachable, "reset").WithMaybeApplied(true));
    EXPECT_TRUE(Describe().status().maybe_applied());
  }

  static constexpr const char* kMd5 = "XUFAKrxLKna5cZ2REBfFkg==";
  static constexpr const char* kOtherMd5 = "1B2M2Y8AsgTpgAmY7PhCfg==";
  FakeAzure azure_;
  ObjectAttributes wanted_;
};

TEST_F(AzureDescribeTest, I17PropertiesWhoseAnswerWasLostAreRecognisedAsOwn) {
  LoseTheAnswerToTheProperties(kMd5);
  AnswerHead("E2", "text/new", kMd5);
  AnswerWrite("E3");
  const Result<PutReceipt> receipt = Describe();
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->version, "E3");
  EXPECT_EQ(azure_.last().Header("if-match"), "\"E2\"");
}

TEST_F(AzureDescribeTest, I17PropertiesThatNeverArrivedAreSentAgain) {
  LoseTheAnswerToTheProperties(kMd5);
  AnswerHead("E1", "text/old", kMd5);
  AnswerWrite("E2");
  AnswerWrite("E3");
  const Result<PutReceipt> receipt = Describe();
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->version, "E3");
}

TEST_F(AzureDescribeTest, WhatAnotherWriterMadeMeanwhileIsNotOwn) {
  LoseTheAnswerToTheProperties(kMd5);
  AnswerHead("E2", "text/new", kOtherMd5);
  EXPECT_TRUE(Describe().status().Is(ErrorKind::kPreconditionFailed)) << "other bytes";
  AnswerHead("E2", "text/third", kMd5);
  EXPECT_TRUE(Describe().status().Is(ErrorKind::kPreconditionFailed)) << "other properties";
}

TEST_F(AzureDescribeTest, WithoutADigestNobodyKnowsWhoseItIs) {
  LoseTheAnswerToTheProperties("");
  AnswerHead("E2", "text/new", "");
  EXPECT_TRUE(Describe().status().Is(ErrorKind::kPreconditionFailed));
}

}  // namespace
}  // namespace godwit
