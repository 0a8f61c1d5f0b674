#include "lib/http/xml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace godwit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Writes each event as "name@depth" or "name@depth=text".
class Recorder final : public XmlHandler {
 public:
  void OnStart(std::string_view name, int depth) override {
    events.push_back(std::string(name) + "@" + std::to_string(depth));
  }
  void OnEnd(std::string_view name, std::string_view text, int depth) override {
    events.push_back(std::string(name) + "@" + std::to_string(depth) + "=" + std::string(text));
  }

  std::vector<std::string> events;
};

Status Read(std::string_view document, std::string_view root = "") {
  Recorder recorder;
  return ReadXml(document, root, recorder);
}

std::string TextOf(std::string_view document) {
  Recorder recorder;
  const Status status = ReadXml(document, "", recorder);
  EXPECT_TRUE(status.ok()) << status;
  return recorder.events.empty() ? "" : recorder.events.back();
}

std::string Nested(int depth) {
  std::string document;
  for (int i = 0; i < depth; ++i) document += "<a>";
  for (int i = 0; i < depth; ++i) document += "</a>";
  return document;
}

constexpr std::string_view kListing =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>"
    "<Contents><Key>a&amp;b</Key><Owner xsi:type=\"x\" xmlns:xsi=\"y\"><ID/></Owner></Contents>"
    "<IsTruncated>false</IsTruncated></ListBucketResult>";

TEST(XmlReader, GivesElementsWithTheirOwnText) {
  Recorder recorder;
  ASSERT_TRUE(ReadXml("<r>one<a>x</a>two<b><c>y</c></b>three</r>", "r", recorder).ok());
  EXPECT_THAT(recorder.events,
              ElementsAre("r@1", "a@2", "a@2=x", "b@2", "c@3", "c@3=y", "b@2=", "r@1=onetwothree"));
}

TEST(XmlReader, UsesLocalNames) {
  Recorder recorder;
  ASSERT_TRUE(ReadXml("<p:r xmlns:p=\"u\"><p:a/><q:b/></p:r>", "r", recorder).ok());
  EXPECT_THAT(recorder.events, ElementsAre("r@1", "a@2", "a@2=", "b@2", "b@2=", "r@1="));
}

TEST(XmlReader, ResolvesCharacterReferencesAndCdata) {
  EXPECT_EQ(TextOf("<r>&lt;&gt;&amp;&quot;&apos;</r>"), "r@1=<>&\"'");
  EXPECT_EQ(TextOf("<r>&#65;&#x1F600;&#xA;&#13;</r>"), "r@1=A\xF0\x9F\x98\x80\n\r");
  EXPECT_EQ(TextOf("<r>a<![CDATA[<b>&amp;]]>c</r>"), "r@1=a<b>&amp;c");
  EXPECT_EQ(TextOf("<r>a<!-- no -->b<?pi no?>c</r>"), "r@1=abc");
  EXPECT_EQ(TextOf("<r>a\r\nb\rc</r>"), "r@1=a\nb\nc");
}

