// Jobs between stores that differ as the clouds do: orders, keys, parts, conditions, digests.

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lib/base/random.h"
#include "lib/policy/permit_issuer.h"
#include "lib/run/job.h"
#include "lib/run/memory_job_store.h"
#include "lib/store/memory/memory_store.h"
#include "lib/store/ordered_store.h"
#include "tests/unit/run/wrapped_store.h"

namespace godwit {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

MemoryOptions Like(const std::string& service) {
  MemoryOptions options = MemoryOptions::Capable();
  Capabilities& can = options.capabilities;
  can.service = service;
  can.server_copy = false;
  if (service == "s3") can.key_rules = KeyRules::kS3;
  if (service == "gcs") {
    can.key_rules = KeyRules::kGcs;
    can.part_bytes_min = can.part_granularity_bytes = 256 << 10;
    can.put_bytes_max = 8 * kMiB;
    can.parts_in_any_order = false;
    can.condition_on_finish = ConditionSupport::kAtBegin;
    can.digests_stored = {DigestKind::kCrc32c, DigestKind::kMd5};
  }
  if (service.starts_with("azure")) {
    can.key_rules = KeyRules::kAzure;
    can.order = service == "azure" ? ListingOrder::kUtf16Units : ListingOrder::kSlashFirst;
    can.part_bytes_min = 1;
    can.parts_max = 50'000;
    can.uploads_abortable = false;
    can.delete_keys_max = 256;
    can.digests_stored = {DigestKind::kMd5};
  }
  return options;
}

const std::vector<std::string> kServices{"s3", "gcs", "azure", "azure-hierarchical"};

class Observer final : public JobObserver {
 public:
  void OnReport(const Report& report) override {
    if (const auto* action = std::get_if<ActionReport>(&report)) actions.push_back(*action);
    if (const auto* error = std::get_if<ErrorReport>(&report)) errors.push_back(*error);
    if (const auto* notice = std::get_if<NoticeReport>(&report)) notices.push_back(*notice);
  }
  void OnProgress(const Progress&) override {}
  bool OnConfirm(std::uint64_t, std::uint64_t) override { return true; }

  std::vector<ActionReport> actions;
  std::vector<ErrorReport> errors;
  std::vector<NoticeReport> notices;
};

// A store, what may go wrong in front of it, and the order restored.
template <typename Wrapped = WrappedStore>
struct Place {
  explicit Place(MemoryOptions options) : memory(std::move(options)) {}
  MemoryStore memory;
  Wrapped wrapped{memory};
  OrderedStore ordered{wrapped, {.held_max = 3}};
};

void Put(ObjectStore& store, const std::string& key, const std::string& body,
         const ObjectAttributes& attributes = {}) {
  MemorySource source(std::as_bytes(std::span(body)));
  PutOptions options;
  options.attributes = attributes;
  const Result<PutReceipt> put =
      store.Put(CallContext(), PermitIssuer().Judge(key), key, options, source);
  ASSERT_TRUE(put.ok()) << put.status();
}

std::string Pattern(std::size_t size) {
  std::string body(size, '\0');
  for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 31 + i / 251);
  return body;
}

class CrossCloudTest : public testing::Test {
 protected:
  CrossCloudTest() {
    settings_.seed = 1;
    settings_.options.retry = RetryPolicy::Immediate();
    settings_.options.memory_bytes = 64 * kMiB;
    settings_.options.part_size_bytes = 5 * kMiB;
    settings_.options.jobs_max = 4;
  }

  SyncSummary Run(ObjectStore& source, ObjectStore& target) {
    Endpoint from{&source, "", "from", "from"};
    Endpoint to{&target, "", "to", "to"};
    from.container = to.container = "memory";
    observer_ = Observer();
    const auto puts = meter_.requests(RequestClass::kPut);
    const auto asks = meter_.requests(RequestClass::kHead) + meter_.requests(RequestClass::kGet);
    const SyncSummary summary =
        RunJob(from, to, settings_, *job_store_, meter_, observer_, log_).summary;
    puts_ = meter_.requests(RequestClass::kPut) - puts;
    asks_ = meter_.requests(RequestClass::kHead) + meter_.requests(RequestClass::kGet) - asks;
    return summary;
  }
  // What went without which attributes.
  std::map<std::string, std::vector<std::string>> Dropped() const {
    std::map<std::string, std::vector<std::string>> dropped;
    for (const ActionReport& action : observer_.actions) {
      if (!action.dropped.empty()) dropped[action.key] = action.dropped;
    }
    return dropped;
  }

