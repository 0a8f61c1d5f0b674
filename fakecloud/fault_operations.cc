// The names of operations that a fault script may use.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "fakecloud/fault.h"

namespace fakecloud {
namespace {

constexpr auto kOperations = std::to_array<std::string_view>({"ListBuckets",
                                                              "HeadBucket",
                                                              "CreateBucket",
                                                              "DeleteBucket",
                                                              "GetBucketLocation",
                                                              "GetBucketVersioning",
                                                              "PutBucketVersioning",
                                                              "ListObjects",
                                                              "ListObjectVersions",
                                                              "ListMultipartUploads",
                                                              "DeleteObjects",
                                                              "GetObject",
                                                              "HeadObject",
                                                              "PutObject",
                                                              "CopyObject",
                                                              "DeleteObject",
                                                              "CreateMultipartUpload",
                                                              "UploadPart",
                                                              "UploadPartCopy",
                                                              "ListParts",
                                                              "CompleteMultipartUpload",
                                                              "AbortMultipartUpload",
                                                              "GetObjectAttributes",
                                                              "GetObjectTagging",
                                                              "PutObjectTagging",
                                                              "DeleteObjectTagging",
                                                              "buckets.get",
                                                              "buckets.getStorageLayout",
                                                              "buckets.insert",
                                                              "objects.list",
                                                              "objects.get",
                                                              "objects.getMedia",
                                                              "objects.insert",
                                                              "objects.patch",
                                                              "objects.delete",
                                                              "objects.rewrite",
                                                              "batch",
                                                              "resumable.start",
                                                              "resumable.put",
                                                              "resumable.query",
                                                              "resumable.finish",
                                                              "resumable.cancel",
                                                              "xml.begin",
                                                              "xml.part",
                                                              "xml.complete",
                                                              "xml.abort",
                                                              "xml.listParts",
                                                              "xml.listUploads",
                                                              "token"});

constexpr auto kAzureOperations = std::to_array<std::string_view>(
    {"ListBlobs", "GetContainerProperties", "DeleteContainer", "GetAccountInformation", "PutBlob",
     "GetBlob", "GetBlobProperties", "DeleteBlob", "BlobBatch", "SetBlobMetadata",
     "SetBlobProperties", "SetBlobTier", "SetBlobTags", "PutBlock", "PutBlockList", "GetBlockList",
     "CopyBlob", "PutBlobFromURL", "PutBlockFromURL"});

struct Alias {
  std::string_view name;
  std::vector<std::string> operations;
};

const std::vector<Alias>& Aliases() {
  static const std::vector<Alias> kAliases = {
      {"ListObjectsV2", {"ListObjects"}},
      {"List", {"ListObjects", "objects.list", "ListBlobs"}},
      {"Get", {"GetObject", "objects.getMedia", "GetBlob"}},
      {"Head", {"HeadObject", "objects.get", "GetBlobProperties"}},
      {"Put", {"PutObject", "objects.insert", "PutBlob"}},
      {"Delete", {"DeleteObject", "DeleteObjects", "objects.delete", "batch", "DeleteBlob"}},
      {"Copy", {"CopyObject", "objects.rewrite", "CopyBlob", "PutBlobFromURL"}},
      {"BeginUpload", {"CreateMultipartUpload", "resumable.start", "xml.begin"}},
      {"PutPart", {"UploadPart", "resumable.put", "xml.part", "PutBlock"}},
      {"CopyPart", {"UploadPartCopy", "PutBlockFromURL"}},
      {"ListUploads", {"ListMultipartUploads", "xml.listUploads"}},
      {"FinishUpload",
       {"CompleteMultipartUpload", "resumable.finish", "xml.complete", "PutBlockList"}},
      {"AbortUpload", {"AbortMultipartUpload", "resumable.cancel", "xml.abort"}},
      {"CreateContainer", {"CreateBucket", "buckets.insert", "CreateContainer"}},
      {"SetMetadata", {"objects.patch"}},
      {"Locate", {"HeadBucket", "GetBucketLocation", "buckets.get"}},
  };
  return kAliases;
}

}  // namespace

std::vector<std::string> OperationsNamed(std::string_view name) {
  for (std::string_view operation : kOperations) {
    if (operation == name) return {std::string(name)};
  }
  for (std::string_view operation : kAzureOperations) {
    if (operation == name) return {std::string(name)};
  }
  for (const Alias& alias : Aliases()) {
    if (alias.name == name) return alias.operations;
  }
  return {};
}

}  // namespace fakecloud
