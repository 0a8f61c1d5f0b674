#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "lib/crypto/md5.h"
#include "lib/crypto/running_md5.h"
#include "lib/crypto/sha256.h"

namespace godwit {
namespace {

std::string Hex(std::span<const std::uint8_t> bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

struct Golden {
  std::string input;
  std::string_view hash;
};

// FIPS 180-2 appendix B, NIST CAVP.
const std::array<Golden, 4> kSha256Golden{{
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {std::string(1'000'000, 'a'),
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
}};

// RFC 1321 appendix A.5; the S3 reference for "hello".
const std::array<Golden, 8> kMd5Golden{{
    {"", "d41d8cd98f00b204e9800998ecf8427e"},
    {"a", "0cc175b9c0f1b6a831c399e269772661"},
    {"abc", "900150983cd24fb0d6963f7d28e17f72"},
    {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
    {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
     "d174ab98d277d9f5a5611c2c9f419d9f"},
    {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
     "57edf4a22be3c955ac49da2e2107b67a"},
    {"hello", "5d41402abc4b2a76b9719d911017c592"},
}};

TEST(Sha256, AgreesWithPublishedVectors) {
  for (const Golden& golden : kSha256Golden) {
    EXPECT_EQ(Hex(Sha256(golden.input)), golden.hash) << golden.input.size() << " bytes";
  }
}

TEST(Md5, AgreesWithPublishedVectors) {
  for (const Golden& golden : kMd5Golden) {
    EXPECT_EQ(Hex(Md5(golden.input)), golden.hash) << golden.input;
  }
}

TEST(Sha256, TextAndBytesHashAlike) {
  const std::string text = "some bytes \xff";
  EXPECT_EQ(Sha256(text), Sha256(std::as_bytes(std::span(text))));
  EXPECT_EQ(Md5(text), Md5(std::as_bytes(std::span(text))));
}

template <typename Hasher>
auto HashInPieces(std::string_view text, std::size_t piece_size) {
  Hasher hasher;
  for (std::size_t at = 0; at < text.size(); at += piece_size) {
    hasher.Update(text.substr(at, piece_size));
  }
  return hasher.Finish();
}

TEST(Hashers, PiecesOfAnySizeGiveTheHashOfTheWhole) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7 % 251);
  for (const std::size_t piece_size : {1u, 2u, 63u, 64u, 65u, 127u, 999u, 1000u}) {
    EXPECT_EQ(HashInPieces<Sha256Hasher>(text, piece_size), Sha256(text)) << piece_size;
    EXPECT_EQ(HashInPieces<Md5Hasher>(text, piece_size), Md5(text)) << piece_size;
  }
}

TEST(RunningMd5, GoesOnFromItsStateAtAnyByte) {
  std::string input;
  for (int i = 0; i < 300; ++i) input += static_cast<char>(i * 7);
  const std::span<const std::byte> bytes = std::as_bytes(std::span(input));
  for (std::size_t first = 0; first <= input.size(); ++first) {
    RunningMd5 begun;
    begun.Update(bytes.first(first));
    EXPECT_EQ(begun.Hash(), Md5(bytes.first(first)));
    std::optional<RunningMd5> next = RunningMd5::After(begun.State());
    ASSERT_TRUE(next) << first;
    const std::size_t second = std::min<std::size_t>(first + 50, input.size());
    next->Update(bytes.subspan(first, second - first));
    next->Update(bytes.subspan(second));
    EXPECT_EQ(next->Hash(), Md5(input)) << first;
  }
}

TEST(RunningMd5, NothingElseIsAState) {
  RunningMd5 md5;
  md5.Update(std::as_bytes(std::span("0123456789", 10)));
  const std::string state = md5.State();
  EXPECT_FALSE(RunningMd5::After(""));
  EXPECT_FALSE(RunningMd5::After(state.substr(0, 20)));
  EXPECT_FALSE(RunningMd5::After(state.substr(0, state.size() - 1)));
  EXPECT_FALSE(RunningMd5::After(state + "x"));
}

TEST(Hashers, FinishWithoutInputIsTheHashOfNothing) {
  Sha256Hasher sha256;
  Md5Hasher md5;
  EXPECT_EQ(sha256.Finish(), Sha256(""));
  EXPECT_EQ(md5.Finish(), Md5(""));
}

TEST(Hashers, FinishBeginsAnew) {
  Sha256Hasher sha256;
  Md5Hasher md5;
  sha256.Update("first");
  md5.Update("first");
  EXPECT_EQ(sha256.Finish(), Sha256("first"));
  EXPECT_EQ(md5.Finish(), Md5("first"));
  sha256.Update("second");
  md5.Update("second");
  EXPECT_EQ(sha256.Finish(), Sha256("second"));
  EXPECT_EQ(md5.Finish(), Md5("second"));
}

TEST(Hashers, MoveCarriesTheStateAlong) {
  static_assert(!std::is_copy_constructible_v<Sha256Hasher>);
  static_assert(!std::is_copy_assignable_v<Md5Hasher>);
  Sha256Hasher from;
  from.Update("one ");
  Sha256Hasher to(std::move(from));
  to.Update("two");
  EXPECT_EQ(to.Finish(), Sha256("one two"));

  from = Sha256Hasher();
  from.Update("three");
  EXPECT_EQ(from.Finish(), Sha256("three"));
}

TEST(Hashers, AnUnfinishedHasherDoesNotDisturbOneShotHashing) {
  Sha256Hasher hasher;
  hasher.Update("half");
  EXPECT_EQ(Sha256("abc"), Sha256(std::string("a") + "bc"));
  hasher.Update(" done");
  EXPECT_EQ(hasher.Finish(), Sha256("half done"));
}

TEST(Hashers, ThreadsHashIndependently) {
  std::vector<Sha256Bytes> hashes(8);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      threads.emplace_back([i, &hashes] {
        for (int repeat = 0; repeat < 200; ++repeat) hashes[i] = Sha256(std::string(1000 + i, 'x'));
      });
    }
  }
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    EXPECT_EQ(hashes[i], Sha256(std::string(1000 + i, 'x')));
  }
}

}  // namespace
}  // namespace godwit
