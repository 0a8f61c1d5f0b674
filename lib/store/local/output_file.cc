#include "lib/store/local/output_file.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "lib/store/call_check.h"
#include "lib/store/local/file_claim.h"
#include "lib/store/local/local_errors.h"

namespace godwit {
namespace {

constexpr std::size_t kBlockBytes = 4096;  // What every file system takes for unbuffered writes.
constexpr std::size_t kBufferBytes = 1 << 20;
// From here on a file is preallocated and written past the page cache: below, the wait for the
// device costs more than the copy.
constexpr std::uint64_t kLargeBytes = 1 << 20;
constexpr std::string_view kWrite = "write";
// A process that was killed may have the file open for a moment after its death shows.
constexpr std::chrono::milliseconds kPatience{1000};

struct FreeMemory {
  void operator()(void* memory) const { std::free(memory); }
};
using AlignedBuffer = std::unique_ptr<std::byte, FreeMemory>;

AlignedBuffer MakeBuffer(std::size_t size_bytes) {
  return AlignedBuffer(static_cast<std::byte*>(std::aligned_alloc(kBlockBytes, size_bytes)));
}

std::size_t BufferSize(std::uint64_t body_bytes) {
  const std::size_t wanted = std::min<std::uint64_t>(body_bytes, kBufferBytes);
  return std::max(kBlockBytes, (wanted + kBlockBytes - 1) / kBlockBytes * kBlockBytes);
}

// Fills the buffer, or what of it the body still has.
Result<std::size_t> Fill(ByteSource& body, std::uint64_t offset, std::span<std::byte> buffer) {
  const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), body.size_bytes() - offset);
  std::size_t done = 0;
  while (done < wanted) {
    const Result<std::size_t> count = body.Read(offset + done, buffer.subspan(done, wanted - done));
    if (!count.ok()) return count;
    if (*count == 0) return Status(ErrorKind::kUnavailable, "the body ended early");
    done += *count;
  }
  return done;
}

// Returns 0 or an errno.
int WriteFully(int fd, std::span<const std::byte> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return EIO;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return 0;
}

bool CannotAllocate(int error) {
  return error == EOPNOTSUPP || error == ENOSYS || error == EINVAL || error == ENODEV;
}

}  // namespace

OutputFile::OutputFile(OutputFile&& other) noexcept
    : folder_(other.folder_),
      name_(std::move(other.name_)),
      key_(std::move(other.key_)),
      remove_(std::exchange(other.remove_, false)),
      plain_(std::move(other.plain_)),
      direct_(std::move(other.direct_)) {}

OutputFile::~OutputFile() {
  if (remove_) Remove();
}

void OutputFile::Remove() {
  ::unlinkat(folder_, name_.c_str(), 0);
  remove_ = false;
}

Status OutputFile::Fail(int error) const { return ErrnoStatus(error, kWrite, key_); }

Result<OutputFile> OutputFile::Create(int folder, std::string name, std::uint64_t size_bytes,
                                      std::string key) {
  OutputFile file(folder, std::move(name), std::move(key));
  constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  file.plain_ = FileDescriptor(::openat(folder, file.name_.c_str(), kFlags, 0666));
  if (!file.plain_.valid()) return file.Fail(errno);
  file.remove_ = true;
  ClaimFile(file.plain_.get(), kPatience);
  if (size_bytes >= kLargeBytes) GODWIT_RETURN_IF_ERROR(file.Prepare(size_bytes));
  return file;
}

Result<OutputFile> OutputFile::Reopen(int folder, std::string name, std::string key) {
  OutputFile file(folder, std::move(name), std::move(key));
  constexpr int kFlags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  file.plain_ = FileDescriptor(::openat(folder, file.name_.c_str(), kFlags));
  if (!file.plain_.valid()) return file.Fail(errno);
  if (!ClaimFile(file.plain_.get(), kPatience)) return file.Fail(EBUSY);
  file.OpenDirect();
  return file;
}

Status OutputFile::Prepare(std::uint64_t size_bytes) {
  while (::fallocate(plain_.get(), 0, 0, static_cast<off_t>(size_bytes)) != 0) {
    if (errno == EINTR) continue;
    if (!CannotAllocate(errno)) return Fail(errno);
    break;
  }
  OpenDirect();
  return Status::Ok();
}

