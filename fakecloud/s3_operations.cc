#include <array>

#include "fakecloud/s3_handlers.h"

namespace fakecloud {
namespace {

struct OperationRow {
  std::string_view name;
  S3Handler handler;
};
constexpr std::array<OperationRow, 26> kOperations = {{
    {"ListBuckets", ListBuckets},
    {"CreateBucket", CreateBucket},
    {"DeleteBucket", DeleteBucket},
    {"HeadBucket", HeadBucket},
    {"GetBucketLocation", GetBucketLocation},
    {"GetBucketVersioning", GetBucketVersioning},
    {"PutBucketVersioning", PutBucketVersioning},
    {"ListObjects", ListObjects},
    {"ListObjectVersions", ListObjectVersions},
    {"PutObject", PutObject},
    {"GetObject", GetObject},
    {"HeadObject", GetObject},
    {"GetObjectAttributes", GetObjectAttributes},
    {"DeleteObject", DeleteObject},
    {"DeleteObjects", DeleteObjects},
    {"CopyObject", CopyObject},
    {"UploadPartCopy", UploadPartCopy},
    {"CreateMultipartUpload", CreateMultipartUpload},
    {"UploadPart", UploadPart},
    {"CompleteMultipartUpload", CompleteMultipartUpload},
    {"AbortMultipartUpload", AbortMultipartUpload},
    {"ListParts", ListParts},
    {"ListMultipartUploads", ListMultipartUploads},
    {"GetObjectTagging", GetObjectTagging},
    {"PutObjectTagging", PutObjectTagging},
    {"DeleteObjectTagging", DeleteObjectTagging},
}};

std::string_view BucketOperation(std::string_view method, const QueryParams& query) {
  if (method == "HEAD") return "HeadBucket";
  if (method == "DELETE") return query.all().empty() ? "DeleteBucket" : "";
  if (method == "POST") return query.Has("delete") ? "DeleteObjects" : "";
  if (method == "PUT") return query.Has("versioning") ? "PutBucketVersioning" : "CreateBucket";
  if (method != "GET") return "";
  if (query.Has("location")) return "GetBucketLocation";
  if (query.Has("versioning")) return "GetBucketVersioning";
  if (query.Has("versions")) return "ListObjectVersions";
  if (query.Has("uploads")) return "ListMultipartUploads";
  return "ListObjects";
}

std::string_view ObjectOperation(const Request& request, const QueryParams& query) {
  const std::string_view method = request.method;
  const bool copies = request.headers.Has("x-amz-copy-source");
  const bool has_upload = query.Has("uploadId");
  if (method == "HEAD") return "HeadObject";
  if (method == "GET") {
    if (has_upload) return "ListParts";
    if (query.Has("tagging")) return "GetObjectTagging";
    return query.Has("attributes") ? "GetObjectAttributes" : "GetObject";
  }
  if (method == "PUT") {
    if (has_upload || query.Has("partNumber")) return copies ? "UploadPartCopy" : "UploadPart";
    if (query.Has("tagging")) return "PutObjectTagging";
    return copies ? "CopyObject" : "PutObject";
  }
  if (method == "POST") {
    if (query.Has("uploads")) return "CreateMultipartUpload";
    return has_upload ? "CompleteMultipartUpload" : "";
  }
  if (method != "DELETE") return "";
  if (has_upload) return "AbortMultipartUpload";
  return query.Has("tagging") ? "DeleteObjectTagging" : "DeleteObject";
}

}  // namespace

std::string_view S3OperationOf(const Request& request, const QueryParams& query, bool has_bucket,
                               bool has_key) {
  if (!has_bucket) return request.method == "GET" ? "ListBuckets" : "";
  return has_key ? ObjectOperation(request, query) : BucketOperation(request.method, query);
}

S3Handler S3HandlerOf(std::string_view operation) {
  for (const OperationRow& row : kOperations) {
    if (row.name == operation) return row.handler;
  }
  return nullptr;
}

}  // namespace fakecloud
