#include "lib/auth/azure_shared_key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "lib/base/text.h"

// The signatures were computed by another program (Python's hmac) from strings written by hand; the
// first is the one of the emulator's documentation of its account.

namespace godwit {
namespace {

AzureAccountKey KeyOf(std::string account) {
  constexpr std::string_view kPublicKey =
      "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/"
      "K1SZFPTOtr/KBHBeksoGMGw==";
  return {std::move(account), Secret(*Base64Decode(kPublicKey))};
}

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string Signature(const AzureAccountKey& key, const SharedKeyRequest& request,
                      HttpHeaders headers) {
  SignSharedKey(key, request, headers);
  return std::string(*headers.Find("authorization"));
}

HttpHeaders Dated(std::string_view version) {
  HttpHeaders headers;
  headers.Add("x-ms-version", version);
  headers.Add("x-ms-date", "Fri, 01 Nov 2024 12:00:00 GMT");
  return headers;
}

TEST(AzureSharedKey, PutWithBodyAndConditionIsSignedAsTheEmulatorAccepts) {
  HttpHeaders headers = Dated("2024-11-04");
  headers.Add("content-type", "application/octet-stream");
  headers.Add("if-none-match", "*");
  headers.Add("x-ms-meta-mtime", "1");
  headers.Add("x-ms-blob-type", "BlockBlob");
  const SharedKeyRequest request{
      HttpMethod::kPut, "/devstoreaccount1/ccc2/dir/a%20b.bin", {{"timeout", "30"}}, 11};
  EXPECT_EQ(Signature(KeyOf("devstoreaccount1"), request, headers),
            "SharedKey devstoreaccount1:zeuL39w0rx6Y0+9zdZEfLjrXKE7i4IbgVnhOmus3184=");
}

TEST(AzureSharedKey, OddCharactersOfPathQueryAndMetadataAreSignedAsTheyAreSent) {
  HttpHeaders headers = Dated("2021-12-02");
  headers.Add("X-Ms-Meta-Ab", "  3 \t 4 ");
  headers.Add("x-ms-meta-a1", "2");
  headers.Add("x-ms-meta-a_b", "1");
  const SharedKeyRequest request{HttpMethod::kPut,
                                 "/acct/c/%C3%A4%2Bb%20%252F%26%3D%3F%23~%28x%29%F0%9F%98%80",
                                 {{"comp", "block"}, {"BlockId", "Z3cx+/=="}},
                                 0};
  EXPECT_EQ(Signature(KeyOf("acct"), request, headers),
            "SharedKey acct:dssuI8N79+Cs3y8upl5yx51mqtHF/H6AdBJxzw6FlcQ=");
}

TEST(AzureSharedKey, QueryValuesAreSignedDecodedAndSortedByName) {
  const SharedKeyRequest request{HttpMethod::kGet,
                                 "/c",
                                 {{"restype", "container"},
                                  {"prefix", "a b/\xC3\xBC&+"},
                                  {"marker", "2!76!MDA="},
                                  {"include", "metadata"},
                                  {"comp", "list"}},
                                 0};
  EXPECT_EQ(Signature(KeyOf("acct"), request, Dated("2021-12-02")),
            "SharedKey acct:N1uzuXbfVDjr/pqvJc0rYD48JK9XN2dh5SLMj9GJKaY=");
}

// The next were computed by azure-storage-blob 12.31; that with Range, which it never sends, by
// Python's hmac.

TEST(AzureSharedKey, MetadataNamesStandInTheOrderOfDotNet) {
  HttpHeaders headers = Dated("2024-11-04");
  for (const auto& [name, value] :
       {std::pair("content-type", "text/plain; charset=utf-8"),
        std::pair("content-encoding", "gzip"), std::pair("content-language", "de"),
        std::pair("x-ms-blob-type", "BlockBlob"), std::pair("x-ms-blob-content-type", "text/x"),
        std::pair("x-ms-meta-a", "1"), std::pair("x-ms-meta-a_b", "2"),
        std::pair("x-ms-meta-a1", "3"), std::pair("x-ms-meta-ab", "4"),
        std::pair("x-ms-meta-a0", "0"), std::pair("x-ms-meta-Z", "6"),
        std::pair("x-ms-meta-_x", "u"), std::pair("x-ms-content-crc64", "iJd5ikFl0Pc="),
        std::pair("x-ms-tags", "a%20b=c%2Bd"), std::pair("if-none-match", "*")}) {
    headers.Add(name, value);
  }
  EXPECT_EQ(Signature(KeyOf("acct"), {HttpMethod::kPut, "/c/k~", {}, 3}, headers),
            "SharedKey acct:LeVHptYWSx76xW2jz/6qLFO6XYUOAYX5BOui0H1r+M4=");
}

TEST(AzureSharedKey, OddPathsRangesAndEmptyValuesAreSigned) {
  struct Vector {
    SharedKeyRequest request;
    Fields headers;
    std::string signature;
  };
  const std::string match = "\"0x8D1\"";
  const std::vector<Vector> vectors{
      {{HttpMethod::kGet, "/c/a%20b/c%2Bd/%2541/%C3%A9~%F0%9F%98%80%3F%23%26%3D", {}, 0},
       {{"x-ms-range", "bytes=0-9"}, {"if-match", match}, {"x-ms-range-get-content-crc64", "true"}},
       "179L7tXZFB5mu2F+plxE1NfYmV0uSLT/Es+Mb5FNUxE="},
      {{HttpMethod::kGet, "/c/k", {}, 0},
       {{"range", "bytes=0-9"}, {"if-match", match}},
       "U+WdX1gQVO5wxhaWmccATqOOY0BxZsEVZQXyExJV2Bs="},
      {{HttpMethod::kPut, "/c/k", {{"comp", "block"}, {"blockid", "Z3cx+/=="}, {"empty", ""}}, 0},
       {},
       "dsshBKXLI4ZeFEBoWbux9/7E/W2XydLxBO/ylLseQZE="}};
  for (const Vector& vector : vectors) {
    HttpHeaders headers = Dated("2024-11-04");
    for (const auto& [name, value] : vector.headers) headers.Add(name, value);
    EXPECT_EQ(Signature(KeyOf("acct"), vector.request, headers),
              "SharedKey acct:" + vector.signature);
  }
}

TEST(AzureSharedKey, SignatureForTheSourceOfACopyIsThatOfAServiceSas) {
  const Timestamp expires = ParseRfc3339("2024-11-01T16:00:00Z")->time;
  EXPECT_EQ(MakeReadSas(KeyOf("acct"), "c", "dir/a b.bin", expires),
            "sv=2020-12-06&sr=b&sp=r&se=2024-11-01T16%3A00%3A00Z"
            "&sig=3LoGGoW3nxq6AtjhfJ3Cxg2hLs3L1ifWA%2Bi8nPUpHbU%3D");
}

TEST(AzureSharedKey, HeadersAreOrderedUnderscoreThenDigitsThenLetters) {
  std::vector<std::string> names{"x-ms-meta-ab", "x-ms-meta-a1",  "x-ms-meta-a_b",
                                 "x-ms-date",    "x-ms-metab",    "x-ms-meta-a",
                                 "x-ms-version", "x-ms-meta-a__", "x-ms-meta-_"};
  std::sort(names.begin(), names.end(), SharedKeyHeaderLess);
  EXPECT_EQ(names, (std::vector<std::string>{"x-ms-date", "x-ms-meta-_", "x-ms-meta-a",
                                             "x-ms-meta-a__", "x-ms-meta-a_b", "x-ms-meta-a1",
                                             "x-ms-meta-ab", "x-ms-metab", "x-ms-version"}));
}

}  // namespace
}  // namespace godwit
