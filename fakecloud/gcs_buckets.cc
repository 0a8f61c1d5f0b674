#include <algorithm>

#include "fakecloud/encoding.h"
#include "fakecloud/gcs_handlers.h"
#include "fakecloud/gcs_resource.h"

namespace fakecloud {
namespace {

constexpr std::uint64_t kDocumentBytesMax = 1 << 20;

// One page as it is collected.
struct Page {
  std::vector<std::string> items;
  std::vector<std::string> prefixes;
  std::string next_token;
  std::string own_token;
};

std::string Joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ",") + text;
  return out;
}

std::string PageText(const GcsCall& call, const Page& page) {
  std::string body = "{\"kind\":\"storage#objects\"";
  // The token comes only to those who ask for it.
  const std::string* fields = call.query.Find("fields");
  const bool told = fields == nullptr || fields->find("nextPageToken") != std::string::npos;
  if (!page.next_token.empty() && told) body += ",\"nextPageToken\":" + JsonQuoted(page.next_token);
  if (!page.prefixes.empty()) body += ",\"prefixes\":[" + Joined(page.prefixes) + "]";
  if (!page.items.empty()) body += ",\"items\":[" + Joined(page.items) + "]";
  return body + "}";
}

void Damage(const Fault& fault, Page& page) {
  switch (fault.listing) {
    case ListingHow::kUnordered:
      if (page.items.size() > 1) std::swap(page.items.front(), page.items.back());
      break;
    case ListingHow::kRepeatedToken:
      page.next_token = page.own_token.empty() ? ToBase64("?") : page.own_token;
      break;
    case ListingHow::kMissingEnd:
      page.items.resize(page.items.size() / 2);
      page.next_token.clear();
      break;
  }
}

}  // namespace

GcsResult<Response> GcsGetBucket(GcsContext& context, GcsCall& call) {
  const std::lock_guard lock(context.storage.mutex);
  const GcsBucket* bucket = context.storage.Find(call.bucket);
  if (bucket == nullptr) return NoGcsBucket();
  return GcsJson("{\"kind\":\"storage#bucket\",\"name\":" + JsonQuoted(call.bucket) +
                 ",\"location\":" + JsonQuoted(bucket->location) + ",\"locationType\":\"region\"}");
}

GcsResult<Response> GcsInsertBucket(GcsContext& context, GcsCall& call) {
  const std::optional<std::string> body = ReadGcsBody(call, kDocumentBytesMax);
  std::string name;
  std::string location = context.options.location;
  if (!body || !ReadGcsBucket(*body, name, location)) return GcsInvalid("Invalid bucket.");
  if (!call.query.Has("project")) return GcsInvalid("Required parameter: project");
  const std::lock_guard lock(context.storage.mutex);
  if (context.options.foreign_buckets.contains(name)) {
    return GcsFailure{409, "conflict",
                      "The requested bucket name is not available. The bucket namespace is shared "
                      "by all users of the system."};
  }
  if (context.storage.Find(name) != nullptr) {
    return GcsFailure{409, "conflict",
                      "Your previous request to create the named bucket succeeded and you already "
                      "own it."};
  }
  context.storage.buckets[name].location = location;
  return GcsJson("{\"kind\":\"storage#bucket\",\"name\":" + JsonQuoted(name) +
                 ",\"location\":" + JsonQuoted(location) + "}");
}

GcsResult<Response> GcsListObjects(GcsContext& context, GcsCall& call) {
  const std::string prefix(call.query.Get("prefix"));
  const std::string delimiter(call.query.Get("delimiter"));
  const std::string end(call.query.Get("endOffset"));
  std::uint64_t left = ParseDecimal(call.query.Get("maxResults")).value_or(1000);
  left = std::clamp<std::uint64_t>(left, 1, context.options.page_size);
  Page page;
  page.own_token = call.query.Get("pageToken");
  const std::optional<std::string> token = FromBase64(page.own_token);
  if (!token) return GcsInvalid("Invalid page token.");
  const std::string after = token->substr(token->find(':') + 1);
  const std::lock_guard lock(context.storage.mutex);
  const GcsBucket* bucket = context.storage.Find(call.bucket);
  if (bucket == nullptr) return NoGcsBucket();
  const std::string start = std::max({prefix, std::string(call.query.Get("startOffset"))});
  auto at = bucket->objects.lower_bound(start);
  if (!after.empty()) at = bucket->objects.lower_bound(after + '\0');
  std::string last;
  while (at != bucket->objects.end() && HasPrefix(at->first, prefix) &&
         (end.empty() || at->first < end)) {
    if (left-- == 0) {
      page.next_token = ToBase64(std::to_string(call.page + 1) + ":" + last);
      break;
    }
    const std::size_t found =
        delimiter.empty() ? std::string::npos : at->first.find(delimiter, prefix.size());
    if (found == std::string::npos) {
      page.items.push_back(GcsResource(call.bucket, at->first, *at->second));
      last = at->first;
      ++at;
      continue;
    }
    const std::string folder = at->first.substr(0, found + delimiter.size());
    page.prefixes.push_back(JsonQuoted(folder));
    while (at != bucket->objects.end() && HasPrefix(at->first, folder)) {
      last = at->first;
      ++at;
    }
  }
  if (const Fault* fault = call.FindFault(FaultKind::kListing)) Damage(*fault, page);
  return GcsJson(PageText(call, page));
}

}  // namespace fakecloud
