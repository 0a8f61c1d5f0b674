// Containers, their listings, and the account.

#include <algorithm>

#include "fakecloud/azure_call.h"
#include "fakecloud/encoding.h"

namespace fakecloud {
namespace {

constexpr std::uint64_t kPageMax = 5000;

std::string Element(std::string_view name, std::string_view text) {
  const std::string tag(name);
  return "<" + tag + ">" + EscapeXml(text) + "</" + tag + ">";
}

struct Page {
  std::string xml;
  std::size_t count = 0;
  std::string last;  // The last name of the page, or the prefix that ended it.
  bool truncated = false;
};

struct Question {
  std::string prefix;
  std::string delimiter;
  std::uint64_t count_max = kPageMax;
  int page = 1;
  std::string after;  // From the marker.
  bool metadata = false;
  bool uncommitted = false;
  bool hierarchical = false;
};

std::string BlobXml(const std::string& name, const AzureBlob& blob, const Question& question) {
  std::string xml = "<Blob>" + Element("Name", name) + "<Properties>";
  xml += Element("Last-Modified", FormatHttpTime(blob.modified)) + Element("Etag", blob.etag);
  if (question.hierarchical) {
    xml += Element("ResourceType", blob.directory ? "directory" : "file");
  }
  xml += Element("Content-Length", std::to_string(blob.content.size()));
  for (const auto& [header, value] : blob.headers) {
    if (!HasPrefix(header, "x-ms-meta-")) xml += Element(header, value);
  }
  xml += Element("Content-MD5", blob.md5) + Element("BlobType", "BlockBlob") +
         Element("AccessTier", blob.tier) + "</Properties>";
  if (question.metadata) {
    xml += "<Metadata>";
    for (const auto& [header, value] : blob.headers) {
      if (HasPrefix(header, "x-ms-meta-")) xml += Element(header.substr(10), value);
    }
    xml += "</Metadata>";
  }
  return xml + "</Blob>";
}

// A blob that exists by its blocks only.
std::string StagedXml(const std::string& name) {
  return "<Blob>" + Element("Name", name) + "<Properties>" +
         "<Last-Modified/><Etag/><Content-Length>0</Content-Length>"
         "<BlobType>BlockBlob</BlobType></Properties></Blob>";
}

Page CollectPage(const AzureContainer& container, const Question& question) {
  std::map<std::string, AzureBlobPtr, AzureKeyLess> names(AzureKeyLess{question.hierarchical});
  for (const auto& [name, blob] : container.blobs) {
    if (HasPrefix(name, question.prefix)) names.emplace(name, blob);
  }
  if (question.uncommitted) {
    for (const auto& [name, blocks] : container.staged) {
      if (!blocks.empty() && HasPrefix(name, question.prefix)) names.emplace(name, nullptr);
    }
  }
  Page page;
  const AzureKeyLess less{question.hierarchical};
  std::string folder;
  for (const auto& [name, blob] : names) {
    const std::size_t at = question.delimiter.empty()
                               ? std::string::npos
                               : name.find(question.delimiter, question.prefix.size());
    const std::string shown =
        at == std::string::npos ? name : name.substr(0, at + question.delimiter.size());
    const bool is_folder = at != std::string::npos;
    const bool before = !question.after.empty() && !less(question.after, shown);
    if (before || (is_folder && shown == folder)) continue;
    if (page.count == question.count_max) {
      page.truncated = true;
      return page;
    }
    ++page.count;
    page.last = shown;
    if (is_folder) {
      folder = shown;
      page.xml += "<BlobPrefix>" + Element("Name", shown) + "</BlobPrefix>";
    } else {
      page.xml += blob ? BlobXml(name, *blob, question) : StagedXml(name);
    }
  }
  return page;
}

AzureResult<Question> ReadQuestion(const AzureContext& context, const AzureCall& call) {
  Question question;
  question.prefix = call.query.Get("prefix");
  question.delimiter = call.query.Get("delimiter");
  question.page = call.page;
  question.hierarchical = context.storage.hierarchical();
  question.count_max = std::min<std::uint64_t>(kPageMax, context.options.page_size);
  if (const std::string* count = call.query.Find("maxresults")) {
    const std::optional<std::uint64_t> number = ParseDecimal(*count);
    if (!number || *number == 0) return AzureErrorByCode("OutOfRangeInput");
    question.count_max = std::min(question.count_max, *number);
  }
  const std::string_view marker = call.query.Get("marker");
  if (!marker.empty()) {
    const std::optional<std::string> after = FromBase64(marker.substr(marker.find('!') + 1));
    if (!after) return AzureErrorByCode("OutOfRangeInput");
    question.after = *after;
  }
  const std::string_view include_text = call.query.Get("include");
  for (const std::string_view include : Split(include_text, ',')) {
    question.metadata = question.metadata || include == "metadata";
    question.uncommitted = question.uncommitted || include == "uncommittedblobs";
  }
  return question;
}

// Swaps the first two entries of a page.
void Unorder(std::string& xml) {
  const std::size_t second = xml.find("<Blob>", 1);
  if (second == std::string::npos) return;
  const std::size_t third = std::min(xml.find("<Blob>", second + 1), xml.size());
  xml = xml.substr(second, third - second) + xml.substr(0, second) + xml.substr(third);
}

}  // namespace

AzureResult<Response> ListAzureBlobs(AzureContext& context, AzureCall& call) {
  const AzureResult<Question> read = ReadQuestion(context, call);
  if (const AzureError* error = AzureErrorOf(read)) return *error;
  const Question& question = std::get<Question>(read);
  Page page;
  {
    AzureStorage::Access access = context.storage.Lock();
    const AzureContainer* container = access.Find(call.container);
    if (container == nullptr) return AzureErrorByCode("ContainerNotFound");
    page = CollectPage(*container, question);
  }
  std::string marker =
      page.truncated ? std::to_string(question.page) + "!" + ToBase64(page.last) : std::string();
  bool tells_end = true;
  for (const Fault& fault : call.faults) {
    if (fault.kind != FaultKind::kListing) continue;
    if (fault.listing == ListingHow::kUnordered) Unorder(page.xml);
    if (fault.listing == ListingHow::kRepeatedToken) marker = call.query.Get("marker");
    if (fault.listing == ListingHow::kMissingEnd) tells_end = false;
  }
  std::string xml = "<EnumerationResults ContainerName=\"" + EscapeXml(call.container) + "\">" +
                    Element("Prefix", question.prefix) + "<Blobs>" + page.xml + "</Blobs>";
  if (tells_end) xml += Element("NextMarker", marker);
  return AzureXml(xml + "</EnumerationResults>");
}

AzureResult<Response> CreateAzureContainer(AzureContext& context, AzureCall& call) {
  if (call.container.size() < 3 || call.container.size() > 63) {
    return AzureErrorByCode("OutOfRangeInput");
  }
  AzureStorage::Access access = context.storage.Lock();
  if (!access.Create(call.container)) return AzureErrorByCode("ContainerAlreadyExists");
  return AzureAnswer(201);
}

AzureResult<Response> DeleteAzureContainer(AzureContext& context, AzureCall& call) {
  AzureStorage::Access access = context.storage.Lock();
  if (!access.Remove(call.container)) return AzureErrorByCode("ContainerNotFound");
  return AzureAnswer(202);
}

AzureResult<Response> GetAzureContainer(AzureContext& context, AzureCall& call) {
  AzureStorage::Access access = context.storage.Lock();
  if (access.Find(call.container) == nullptr) return AzureErrorByCode("ContainerNotFound");
  return AzureAnswer(200);
}

AzureResult<Response> GetAzureAccount(AzureContext& context, AzureCall&) {
  Response response = AzureAnswer(200);
  response.headers.Add("x-ms-sku-name", "Standard_LRS");
  response.headers.Add("x-ms-account-kind", "StorageV2");
  response.headers.Add("x-ms-is-hns-enabled", context.storage.hierarchical() ? "true" : "false");
  return response;
}

}  // namespace fakecloud
