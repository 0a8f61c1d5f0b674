#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "godwit/digest.h"

namespace godwit {

// The order in which a store lists keys.
enum class ListingOrder : std::uint8_t { kUtf8Bytes, kUtf16Units, kSlashFirst, kNone };

// Which keys a store can hold (spec of key rules: lib/base/key_problem.h).
enum class KeyRules : std::uint8_t { kAny, kS3, kGcs, kAzure, kLocal };

// Whether, and where in the life of an upload, a condition on the target version can be given.
enum class ConditionSupport : std::uint8_t { kNone, kAtBegin, kAtFinish };

// What a store can do, as constants. All differences between services that a caller must know
// are here, or come back as kUnsupported.
struct Capabilities {
  std::string service;  // "memory", "local", "s3", "gcs", "azure".
  KeyRules key_rules = KeyRules::kAny;
  std::uint64_t key_bytes_max = 1024;
  ListingOrder order = ListingOrder::kUtf8Bytes;
  std::uint32_t page_keys_max = 1000;

  std::uint64_t put_bytes_max = 5ULL << 30;   // Largest object of a single Put.
  std::uint64_t part_bytes_min = 5ULL << 20;  // Of every part but the last.
  std::uint64_t part_bytes_max = 5ULL << 30;
  std::uint64_t part_granularity_bytes = 1;
  std::uint32_t parts_max = 10'000;
  std::uint64_t object_bytes_max = 50'000'000'000'000;
  bool parts_in_any_order = true;
  // Where parts otherwise come in order: objects of this size and more take parts of at least that
  // size in any order all the same. None if the first is 0.
  std::uint64_t any_order_object_bytes_min = 0;
  std::uint64_t any_order_part_bytes_min = 0;
  bool uploads_abortable = true;

  bool condition_on_put = true;
  ConditionSupport condition_on_finish = ConditionSupport::kAtFinish;
  bool condition_on_delete = true;
  bool condition_on_copy = false;

  std::uint32_t delete_keys_max = 1000;  // Of one batch.
  bool server_copy = false;              // Between containers of this store and credential set.
  std::uint64_t copy_bytes_max = 5'000'000'000;  // Of a single Copy.
  bool set_metadata = false;

  // Digests that the service computes or checks, and keeps with the object.
  std::vector<DigestKind> digests_stored;
  bool is_local = false;  // Files: no user metadata, versions are stat tuples.

  // Whether the parts of an upload of such an object may come in any order.
  bool TakesPartsInAnyOrder(std::uint64_t size_bytes, std::uint64_t part_size_bytes) const {
    if (parts_in_any_order) return true;
    return any_order_object_bytes_min > 0 && size_bytes >= any_order_object_bytes_min &&
           part_size_bytes >= any_order_part_bytes_min;
  }
};

}  // namespace godwit
