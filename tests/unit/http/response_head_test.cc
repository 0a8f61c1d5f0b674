#include "lib/http/response_head.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string_view>

namespace godwit {
namespace {

Status Feed(ResponseHead& head, std::initializer_list<std::string_view> lines) {
  for (const std::string_view line : lines) GODWIT_RETURN_IF_ERROR(head.AddLine(line));
  return Status::Ok();
}

TEST(ResponseHead, IsCompleteAfterTheEmptyLine) {
  ResponseHead head;
  ASSERT_TRUE(Feed(head, {"HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n"}).ok());
  EXPECT_FALSE(head.complete());
  ASSERT_TRUE(Feed(head, {"\r\n"}).ok());
  EXPECT_TRUE(head.complete());
  EXPECT_EQ(head.content_length(), 5U);
  EXPECT_TRUE(head.framed());
}

TEST(ResponseHead, StatusLineNeedsNoReason) {
  for (const std::string_view line :
       {"HTTP/1.1 200\r\n", "HTTP/1.0 200 \n", "HTTP/1.1 200 a b\r\n"}) {
    ResponseHead head;
    ASSERT_TRUE(Feed(head, {line, "\n"}).ok()) << line;
    EXPECT_EQ(head.response().status, 200);
  }
}

TEST(ResponseHead, FieldsOfInterimAnswersAreForgotten) {
  ResponseHead head;
  ASSERT_TRUE(Feed(head, {"HTTP/1.1 103 Hints\r\n", "Content-Length: 7\r\n", "\r\n"}).ok());
  EXPECT_FALSE(head.complete());
  ASSERT_TRUE(Feed(head, {"HTTP/1.1 200 OK\r\n", "\r\n"}).ok());
  EXPECT_TRUE(head.complete());
  EXPECT_FALSE(head.framed());
  EXPECT_TRUE(head.response().headers.all().empty());
}

TEST(ResponseHead, LargestLengthIsTheLargestSignedNumber) {
  ResponseHead head;
  ASSERT_TRUE(Feed(head, {"HTTP/1.1 200 OK\r\n", "content-length: 9223372036854775807\r\n"}).ok());
  EXPECT_EQ(head.content_length(), 9223372036854775807U);
  ResponseHead larger;
  EXPECT_FALSE(
      Feed(larger, {"HTTP/1.1 200 OK\r\n", "content-length: 9223372036854775808\r\n"}).ok());
}

TEST(ResponseHead, HostileBytesAreEscapedInMessages) {
  ResponseHead head;
  EXPECT_EQ(head.AddLine("\x1b[31m<html>\r\n").message(),
            "the answer is not valid HTTP: the status line is '\\x1b[31m<html>'");
}

TEST(ResponseHead, OnlyTwoStatusesAreBodiless) {
  for (const auto& [line, bodiless] : {std::pair("HTTP/1.1 204 x", true),
                                       {"HTTP/1.1 304 x", true},
                                       {"HTTP/1.1 205 x", false},
                                       {"HTTP/1.1 200 x", false},
                                       {"HTTP/1.1 404 x", false}}) {
    ResponseHead head;
    ASSERT_TRUE(Feed(head, {line, ""}).ok());
    EXPECT_EQ(head.bodiless(), bodiless) << line;
  }
}

}  // namespace
}  // namespace godwit
