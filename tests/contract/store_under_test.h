#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "godwit/object_store.h"

namespace godwit {

// What two kinds of store may do differently although both keep the contract. A test that meets a
// difference asserts the other behaviour; it never leaves it out.
enum class Difference {
  kFileIsNoFolder,           // `a` and `a/b` cannot both exist.
  kKeysArePaths,             // Keys with empty, "." or ".." components are refused.
  kEmptyFoldersAreListed,    // A listing with a delimiter names folders without objects.
  kContainerIsNotForbidden,  // There is no other account whose container could be asked for.
  kNoOtherContainer,         // Copies cannot reach another container.
  kLeadingSlashIsDropped,    // "/a" is stored as "a".
  kPartsAreNotCopied,        // CopyPart answers kUnsupported although Copy works.
  kFoldersHaveNoBytes,       // An object whose key ends in '/' must be empty.
  kDotsAndLinesAreRefused,   // ".", ".." and keys with line breaks are refused.
  kUploadsAreNotListed,      // ListUploads answers kUnsupported, or tells none.
  kAskingEndsTheUpload,      // ListParts publishes what has come, and then knows no upload.
  kAbortIsIgnored,           // An aborted upload lives on.
  kAbortIsRefused,           // Uploads cannot be aborted.
  kWholeDigestIsNotChecked,  // Only the answer to the finish shows that the bytes are others.
  kConditionsAreIgnored,     // Of deletes, copies and changes of metadata.
  kWritesIgnoreConditions,   // Of writes, too.
  kRemovedMetadataIsEmpty,   // A name that is removed stays with an empty value.
  kUploadsShareTheirBlocks,  // The first upload of a key that is finished ends the others.
};

// One difference of one kind of store, and where it is known from.
struct KnownDifference {
  Difference difference;
  std::string reference;
};

// An opened store with a container of its own, empty at the start, removed at the end as far as
// that matters.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual ObjectStore& store() = 0;
  // The name of store()'s container as CopySource::container wants it.
  virtual std::string container() const = 0;
  // The same service with a container that does not exist. Null is no answer.
  virtual std::unique_ptr<StoreUnderTest> OpenMissing() = 0;
  // A container that belongs to someone else; null where Difference::kContainerIsNotForbidden.
  virtual std::unique_ptr<StoreUnderTest> OpenForbidden() { return nullptr; }
  // Another container of the same service and credential set, empty; null where
  // Difference::kNoOtherContainer.
  virtual std::unique_ptr<StoreUnderTest> OpenOther() { return nullptr; }
};

// One kind of store that the suite runs over. To add one, write its factory and name it in
// AllStoreKinds().
struct StoreKind {
  std::string name;  // Letters and digits only.
  std::function<std::unique_ptr<StoreUnderTest>()> open;
  std::vector<KnownDifference> differences;

  bool Has(Difference difference) const;
};

StoreKind MemoryKind();
// The memory store listing in other orders, behind the adapter that restores byte order.
std::vector<StoreKind> ReorderedMemoryKinds();
StoreKind LocalKind();
// The local store as on an old kernel: no openat2; without syncs, with sorting through files and a
// search for every page.
StoreKind LocalFallbackKind();
StoreKind FakecloudKind();
// By the environment GODWIT_TEST_MINIO_AWS_ENDPOINT_URL_S3, ..._AWS_ACCESS_KEY_ID,
// ..._AWS_SECRET_ACCESS_KEY and ..._AWS_REGION. No kind if they are not set: tests/run.sh counts a
// server that did not start as a failure.
std::vector<StoreKind> MinioKinds();

// Cloud Storage of fakecloud: as a stream, and in parts by the XML API.
std::vector<StoreKind> FakeGcsKinds();
// By the environment GODWIT_TEST_FAKE_GCS_STORAGE_EMULATOR_HOST and
// GODWIT_TEST_GCS_EMULATOR_STORAGE_EMULATOR_HOST, likewise.
std::vector<StoreKind> GcsServerKinds();
StoreKind FakeAzureKind();
// By GODWIT_TEST_AZURITE_AZURE_BLOB_ENDPOINT, ..._AZURE_STORAGE_ACCOUNT and ..._AZURE_STORAGE_KEY.
std::vector<StoreKind> AzuriteKinds();

std::vector<StoreKind> AllStoreKinds();

}  // namespace godwit