  JobSettings settings_;
  std::unique_ptr<JobStore> job_store_ = std::make_unique<MemoryJobStore>();
  RequestMeter meter_;
  Observer observer_;
  std::uint64_t puts_ = 0;
  std::uint64_t asks_ = 0;
  std::ostringstream messages_;
  Log log_{messages_, LogLevel::kInfo, LogFormat::kText};
};

TEST_F(CrossCloudTest, EveryPairCopiesAllAndThenNothing) {
  for (const std::string& from : kServices) {
    for (const std::string& to : kServices) {
      SCOPED_TRACE(from + " to " + to);
      job_store_ = std::make_unique<MemoryJobStore>();
      MemoryOptions options = Like(from);
      options.capabilities.put_bytes_max = 100 * kMiB;  // Of whoever filled it.
      Place<> source(options);
      Place<> target(Like(to));
      for (const char* key :
           {"a", "a-b", "a/b", "a0", "\xEF\xBD\x9E", "\xF0\x9F\x98\x80/x", "dir/"}) {
        Put(source.memory, key, std::string(key) == "dir/" ? "" : key);
      }
      Put(source.memory, "large", Pattern(5 * kMiB + 17));
      const SyncSummary first = Run(source.ordered, target.ordered);
      ASSERT_EQ(first.exit_code, 0) << messages_.str();
      ASSERT_EQ(first.copied, 8u);
      ASSERT_TRUE(target.memory.Contents() == source.memory.Contents());
      for (const ActionReport& action : observer_.actions) {
        EXPECT_NE(action.proof, WriteProof::kNone) << action.key;
      }
      const SyncSummary second = Run(source.ordered, target.ordered);
      EXPECT_EQ(second.unchanged, 8u);
      EXPECT_EQ(puts_ + asks_, 0u);
    }
  }
}

// Few different characters, so that keys are neighbours: around '/', and around the borders of the
// characters that UTF-16 order displaces.
std::string RandomKey(Random& random) {
  static const std::vector<std::string> kParts{
      "/", "-", "0", "a", "\xED\x9F\xBF", "\xEF\xBD\x9E", "\xF0\x9F\x98\x80"};
  std::string key = "k";
  const std::uint64_t count = 1 + random.Below(4);
  for (std::uint64_t i = 0; i < count; ++i) key += kParts[random.Below(kParts.size())];
  return key.ends_with('/') ? key + "z" : key;
}

