#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "godwit/result.h"
#include "lib/store/file_descriptor.h"

namespace godwit {

// The folder that a LocalStore works in, held as an open descriptor once it is there. Safe from any
// thread.
class LocalRoot {
 public:
  explicit LocalRoot(std::string path) : path_(std::move(path)) {}

  // The open folder; a reference keeps it open. Fails with kContainerNotFound if there is none,
  // with kInvalidArgument if the path leads to something else.
  Result<std::shared_ptr<const FileDescriptor>> Acquire();
  // The same, making the folder and its parents first where they are missing.
  Result<std::shared_ptr<const FileDescriptor>> AcquireOrMake();

  // Whether an acquired folder has been deleted since.
  static bool IsDeleted(const FileDescriptor& folder);

  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  std::mutex mutex_;  // Guards folder_.
  std::shared_ptr<const FileDescriptor> folder_;
};

}  // namespace godwit
