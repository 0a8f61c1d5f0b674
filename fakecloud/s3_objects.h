#pragma once

#include <string>
#include <string_view>

#include "fakecloud/s3_body.h"
#include "fakecloud/s3_call.h"

// What several operations on objects share.

namespace fakecloud {

// An object of these bytes with the digests that a plain PUT gives it.
ObjectVersion DigestedObject(std::string_view bytes, std::int64_t now);
// An object of NUL bytes, likewise.
ObjectVersion ZeroObject(std::uint64_t size, std::int64_t now);

// Reads the headers that describe an object to be written: content headers, metadata, storage
// class, encryption, tags. Refuses what S3 refuses.
S3Result<ObjectVersion> DescribeObject(S3Context& context, const S3Call& call);

// The parts of DescribeObject that CopyObject decides about one by one.
MaybeError ReadObjectHeaders(const S3Call& call, ObjectVersion& object);
S3Result<NameValues> ParseTagHeader(std::string_view text);
MaybeError CheckTags(const NameValues& tags);

// True if its bytes cannot be read without restoring it first.
bool IsArchived(const ObjectVersion& object);

// The version that a read or a copy names; null `version_id` means the latest. Fails for missing
// buckets, keys and versions, and for delete markers.
S3Result<ObjectPtr> FindObject(S3Context& context, const S3Call& call, std::string_view bucket_name,
                               std::string_view key, const std::string* version_id);

// If-Match and If-None-Match of a write, against what is there now (null: nothing).
MaybeError CheckWriteCondition(const S3Call& call, const ObjectPtr& current);

// Makes `version` the key's latest, if the bucket is there and the request's conditions hold, as
// one step.
S3Result<ObjectPtr> PublishObject(S3Context& context, const S3Call& call, ObjectVersion version);

// The bucket's versioning shows in answers only if it was ever on.
void AddVersionHeader(const ObjectVersion& version, Response& response);
void AddChecksumHeaders(const StoredChecksum& checksum, Response& response);

}  // namespace fakecloud
