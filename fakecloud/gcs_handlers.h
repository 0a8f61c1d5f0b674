#pragma once

#include "fakecloud/gcs_call.h"

// One function an operation of Cloud Storage, grouped by the files that hold them. All are called
// by many threads at once.

namespace fakecloud {

// gcs_buckets.cc
GcsResult<Response> GcsGetBucket(GcsContext& context, GcsCall& call);  // storageLayout too.
GcsResult<Response> GcsInsertBucket(GcsContext& context, GcsCall& call);
GcsResult<Response> GcsListObjects(GcsContext& context, GcsCall& call);

// gcs_objects.cc
GcsResult<Response> GcsGetObject(GcsContext& context, GcsCall& call);
GcsResult<Response> GcsGetMedia(GcsContext& context, GcsCall& call);
GcsResult<Response> GcsInsertObject(GcsContext& context, GcsCall& call);  // media and multipart.
GcsResult<Response> GcsPatchObject(GcsContext& context, GcsCall& call);
GcsResult<Response> GcsDeleteObject(GcsContext& context, GcsCall& call);
GcsResult<Response> GcsRewriteObject(GcsContext& context, GcsCall& call);
GcsResult<Response> GcsBatch(GcsContext& context, GcsCall& call);

// gcs_resumable.cc
GcsResult<Response> GcsStartSession(GcsContext& context, GcsCall& call);
GcsResult<Response> GcsPutSession(GcsContext& context, GcsCall& call);
GcsResult<Response> GcsCancelSession(GcsContext& context, GcsCall& call);

// gcs_parts.cc
GcsResult<Response> GcsXmlBegin(GcsContext& context, GcsCall& call);
GcsResult<Response> GcsXmlPart(GcsContext& context, GcsCall& call);
GcsResult<Response> GcsXmlComplete(GcsContext& context, GcsCall& call);
GcsResult<Response> GcsXmlAbort(GcsContext& context, GcsCall& call);
GcsResult<Response> GcsXmlListParts(GcsContext& context, GcsCall& call);
GcsResult<Response> GcsXmlListUploads(GcsContext& context, GcsCall& call);

}  // namespace fakecloud