TEST_F(CrossCloudTest, RandomTreesBecomeEqualWithoutANeedlessCopyOrDelete) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  settings_.options.delete_extra = true;
  settings_.options.max_delete = *DeleteLimit::Parse("all");
  settings_.options.allow_empty_source = true;
  for (int round = 0; round < 300; ++round) {
    job_store_ = std::make_unique<MemoryJobStore>();
    Place<> source(Like(kServices[random.Below(kServices.size())]));
    Place<> target(Like(kServices[random.Below(kServices.size())]));
    std::set<std::string> both;
    std::set<std::string> wanted;
    std::set<std::string> extra;
    const std::uint64_t count = 1 + random.Below(20);
    for (std::uint64_t i = 0; i < count; ++i) {
      (random.Chance(0.5) ? both : random.Chance(0.5) ? wanted : extra).insert(RandomKey(random));
    }
    for (const std::string& key : both) wanted.erase(key), extra.erase(key);
    for (const std::string& key : wanted) extra.erase(key);
    for (const std::string& key : wanted) Put(source.memory, key, key);
    for (const std::string& key : extra) Put(target.memory, key, key);
    ObjectAttributes attributes;
    attributes.mtime = PreciseTime{Timestamp(std::chrono::seconds(1'700'000'000)), 0};
    for (const std::string& key : both) {
      Put(source.memory, key, key, attributes);
      Put(target.memory, key, key, attributes);
    }
    const SyncSummary summary = Run(source.ordered, target.ordered);
    ASSERT_EQ(summary.exit_code, 0) << "round " << round << messages_.str();
    ASSERT_EQ(summary.copied, wanted.size()) << "round " << round;
    ASSERT_EQ(summary.deleted, extra.size()) << "round " << round;
    ASSERT_EQ(summary.unchanged, both.size()) << "round " << round;
    ASSERT_EQ(target.memory.Contents(), source.memory.Contents());
  }
}

TEST_F(CrossCloudTest, KeysThatTheTargetCannotHoldAreNamedAndTheRestIsCopied_I29) {
  const std::map<std::string, std::set<std::string>> refused{
      {"gcs", {"..", ".well-known/acme-challenge/x", "line\nbreak"}},
      {"azure", {"back\\slash", "dot.", "dot./x", "line\nbreak", "\x01", "..", ".", "a/.."}},
      {"s3", {}}};
  for (const auto& [service, keys] : refused) {
    SCOPED_TRACE(service);
    job_store_ = std::make_unique<MemoryJobStore>();
    Place<> source(MemoryOptions::Capable());
    Place<> target(Like(service));
    for (const std::string& key : keys) Put(source.memory, key, "refused");
    Put(source.memory, "fine", "kept");
    for (int run = 0; run < 2; ++run) {
      const SyncSummary summary = Run(source.ordered, target.ordered);
      EXPECT_EQ(summary.exit_code, keys.empty() ? 0 : 1);
      EXPECT_EQ(summary.failed, keys.size());
      std::set<std::string> named;
      for (const ErrorReport& error : observer_.errors) named.insert(error.key);
      EXPECT_EQ(named, keys);
      for (const ActionReport& action : observer_.actions) {
        const bool conflict = action.reason == Reason::kKeyNotRepresentable;
        EXPECT_EQ(conflict, keys.contains(action.key)) << action.key;
      }
    }
    EXPECT_EQ(target.memory.Contents(), (std::map<std::string, std::string>{{"fine", "kept"}}));
  }
}

ObjectAttributes Rich() {
  ObjectAttributes attributes;
  attributes.content_type = "text/x-odd";
  attributes.cache_control = "max-age=5";
  attributes.user_metadata = {{"colour", "green"}, {"two lines", "a\nb"}};
  attributes.tags = {{"team", "blue"}};
  return attributes;
}

TEST_F(CrossCloudTest, MetadataThatTheTargetCannotHoldIsLeftOutAndListed) {
  using Names = std::vector<std::string>;
  MemoryOptions local = MemoryOptions::Capable();
  local.capabilities.is_local = true;
  const std::vector<std::pair<MemoryOptions, Names>> cases{
      {Like("s3"), {"metadata:two lines"}},
      {Like("gcs"), {"tags"}},
      {Like("azure"), {"metadata:two lines"}},
      {local, {"content-type", "cache-control", "tags", "metadata:colour", "metadata:two lines"}}};
  for (const auto& [options, names] : cases) {
    SCOPED_TRACE(options.capabilities.service);
    job_store_ = std::make_unique<MemoryJobStore>();
    Place<> source(MemoryOptions::Capable());
    Place<> target(options);
    Put(source.memory, "a.csv", "x", Rich());
    Put(source.memory, "plain", "x");
    Put(source.memory, "parts", Pattern(6 * kMiB), Rich());
    EXPECT_EQ(Run(source.ordered, target.ordered).exit_code, 0);
    EXPECT_EQ(Dropped(), (std::map<std::string, Names>{{"a.csv", names}, {"parts", names}}));
    EXPECT_EQ(std::ranges::count(observer_.notices, "metadata-dropped", &NoticeReport::topic), 2);
    const ObjectMeta kept = target.memory.Head({}, "a.csv").value();
    if (!options.capabilities.is_local) {
      EXPECT_EQ(kept.attributes.user_metadata.at("colour"), "green");
      EXPECT_EQ(kept.attributes.cache_control, "max-age=5");
    }
    settings_.options.compare = CompareMode::kAuto;
    EXPECT_EQ(Run(source.ordered, target.ordered).unchanged, 3u);
  }
}

// Loses the answer of the second part after it took effect, once.
class LosingStore final : public WrappedStore {
 public:
  using WrappedStore::WrappedStore;
  Result<PartReceipt> PutPart(const CallContext& context, const WritePermit& permit,
                              std::string_view key, const Secret& upload_id, const UploadPart& part,
                              ByteSource& body) override {
    Result<PartReceipt> receipt = store_.PutPart(context, permit, key, upload_id, part, body);
    if (part.index != 1 || lost++ > 0) return receipt;
    return Status(ErrorKind::kUnavailable, "the answer was lost").WithMaybeApplied(true);
  }
  Result<UploadedParts> ListParts(const CallContext& context, std::string_view key,
                                  const Secret& upload_id) override {
    Result<UploadedParts> kept = store_.ListParts(context, key, upload_id);
    if (kept.ok() && only_bytes) kept->parts.clear();
    return kept;
  }
  int lost = 0;
  bool only_bytes = true;  // As a service that keeps one stream of bytes.
};

TEST_F(CrossCloudTest, LostAnswerOfAPartInSequenceIsLookedUpByTheBytesKept_I17) {
  Place<> source(Like("s3"));
  Place<LosingStore> target(Like("gcs"));
  Put(source.memory, "large", Pattern(11 * kMiB));
  EXPECT_EQ(Run(source.ordered, target.ordered).exit_code, 0) << messages_.str();
  EXPECT_TRUE(target.memory.Contents() == source.memory.Contents());
  EXPECT_EQ(target.wrapped.lost, 1);  // It was not sent again.
}

// Answers the second part's digest with one bit flipped, once.
class DamagingStore final : public WrappedStore {
 public:
  using WrappedStore::WrappedStore;
  Result<PartReceipt> PutPart(const CallContext& context, const WritePermit& permit,
                              std::string_view key, const Secret& upload_id, const UploadPart& part,
                              ByteSource& body) override {
    Result<PartReceipt> receipt = store_.PutPart(context, permit, key, upload_id, part, body);
    if (receipt.ok() && part.index == 1 && times++ == 0) {
      const std::uint64_t told = receipt->digests.Find(DigestKind::kCrc64Nvme)->crc64nvme();
      receipt->digests = {Digest::Crc64Nvme(told ^ 1)};
    }
    return receipt;
  }
  std::atomic<int> times = 0;
};

TEST_F(CrossCloudTest, PartOfWhichTheServiceToldOtherBytesIsSentAgain_I14) {
  for (const std::uint64_t memory : {16 * kMiB, 512 * kMiB}) {  // Streamed, buffered.
    job_store_ = std::make_unique<MemoryJobStore>();
    settings_.options.memory_bytes = memory;
    Place<> source(Like("s3"));
    Place<DamagingStore> target(Like("azure"));
    Put(source.memory, "large", Pattern(11 * kMiB));
    const SyncSummary summary = Run(source.ordered, target.ordered);
    EXPECT_EQ(summary.exit_code, 0) << messages_.str();
    EXPECT_EQ(summary.retries, 1u);
    EXPECT_EQ(target.wrapped.times, 2);
    EXPECT_TRUE(target.memory.Contents() == source.memory.Contents());
  }
}

// Remembers how uploads were begun, and how many parts were under way at once.
class WatchingStore final : public WrappedStore {
 public:
  using WrappedStore::WrappedStore;
  Result<Secret> BeginUpload(const CallContext& context, const WritePermit& permit,
                             std::string_view key, const UploadOptions& options) override {
    begun = options;
    return store_.BeginUpload(context, permit, key, options);
  }
  Result<PartReceipt> PutPart(const CallContext& context, const WritePermit& permit,
                              std::string_view key, const Secret& upload_id, const UploadPart& part,
                              ByteSource& body) override {
    const int now = ++under_way;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
    Result<PartReceipt> receipt = store_.PutPart(context, permit, key, upload_id, part, body);
    --under_way;
    return receipt;
  }
  UploadOptions begun;
  std::atomic<int> under_way = 0;
  std::atomic<int> most = 0;
};

TEST_F(CrossCloudTest, PartsGoSideBySideOnlyWhereTheServiceTakesThemInAnyOrder) {
  for (const std::string service : {"gcs", "azure"}) {
    SCOPED_TRACE(service);
    job_store_ = std::make_unique<MemoryJobStore>();
    Place<> source(Like("s3"));
    Place<WatchingStore> target(Like(service));
    Put(source.memory, "large", Pattern(31 * kMiB));
    EXPECT_EQ(Run(source.ordered, target.ordered).exit_code, 0);
    EXPECT_EQ(target.wrapped.most == 1, service == "gcs") << target.wrapped.most;
    EXPECT_EQ(target.wrapped.begun.part_size_bytes, 5 * kMiB);
    const bool at_begin = service == "gcs";
    EXPECT_EQ(target.wrapped.begun.condition.kind == WriteCondition::Kind::kCreateOnly, at_begin);
  }
}

TEST_F(CrossCloudTest, CopyInsideTheServiceByPartsSaysSoWhenItBegins) {
  MemoryOptions options = MemoryOptions::Capable();
  options.capabilities.copy_bytes_max = 3 * kMiB;
  Place<WatchingStore> place(options);
  Put(place.memory, "from/large", Pattern(6 * kMiB));
  Endpoint from{&place.ordered, "from/", "from", "from"};
  Endpoint to{&place.ordered, "to/", "to", "to"};
  from.container = to.container = "memory";
  settings_.server_copy_possible = true;
  const SyncSummary summary =
      RunJob(from, to, settings_, *job_store_, meter_, observer_, log_).summary;
  EXPECT_EQ(summary.exit_code, 0) << messages_.str();
  EXPECT_TRUE(place.wrapped.begun.by_copy);
  EXPECT_EQ(place.wrapped.most, 0);
  EXPECT_EQ(place.memory.Contents()["to/large"].size(), 6 * kMiB);
}

}  // namespace
}  // namespace godwit
