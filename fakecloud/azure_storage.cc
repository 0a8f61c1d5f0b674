#include "fakecloud/azure_storage.h"

#include <algorithm>
#include <cstdio>

namespace fakecloud {
namespace {

// One UTF-16 code unit after the other.
std::u16string ToUtf16(std::string_view text) {
  std::u16string units;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    std::uint32_t point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t k = 1; k < length && i + k < text.size(); ++k) {
      point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
    }
    if (point >= 0x10000) {
      units += static_cast<char16_t>(0xD800 + ((point - 0x10000) >> 10));
      units += static_cast<char16_t>(0xDC00 + ((point - 0x10000) & 0x3FF));
    } else {
      units += static_cast<char16_t>(point);
    }
    i += length;
  }
  return units;
}

}  // namespace

bool AzureKeyLess::operator()(std::string_view a, std::string_view b) const {
  if (!slash_first) return ToUtf16(a) < ToUtf16(b);
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto weight = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c) + 1; };
    return weight(x) < weight(y);
  });
}

AzureBlobPtr AzureContainer::Find(std::string_view name) const {
  const auto found = blobs.find(name);
  return found == blobs.end() ? nullptr : found->second;
}

AzureContainer* AzureStorage::Access::Find(std::string_view name) {
  const auto found = storage_.containers_.find(name);
  return found == storage_.containers_.end() ? nullptr : &found->second;
}

bool AzureStorage::Access::Create(std::string_view name) {
  return storage_.containers_.try_emplace(std::string(name), AzureContainer(storage_.hierarchical_))
      .second;
}

bool AzureStorage::Access::Remove(std::string_view name) {
  return storage_.containers_.erase(std::string(name)) > 0;
}

std::vector<godwit::FakeUpload> AzureStorage::OpenUploads(std::string_view container_name) {
  std::vector<godwit::FakeUpload> uploads;
  Access access = Lock();
  const AzureContainer* container = access.Find(container_name);
  if (container == nullptr) return uploads;
  for (const auto& [name, blocks] : container->staged) {
    if (blocks.empty()) continue;
    godwit::FakeUpload open{name, "", blocks.size(), 0};
    for (const AzureBlock& block : blocks) open.size_bytes += block.content.size();
    uploads.push_back(std::move(open));
  }
  return uploads;
}

std::string AzureStorage::NextEtag() {
  char text[32];
  std::snprintf(text, sizeof(text), "0x8DD%012llX",
                static_cast<unsigned long long>(++serial_ * 0x1D2B7ULL));
  return text;
}

}  // namespace fakecloud
