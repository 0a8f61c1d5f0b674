#include "lib/plan/compare.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "lib/base/clock_skew.h"

namespace godwit {
namespace {

using Next = Verdict::Next;

constexpr std::array kKinds = {DigestKind::kSha256, DigestKind::kCrc64Nvme, DigestKind::kXxh3,
                               DigestKind::kMd5, DigestKind::kCrc32c};

// The digests of one side's content from up to four sources, without copying them.
class KnownDigests {
 public:
  void Add(const DigestSet& set) {
    if (!set.empty()) sets_[count_++] = &set;
  }
  const Digest* Find(DigestKind kind) const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (const Digest* digest = sets_[i]->Find(kind)) return digest;
    }
    return nullptr;
  }
  bool empty() const { return count_ == 0; }
  // True if one pass over bytes can make something comparable.
  bool HasHashable() const {
    return Find(DigestKind::kCrc64Nvme) != nullptr || Find(DigestKind::kCrc32c) != nullptr ||
           Find(DigestKind::kMd5) != nullptr || Find(DigestKind::kSha256) != nullptr;
  }
  void CopyTo(DigestSet& into) const {
    for (const DigestKind kind : kKinds) {
      if (const Digest* digest = Find(kind)) into.Set(*digest);
    }
  }

 private:
  std::array<const DigestSet*, 4> sets_{};
  std::size_t count_ = 0;
};

enum class Match { kUnknown, kEqual, kDifferent };

// Any kind that disagrees makes them different, whatever else agrees.
Match MatchDigests(const KnownDigests& a, const KnownDigests& b) {
  if (a.empty() || b.empty()) return Match::kUnknown;
  Match match = Match::kUnknown;
  for (const DigestKind kind : kKinds) {
    const Digest* of_a = a.Find(kind);
    const Digest* of_b = b.Find(kind);
    if (of_a == nullptr || of_b == nullptr) continue;
    if (*of_a != *of_b) return Match::kDifferent;
    match = Match::kEqual;
  }
  return match;
}

// The row if its evidence is a proof (see the header), else null.
const StateRow* ProvenRow(const StateRow* row) {
  if (row == nullptr) return nullptr;
  const bool weak = row->evidence == Evidence::kSize || row->evidence == Evidence::kSizeMtime;
  return weak ? nullptr : row;
}

// One side with what follows from its fields.
struct View {
  const SideKnowledge& side;
  const StateRow* row;  // Null: nothing proven.
  bool unchanged;       // Still the version of the row.

  View(const SideKnowledge& knowledge, const StateRow* proven, Version StateRow::*row_version)
      : side(knowledge),
        row(proven),
        unchanged(proven != nullptr && !(proven->*row_version).empty() &&
                  knowledge.entry->version == proven->*row_version &&
                  knowledge.entry->size_bytes == proven->size_bytes) {}

  bool changed() const { return row != nullptr && !unchanged; }
  bool CanAsk() const { return !side.is_local && side.head_useful && !side.head; }
  bool CanRead() const { return !side.hashed; }

  // The HEAD, if it is of the version listed.
  const ObjectMeta* Head() const {
    if (!side.head) return nullptr;
    const Version& version = side.head->entry.version;
    const bool same =
        version.empty() || side.entry->version.empty() || version == side.entry->version;
    return same ? &*side.head : nullptr;
  }

  // Stored by the service, or computed from bytes that were read.
  KnownDigests OwnDigests() const {
    KnownDigests known;
    known.Add(side.entry->digests);
    if (const ObjectMeta* head = Head()) known.Add(head->entry.digests);
    if (side.hashed) known.Add(*side.hashed);
    return known;
  }
  bool HasRowDigests() const { return unchanged && row->evidence == Evidence::kDigest; }
  // Those, and what the state proved of this very version.
  KnownDigests AllDigests() const {
    KnownDigests known = OwnDigests();
    if (HasRowDigests()) known.Add(row->digests);
    return known;
  }
  // Evidence 1 in the strict sense: of state rows only the local digest cache.
  KnownDigests StrictDigests() const { return side.is_local ? AllDigests() : OwnDigests(); }

  // The modification time that the object itself carries; an object without one has none.
  std::optional<PreciseTime> RecordedTime() const {
    if (side.is_local) return side.entry->modified;
    const ObjectMeta* head = Head();
    return head == nullptr ? std::nullopt : head->attributes.mtime;
  }
};

class Comparison {
 public:
  explicit Comparison(const CompareInput& input)
      : input_(input),
        row_(ProvenRow(input.state)),
        source_(input.source, row_, &StateRow::source_version),
        target_(input.target, row_, &StateRow::target_version) {}

