#include "lib/http/json_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace godwit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

JsonValue Parsed(std::string_view document, const JsonLimits& limits = {}) {
  Result<JsonValue> value = ReadJson(document, limits);
  EXPECT_TRUE(value.ok()) << document << ": " << value.status();
  return value.ok() ? *value : JsonValue();
}

std::string Nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}

constexpr std::string_view kListing =
    R"({"kind":"storage#objects","nextPageToken":"t\u00e9","items":[{"name":"a/b","size":"12",)"
    R"("eventBasedHold":false,"metadata":{"mtime":"1.5"}},{"name":"c","size":7,"x":null}]})";

TEST(JsonReader, GivesTypedAccessToMembers) {
  const JsonValue root = Parsed(kListing);
  EXPECT_EQ(root.FindText("kind"), "storage#objects");
  EXPECT_EQ(root.FindText("nextPageToken"), "t\xC3\xA9");
  ASSERT_NE(root.Find("items"), nullptr);
  const JsonValue::Array& items = root.Find("items")->items();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].FindText("name"), "a/b");
  EXPECT_EQ(items[0].FindUint64("size"), 12U);
  EXPECT_EQ(items[0].FindBool("eventBasedHold"), false);
  EXPECT_EQ(items[0].Find("metadata")->FindText("mtime"), "1.5");
  EXPECT_EQ(items[1].FindUint64("size"), 7U);
  EXPECT_TRUE(items[1].Find("x")->is_null());
}

TEST(JsonReader, MembersKeepTheirOrder) {
  const JsonValue root = Parsed(R"({"b":1,"a":2})");
  ASSERT_EQ(root.members().size(), 2U);
  EXPECT_EQ(root.members()[0].first, "b");
  EXPECT_EQ(root.members()[1].first, "a");
}

TEST(JsonReader, AskingForWhatIsNotThereAnswersNothing) {
  const JsonValue root = Parsed(R"({"text":"x","number":1,"list":[1]})");
  EXPECT_EQ(root.Find("missing"), nullptr);
  EXPECT_FALSE(root.FindText("number"));
  EXPECT_FALSE(root.FindUint64("text"));
  EXPECT_FALSE(root.FindBool("number"));
  EXPECT_FALSE(root.FindText("missing"));
  EXPECT_TRUE(root.items().empty());
  EXPECT_TRUE(root.Find("list")->members().empty());
  EXPECT_EQ(root.Find("list")->Find("x"), nullptr);
  EXPECT_FALSE(root.AsText());
}

TEST(JsonReader, WholeNumbersAreExactOrNothing) {
  EXPECT_EQ(Parsed("18446744073709551615").AsUint64(), 18446744073709551615U);
  EXPECT_EQ(Parsed("\"18446744073709551615\"").AsUint64(), 18446744073709551615U);
  EXPECT_EQ(Parsed("0").AsUint64(), 0U);
  for (const char* const document :
       {"-1", "\"-1\"", "1.5", "1e3", "18446744073709551616", "\"18446744073709551616\"", "\"+5\"",
        "\" 5\"", "\"5 \"", "\"\"", "true", "null", "[1]", "{}"}) {
    EXPECT_FALSE(Parsed(document).AsUint64()) << document;
  }
}

TEST(JsonReader, AnyNumberIsADouble) {
  EXPECT_EQ(Parsed("-1").AsDouble(), -1.0);
  EXPECT_EQ(Parsed("1").AsDouble(), 1.0);
  EXPECT_EQ(Parsed("2.5e3").AsDouble(), 2500.0);
  EXPECT_FALSE(Parsed("\"1\"").AsDouble());
}

TEST(JsonReader, CutDocumentIsNeverASuccess) {
  ASSERT_TRUE(ReadJson(kListing).ok());
  for (std::size_t size = 0; size < kListing.size(); ++size) {
    EXPECT_TRUE(ReadJson(kListing.substr(0, size)).status().Is(ErrorKind::kCorrupted)) << size;
  }
}

TEST(JsonReader, MalformedDocumentsAreRefused) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view document :
       {""sv,         " "sv,       "{"sv,           "[1,]"sv,     "{\"a\":1,}"sv,   "{a:1}"sv,
        "'a'"sv,      "[1 2]"sv,   "{} {}"sv,       "{}x"sv,      "nul"sv,          "NaN"sv,
        "Infinity"sv, "01"sv,      "+1"sv,          "1e999"sv,    ".5"sv,           "0x1"sv,
        "\"\x01\""sv, "\"\\x\""sv, "\"\\ud800\""sv, "\"\xFF\""sv, "\"\xC0\xAF\""sv, "// c\n1"sv,
        "<html/>"sv,  "\0"sv,      "1\0"sv}) {
    EXPECT_TRUE(ReadJson(document).status().Is(ErrorKind::kCorrupted)) << document;
  }
}

TEST(JsonReader, NameThatComesTwiceIsRefused) {
  EXPECT_EQ(ReadJson(R"({"a":1,"b":2,"a":3})").status().message(),
            "the JSON document is refused: it names a member twice");
  EXPECT_TRUE(ReadJson(R"([{"a":1},{"a":{"a":2}}])").ok());
}

TEST(JsonReader, DepthIsLimited) {
  EXPECT_TRUE(ReadJson(Nested(32)).ok());
  EXPECT_EQ(ReadJson(Nested(33)).status().message(), "the JSON document is nested too deep");
  EXPECT_FALSE(ReadJson(std::string(1'000'000, '[')).ok());
  EXPECT_FALSE(ReadJson(std::string(100'000, '[') + std::string(100'000, ']')).ok());
}

TEST(JsonReader, SizeAndNumberOfValuesAreLimited) {
  EXPECT_TRUE(ReadJson("[1,2]", {.bytes_max = 5}).ok());
  EXPECT_EQ(ReadJson("[1,2]", {.bytes_max = 4}).status().message(),
            "the JSON document is too large");
  EXPECT_TRUE(ReadJson("[1,{\"a\":2}]", {.values_max = 4}).ok());
  EXPECT_EQ(ReadJson("[1,{\"a\":2}]", {.values_max = 3}).status().message(),
            "the JSON document is refused: it has too many values");
}

TEST(JsonReader, MessagesDoNotQuoteTheDocument) {
  const Status status = ReadJson(R"({"private_key":"secret"x)").status();
  EXPECT_THAT(status.message(), HasSubstr("the JSON document is malformed at byte "));
  EXPECT_THAT(status.message(), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace godwit
