// Sources whose service keeps no digest: what godwit recorded when it wrote them must hold (I14).

#include <gtest/gtest.h>

#include <sstream>

#include "lib/checksum/content_hasher.h"
#include "lib/policy/permit_issuer.h"
#include "lib/run/job.h"
#include "lib/run/memory_job_store.h"
#include "lib/store/memory/memory_store.h"

namespace godwit {
namespace {

class SilentObserver final : public JobObserver {
 public:
  void OnReport(const Report&) override {}
  void OnProgress(const Progress&) override {}
  bool OnConfirm(std::uint64_t, std::uint64_t) override { return true; }
};

MemoryOptions KeepsNoDigest() {
  MemoryOptions options = MemoryOptions::Capable();
  options.capabilities.digests_stored.clear();
  return options;
}

// Copies an object of `size_bytes` whose recorded CRC64NVME is off by `error`.
SyncSummary CopyRecorded(std::size_t size_bytes, std::uint64_t error, MemoryStore& target) {
  const std::string body(size_bytes, 'x');
  ContentHasher hasher;
  hasher.Update(std::as_bytes(std::span(body)));
  PutOptions options;
  options.attributes.claimed_crc64nvme = hasher.sum().crc64nvme ^ error;
  MemoryStore source(KeepsNoDigest());
  MemorySource bytes(std::as_bytes(std::span(body)));
  EXPECT_TRUE(source.Put({}, PermitIssuer().Judge("a"), "a", options, bytes).ok());

  JobSettings settings;
  settings.options.retry = RetryPolicy::Immediate();
  settings.options.part_size_bytes = 5 << 20;
  MemoryJobStore jobs;
  RequestMeter meter;
  SilentObserver observer;
  std::ostringstream messages;
  Log log(messages, LogLevel::kInfo, LogFormat::kText);
  return RunJob({&source, "", "from", "from"}, {&target, "", "to", "to"}, settings, jobs, meter,
                observer, log)
      .summary;
}

TEST(RecordedDigest, BytesThatContradictItAreNeverPublished_I14) {
  for (const std::size_t size : {std::size_t{1000}, std::size_t{11} << 20}) {
    MemoryStore target(MemoryOptions::Capable());
    EXPECT_EQ(CopyRecorded(size, 1, target).exit_code, 5) << size;
    EXPECT_TRUE(target.Contents().empty()) << size;
    EXPECT_EQ(CopyRecorded(size, 0, target).exit_code, 0) << size;
    EXPECT_EQ(target.Contents().size(), 1u) << size;
  }
}

}  // namespace
}  // namespace godwit
