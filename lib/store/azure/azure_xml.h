#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/capabilities.h"
#include "godwit/result.h"
#include "godwit/store_messages.h"

// The XML documents of Azure Blob Storage. Pure. Answers that are not the expected document, whole,
// are kCorrupted.

namespace godwit {

// What the caller of a listing knows before the page is read.
struct AzureListQuestion {
  std::string prefix;
  std::string delimiter;
  std::string start_after;  // Exclusive; the service does not know it.
  std::string end_before;
  std::string after;       // Every key of the page lies behind this one; of earlier pages.
  std::string sent_token;  // The service's own; empty: this is the first page.
  ListingOrder order = ListingOrder::kUtf16Units;
};

struct AzureListAnswer {
  ListPage page;              // Its token is the service's own.
  std::string last_name;      // The greatest key or prefix so far.
  bool hierarchical = false;  // The entries tell what only hierarchical accounts know.
};

// One page of List Blobs: complete, in order, under its prefix. Folders of hierarchical accounts,
// and blobs that stand for folders, are no objects: they are left out.
Result<AzureListAnswer> ReadAzureListing(std::string_view xml, AzureListQuestion question);

// The blocks of Get Block List; names are decoded from base64.
struct AzureBlock {
  std::string id;
  std::uint64_t size_bytes = 0;
};
struct AzureBlockList {
  std::vector<AzureBlock> committed;
  std::vector<AzureBlock> uncommitted;
  Version version;  // Of the blob that the committed ones make; from the answer's headers.
};
Result<AzureBlockList> ReadAzureBlockList(std::string_view xml);

Result<std::map<std::string, std::string>> ReadAzureTags(std::string_view xml);

// The bodies of Put Block List and Set Blob Tags.
std::string AzureBlockListXml(const std::vector<std::string>& ids);
std::string AzureTagsXml(const std::map<std::string, std::string>& tags);

}  // namespace godwit
