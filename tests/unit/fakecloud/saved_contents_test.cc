#include <gtest/gtest.h>

#include "fakecloud/digests.h"
#include "fakecloud/encoding.h"
#include "tests/unit/fakecloud/cloud_test.h"

// The control address keeps the contents of all three services and tells their digests.

namespace godwit {
namespace {

class SavedContentsTest : public CloudTest {
 protected:
  SavedContentsTest() {
    options_.azure.bearer_tokens = {"TOKEN"};
    options_.azure.containers = {"lake"};
  }
  std::string Control(const std::string& method, const std::string& target) {
    const RawAnswer answer = Call(cloud().control_endpoint(), {method, target, {}, "", ""});
    EXPECT_EQ(answer.status, 200) << target;
    return answer.body;
  }
  void Azure(const std::string& method, const std::string& target, const std::string& body) {
    std::string endpoint = cloud().azure_endpoint();
    endpoint.resize(endpoint.rfind('/'));
    const HeaderList headers{{"Authorization", "Bearer TOKEN"}, {"x-ms-blob-type", "BlockBlob"}};
    const RawAnswer answer =
        Call(endpoint, {method, "/fakecloudaccount/lake/" + target, headers, body, ""});
    EXPECT_LT(answer.status, 300) << target << ": " << answer.body;
  }
  void PutEverywhere(const std::string& key, const std::string& bytes) {
    ASSERT_TRUE(cloud().PutObject("lake", key, bytes).ok());
    ASSERT_TRUE(cloud().PutGcsObject("lake", key, bytes).ok());
    Azure("PUT", key, bytes);
  }
};

TEST_F(SavedContentsTest, WhatWasSavedComesBackAsOftenAsItIsAskedFor) {
  PutEverywhere("a/kept", "old");
  Control("POST", "/save");
  for (int i = 0; i < 2; ++i) {
    PutEverywhere("a/kept", "new");
    PutEverywhere("a/more", "more");
    EXPECT_TRUE(cloud().RemoveObject("lake", "a/kept"));
    EXPECT_EQ(Request("POST", "/lake/a/upload?uploads").status, 200);
    Azure("PUT", "a/block?comp=block&blockid=MDE%3D", "bytes");
    Control("POST", "/restore");
    EXPECT_EQ(cloud().GetObject("lake", "a/kept"), "old");
    EXPECT_EQ(cloud().GetObject("lake", "a/more"), std::nullopt);
    EXPECT_EQ(cloud().GetGcsObject("lake", "a/kept"), "old");
    EXPECT_EQ(cloud().GetGcsObject("lake", "a/more"), std::nullopt);
    EXPECT_EQ(cloud().GetBlob("lake", "a/kept"), "old");
    EXPECT_EQ(cloud().GetBlob("lake", "a/more"), std::nullopt);
    EXPECT_TRUE(cloud().OpenUploads("lake").empty());
    EXPECT_TRUE(cloud().OpenAzureUploads("lake").empty());
  }
}

TEST_F(SavedContentsTest, DigestsAreThoseOfTheObjectsBelowThePrefix) {
  PutEverywhere("a/k", "bytes");
  PutEverywhere("b/k", "other bytes");
  const std::string wanted = R"([{"key_b64":")" + fakecloud::ToBase64("a/k") + R"(","sha256":")" +
                             fakecloud::ToHex(fakecloud::Sha256("bytes")) + "\"}]\n";
  for (const std::string service : {"", "/gcs", "/azure"}) {
    EXPECT_EQ(Control("GET", service + "/digests?bucket=lake&prefix=a%2F"), wanted) << service;
  }
}

}  // namespace
}  // namespace godwit
