#pragma once

#include "fakecloud/s3_call.h"

// One function an S3 operation, grouped by the files that hold them. All are called by many
// threads at once.

namespace fakecloud {

// s3_buckets.cc
S3Result<Response> ListBuckets(S3Context& context, S3Call& call);
S3Result<Response> CreateBucket(S3Context& context, S3Call& call);
S3Result<Response> DeleteBucket(S3Context& context, S3Call& call);
S3Result<Response> HeadBucket(S3Context& context, S3Call& call);
S3Result<Response> GetBucketLocation(S3Context& context, S3Call& call);
S3Result<Response> GetBucketVersioning(S3Context& context, S3Call& call);
S3Result<Response> PutBucketVersioning(S3Context& context, S3Call& call);

// s3_listing.cc, s3_versions.cc
S3Result<Response> ListObjects(S3Context& context, S3Call& call);
S3Result<Response> ListObjectVersions(S3Context& context, S3Call& call);

// s3_objects.cc, s3_read.cc
S3Result<Response> PutObject(S3Context& context, S3Call& call);
S3Result<Response> GetObject(S3Context& context, S3Call& call);  // HeadObject too.
S3Result<Response> GetObjectAttributes(S3Context& context, S3Call& call);

// s3_delete.cc
S3Result<Response> DeleteObject(S3Context& context, S3Call& call);
S3Result<Response> DeleteObjects(S3Context& context, S3Call& call);

// s3_copy.cc
S3Result<Response> CopyObject(S3Context& context, S3Call& call);
S3Result<Response> UploadPartCopy(S3Context& context, S3Call& call);

// s3_multipart.cc, s3_complete.cc, s3_upload_lists.cc
S3Result<Response> CreateMultipartUpload(S3Context& context, S3Call& call);
S3Result<Response> UploadPart(S3Context& context, S3Call& call);
S3Result<Response> CompleteMultipartUpload(S3Context& context, S3Call& call);
S3Result<Response> AbortMultipartUpload(S3Context& context, S3Call& call);
S3Result<Response> ListParts(S3Context& context, S3Call& call);
S3Result<Response> ListMultipartUploads(S3Context& context, S3Call& call);

// s3_tagging.cc
S3Result<Response> GetObjectTagging(S3Context& context, S3Call& call);
S3Result<Response> PutObjectTagging(S3Context& context, S3Call& call);
S3Result<Response> DeleteObjectTagging(S3Context& context, S3Call& call);

}  // namespace fakecloud
