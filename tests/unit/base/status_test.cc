#include "godwit/status.h"

#include <chrono>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "godwit/result.h"

namespace godwit {
namespace {

using std::chrono::milliseconds;

TEST(Status, DefaultIsSuccess) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_FALSE(status.Is(ErrorKind::kInternal));
  EXPECT_EQ(status.ToString(), "ok");
}

TEST(Status, FailureSaysWhatItIs) {
  const Status status(ErrorKind::kNotFound, "no such object");
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.kind(), ErrorKind::kNotFound);
  EXPECT_TRUE(status.Is(ErrorKind::kNotFound));
  EXPECT_FALSE(status.Is(ErrorKind::kInternal));
  EXPECT_EQ(status.message(), "no such object");
}

TEST(Status, EveryFieldIsFilledOnce) {
  const Status status = Status(ErrorKind::kThrottled, "slow down")
                            .WithOperation("write")
                            .WithObject("a/b")
                            .WithProviderCode("SlowDown")
                            .WithHttpStatus(503)
                            .WithRequestId("7QX2")
                            .WithAttempts(3)
                            .WithMaybeApplied(true)
                            .WithRetryAfter(milliseconds(5))
                            .WithOperation("other")
                            .WithObject("other")
                            .WithProviderCode("other")
                            .WithHttpStatus(500)
                            .WithRequestId("other")
                            .WithAttempts(1)
                            .WithMaybeApplied(false)
                            .WithRetryAfter(milliseconds(7));
  EXPECT_EQ(status.operation(), "write");
  EXPECT_EQ(status.object(), "a/b");
  EXPECT_EQ(status.provider_code(), "SlowDown");
  EXPECT_EQ(status.http_status(), 503);
  EXPECT_EQ(status.request_id(), "7QX2");
  EXPECT_EQ(status.attempts(), 3);
  EXPECT_TRUE(status.maybe_applied());
  EXPECT_EQ(status.retry_after(), milliseconds(5));
}

TEST(Status, OneLineTellsItAll) {
  EXPECT_EQ(Status(ErrorKind::kPermissionDenied, "permission denied")
                .WithOperation("write")
                .WithObject("a/b")
                .WithProviderCode("AccessDenied")
                .WithHttpStatus(403)
                .WithRequestId("7QX2")
                .ToString(),
            "cannot write 'a/b': permission denied (AccessDenied, request 7QX2)");
  EXPECT_EQ(Status(ErrorKind::kUnavailable, "server error")
                .WithOperation("read")
                .WithHttpStatus(500)
                .WithAttempts(11)
                .ToString(),
            "cannot read: server error (HTTP 500, 11 attempts)");
  EXPECT_EQ(Status(ErrorKind::kNotFound, "missing").WithObject("x").ToString(), "'x': missing");
  EXPECT_EQ(Status(ErrorKind::kTimeout, "").WithAttempts(1).ToString(), "timeout");
}

TEST(Status, TheLineShowsNoControlBytesOfOthers) {
  const std::string line = Status(ErrorKind::kInternal, "bad\nanswer")
                               .WithObject("a\x1b[31m")
                               .WithProviderCode("Co\rde")
                               .WithRequestId("1\xff")
                               .ToString();
  EXPECT_EQ(line, "'a\\x1b[31m': bad\\x0aanswer (Co\\x0dde, request 1\\xff)");
}

TEST(Status, StreamsAsItsLine) {
  std::ostringstream out;
  out << Status(ErrorKind::kNoSpace, "disk full").WithObject("f");
  EXPECT_EQ(out.str(), "'f': disk full");
}

TEST(ErrorKindName, IsUniqueAndHyphenated) {
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::kInternal); ++kind) {
    const std::string_view name = ErrorKindName(static_cast<ErrorKind>(kind));
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string_view::npos);
  }
  EXPECT_EQ(ErrorKindName(ErrorKind::kPermissionDenied), "permission-denied");
  EXPECT_EQ(ErrorKindName(ErrorKind::kContainerNotFound), "container-not-found");
}

Result<std::string> Half(bool fail) {
  if (fail) return Status(ErrorKind::kConflict, "lost");
  return std::string("value");
}

Status Forward(bool fail) {
  GODWIT_RETURN_IF_ERROR(Half(fail).status());
  return Status(ErrorKind::kInternal, "after");
}

TEST(Result, HoldsAValueOrAFailure) {
  Result<std::string> good = Half(false);
  ASSERT_TRUE(good.ok());
  EXPECT_TRUE(good.status().ok());
  EXPECT_EQ(*good, "value");
  EXPECT_EQ(good->size(), 5u);
  EXPECT_EQ(std::move(good).value(), "value");
  const Result<std::string> bad = Half(true);
  ASSERT_FALSE(bad.ok());
  EXPECT_TRUE(bad.status().Is(ErrorKind::kConflict));
}

TEST(Result, ReturnIfErrorLeavesOnFailureOnly) {
  EXPECT_EQ(Forward(true).message(), "lost");
  EXPECT_EQ(Forward(false).message(), "after");
}

}  // namespace
}  // namespace godwit
