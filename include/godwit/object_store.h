#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/byte_stream.h"
#include "godwit/call_context.h"
#include "godwit/capabilities.h"
#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "godwit/secret.h"
#include "godwit/store_messages.h"
#include "godwit/write_permit.h"

namespace godwit {

// One container (bucket, folder) of an object store: blocking calls, each one service request or
// a fixed short sequence.
//
// Safe from any thread. Every call honours its context: a stopped or late one starts nothing new.
// No call repeats or sleeps, except once for each cause that only the store understands (redirect,
// clock skew, expired token); all other repetition is the caller's, by RetryPolicy. A failed
// write whose answer was lost says so (Status::maybe_applied).
//
// Implementations say what they do differently in Describe(), or answer kUnsupported. There are
// no default bodies, so that a wrapper cannot forget to forward a call.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;

  virtual const Capabilities& Describe() const = 0;

  // The container as a person writes it, e.g. "s3://lake"; no secrets.
  virtual std::string Name() const = 0;

  virtual Result<Location> Locate(const CallContext& context) = 0;

  // A page is complete or an error, never short without a token. Order as declared. Fails with
  // kContainerNotFound if the container is missing; a prefix without keys is an empty page.
  virtual Result<ListPage> List(const CallContext& context, const ListRequest& request) = 0;

  // Fails with kNotFound only when the service said that the key is missing, with
  // kPermissionDenied when it would not say.
  virtual Result<ObjectMeta> Head(const CallContext& context, std::string_view key) = 0;

  // Streams one object, or a range of it, into `sink`.
  //
  // On success the sink has received exactly the requested bytes. A body that ends early is
  // kUnavailable, one with more or other bytes than announced kCorrupted; never a short success.
  // No byte reaches the sink before status and headers were found valid. Fails with kNotFound if
  // the object is missing, kPreconditionFailed if `options.version` is no longer there,
  // kArchived if it lies in an archive tier.
  virtual Result<ObjectMeta> Get(const CallContext& context, std::string_view key,
                                 const GetOptions& options, ByteSink& sink) = 0;

  // Stores `body` under `key`, atomically: readers see the old or the new object, whole.
  // Fails with kPreconditionFailed if the condition does not hold (also for create-only).
  virtual Result<PutReceipt> Put(const CallContext& context, const WritePermit& permit,
                                 std::string_view key, const PutOptions& options,
                                 ByteSource& body) = 0;

  // Deletes up to Describe().delete_keys_max keys. Missing keys are successes. On success the
  // answer has one Status for each request, in their order; a failed Result means that the outcome
  // of the whole batch is unknown or nothing was done (see maybe_applied).
  virtual Result<std::vector<Status>> Delete(const CallContext& context, const WritePermit& permit,
                                             std::span<const DeleteRequest> requests) = 0;

  // Copies inside the service, `source` pinned to its version; never by reading the bytes.
  virtual Result<PutReceipt> Copy(const CallContext& context, const WritePermit& permit,
                                  const CopySource& source, std::string_view key,
                                  const PutOptions& options) = 0;

  // Replaces the metadata of `version` of `key` without sending its bytes. Returns the new version.
  virtual Result<PutReceipt> SetMetadata(const CallContext& context, const WritePermit& permit,
                                         std::string_view key, const Version& version,
                                         const ObjectAttributes& attributes) = 0;

  // Multipart uploads. The id is secret and can be kept in a journal. Parts are idempotent: a part
  // sent again replaces itself. An upload that is neither finished nor aborted leaves nothing
  // under the key.
  virtual Result<Secret> BeginUpload(const CallContext& context, const WritePermit& permit,
                                     std::string_view key, const UploadOptions& options) = 0;
  virtual Result<PartReceipt> PutPart(const CallContext& context, const WritePermit& permit,
                                      std::string_view key, const Secret& upload_id,
                                      const UploadPart& part, ByteSource& body) = 0;
  // As PutPart, from bytes [offset, offset + length) of an object of the same service.
  virtual Result<PartReceipt> CopyPart(const CallContext& context, const WritePermit& permit,
                                       std::string_view key, const Secret& upload_id,
                                       const UploadPart& part, const CopySource& source,
                                       std::uint64_t length) = 0;
  // What the service has kept. Fails with kNotFound if it no longer knows the upload.
  virtual Result<UploadedParts> ListParts(const CallContext& context, std::string_view key,
                                          const Secret& upload_id) = 0;
  // All unfinished uploads under a byte prefix.
  virtual Result<std::vector<UploadEntry>> ListUploads(const CallContext& context,
                                                       std::string_view prefix) = 0;
  // Publishes the object from all its parts, given in index order. Fails with kNotFound if the
  // upload is unknown: after a lost answer that may mean that it was finished.
  virtual Result<PutReceipt> FinishUpload(const CallContext& context, const WritePermit& permit,
                                          std::string_view key, const Secret& upload_id,
                                          std::span<const PartReceipt> parts,
                                          const FinishOptions& options) = 0;
  // Success also if the upload is not known (any more).
  virtual Status AbortUpload(const CallContext& context, const WritePermit& permit,
                             std::string_view key, const Secret& upload_id) = 0;

  // Makes the container. One that the caller owns already is a success; another owner's fails
  // with kPermissionDenied.
  virtual Status CreateContainer(const CallContext& context, const WritePermit& permit,
                                 std::string_view region) = 0;

 protected:
  ObjectStore() = default;
};

}  // namespace godwit