  Verdict Decide() const {
    if (input_.mode == CompareMode::kAlways) return Copy(Reason::kAlways);
    if (input_.source.entry->size_bytes != input_.target.entry->size_bytes) {
      return Copy(Reason::kSizeDiffers);
    }
    switch (input_.mode) {
      case CompareMode::kSize:
        return Unchanged(Evidence::kSize);
      case CompareMode::kSizeMtime:
        return TargetIsOlder() ? Copy(Reason::kMtimeDiffers) : Unchanged(Evidence::kSizeMtime);
      case CompareMode::kDigest:
        return ByDigest();
      case CompareMode::kAuto:
      case CompareMode::kMtime:
      case CompareMode::kAlways:
        break;
    }
    if (source_.unchanged && target_.unchanged) return ByState();
    return row_ != nullptr ? ByChange() : ByAsking();
  }

  DigestSet Proven() const {
    DigestSet digests;
    target_.AllDigests().CopyTo(digests);
    source_.AllDigests().CopyTo(digests);
    return digests;
  }

 private:
  static Verdict Copy(Reason reason) { return {.next = Next::kCopy, .reason = reason}; }
  static Verdict Unchanged(Evidence evidence) {
    return {.next = Next::kUnchanged, .evidence = evidence};
  }

  Verdict Equal(Evidence evidence) const {
    if (!MetadataDiffers()) return Unchanged(evidence);
    return {.next = Next::kMetadata, .reason = Reason::kMetadataDiffers, .evidence = evidence};
  }

  // What reading `read` must compute to be comparable with `other`.
  static Verdict Hash(Next next, const KnownDigests& other) {
    Verdict verdict{.next = next};
    const bool by_crc =
        other.Find(DigestKind::kCrc64Nvme) != nullptr || other.Find(DigestKind::kCrc32c) != nullptr;
    if (by_crc) return verdict;
    verdict.want_md5 = other.Find(DigestKind::kMd5) != nullptr;
    verdict.want_sha256 = !verdict.want_md5 && other.Find(DigestKind::kSha256) != nullptr;
    return verdict;
  }
  Verdict HashSource() const { return Hash(Next::kHashSource, target_.AllDigests()); }
  Verdict HashTarget() const { return Hash(Next::kHashTarget, source_.AllDigests()); }

  bool TargetIsOlder() const {
    const PreciseTime& source = input_.source.entry->modified;
    const PreciseTime& target = input_.target.entry->modified;
    return target.time < source.time && !PreciseTime::Same(source, target);
  }

  // Both versions are those that were proven equal.
  Verdict ByState() const {
    const KnownDigests source = source_.OwnDigests();
    const KnownDigests target = target_.OwnDigests();
    const Match own = MatchDigests(source, target);
    if (own == Match::kDifferent) return Copy(Reason::kDigestDiffers);
    if (own == Match::kEqual) return Unchanged(Evidence::kDigest);
    if (!source_.HasRowDigests()) return Unchanged(Evidence::kState);

    // A digest that the service keeps must not contradict what was proven of this version.
    const KnownDigests cached = RowDigests();
    const Match of_source = MatchDigests(source, cached);
    const Match of_target = MatchDigests(target, cached);
    if (of_source == Match::kDifferent || of_target == Match::kDifferent) {
      return Copy(Reason::kDigestDiffers);
    }
    const bool cache_hit = (input_.source.is_local && of_target == Match::kEqual) ||
                           (input_.target.is_local && of_source == Match::kEqual);
    return Unchanged(cache_hit ? Evidence::kDigest : Evidence::kState);
  }

  KnownDigests RowDigests() const {
    KnownDigests known;
    known.Add(row_->digests);
    return known;
  }

  // The state holds the key, and a version has changed: only digests count. What changed is looked
  // at first (a local file by reading it, once), then the other side by HEAD.
  Verdict ByChange() const {
    const KnownDigests source = source_.AllDigests();
    const KnownDigests target = target_.AllDigests();
    if (const Match match = MatchDigests(source, target); match != Match::kUnknown) {
      return match == Match::kEqual ? Equal(Evidence::kDigest) : Copy(Reason::kDigestDiffers);
    }
    if (target_.changed() && target_.CanAsk()) return {.next = Next::kAskTarget};
    if (source_.changed() && source_.CanAsk()) return {.next = Next::kAskSource};
    const bool may_hash_source = MayHash(source_);
    const bool may_hash_target = MayHash(target_);
    if (may_hash_source && (target.HasHashable() || may_hash_target)) return HashSource();
    if (may_hash_target && source.HasHashable()) return HashTarget();
    if (target_.CanAsk() && (may_hash_source || !source.empty())) return {.next = Next::kAskTarget};
    if (source_.CanAsk() && (may_hash_target || !target.empty())) return {.next = Next::kAskSource};
    return CopyForWantOfProof();
  }

  static bool MayHash(const View& view) {
    return view.side.is_local && view.changed() && view.CanRead();
  }

