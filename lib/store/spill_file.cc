#include "lib/store/spill_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "lib/base/errno_status.h"

namespace godwit {
namespace {

constexpr std::size_t kWriteBytes = 64 << 10;
constexpr std::size_t kReadBytes = 8 << 10;  // Of each run: hundreds of runs stay cheap.
constexpr std::size_t kHeaderBytes = 4;      // A name's length, low byte first.

Status SpillError() { return ErrnoStatus(errno, "sort names in a temporary file", ""); }

bool Later(const std::string_view a, const std::string_view b) { return a > b; }

}  // namespace

Result<std::unique_ptr<SpillFile>> SpillFile::Create(const std::string& folder) {
  FileDescriptor fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd.valid()) {
    // File systems without nameless files.
    std::string name = folder + "/.godwit-names-XXXXXX";
    fd = FileDescriptor(::mkostemp(name.data(), O_CLOEXEC));
    if (!fd.valid()) return SpillError();
    ::unlink(name.c_str());
  }
  return std::unique_ptr<SpillFile>(new SpillFile(std::move(fd)));
}

void SpillFile::Append(std::string_view name) {
  for (std::size_t i = 0; i < kHeaderBytes; ++i) {
    pending_ += static_cast<char>(name.size() >> (8 * i) & 0xFF);
  }
  pending_ += name;
}

Status SpillFile::WriteOut() {
  for (std::size_t done = 0; done < pending_.size();) {
    const std::size_t chunk = std::min(kWriteBytes, pending_.size() - done);
    const ssize_t count =
        ::pwrite(fd_.get(), pending_.data() + done, chunk, static_cast<off_t>(size_bytes_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SpillError();
    done += static_cast<std::size_t>(count);
    size_bytes_ += static_cast<std::uint64_t>(count);
  }
  pending_.clear();
  return Status::Ok();
}

Status SpillFile::EndRun() {
  GODWIT_RETURN_IF_ERROR(WriteOut());
  auto run = std::make_unique<Run>();
  run->offset = run_begin_;
  run->end = size_bytes_;
  run_begin_ = size_bytes_;
  runs_.push_back(std::move(run));
  return Status::Ok();
}

Status SpillFile::BeginMerge() {
  pending_.shrink_to_fit();
  for (const std::unique_ptr<Run>& run : runs_) {
    GODWIT_RETURN_IF_ERROR(ReadName(*run));
    if (!run->name.empty()) heap_.push_back(run.get());
  }
  std::ranges::make_heap(heap_, Later, &Run::name);
  return Status::Ok();
}

Status SpillFile::Advance() {
  std::ranges::pop_heap(heap_, Later, &Run::name);
  GODWIT_RETURN_IF_ERROR(ReadName(*heap_.back()));
  if (heap_.back()->name.empty()) {
    heap_.pop_back();
  } else {
    std::ranges::push_heap(heap_, Later, &Run::name);
  }
  return Status::Ok();
}

Status SpillFile::ReadName(Run& run) {
  const auto size_at = [&run](std::size_t at) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < kHeaderBytes; ++i) {
      size |= std::size_t{static_cast<unsigned char>(run.buffer[at + i])} << (8 * i);
    }
    return kHeaderBytes + size;
  };
  const auto whole = [&] {
    const std::size_t rest = run.buffer.size() - run.position;
    return rest >= kHeaderBytes && rest >= size_at(run.position);
  };
  run.name = {};
  while (!whole() && run.offset < run.end) GODWIT_RETURN_IF_ERROR(Refill(run));
  if (run.position == run.buffer.size()) return Status::Ok();
  if (!whole()) return Status(ErrorKind::kLocalIo, "a temporary file was cut");
  const std::size_t size = size_at(run.position);
  run.name = std::string_view(run.buffer).substr(run.position + kHeaderBytes, size - kHeaderBytes);
  run.position += size;
  return Status::Ok();
}

Status SpillFile::Refill(Run& run) {
  run.buffer.erase(0, run.position);
  run.position = 0;
  const std::size_t kept = run.buffer.size();
  const std::size_t wanted = std::min<std::uint64_t>(kReadBytes, run.end - run.offset);
  run.buffer.resize(kept + wanted);
  for (std::size_t done = 0; done < wanted;) {
    const ssize_t count = ::pread(fd_.get(), run.buffer.data() + kept + done, wanted - done,
                                  static_cast<off_t>(run.offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return SpillError();
    done += static_cast<std::size_t>(count);
    run.offset += static_cast<std::uint64_t>(count);
  }
  return Status::Ok();
}

}  // namespace godwit
