#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "godwit/result.h"
#include "lib/sync/record.h"

namespace godwit {

// Delete candidates of a run, in the order given: a few in memory, many in a temporary file
// without a name, which is gone when the run ends, however it ends. One thread at a time.
class SpoolFile {
 public:
  // The file, should there be one, lies in `folder`.
  explicit SpoolFile(std::string folder) : folder_(std::move(folder)) {}
  ~SpoolFile();
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;

  Status Append(std::span<const SpooledDelete> deletes);
  // Up to `rows_max` candidates from row `first` (from 0); fewer only at the end.
  Result<std::vector<SpooledDelete>> Read(std::uint64_t first, std::uint32_t rows_max) const;

  std::uint64_t count() const { return count_; }

 private:
  struct Block {
    std::uint64_t offset = 0;
    std::uint64_t size_bytes = 0;
  };

  Status Open();
  Status WriteBlock();
  Result<std::string> ReadBlock(std::uint64_t block) const;

  const std::string folder_;
  int file_ = -1;
  std::uint64_t count_ = 0;
  std::vector<Block> blocks_;  // In the file, each with the same number of rows.
  std::string tail_;           // The rows behind them.
};

}  // namespace godwit
