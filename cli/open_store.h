#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cli/location.h"
#include "cli/session.h"
#include "godwit/object_store.h"
#include "lib/http/transport.h"
#include "lib/run/job.h"
#include "lib/store/local/local_store.h"

namespace godwit {

// A container opened for a location, with everything that it stands on.
struct OpenedStore {
  // Each borrows those above it.
  std::unique_ptr<HttpTransport> transport;           // Null for local folders.
  std::unique_ptr<HttpTransport> identity_transport;  // For tokens; null where none are used.
  std::unique_ptr<ObjectStore> plain;
  std::unique_ptr<ObjectStore> logged;     // Null unless every request is logged.
  std::unique_ptr<ObjectStore> throttled;  // Null without limits.
  std::unique_ptr<ObjectStore> ordered;    // Null for local folders.
  // Service, endpoint and container, canonical: two spellings of one place are equal.
  std::string container_identity;
  // Equal for two stores between which the service itself may copy; empty for none.
  std::string copy_domain;
  std::string own_folder;       // See Endpoint.
  LocalStore* local = nullptr;  // `plain`, of a local folder.

  // Lists in byte order; otherwise undecorated but for limits and logging: what the runner uses,
  // which repeats by itself.
  ObjectStore& store() const {
    if (ordered) return *ordered;
    if (throttled) return *throttled;
    return logged ? *logged : *plain;
  }
};

enum class RootMode : std::uint8_t {
  kMustExist,  // A missing folder shows when it is listed.
  kCreate,     // Local folders are made; buckets never.
};

// Opens the container of a location. Local: the folder itself is the container. Sends nothing.
Result<OpenedStore> OpenStore(Session& session, const ParsedLocation& location, RootMode mode);

// The location's folder as one side of a job.
Endpoint FolderEndpoint(const OpenedStore& opened, const ParsedLocation& location);

// Fails with kInvalidArgument if the store cannot be a target with the --part-size given.
Status CheckPartSizeOption(const Session& session, const OpenedStore& target);

// Makes a service that its host does not name show itself by its first answer, so that
// Describe() tells what it really does. Costs one LIST of one key; failures are left to the job.
void MeetService(Session& session, const OpenedStore& opened, const ParsedLocation& location);

// An absolute local path without symlinks in the part that exists.
std::string CanonicalPath(const std::string& path);

// The same store, repeating by the session's retry policy; for direct calls.
std::unique_ptr<ObjectStore> MakeRetrying(Session& session, ObjectStore& store);

}  // namespace godwit
