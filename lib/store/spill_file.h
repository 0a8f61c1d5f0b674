#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/result.h"
#include "lib/store/file_descriptor.h"

namespace godwit {

// Sorted runs of names in an unlinked temporary file, and their merge. One thread at a time.
class SpillFile {
 public:
  // Fails if no file can be made in `folder`.
  static Result<std::unique_ptr<SpillFile>> Create(const std::string& folder);

  // Appends to the run that is being written; names must ascend within it.
  void Append(std::string_view name);
  Status EndRun();

  // Begins the merge; nothing may be appended afterwards.
  Status BeginMerge();
  // True if all names have been read.
  bool done() const { return heap_.empty(); }
  // The smallest name; valid until Advance.
  std::string_view Current() const { return heap_.front()->name; }
  Status Advance();

 private:
  // Reads one run from the file, a buffer at a time.
  struct Run {
    std::uint64_t offset = 0;
    std::uint64_t end = 0;
    std::string buffer;
    std::size_t position = 0;
    std::string_view name;
  };

  explicit SpillFile(FileDescriptor fd) : fd_(std::move(fd)) {}
  Status WriteOut();
  // Puts the run's next name into `name`; empty if it has ended.
  Status ReadName(Run& run);
  Status Refill(Run& run);

  FileDescriptor fd_;
  std::string pending_;  // Of the run that is being written.
  std::uint64_t size_bytes_ = 0;
  std::uint64_t run_begin_ = 0;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<Run*> heap_;  // The smallest name in front.
};

}  // namespace godwit
