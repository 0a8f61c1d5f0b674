#include "lib/plan/part_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "lib/base/text.h"

namespace godwit {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kAutoPartBytes = 16 * kMiB;
constexpr std::uint64_t kAutoRounding = 8 * kMiB;
// Fewer than any service's 10,000 parts, so that an object that grows a little between planning
// and a rerun still fits.
constexpr std::uint64_t kAutoPartsWanted = 9'000;

// Both are free of overflow for every value that an object size can have (below 2^63).
std::uint64_t DivideUp(std::uint64_t value, std::uint64_t unit) {
  return value / unit + (value % unit != 0 ? 1 : 0);
}
std::uint64_t RoundUp(std::uint64_t value, std::uint64_t unit) {
  return DivideUp(value, unit) * unit;
}

std::uint64_t GranularityOf(const Capabilities& target) {
  return std::max<std::uint64_t>(target.part_granularity_bytes, 1);
}

// The smallest part size with which the target can hold `size_bytes`.
std::uint64_t LeastPartSize(std::uint64_t size_bytes, const Capabilities& target) {
  const std::uint64_t by_count = DivideUp(size_bytes, std::max<std::uint64_t>(target.parts_max, 1));
  return RoundUp(std::max<std::uint64_t>({by_count, target.part_bytes_min, 1}),
                 GranularityOf(target));
}

// A size as an option would be written: exact, in the largest unit that divides it.
std::string ExactSize(std::uint64_t bytes) {
  constexpr std::uint64_t kKiB = 1ULL << 10;
  constexpr std::uint64_t kGiB = 1ULL << 30;
  if (bytes != 0 && bytes % kGiB == 0) return fmt::format("{}GiB", bytes / kGiB);
  if (bytes != 0 && bytes % kMiB == 0) return fmt::format("{}MiB", bytes / kMiB);
  if (bytes != 0 && bytes % kKiB == 0) return fmt::format("{}KiB", bytes / kKiB);
  return fmt::format("{}", bytes);
}

Status Invalid(std::string message) {
  return Status(ErrorKind::kInvalidArgument, std::move(message));
}

Status CheckPartCount(std::uint64_t option, std::uint64_t size_bytes, const Capabilities& target) {
  const std::uint64_t parts = DivideUp(size_bytes, option);
  if (parts <= target.parts_max) return Status::Ok();
  return Invalid(fmt::format(
      "--part-size {} needs {} parts for an object of {} bytes, {} allows {}: use at least {}",
      ExactSize(option), parts, size_bytes, target.service, target.parts_max,
      ExactSize(
          RoundUp(LeastPartSize(size_bytes, target), std::max(kMiB, GranularityOf(target))))));
}

std::uint64_t AutoPartSize(std::uint64_t size_bytes, const Capabilities& target) {
  const std::uint64_t wanted =
      std::max(kAutoPartBytes, RoundUp(DivideUp(size_bytes, kAutoPartsWanted), kAutoRounding));
  const std::uint64_t least = LeastPartSize(size_bytes, target);
  const std::uint64_t most = target.part_bytes_max / GranularityOf(target) * GranularityOf(target);
  return std::max(least, std::min(RoundUp(wanted, GranularityOf(target)), most));
}

}  // namespace

Status CheckPartSize(std::uint64_t option, const Capabilities& target) {
  const std::string value = ExactSize(option);
  const std::string& service = target.service;
  if (option == 0 || option < target.part_bytes_min) {
    return Invalid(fmt::format("--part-size {} is below the minimum of {} for {}", value,
                               ExactSize(std::max<std::uint64_t>(target.part_bytes_min, 1)),
                               service));
  }
  if (option > target.part_bytes_max) {
    return Invalid(fmt::format("--part-size {} is above the maximum of {} for {}", value,
                               ExactSize(target.part_bytes_max), service));
  }
  if (option % GranularityOf(target) != 0) {
    return Invalid(fmt::format("--part-size {} is not a multiple of {}, as {} needs", value,
                               ExactSize(GranularityOf(target)), service));
  }
  return Status::Ok();
}

Result<PartPlan> PlanParts(std::uint64_t size_bytes, std::optional<std::uint64_t> part_size_option,
                           const Capabilities& target) {
  if (size_bytes > target.object_bytes_max) {
    return Status(ErrorKind::kUnsupported,
                  fmt::format("an object of {} bytes is over the limit of {} bytes of {}",
                              size_bytes, target.object_bytes_max, target.service));
  }
  PartPlan plan;
  if (part_size_option) {
    GODWIT_RETURN_IF_ERROR(CheckPartSize(*part_size_option, target));
    GODWIT_RETURN_IF_ERROR(CheckPartCount(*part_size_option, size_bytes, target));
    plan.part_size_bytes = *part_size_option;
  } else {
    plan.part_size_bytes = AutoPartSize(size_bytes, target);
  }
  plan.multipart = size_bytes > plan.part_size_bytes || size_bytes > target.put_bytes_max;
  if (!plan.multipart) return plan;

  if (plan.part_size_bytes > target.part_bytes_max) {
    return Status(ErrorKind::kUnsupported,
                  fmt::format("an object of {} bytes does not fit in {} parts of at most {} of {}",
                              size_bytes, target.parts_max, ExactSize(target.part_bytes_max),
                              target.service));
  }
  plan.part_count = static_cast<std::uint32_t>(DivideUp(size_bytes, plan.part_size_bytes));
  return plan;
}

}  // namespace godwit
