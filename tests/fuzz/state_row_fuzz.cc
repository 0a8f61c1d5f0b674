// Rows of the state and of the journal: any bytes are a row or none, what was written is read back,
// and a row with a byte that changed, cut short, or under another key is none.

#include <string>

#include "lib/run/state_codec.h"
#include "tests/fuzz/fuzz_target.h"

namespace godwit {
namespace {

StateRow RowOf(std::string_view input) {
  StateRow row;
  const auto take = [&input] {
    const std::size_t count = input.empty() ? 0 : static_cast<unsigned char>(input.front()) % 64;
    const std::string_view taken = input.substr(0, count);
    input.remove_prefix(taken.size());
    return std::string(taken);
  };
  row.key = "k" + take();
  row.source_version = take();
  row.target_version = take();
  for (const char byte : take())
    row.size_bytes = row.size_bytes * 251 + static_cast<unsigned>(byte);
  row.digests.Set(Digest::Crc64Nvme(row.size_bytes * 0x9E3779B97F4A7C15));
  return row;
}

void Damage(const StateRow& row, std::string_view input) {
  const std::string bytes = EncodeStateRow(row);
  Require(DecodeStateRow(row.key, bytes) == row, "what was written is read back");
  Require(!DecodeStateRow(row.key + "x", bytes), "a row belongs to its key");
  std::size_t at = input.size();
  for (const char byte : input) at = at * 31 + static_cast<unsigned char>(byte);
  std::string changed = bytes;
  changed[at % bytes.size()] ^= static_cast<char>(1 + at / bytes.size() % 255);
  Require(!DecodeStateRow(row.key, changed), "a byte that changed is noticed");
  Require(!DecodeStateRow(row.key, bytes.substr(0, at % bytes.size())), "a cut row is none");
}

}  // namespace
}  // namespace godwit

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace godwit;
  const std::string_view input = InputOf(data, size);
  if (const auto row = DecodeStateRow("k", input)) {
    Require(DecodeStateRow("k", EncodeStateRow(*row)) == row, "rows survive being written");
  }
  if (const auto row = DecodeUploadRow("k", input)) {
    Require(DecodeUploadRow("k", EncodeUploadRow("k", *row)) == row, "uploads survive it");
  }
  if (const auto part = DecodePartRow("k", 3, input)) {
    Require(part->index == 3, "parts have their index");
  }
  if (const auto spooled = DecodeSpooledDelete(input)) {
    Require(DecodeSpooledDelete(EncodeSpooledDelete(*spooled)).has_value(), "deletes survive it");
  }
  Damage(RowOf(input), input);
  return 0;
}
