#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "fakecloud/fake_cloud.h"
#include "tests/unit/fakecloud/raw_client.h"

namespace godwit {

// A server with the bucket "lake" for each test, and short forms of the usual requests.
class CloudTest : public testing::Test {
 protected:
  CloudTest() { options_.buckets = {"lake"}; }

  // Starts with `options_`, if the test has not done so before.
  FakeCloud& cloud() {
    if (!cloud_) {
      Result<std::unique_ptr<FakeCloud>> started = FakeCloud::Start(options_);
      if (!started.ok()) ADD_FAILURE() << started.status();
      cloud_ = std::move(started).value();
    }
    return *cloud_;
  }
  std::string endpoint() { return cloud().s3_endpoint(); }

  RawAnswer Request(const std::string& method, const std::string& target,
                    const std::string& body = "", HeaderList headers = {}) {
    return Call(endpoint(), {method, target, std::move(headers), body, ""}, signer_);
  }
  RawAnswer Put(const std::string& path, const std::string& body, HeaderList headers = {}) {
    return Request("PUT", "/lake/" + path, body, std::move(headers));
  }
  RawAnswer Get(const std::string& path, HeaderList headers = {}) {
    return Request("GET", "/lake/" + path, "", std::move(headers));
  }
  void SetFaults(const std::string& script) {
    const Status status = cloud().SetFaults(script);
    ASSERT_TRUE(status.ok()) << status;
  }
  std::uint64_t Fired(std::size_t index) { return cloud().Counters().faults.at(index).fired; }

  FakeCloudOptions options_;
  RawSigner signer_;

 private:
  std::unique_ptr<FakeCloud> cloud_;
};

}  // namespace godwit
