#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "fakecloud/s3_call.h"

namespace fakecloud {

// The part number of a request, 1 to 10,000.
S3Result<std::uint32_t> PartNumberOf(const S3Call& call);

// Runs `function` with the upload that a request names, under the storage's lock.
S3Result<Response> WithUpload(S3Context& context, const S3Call& call,
                              const std::function<S3Result<Response>(Bucket&, Upload&)>& function);

// The checksum that the upload of a request declared; a refusal if there is no such upload.
S3Result<std::optional<StoredChecksum>> ChecksumOfUpload(S3Context& context, const S3Call& call);

// Keeps a part, in place of an earlier one of its number.
S3Result<Response> StorePart(S3Context& context, const S3Call& call, std::uint32_t number,
                             Part part, Response response);

}  // namespace fakecloud
