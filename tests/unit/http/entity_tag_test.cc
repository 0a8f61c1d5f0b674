#include "lib/http/entity_tag.h"

#include <gtest/gtest.h>

namespace godwit {
namespace {

TEST(EntityTag, LosesQuotesAndWeakness) {
  EXPECT_EQ(UnquoteEtag("\"abc\""), "abc");
  EXPECT_EQ(UnquoteEtag("abc"), "abc");
  EXPECT_EQ(UnquoteEtag("W/\"abc\""), "abc");
  EXPECT_EQ(UnquoteEtag("\""), "\"");
  EXPECT_EQ(UnquoteEtag(""), "");
}

TEST(EntityTag, IsQuotedForConditions) { EXPECT_EQ(QuoteEtag("abc"), "\"abc\""); }

}  // namespace
}  // namespace godwit