  // Nothing is remembered of the key: each side is asked once, if that can help.
  Verdict ByAsking() const {
    const KnownDigests source = source_.OwnDigests();
    const KnownDigests target = target_.OwnDigests();
    if (const Match match = MatchDigests(source, target); match != Match::kUnknown) {
      return match == Match::kEqual ? Equal(Evidence::kDigest) : Copy(Reason::kDigestDiffers);
    }
    if (target_.CanAsk()) return {.next = Next::kAskTarget};
    const bool target_tells = !target.empty() || target_.RecordedTime().has_value();
    if (source_.CanAsk() && target_tells) return {.next = Next::kAskSource};
    if (TimesMatch() != Match::kEqual) return CopyForWantOfProof();
    if (!TimeIsAmbiguous()) return Equal(Evidence::kMtime);
    const bool may_hash = input_.target.is_local && target_.CanRead() && source.HasHashable();
    return may_hash ? HashTarget() : Copy(Reason::kNoEvidence);
  }

  // A run that died may have copied what the object held before, at what reads as the same time.
  bool TimeIsAmbiguous() const {
    if (!input_.unsettled_since || input_.source.is_local) return false;
    const PreciseTime source = *SourceTime();
    const int digits = std::min(source.fraction_digits, target_.RecordedTime()->fraction_digits);
    return digits < 9 && source.time >= *input_.unsettled_since - kClockSkewMax;
  }

  // Nothing but a digest counts; bytes are read where nothing comparable is stored.
  Verdict ByDigest() const {
    const KnownDigests source = source_.StrictDigests();
    const KnownDigests target = target_.StrictDigests();
    if (const Match match = MatchDigests(source, target); match != Match::kUnknown) {
      return match == Match::kEqual ? Equal(Evidence::kDigest) : Copy(Reason::kDigestDiffers);
    }
    if (target_.CanAsk()) return {.next = Next::kAskTarget};
    if (source_.CanAsk()) return {.next = Next::kAskSource};
    // One side is enough if the other's digest can be computed; a local one is read first.
    const bool for_source = source_.CanRead() && target.HasHashable();
    const bool for_target = target_.CanRead() && source.HasHashable();
    if (for_target && (!for_source || input_.target.is_local)) {
      return Hash(Next::kHashTarget, source);
    }
    if (source_.CanRead()) return Hash(Next::kHashSource, target);
    if (target_.CanRead()) return Hash(Next::kHashTarget, source);
    return CopyForWantOfProof();
  }

  std::optional<PreciseTime> SourceTime() const {
    const std::optional<PreciseTime> recorded = source_.RecordedTime();
    return recorded ? recorded : input_.source.entry->modified;
  }

  Match TimesMatch() const {
    const std::optional<PreciseTime> target = target_.RecordedTime();
    if (!target) return Match::kUnknown;
    return PreciseTime::Same(*SourceTime(), *target) ? Match::kEqual : Match::kDifferent;
  }

  // Only times that were really recorded on both sides may say so.
  Verdict CopyForWantOfProof() const {
    if (TimesMatch() == Match::kDifferent) return Copy(Reason::kMtimeDiffers);
    return Copy(row_ != nullptr ? Reason::kVersionChanged : Reason::kNoEvidence);
  }

  // Whether what both sides are known to carry differs. Nothing is known of a cloud side that was
  // not asked, and a local file says nothing of headers: those are not differences.
  bool MetadataDiffers() const {
    if (source_.unchanged && target_.unchanged) return false;
    if (input_.source.is_local || source_.Head() != nullptr) {
      if (TimesMatch() == Match::kDifferent) return true;
    }
    const ObjectMeta* target = input_.target.is_local ? nullptr : target_.Head();
    return target != nullptr && AttributesDiffer(target->attributes);
  }

  bool AttributesDiffer(const ObjectAttributes& have) const {
    static const AttributeRules kDefaults;
    const AttributeRules& rules = input_.rules != nullptr ? *input_.rules : kDefaults;
    if (rules.content_type && *rules.content_type != have.content_type) return true;
    for (const auto& [name, value] : rules.set_metadata) {
      const auto place = have.user_metadata.find(name);
      if (place == have.user_metadata.end() || place->second != value) return true;
    }
    const ObjectMeta* source = input_.source.is_local ? nullptr : source_.Head();
    if (source == nullptr) return false;
    const ObjectAttributes want = TargetAttributes(rules, *source, source->entry.key);
    const bool type_known = !source->attributes.content_type.empty();
    return (type_known && want.content_type != have.content_type) ||
           want.cache_control != have.cache_control ||
           want.content_encoding != have.content_encoding ||
           want.content_disposition != have.content_disposition ||
           want.content_language != have.content_language ||
           want.user_metadata != have.user_metadata ||
           (input_.check_tags && rules.keep_tags && want.tags != have.tags);
  }

  const CompareInput& input_;
  const StateRow* row_;
  View source_;
  View target_;
};

}  // namespace

Verdict Compare(const CompareInput& input) { return Comparison(input).Decide(); }

DigestSet ProvenDigests(const CompareInput& input) { return Comparison(input).Proven(); }

}  // namespace godwit
