#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/http/transport.h"

namespace godwit {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(HttpHeaders, NamesCompareWithoutCase) {
  HttpHeaders headers;
  headers.Add("ETag", "a");
  EXPECT_EQ(headers.Find("etag"), "a");
  EXPECT_EQ(headers.Find("ETAG"), "a");
  EXPECT_FALSE(headers.Find("eta"));
  EXPECT_FALSE(headers.Find("etags"));
}

TEST(HttpHeaders, FindGivesTheFirst) {
  HttpHeaders headers;
  headers.Add("x", "1");
  headers.Add("X", "2");
  EXPECT_EQ(headers.Find("X"), "1");
  EXPECT_THAT(headers.all(), ElementsAre(Pair("x", "1"), Pair("X", "2")));
}

TEST(HttpHeaders, SetReplacesAllOfThatName) {
  HttpHeaders headers;
  headers.Add("x", "1");
  headers.Add("y", "2");
  headers.Add("X", "3");
  headers.Set("x", "4");
  EXPECT_THAT(headers.all(), ElementsAre(Pair("y", "2"), Pair("x", "4")));
  headers.Remove("Y");
  EXPECT_THAT(headers.all(), ElementsAre(Pair("x", "4")));
}

TEST(HttpMethodName, IsUpperCase) {
  EXPECT_EQ(HttpMethodName(HttpMethod::kGet), "GET");
  EXPECT_EQ(HttpMethodName(HttpMethod::kPatch), "PATCH");
}

}  // namespace
}  // namespace godwit
