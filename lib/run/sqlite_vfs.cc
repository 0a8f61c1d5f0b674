#include "lib/run/sqlite_vfs.h"

#include <array>
#include <cerrno>
#include <mutex>

#include <sqlite3.h>

namespace godwit {

namespace {

constexpr const char* kName = "godwit";

// The first failure is the cause; what fails while SQLite cleans up after it is not.
thread_local int first_error = 0;
// Of the file that is being opened: the usual system tries once more, only to read, which fails for
// a reason of its own where the file is not there yet.
thread_local int open_error = 0;

sqlite3_vfs* usual = nullptr;
using OpenCall = int (*)(const char*, int, int);
OpenCall usual_open = nullptr;

// What files of one kind do in the usual system, and the same with a memory, which comes first: a
// file points to it.
struct Methods {
  sqlite3_io_methods remembering;
  const sqlite3_io_methods* usual = nullptr;
};

// There are two kinds, with and without locks; files of a further one would stay as they are.
std::array<Methods, 4> kinds;
std::mutex
    kinds_mutex;  // Guards the table, not what files point to: that does not change any more.

void Remember(int error) {
  if (first_error == 0) first_error = error;
}

const sqlite3_io_methods& UsualOf(const sqlite3_file* file) {
  return *reinterpret_cast<const Methods*>(file->pMethods)->usual;
}

int RememberOf(sqlite3_file* file, int code) {
  // The end of the file is no failure.
  if (code == SQLITE_OK || code == SQLITE_IOERR_SHORT_READ) return code;
  const int of_thread = errno;
  int of_file = 0;
  UsualOf(file).xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &of_file);
  Remember(of_file != 0 ? of_file : of_thread);
  return code;
}

int Read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
  return RememberOf(file, UsualOf(file).xRead(file, bytes, size, offset));
}

int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  return RememberOf(file, UsualOf(file).xWrite(file, bytes, size, offset));
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  return RememberOf(file, UsualOf(file).xTruncate(file, size));
}

int Sync(sqlite3_file* file, int flags) {
  return RememberOf(file, UsualOf(file).xSync(file, flags));
}

void Attend(sqlite3_file* file) {
  const std::lock_guard lock(kinds_mutex);
  for (Methods& kind : kinds) {
    if (kind.usual == nullptr) {
      kind.usual = file->pMethods;
      kind.remembering = *file->pMethods;
      kind.remembering.xRead = Read;
      kind.remembering.xWrite = Write;
      kind.remembering.xTruncate = Truncate;
      kind.remembering.xSync = Sync;
    }
    if (kind.usual == file->pMethods) {
      file->pMethods = &kind.remembering;
      return;
    }
  }
}

int OpenFile(const char* name, int flags, int mode) {
  const int file = usual_open(name, flags, mode);
  if (file < 0 && open_error == 0) open_error = errno;
  return file;
}

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  int got = flags;
  open_error = 0;
  const int code = usual->xOpen(usual, name, file, flags, &got);
  if (flags_out != nullptr) *flags_out = got;
  const bool wanted = (flags & SQLITE_OPEN_READWRITE) == 0 || (got & SQLITE_OPEN_READONLY) == 0;
  if (code == SQLITE_OK && wanted) {
    Attend(file);
    return code;
  }
  Remember(open_error != 0 ? open_error : errno);
  if (code != SQLITE_OK) return code;
  file->pMethods->xClose(file);
  file->pMethods = nullptr;
  return SQLITE_CANTOPEN;
}

int Delete(sqlite3_vfs*, const char* name, int sync_folder) {
  errno = 0;
  const int code = usual->xDelete(usual, name, sync_folder);
  if (code != SQLITE_OK && code != SQLITE_IOERR_DELETE_NOENT) Remember(errno);
  return code;
}

bool Register() {
  usual = sqlite3_vfs_find(nullptr);
  if (usual == nullptr || usual->iVersion < 3) return false;
  usual_open = reinterpret_cast<OpenCall>(usual->xGetSystemCall(usual, "open"));
  if (usual_open == nullptr) return false;
  const auto call = reinterpret_cast<sqlite3_syscall_ptr>(OpenFile);
  if (usual->xSetSystemCall(usual, "open", call) != SQLITE_OK) return false;
  static sqlite3_vfs vfs = *usual;
  vfs.zName = kName;
  vfs.pNext = nullptr;
  vfs.xOpen = Open;
  vfs.xDelete = Delete;
  return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
}

}  // namespace

const char* RememberingVfs() {
  static const bool registered = Register();
  return registered ? kName : nullptr;
}

int FirstFileError() { return first_error; }

void ForgetFileError() { first_error = 0; }

}  // namespace godwit
