#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include <sys/stat.h>

#include "godwit/byte_stream.h"
#include "godwit/call_context.h"
#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "lib/store/file_descriptor.h"

namespace godwit {

// A temporary file that is written, by offset, and then renamed into its place by PublishFile.
// Until then, unless told to stay, it is removed when the object goes. It is claimed
// (file_claim.h). Large files are preallocated and written past the page cache where the file
// system allows it.
//
// Write is safe from several threads at once if they write different blocks; all else, one thread.
class OutputFile {
 public:
  // Makes the file `name` in `folder`, which must stay open and not exist yet. `size_bytes` is what
  // will be written; `key` is for messages.
  static Result<OutputFile> Create(int folder, std::string name, std::uint64_t size_bytes,
                                   std::string key);
  // Opens the unfinished file `name` again, to go on with it; it stays. Fails if somebody else has
  // it open.
  static Result<OutputFile> Reopen(int folder, std::string name, std::string key);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  // Takes the bytes that were written, in order.
  using Observer = std::function<void(std::span<const std::byte>)>;

  // Writes the whole of `body` from `offset` on. Fails with kUnavailable if it ends early.
  Status Write(const CallContext& context, std::uint64_t offset, ByteSource& body,
               const Observer& observer);
  // Cuts or extends the file to exactly `size_bytes`.
  Status SetSize(std::uint64_t size_bytes);
  Status SetModified(const PreciseTime& time);
  // Makes the bytes durable. A failure is final: what was lost cannot be told, so the file must be
  // written again from its source.
  Status Sync();
  Result<struct stat> Stat() const;

  int fd() const { return plain_.get(); }
  const std::string& name() const { return name_; }

  // The file has got its place, or is to stay although it is unfinished.
  void Keep() { remove_ = false; }
  // Removes it by its temporary name.
  void Remove();

 private:
  OutputFile(int folder, std::string name, std::string key)
      : folder_(folder), name_(std::move(name)), key_(std::move(key)) {}
  Status Prepare(std::uint64_t size_bytes);
  void OpenDirect();
  Status WriteMemory(const CallContext& context, std::uint64_t offset,
                     std::span<const std::byte> bytes, const Observer& observer);
  Status WriteChunk(std::uint64_t offset, std::span<const std::byte> bytes);
  Status Fail(int error) const;

  int folder_;
  std::string name_;
  std::string key_;
  bool remove_ = false;
  FileDescriptor plain_;
  FileDescriptor direct_;  // Past the page cache; may be missing.
};

}  // namespace godwit
