#include "lib/run/state_codec.h"

#include <utility>

#include "lib/checksum/byte_codec.h"

namespace godwit {

namespace {

constexpr std::uint8_t kFormat = 1;

ByteEncoder Begin() {
  ByteEncoder out;
  out.Byte(kFormat);
  return out;
}

}  // namespace

std::string EncodeStateRow(const StateRow& row) {
  ByteEncoder out = Begin();
  out.Byte(static_cast<std::uint8_t>(row.evidence));
  out.Number(row.size_bytes);
  out.String(row.source_version);
  out.String(row.target_version);
  EncodeTime(out, row.source_modified);
  EncodeDigests(out, row.digests);
  return std::move(out).Seal(row.key);
}

std::optional<StateRow> DecodeStateRow(std::string_view key, std::string_view bytes) {
  ByteDecoder in(key, bytes);
  if (in.Byte() != kFormat) return std::nullopt;
  StateRow row;
  row.key = key;
  const std::uint8_t evidence = in.Byte();
  if (evidence > static_cast<std::uint8_t>(Evidence::kSize)) return std::nullopt;
  row.evidence = static_cast<Evidence>(evidence);
  row.size_bytes = in.Number();
  row.source_version = in.String();
  row.target_version = in.String();
  const std::optional<PreciseTime> modified = DecodeTime(in);
  if (!modified || !DecodeDigests(in, row.digests) || !in.Complete()) return std::nullopt;
  row.source_modified = *modified;
  return row;
}

std::string EncodeUploadRow(std::string_view key, const UploadRow& row) {
  ByteEncoder out = Begin();
  out.String(row.source_version);
  out.Number(row.size_bytes);
  out.Number(row.part_size_bytes);
  out.String(row.upload_id.Reveal());
  out.Number(row.form);
  return std::move(out).Seal(key);
}

std::optional<UploadRow> DecodeUploadRow(std::string_view key, std::string_view bytes) {
  ByteDecoder in(key, bytes);
  if (in.Byte() != kFormat) return std::nullopt;
  UploadRow row;
  row.source_version = in.String();
  row.size_bytes = in.Number();
  row.part_size_bytes = in.Number();
  row.upload_id = Secret(std::string(in.String()));
  row.form = in.Number();
  if (!in.Complete()) return std::nullopt;
  return row;
}

std::string EncodePartRow(std::string_view key, const PartReceipt& part) {
  ByteEncoder out = Begin();
  out.Number(part.index);
  out.Number(part.size_bytes);
  out.String(part.token);
  EncodeDigests(out, part.digests);
  if (!part.running_md5.empty()) out.String(part.running_md5);
  return std::move(out).Seal(key);
}

std::optional<PartReceipt> DecodePartRow(std::string_view key, std::uint32_t index,
                                         std::string_view bytes) {
  ByteDecoder in(key, bytes);
  if (in.Byte() != kFormat || in.Number() != index) return std::nullopt;
  PartReceipt part;
  part.index = index;
  part.size_bytes = in.Number();
  part.token = in.String();
  if (!DecodeDigests(in, part.digests)) return std::nullopt;
  if (!in.Complete()) part.running_md5 = in.String();
  if (!in.Complete()) return std::nullopt;
  return part;
}

std::string EncodeSpooledDelete(const SpooledDelete& spooled) {
  ByteEncoder out = Begin();
  out.String(spooled.key);
  out.String(spooled.version);
  out.Number(spooled.size_bytes);
  out.Byte(static_cast<std::uint8_t>((spooled.excluded ? 1 : 0) | (spooled.is_folder ? 2 : 0)));
  return std::move(out).Seal({});
}

std::optional<SpooledDelete> DecodeSpooledDelete(std::string_view bytes) {
  ByteDecoder in({}, bytes);
  if (in.Byte() != kFormat) return std::nullopt;
  SpooledDelete spooled;
  spooled.key = in.String();
  spooled.version = in.String();
  spooled.size_bytes = in.Number();
  const std::uint8_t flags = in.Byte();
  if (!in.Complete() || flags > 3) return std::nullopt;
  spooled.excluded = (flags & 1) != 0;
  spooled.is_folder = (flags & 2) != 0;
  return spooled;
}

}  // namespace godwit
