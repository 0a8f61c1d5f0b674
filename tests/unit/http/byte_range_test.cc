#include "lib/http/byte_range.h"

#include <gtest/gtest.h>

namespace godwit {
namespace {

using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// "3 of 9", or what is wrong.
std::string Served(int status, Fields fields, const ByteRange& asked) {
  HttpResponse head;
  head.status = status;
  for (const auto& [name, value] : fields) head.headers.Add(std::string(name), std::string(value));
  const Result<ServedRange> served = ReadServedRange(head, asked);
  if (served.ok()) {
    return std::to_string(served->length) + " of " + std::to_string(served->object_bytes);
  }
  return std::string(ErrorKindName(served.status().kind())) + ": " + served.status().message();
}

TEST(ByteRange, HeaderNamesTheLastByteOrNone) {
  EXPECT_EQ((ByteRange{0, 10}.Header()), "bytes=0-9");
  EXPECT_EQ((ByteRange{7, 1}.Header()), "bytes=7-7");
  EXPECT_EQ((ByteRange{7, 0}.Header()), "bytes=7-");
  EXPECT_TRUE(ByteRange{}.IsWhole());
  EXPECT_FALSE((ByteRange{0, 1}.IsWhole()));
  EXPECT_FALSE((ByteRange{1, 0}.IsWhole()));
}

TEST(ByteRange, WholeDownloadTellsItsLength) {
  EXPECT_EQ(Served(200, {{"Content-Length", "5"}}, {}), "5 of 5");
  EXPECT_EQ(Served(200, {}, {}), "corrupted: the answer does not tell its length");
  EXPECT_EQ(Served(206, {{"Content-Range", "bytes 0-4/5"}}, {}),
            "corrupted: a range came without being asked for");
}

TEST(ByteRange, RangeMustBeTheOneAskedFor) {
  EXPECT_EQ(Served(206, {{"Content-Range", "bytes 2-4/9"}}, {2, 3}), "3 of 9");
  EXPECT_EQ(Served(206, {{"Content-Range", "bytes 2-8/9"}}, {2, 0}), "7 of 9");
  EXPECT_EQ(Served(200, {{"Content-Length", "5"}}, {0, 5}), "5 of 5");
  EXPECT_EQ(Served(200, {{"Content-Length", "9"}}, {0, 5}),
            "corrupted: the whole object came instead of a range");
  EXPECT_EQ(Served(200, {{"Content-Length", "9"}}, {2, 3}),
            "corrupted: the whole object came instead of a range");
  EXPECT_EQ(Served(206, {{"Content-Range", "bytes 1-3/9"}}, {2, 3}),
            "corrupted: another range came than was asked for");
  EXPECT_EQ(Served(206, {{"Content-Range", "bytes 2-3/9"}}, {2, 3}),
            "corrupted: another range came than was asked for");
  EXPECT_EQ(Served(206, {{"Content-Range", "bytes 2-5/9"}}, {2, 3}),
            "corrupted: another range came than was asked for");
  EXPECT_EQ(Served(206, {{"Content-Range", "bytes 7-8/9"}}, {7, 5}),
            "invalid-argument: the range lies outside of the object");
  EXPECT_EQ(Served(206, {{"Content-Range", "bytes 9-8/9"}}, {9, 1}),
            "invalid-argument: the range lies outside of the object");
  EXPECT_EQ(Served(206, {{"Content-Range", "bytes 2-4/9"}, {"Content-Length", "4"}}, {2, 3}),
            "corrupted: the answer's length is not that of its range");
}

TEST(ByteRange, MalformedContentRangesAreCorrupt) {
  for (const char* range : {"", "bytes 2-4", "bytes 4-2/9", "bytes 2-9/9", "2-4/9", "bytes */9",
                            "bytes 2-4/*", "bytes +2-4/9", "bytes 2/4-9"}) {
    EXPECT_EQ(Served(206, {{"Content-Range", range}}, {2, 3}),
              "corrupted: the answer does not tell its range")
        << range;
  }
}

}  // namespace
}  // namespace godwit
