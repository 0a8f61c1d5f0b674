#include <array>

#include "fakecloud/encoding.h"
#include "fakecloud/gcs_call.h"
#include "fakecloud/gcs_handlers.h"

namespace fakecloud {
namespace {

struct OperationRow {
  std::string_view name;
  GcsHandler handler;
};
constexpr std::array<OperationRow, 22> kOperations = {{
    {"buckets.get", GcsGetBucket},
    {"buckets.getStorageLayout", GcsGetBucket},
    {"buckets.insert", GcsInsertBucket},
    {"objects.list", GcsListObjects},
    {"objects.get", GcsGetObject},
    {"objects.getMedia", GcsGetMedia},
    {"objects.insert", GcsInsertObject},
    {"objects.patch", GcsPatchObject},
    {"objects.delete", GcsDeleteObject},
    {"objects.rewrite", GcsRewriteObject},
    {"batch", GcsBatch},
    {"resumable.start", GcsStartSession},
    {"resumable.put", GcsPutSession},
    {"resumable.query", GcsPutSession},
    {"resumable.finish", GcsPutSession},
    {"resumable.cancel", GcsCancelSession},
    {"xml.begin", GcsXmlBegin},
    {"xml.part", GcsXmlPart},
    {"xml.complete", GcsXmlComplete},
    {"xml.abort", GcsXmlAbort},
    {"xml.listParts", GcsXmlListParts},
    {"xml.listUploads", GcsXmlListUploads},
}};

std::string_view UploadOperation(const GcsCall& call) {
  const std::string& method = call.request.method;
  if (method == "POST") {
    return call.query.Get("uploadType") == "resumable" ? "resumable.start" : "objects.insert";
  }
  if (method == "DELETE") return "resumable.cancel";
  if (method != "PUT") return "";
  const std::string_view range = call.Header("content-range");
  if (HasPrefix(range, "bytes */") && range != "bytes */*") return "resumable.finish";
  if (HasPrefix(range, "bytes */")) return "resumable.query";
  return range.ends_with("/*") ? "resumable.put" : "resumable.finish";
}

std::string_view ObjectOperation(const GcsCall& call) {
  const std::string& method = call.request.method;
  if (method == "GET") {
    return call.query.Get("alt") == "media" ? "objects.getMedia" : "objects.get";
  }
  if (method == "PATCH") return "objects.patch";
  return method == "DELETE" ? "objects.delete" : "";
}

std::string_view XmlOperation(const GcsCall& call) {
  const std::string& method = call.request.method;
  if (call.key.empty()) return call.query.Has("uploads") ? "xml.listUploads" : "";
  if (method == "POST") return call.query.Has("uploads") ? "xml.begin" : "xml.complete";
  if (method == "PUT") return call.query.Has("partNumber") ? "xml.part" : "";
  if (method == "DELETE" && call.query.Has("uploadId")) return "xml.abort";
  return method == "GET" && call.query.Has("uploadId") ? "xml.listParts" : "";
}

bool Take(std::string_view segment, std::string& out) {
  const std::optional<std::string> text = DecodePercent(segment, false);
  if (!text || !IsUtf8(*text)) return false;
  out = *text;
  return true;
}

// Segments behind "/storage/v1/b/": BUCKET, "o", KEY, "rewriteTo", "b", BUCKET, "o", KEY.
bool RouteJson(GcsCall& call, const std::vector<std::string_view>& segments, bool upload) {
  const bool post = call.request.method == "POST";
  if (segments.empty() || segments[0].empty()) {
    call.operation = post ? "buckets.insert" : "";
    return true;
  }
  if (!Take(segments[0], call.bucket)) return false;
  if (segments.size() == 1) {
    call.operation = call.request.method == "GET" ? "buckets.get" : "";
    return true;
  }
  if (segments[1] == "storageLayout") {
    call.operation = "buckets.getStorageLayout";
    return true;
  }
  if (segments.size() == 2) {
    if (const std::string* name = call.query.Find("name")) call.key = *name;
    call.operation = upload ? UploadOperation(call) : "objects.list";
    if (!upload && post) call.operation = "";
    return true;
  }
  if (!Take(segments[2], call.key)) return false;
  if (segments.size() == 8 && segments[3] == "rewriteTo") {
    call.operation = "objects.rewrite";
    return Take(segments[5], call.to_bucket) && Take(segments[7], call.to_key);
  }
  call.operation = segments.size() == 3 ? ObjectOperation(call) : "";
  return true;
}

}  // namespace

bool RouteGcs(GcsCall& call) {
  std::optional<QueryParams> query = QueryParams::Parse(call.request.query);
  if (!query || !HasPrefix(call.request.path, "/")) return false;
  call.query = std::move(*query);
  std::string_view path = call.request.path;
  if (path == "/batch/storage/v1") {
    call.operation = "batch";
    return true;
  }
  bool upload = false;
  for (const std::string_view prefix : {"/upload", "/download"}) {
    if (!HasPrefix(path, std::string(prefix) + "/storage/v1/b")) continue;
    upload = prefix == "/upload";
    path.remove_prefix(prefix.size());
  }
  constexpr std::string_view kJson = "/storage/v1/b";
  if (path == kJson || HasPrefix(path, "/storage/v1/b/")) {
    path.remove_prefix(kJson.size());
    if (!path.empty()) path.remove_prefix(1);
    return RouteJson(call, Split(path, '/'), upload);
  }
  call.xml = true;
  path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  if (!Take(path.substr(0, slash), call.bucket)) return false;
  if (slash != std::string_view::npos && !Take(path.substr(slash + 1), call.key)) return false;
  call.operation = XmlOperation(call);
  return true;
}

GcsHandler GcsHandlerOf(std::string_view operation) {
  for (const OperationRow& row : kOperations) {
    if (row.name == operation) return row.handler;
  }
  return nullptr;
}

}  // namespace fakecloud
