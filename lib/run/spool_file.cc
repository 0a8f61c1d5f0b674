#include "lib/run/spool_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "lib/base/errno_status.h"
#include "lib/run/state_codec.h"

namespace godwit {

namespace {

constexpr std::uint64_t kBlockRows = 256;
constexpr std::string_view kOperation = "spool deletes";

using RowSize = std::uint32_t;

// Appends the rows [first, first + count) of a block to `deletes`, as far as it has them.
Status DecodeRows(std::string_view block, std::uint64_t first, std::uint64_t count,
                  std::vector<SpooledDelete>& deletes) {
  for (std::uint64_t row = 0; row < first + count && !block.empty(); ++row) {
    RowSize size = 0;
    if (block.size() < sizeof size) return Status(ErrorKind::kCorrupted, "a spooled row is cut");
    std::memcpy(&size, block.data(), sizeof size);
    block.remove_prefix(sizeof size);
    const std::string_view bytes = block.substr(0, size);
    block.remove_prefix(bytes.size());
    if (row < first) continue;
    std::optional<SpooledDelete> spooled = DecodeSpooledDelete(bytes);
    // A wrong key here would be a wrong delete.
    if (!spooled) return Status(ErrorKind::kCorrupted, "a spooled row is damaged");
    deletes.push_back(std::move(*spooled));
  }
  return Status::Ok();
}

}  // namespace

SpoolFile::~SpoolFile() {
  if (file_ >= 0) close(file_);
}

Status SpoolFile::Append(std::span<const SpooledDelete> deletes) {
  for (const SpooledDelete& spooled : deletes) {
    const std::string row = EncodeSpooledDelete(spooled);
    const auto size = static_cast<RowSize>(row.size());
    char prefix[sizeof size];
    std::memcpy(prefix, &size, sizeof size);
    tail_.append(prefix, sizeof size).append(row);
    if (++count_ % kBlockRows == 0) GODWIT_RETURN_IF_ERROR(WriteBlock());
  }
  return Status::Ok();
}

Result<std::vector<SpooledDelete>> SpoolFile::Read(std::uint64_t first,
                                                   std::uint32_t rows_max) const {
  std::vector<SpooledDelete> deletes;
  const std::uint64_t end = std::min<std::uint64_t>(count_, first + rows_max);
  for (std::uint64_t row = first; row < end;) {
    const std::uint64_t block = row / kBlockRows;
    const std::uint64_t take = std::min(end - row, kBlockRows - row % kBlockRows);
    Result<std::string> bytes = ReadBlock(block);
    if (!bytes.ok()) return std::move(bytes).status();
    GODWIT_RETURN_IF_ERROR(DecodeRows(*bytes, row % kBlockRows, take, deletes));
    row += take;
    if (deletes.size() != row - first) {
      return Status(ErrorKind::kCorrupted, "spooled rows are missing");
    }
  }
  return deletes;
}

// A file without a name where the file system can; else one that loses its name at once.
Status SpoolFile::Open() {
  file_ = open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file_ >= 0) return Status::Ok();
  std::string path = folder_ + "/.godwit-spool-XXXXXX";
  file_ = mkostemp(path.data(), O_CLOEXEC);
  if (file_ < 0) return ErrnoStatus(errno, kOperation, folder_);
  unlink(path.c_str());
  return Status::Ok();
}

Status SpoolFile::WriteBlock() {
  if (file_ < 0) GODWIT_RETURN_IF_ERROR(Open());
  const std::uint64_t offset =
      blocks_.empty() ? 0 : blocks_.back().offset + blocks_.back().size_bytes;
  std::uint64_t done = 0;
  while (done < tail_.size()) {
    const ssize_t written =
        pwrite(file_, tail_.data() + done, tail_.size() - done, static_cast<off_t>(offset + done));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, kOperation, folder_);
    done += static_cast<std::uint64_t>(written);
  }
  blocks_.push_back({offset, tail_.size()});
  tail_.clear();
  return Status::Ok();
}

Result<std::string> SpoolFile::ReadBlock(std::uint64_t block) const {
  if (block >= blocks_.size()) return tail_;
  std::string bytes(blocks_[block].size_bytes, '\0');
  std::uint64_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = pread(file_, bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(blocks_[block].offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, kOperation, folder_);
    if (count == 0) return Status(ErrorKind::kCorrupted, "the spool ends early");
    done += static_cast<std::uint64_t>(count);
  }
  return bytes;
}

}  // namespace godwit