TEST(XmlReader, AllowsWhiteSpaceAroundTheDocument) {
  const std::string document = std::string(100'000, '\n') + std::string(kListing) + " \n";
  EXPECT_TRUE(Read(document, "ListBucketResult").ok());
  EXPECT_TRUE(Read("\xEF\xBB\xBF<r/>").ok());
}

TEST(XmlReader, CutDocumentIsNeverASuccess) {
  ASSERT_TRUE(Read(kListing).ok());
  for (std::size_t size = 0; size < kListing.size(); ++size) {
    EXPECT_TRUE(Read(kListing.substr(0, size)).Is(ErrorKind::kCorrupted)) << size;
  }
}

TEST(XmlReader, CutAtChunkBoundariesIsNeverASuccess) {
  std::string document = "<r>";
  while (document.size() < 40'000) document += "<a>text</a>";
  document += "</r>";
  ASSERT_TRUE(Read(document).ok());
  for (const std::size_t boundary : {16'384UL, 32'768UL}) {
    for (std::size_t size = boundary - 20; size < boundary + 20; ++size) {
      EXPECT_FALSE(Read(std::string_view(document).substr(0, size)).ok()) << size;
    }
  }
}

TEST(XmlReader, OtherRootIsRefused) {
  const Status status = Read("<html><body/></html>", "ListBucketResult");
  ASSERT_TRUE(status.Is(ErrorKind::kCorrupted));
  EXPECT_EQ(status.message(), "the XML answer is not 'ListBucketResult' but 'html'");
}

TEST(XmlReader, HandlerSeesNothingOfAnotherRoot) {
  Recorder recorder;
  EXPECT_FALSE(ReadXml("<html><body/></html>", "r", recorder).ok());
  EXPECT_THAT(recorder.events, ElementsAre());
}

TEST(XmlReader, DoctypeIsRefusedInAllItsForms) {
  for (const char* const document :
       {"<!DOCTYPE r><r/>", "<!DOCTYPE r []><r/>", "<!DOCTYPE html><html/>",
        "<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><r/>",
        "<!DOCTYPE r PUBLIC \"x\" \"http://127.0.0.1:1/x\"><r/>",
        "<?xml version=\"1.0\"?><!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><r>&x;</r>",
        "<!DOCTYPE r [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/x\"> %p;]><r/>"}) {
    const Status status = Read(document);
    ASSERT_TRUE(status.Is(ErrorKind::kCorrupted)) << document;
    EXPECT_EQ(status.message(), "the XML answer is refused: it has a DOCTYPE") << document;
  }
}

TEST(XmlReader, BillionLaughsAreNotExpanded) {
  std::string document = "<!DOCTYPE r [<!ENTITY l0 \"ha\">";
  for (int i = 1; i < 10; ++i) {
    document += "<!ENTITY l" + std::to_string(i) + " \"";
    for (int n = 0; n < 10; ++n) document += "&l" + std::to_string(i - 1) + ";";
    document += "\">";
  }
  Recorder recorder;
  EXPECT_TRUE(ReadXml(document + "]><r>&l9;</r>", "", recorder).Is(ErrorKind::kCorrupted));
  EXPECT_THAT(recorder.events, ElementsAre());
}

TEST(XmlReader, UnknownEntitiesAreRefused) {
  EXPECT_TRUE(Read("<r>&nbsp;</r>").Is(ErrorKind::kCorrupted));
  EXPECT_TRUE(Read("<r a=\"&x;\"/>").Is(ErrorKind::kCorrupted));
}

TEST(XmlReader, DepthIsLimitedToSixteen) {
  EXPECT_TRUE(Read(Nested(16)).ok());
  EXPECT_EQ(Read(Nested(17)).message(), "the XML answer is nested too deep");
  EXPECT_TRUE(Read(Nested(1'000'000)).Is(ErrorKind::kCorrupted));
}

TEST(XmlReader, MalformedDocumentsAreRefused) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view document : {""sv,
                                          "   "sv,
                                          "text"sv,
                                          "{\"a\":1}"sv,
                                          "<"sv,
                                          "<r"sv,
                                          "<r>"sv,
                                          "</r>"sv,
                                          "<r></s>"sv,
                                          "<r/><r/>"sv,
                                          "<r/>text"sv,
                                          "<r/>\0"sv,
                                          "<r>\0</r>"sv,
                                          "<r>\x01</r>"sv,
                                          "<r>&#1;</r>"sv,
                                          "<r>&#xFFFE;</r>"sv,
                                          "<r>\xFF</r>"sv,
                                          "<r>\xC0\xAF</r>"sv,
                                          "<r>\xED\xA0\x80</r>"sv,
                                          "<r a='1' a='2'/>"sv,
                                          "<r a=1/>"sv,
                                          "<r>&</r>"sv,
                                          "<r>&amp</r>"sv,
                                          "<r><![CDATA[</r>"sv,
                                          "<r>]]></r>"sv,
                                          "<1/>"sv,
                                          "<r><!-- -- --></r>"sv,
                                          "<?xml version=\"1.0\"?>"sv,
                                          "<!-- only -->"sv,
                                          "x<r/>"sv,
                                          "<r/><?xml version=\"1.0\"?>"sv}) {
    EXPECT_TRUE(Read(document).Is(ErrorKind::kCorrupted)) << document;
  }
}

TEST(XmlReader, OtherEncodingsAreNotGuessed) {
  EXPECT_FALSE(Read(std::string_view("\xFF\xFE<\0r\0/\0>\0", 10)).ok());
  EXPECT_FALSE(Read(std::string_view("\0<\0r\0/\0>", 8)).ok());
  EXPECT_FALSE(Read("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><r>\xE9</r>").ok());
  EXPECT_FALSE(Read("\x4C\x6F\xA7\x94\x93").ok());  // "<?xml" in EBCDIC.
}

TEST(XmlReader, ErrorsNameTheLine) {
  EXPECT_THAT(Read("<r>\n\n<a></b></r>").message(),
              HasSubstr("the XML answer is not well-formed: line 3: "));
}

TEST(XmlReader, ReadsTheLargestPage) {
  std::string document = "<r>";
  const std::string item = "<a>" + std::string(1000, 'k') + "</a>";
  while (document.size() < (32U << 20)) document += item;
  EXPECT_TRUE(Read(document + "</r>").ok());
}

TEST(XmlReader, ThreadsReadAtOnce) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int n = 0; n < 50; ++n) {
        EXPECT_TRUE(Read(kListing, "ListBucketResult").ok());
        EXPECT_FALSE(Read("<r><x></r>").ok());
      }
    });
  }
}

std::string Escaped(std::string_view text) {
  bool representable = true;
  std::string escaped = XmlEscape(text, representable);
  EXPECT_TRUE(representable) << text;
  return escaped;
}

TEST(XmlEscape, WhatIsEscapedIsReadBack) {
  std::string text = "\t\n\r\x7f\xC2\x85\xE2\x80\xA8\xF0\x9F\x98\x80";
  for (char c = ' '; c < '\x7f'; ++c) text += c;
  EXPECT_EQ(TextOf("<r>" + Escaped(text) + "</r>"), "r@1=" + text);
  EXPECT_EQ(Escaped("a<b>&\"'\r"), "a&lt;b&gt;&amp;&quot;&apos;&#13;");
}

TEST(XmlEscape, UnwritableBytesAreReported) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view text : {"a\0b"sv, "\x01"sv, "\x1f"sv, "\x0b"sv, "\xEF\xBF\xBE"sv,
                                      "x\xEF\xBF\xBF"sv, "\xFF"sv, "\xC3"sv, "\xED\xA0\x80"sv}) {
    bool representable = true;
    XmlEscape(text, representable);
    EXPECT_FALSE(representable);
    XmlEscape("fine", representable);
    EXPECT_FALSE(representable) << "one bad text of many is remembered";
  }
}

}  // namespace
}  // namespace godwit
