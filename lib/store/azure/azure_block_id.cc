#include "lib/store/azure/azure_block_id.h"

#include "godwit/digest.h"
#include "lib/base/text.h"

namespace godwit {
namespace {

constexpr std::string_view kMark = "gw1";
constexpr std::size_t kIdentityDigits = 8;
constexpr std::size_t kIndexDigits = 5;
constexpr std::size_t kCrcDigits = 16;
constexpr char kFiller = '.';

bool IsHex(std::string_view text) {
  return HexDecode(text).has_value() && AsciiLower(text) == text;
}

std::uint64_t FromHex(std::string_view text) {
  std::uint64_t value = 0;
  const std::string bytes = HexDecode(text).value_or("");
  for (const char c : bytes) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

}  // namespace

Secret AzureUpload::ToId() const { return Secret(identity + "." + std::to_string(width)); }

std::optional<AzureUpload> AzureUpload::FromId(const Secret& id) {
  const std::string_view text = id.Reveal();
  if (text.size() < kIdentityDigits + 2 || text[kIdentityDigits] != '.') return std::nullopt;
  const auto width = ParseUint64(text.substr(kIdentityDigits + 1));
  const std::string_view identity = text.substr(0, kIdentityDigits);
  if (!width.has_value() || *width < kAzureBlockIdWidth || *width > kAzureBlockIdWidthMax ||
      !IsHex(identity)) {
    return std::nullopt;
  }
  return AzureUpload{std::string(identity), *width};
}

std::string FormatAzureBlockId(const AzureUpload& upload, std::uint32_t index,
                               std::optional<std::uint64_t> crc64nvme) {
  const std::string number = std::to_string(index);
  std::string text(kMark);
  text += upload.identity;
  text.append(kIndexDigits - std::min(kIndexDigits, number.size()), '0').append(number);
  text += crc64nvme.has_value() ? Digest::Crc64Nvme(*crc64nvme).hex()
                                : std::string(kCrcDigits, kFiller);
  text.append(upload.width - std::min(upload.width, text.size()), kFiller);
  return text;
}

std::optional<AzureBlockId> AzureBlockId::Parse(std::string_view text) {
  if (text.size() < kAzureBlockIdWidth || !text.starts_with(kMark)) return std::nullopt;
  text.remove_prefix(kMark.size());
  AzureBlockId id;
  id.identity = text.substr(0, kIdentityDigits);
  const auto index = ParseUint64(text.substr(kIdentityDigits, kIndexDigits));
  const std::string_view crc = text.substr(kIdentityDigits + kIndexDigits, kCrcDigits);
  const std::string_view filler = text.substr(kIdentityDigits + kIndexDigits + kCrcDigits);
  if (!IsHex(id.identity) || !index.has_value() ||
      filler.find_first_not_of(kFiller) != std::string_view::npos) {
    return std::nullopt;
  }
  id.index = static_cast<std::uint32_t>(*index);
  if (crc == std::string(kCrcDigits, kFiller)) return id;
  if (!IsHex(crc)) return std::nullopt;
  id.crc64nvme = FromHex(crc);
  return id;
}

std::string AzurePartToken::ToText() const {
  return block_id + (proof == Proof::kEchoed ? " +" : proof == Proof::kCopied ? " *" : "");
}

AzurePartToken AzurePartToken::FromText(std::string_view text) {
  AzurePartToken token;
  if (text.ends_with(" +")) token.proof = Proof::kEchoed;
  if (text.ends_with(" *")) token.proof = Proof::kCopied;
  token.block_id = text.substr(0, text.size() - (token.proof == Proof::kNone ? 0 : 2));
  return token;
}

}  // namespace godwit
