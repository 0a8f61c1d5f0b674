#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/plan/state_row.h"
#include "lib/sync/record.h"

// How rows of the state, the journal and the spool look as bytes. Each begins with the version of
// its format and ends with a CRC32C over its key and itself, so that a row that was torn, moved to
// another key or written by something else is recognised. Decoding any bytes is safe: what is not
// a whole row of a known version gives none. Pure.

namespace godwit {

// The row without its key, which is stored beside it.
std::string EncodeStateRow(const StateRow& row);
std::optional<StateRow> DecodeStateRow(std::string_view key, std::string_view bytes);

// An upload that was begun, or was about to be; without its key and its parts.
struct UploadRow {
  Version source_version;
  std::uint64_t size_bytes = 0;
  std::uint64_t part_size_bytes = 0;
  Secret upload_id;  // Empty: only the intent is known.
  std::uint64_t form = 0;

  bool operator==(const UploadRow& other) const = default;
};
std::string EncodeUploadRow(std::string_view key, const UploadRow& row);
std::optional<UploadRow> DecodeUploadRow(std::string_view key, std::string_view bytes);

// A part that the service has confirmed; its index is part of its key in the table.
std::string EncodePartRow(std::string_view key, const PartReceipt& part);
std::optional<PartReceipt> DecodePartRow(std::string_view key, std::uint32_t index,
                                         std::string_view bytes);

// A delete candidate, key included.
std::string EncodeSpooledDelete(const SpooledDelete& spooled);
std::optional<SpooledDelete> DecodeSpooledDelete(std::string_view bytes);

}  // namespace godwit
