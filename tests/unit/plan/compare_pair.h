#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/plan/compare.h"

// What the tests of Compare share: two digests that differ, and one key on both sides.

namespace godwit {

inline const Digest kCrcA = Digest::Crc64Nvme(0xA);
inline const Digest kCrcB = Digest::Crc64Nvme(0xB);
inline const Digest kSmallA = Digest::Crc32c(0xA);

inline Digest Md5(std::uint8_t fill) {
  return Digest(DigestKind::kMd5, std::vector<std::uint8_t>(16, fill));
}

inline Digest Sha256(std::uint8_t fill) {
  return Digest(DigestKind::kSha256, std::vector<std::uint8_t>(32, fill));
}
inline PreciseTime At(std::int64_t seconds, std::int64_t nanoseconds = 0, int digits = 9) {
  return {Timestamp(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds)), digits};
}

inline std::string Describe(const Verdict& verdict) {
  switch (verdict.next) {
    case Verdict::Next::kUnchanged:
      return "unchanged " + std::string(EvidenceName(verdict.evidence));
    case Verdict::Next::kCopy:
      return "copy " + std::string(ReasonName(verdict.reason));
    case Verdict::Next::kMetadata:
      return "metadata " + std::string(EvidenceName(verdict.evidence));
    case Verdict::Next::kAskTarget:
      return "ask target";
    case Verdict::Next::kAskSource:
      return "ask source";
    case Verdict::Next::kHashSource:
      return "hash source";
    case Verdict::Next::kHashTarget:
      return "hash target";
  }
  return "";
}

// One key on both sides, same size, other times, versions "s1" and "t1". A test changes what it
// is about, and follows the questions with Ask and Hash.
struct Pair {
  ObjectEntry source;
  ObjectEntry target;
  CompareInput input;
  std::optional<StateRow> row;

  Pair(bool source_is_local, bool target_is_local) {
    source.key = target.key = "a";
    source.size_bytes = target.size_bytes = 7;
    source.modified = At(1'000);
    target.modified = At(2'000);
    source.version = "s1";
    target.version = "t1";
    input.source.is_local = source_is_local;
    input.target.is_local = target_is_local;
  }
  Pair(const Pair&) = delete;

  static Pair Upload() { return {true, false}; }
  static Pair Download() { return {false, true}; }
  static Pair Clouds() { return {false, false}; }
  static Pair Disks() { return {true, true}; }

  // The last run proved "s1" and "t1" equal, with these digests.
  void Prove(DigestSet digests, Evidence evidence = Evidence::kDigest) {
    row = StateRow{"a", 7, "s1", "t1", At(1'000), std::move(digests), evidence};
  }
  void AnswerHead(SideKnowledge& side, DigestSet digests,
                  std::optional<PreciseTime> mtime = std::nullopt) {
    side.head.emplace();
    side.head->entry = &side == &input.source ? source : target;
    side.head->entry.digests = std::move(digests);
    side.head->attributes.mtime = mtime;
  }
  void AnswerSourceHead(DigestSet digests, std::optional<PreciseTime> mtime = std::nullopt) {
    AnswerHead(input.source, std::move(digests), mtime);
  }
  void AnswerTargetHead(DigestSet digests, std::optional<PreciseTime> mtime = std::nullopt) {
    AnswerHead(input.target, std::move(digests), mtime);
  }
  Verdict Judge() {
    input.source.entry = &source;
    input.target.entry = &target;
    input.state = row ? &*row : nullptr;
    return Compare(input);
  }
  std::string Say() { return Describe(Judge()); }
};

}  // namespace godwit