// A second descriptor, because the ends of a body that are not whole blocks go by the first.
void OutputFile::OpenDirect() {
  constexpr int kFlags = O_WRONLY | O_DIRECT | O_NOFOLLOW | O_CLOEXEC;
  FileDescriptor direct(::openat(folder_, name_.c_str(), kFlags));
  struct stat ours {};
  struct stat opened {};
  const bool same = direct.valid() && ::fstat(direct.get(), &opened) == 0 &&
                    ::fstat(plain_.get(), &ours) == 0 && ours.st_ino == opened.st_ino &&
                    ours.st_dev == opened.st_dev;
  if (same) direct_ = std::move(direct);
}

Status OutputFile::Write(const CallContext& context, std::uint64_t offset, ByteSource& body,
                         const Observer& observer) {
  if (const auto* memory = dynamic_cast<const MemorySource*>(&body)) {
    return WriteMemory(context, offset, memory->bytes(), observer);
  }
  const std::size_t buffer_bytes = BufferSize(body.size_bytes());
  const AlignedBuffer memory = MakeBuffer(buffer_bytes);
  const std::span<std::byte> buffer(memory.get(), buffer_bytes);
  for (std::uint64_t done = 0; done < body.size_bytes();) {
    GODWIT_RETURN_IF_ERROR(CheckCall(context));
    const Result<std::size_t> count = Fill(body, done, buffer);
    if (!count.ok()) return count.status();
    const std::span<const std::byte> chunk = buffer.first(*count);
    GODWIT_RETURN_IF_ERROR(WriteChunk(offset + done, chunk));
    observer(chunk);
    done += chunk.size();
  }
  return Status::Ok();
}

Status OutputFile::WriteMemory(const CallContext& context, std::uint64_t offset,
                               std::span<const std::byte> bytes, const Observer& observer) {
  while (!bytes.empty()) {
    GODWIT_RETURN_IF_ERROR(CheckCall(context));
    const std::span<const std::byte> chunk = bytes.first(std::min(bytes.size(), kBufferBytes));
    observer(chunk);
    GODWIT_RETURN_IF_ERROR(WriteChunk(offset, chunk));
    offset += chunk.size();
    bytes = bytes.subspan(chunk.size());
  }
  return Status::Ok();
}

Status OutputFile::WriteChunk(std::uint64_t offset, std::span<const std::byte> bytes) {
  const std::size_t blocks = bytes.size() / kBlockBytes * kBlockBytes;
  if (direct_.valid() && offset % kBlockBytes == 0 && blocks != 0) {
    const int error = WriteFully(direct_.get(), bytes.first(blocks), offset);
    // EINVAL: the memory is not aligned, the file system wants more, or none of this at all.
    if (error != 0 && error != EINVAL) return Fail(error);
    if (error == 0) {
      offset += blocks;
      bytes = bytes.subspan(blocks);
    }
  }
  const int error = WriteFully(plain_.get(), bytes, offset);
  return error == 0 ? Status::Ok() : Fail(error);
}

Status OutputFile::SetSize(std::uint64_t size_bytes) {
  const Result<struct stat> info = Stat();
  if (!info.ok()) return info.status();
  if (static_cast<std::uint64_t>(info->st_size) == size_bytes) return Status::Ok();
  if (::ftruncate(plain_.get(), static_cast<off_t>(size_bytes)) != 0) return Fail(errno);
  return Status::Ok();
}

Status OutputFile::SetModified(const PreciseTime& time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time);
  timespec times[2] = {};
  times[0].tv_nsec = UTIME_OMIT;
  times[1].tv_sec = seconds.time_since_epoch().count();
  times[1].tv_nsec = (time.time - seconds).count();
  return ::futimens(plain_.get(), times) == 0 ? Status::Ok() : Fail(errno);
}

Status OutputFile::Sync() {
  while (::fsync(plain_.get()) != 0) {
    if (errno != EINTR) return Fail(errno);
  }
  return Status::Ok();
}

Result<struct stat> OutputFile::Stat() const {
  struct stat info {};
  if (::fstat(plain_.get(), &info) != 0) return Fail(errno);
  return info;
}

}  // namespace godwit
