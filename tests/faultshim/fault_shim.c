// Makes one chosen file operation of a program fail: a library for LD_PRELOAD.
//
//   GODWIT_SHIM_UNDER  folders, separated by ':'. Only operations on what lies below them count.
//   GODWIT_SHIM_LOG    a file of SHIM_LOG_BYTES bytes that receives the counts: for each operation, in
//                      the order of kNames, how often it was called, then how often the fault fired.
//                      It is mapped, so that a kill loses nothing.
//   GODWIT_SHIM_AT     OPERATION:N:WHAT. OPERATION is one of kNames or "any"; N counts from 1, "N+" is
//                      every call from the N-th on. WHAT is the name of an errno, or
//                        short       half of the bytes are transferred (of a write or read)
//                        kill        SIGKILL before the operation
//                        kill-after  SIGKILL after it
//                        torn        half of the bytes are written, then SIGKILL
//   GODWIT_SHIM_SYNC=skip  what counts is not synced, only counted: where no power is cut, a disk is only slow.
//
// Without GODWIT_SHIM_AT it only counts. Works below AddressSanitizer
// (ASAN_OPTIONS=verify_asan_link_order=0) and for static callers of syscall(2).

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum Operation {
  kOpen, kRead, kWrite, kFsync, kRename, kUnlink, kMkdir, kAllocate, kTruncate, kTimes, kLink,
  kOperations
};
static const char* const kNames[] = {"open",  "read",     "write",    "fsync", "rename", "unlink",
                                     "mkdir", "allocate", "truncate", "times", "link"};

enum { kAny = kOperations, kPathMax = 8192 };
enum Effect { kNone, kErrno, kShort, kKill, kKillAfter, kTorn };

struct Counts {
  atomic_uint calls[kOperations];
  atomic_uint fired;
};

static struct Counts own_counts;
static struct Counts* counts = &own_counts;
static atomic_uint all_calls;
static const char* under;
static int at_operation = -1;
static unsigned at_number;
static int at_all_later;
static int skip_sync;
static enum Effect effect;
static int effect_errno;

typedef long (*Syscall)(long, ...);
static Syscall Real(void) {
  static _Atomic(Syscall) real;
  Syscall found = atomic_load(&real);
  if (found == NULL) {
    *(void**)&found = dlsym(RTLD_NEXT, "syscall");
    atomic_store(&real, found);
  }
  return found;
}

static int ErrnoOf(const char* name) {
  static const struct { const char* name; int value; } kErrors[] = {
      {"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EMFILE", EMFILE}, {"EDQUOT", EDQUOT},
      {"EACCES", EACCES}, {"EROFS", EROFS},   {"EINTR", EINTR},   {"ENOMEM", ENOMEM}};
  for (unsigned i = 0; i < sizeof(kErrors) / sizeof(kErrors[0]); ++i) {
    if (strcmp(kErrors[i].name, name) == 0) return kErrors[i].value;
  }
  return 0;
}

static void Refuse(const char* text) {
  fprintf(stderr, "fault shim: GODWIT_SHIM_AT=%s is not understood\n", text);
  _exit(99);
}

static void ReadWhat(const char* text, const char* what) {
  if (strcmp(what, "short") == 0) effect = kShort;
  else if (strcmp(what, "kill") == 0) effect = kKill;
  else if (strcmp(what, "kill-after") == 0) effect = kKillAfter;
  else if (strcmp(what, "torn") == 0) effect = kTorn;
  else if ((effect_errno = ErrnoOf(what)) != 0) effect = kErrno;
  else Refuse(text);
}

static void ReadAt(const char* text) {
  char operation[32];
  char number[32];
  char what[32];
  if (sscanf(text, "%31[^:]:%31[^:]:%31s", operation, number, what) != 3) Refuse(text);
  for (int i = 0; i < kOperations; ++i) {
    if (strcmp(kNames[i], operation) == 0) at_operation = i;
  }
  if (strcmp(operation, "any") == 0) at_operation = kAny;
  at_number = (unsigned)strtoul(number, NULL, 10);
  at_all_later = strchr(number, '+') != NULL;
  if (at_operation < 0 || at_number == 0) Refuse(text);
  ReadWhat(text, what);
}

__attribute__((constructor)) static void Begin(void) {
  under = getenv("GODWIT_SHIM_UNDER");
  const char* at = getenv("GODWIT_SHIM_AT");
  if (at != NULL) ReadAt(at);
  const char* sync = getenv("GODWIT_SHIM_SYNC");
  skip_sync = sync != NULL && strcmp(sync, "skip") == 0;
  const char* log = getenv("GODWIT_SHIM_LOG");
  if (log == NULL) return;
  const int fd = (int)Real()(SYS_openat, AT_FDCWD, log, O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) return;
  void* mapped = mmap(NULL, sizeof(struct Counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped != MAP_FAILED) counts = mapped;
  Real()(SYS_close, fd);
}

// --- which operations count ------------------------------------------------------------------------

static int IsUnder(const char* path) {
  for (const char* folder = under; folder != NULL && *folder != 0;) {
    const size_t length = strcspn(folder, ":");
    if (strncmp(path, folder, length) == 0 && (path[length] == 0 || path[length] == '/')) return 1;
    folder += length + (folder[length] == ':');
  }
  return 0;
}

static int PathOfFd(int fd, char* path) {
  char link[64];
  if (fd == AT_FDCWD) snprintf(link, sizeof(link), "/proc/self/cwd");
  else snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  const long length = Real()(SYS_readlinkat, AT_FDCWD, link, path, kPathMax - 1);
  path[length < 0 ? 0 : length] = 0;
  return length > 0;
}

static int FdCounts(int fd) {
  char path[kPathMax];
  const int saved = errno;
  const int found = under != NULL && PathOfFd(fd, path) && IsUnder(path);
  errno = saved;
  return found;
}

static int NameCounts(int folder, const char* name) {
  if (under == NULL || name == NULL) return 0;
  if (name[0] == '/') return IsUnder(name);
  return FdCounts(folder);
}

// Counts a call; says what is to happen to it.
static enum Effect Enter(enum Operation operation) {
  const unsigned number = atomic_fetch_add(&counts->calls[operation], 1) + 1;
  const unsigned all = atomic_fetch_add(&all_calls, 1) + 1;
  unsigned reached = 0;
  if (at_operation == kAny) reached = all;
  if (at_operation == (int)operation) reached = number;
  if (reached == 0 || effect == kNone) return kNone;
  if (at_all_later ? reached < at_number : reached != at_number) return kNone;
  atomic_fetch_add(&counts->fired, 1);
  if (effect == kKill) Real()(SYS_kill, Real()(SYS_getpid), SIGKILL);
  return effect;
}

static long Finish(enum Effect met, long result) {
  if (met == kKillAfter || met == kTorn) Real()(SYS_kill, Real()(SYS_getpid), SIGKILL);
  return result;
}

static long Fail(void) {
  errno = effect_errno;
  return -1;
}

// Runs a system call that counts or not, and may meet the fault.
#define GUARDED(counted, operation, ...)                          \
  do {                                                            \
    const enum Effect met = (counted) ? Enter(operation) : kNone; \
    if (met == kErrno) return (int)Fail();                        \
    return (int)Finish(met, Real()(__VA_ARGS__));                 \
  } while (0)

static size_t Portion(enum Effect met, size_t size) {
  return (met == kShort || met == kTorn) && size > 1 ? size / 2 : size;
}

// --- open ------------------------------------------------------------------------------------------

static int OpenAt(int folder, const char* name, int flags, mode_t mode) {
  GUARDED(NameCounts(folder, name), kOpen, SYS_openat, folder, name, flags, mode);
}

#define TAKE_MODE(flags)                                     \
  mode_t mode = 0;                                           \
  if (((flags) & (O_CREAT | O_TMPFILE)) != 0) {              \
    va_list rest;                                            \
    va_start(rest, flags);                                   \
    mode = va_arg(rest, mode_t);                             \
    va_end(rest);                                            \
  }

int open(const char* name, int flags, ...) {
  TAKE_MODE(flags)
  return OpenAt(AT_FDCWD, name, flags, mode);
}
int open64(const char* name, int flags, ...) {
  TAKE_MODE(flags)
  return OpenAt(AT_FDCWD, name, flags, mode);
}
int openat(int folder, const char* name, int flags, ...) {
  TAKE_MODE(flags)
  return OpenAt(folder, name, flags, mode);
}
int openat64(int folder, const char* name, int flags, ...) {
  TAKE_MODE(flags)
  return OpenAt(folder, name, flags, mode);
}

// openat2 has no function of its own.
long syscall(long number, ...) {
  long a[6];
  va_list rest;
  va_start(rest, number);
  for (int i = 0; i < 6; ++i) a[i] = va_arg(rest, long);
  va_end(rest);
  enum Effect met = kNone;
  if (number == SYS_openat2 && NameCounts((int)a[0], (const char*)a[1])) met = Enter(kOpen);
  if (met == kErrno) return Fail();
  return Finish(met, Real()(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}

// --- bytes -----------------------------------------------------------------------------------------

static ssize_t Write(int fd, const void* bytes, size_t size, off_t offset, int at) {
  const enum Effect met = FdCounts(fd) ? Enter(kWrite) : kNone;
  if (met == kErrno) return Fail();
  size = Portion(met, size);
  if (at) return Finish(met, Real()(SYS_pwrite64, fd, bytes, size, offset));
  return Finish(met, Real()(SYS_write, fd, bytes, size));
}
ssize_t write(int fd, const void* bytes, size_t size) { return Write(fd, bytes, size, 0, 0); }
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  return Write(fd, bytes, size, offset, 1);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  return Write(fd, bytes, size, offset, 1);
}

static ssize_t Read(int fd, void* bytes, size_t size, off_t offset, int at) {
  const enum Effect met = FdCounts(fd) ? Enter(kRead) : kNone;
  if (met == kErrno) return Fail();
  size = Portion(met, size);
  if (at) return Finish(met, Real()(SYS_pread64, fd, bytes, size, offset));
  return Finish(met, Real()(SYS_read, fd, bytes, size));
}
ssize_t read(int fd, void* bytes, size_t size) { return Read(fd, bytes, size, 0, 0); }
ssize_t pread(int fd, void* bytes, size_t size, off_t offset) {
  return Read(fd, bytes, size, offset, 1);
}
ssize_t pread64(int fd, void* bytes, size_t size, off64_t offset) {
  return Read(fd, bytes, size, offset, 1);
}

// --- the rest --------------------------------------------------------------------------------------

static int Sync(int fd, long number) {
  const int counted = FdCounts(fd);
  const enum Effect met = counted ? Enter(kFsync) : kNone;
  if (met == kErrno) return (int)Fail();
  return (int)Finish(met, counted && skip_sync ? 0 : Real()(number, fd));
}
int fsync(int fd) { return Sync(fd, SYS_fsync); }
int fdatasync(int fd) { return Sync(fd, SYS_fdatasync); }

static int RenameAt(int from, const char* old_name, int to, const char* name, unsigned flags) {
  GUARDED(NameCounts(to, name), kRename, SYS_renameat2, from, old_name, to, name, flags);
}
int rename(const char* old_name, const char* name) {
  return RenameAt(AT_FDCWD, old_name, AT_FDCWD, name, 0);
}
int renameat(int from, const char* old_name, int to, const char* name) {
  return RenameAt(from, old_name, to, name, 0);
}
int renameat2(int from, const char* old_name, int to, const char* name, unsigned flags) {
  return RenameAt(from, old_name, to, name, flags);
}
int linkat(int from, const char* old_name, int to, const char* name, int flags) {
  GUARDED(NameCounts(to, name), kLink, SYS_linkat, from, old_name, to, name, flags);
}

static int UnlinkAt(int folder, const char* name, int flags) {
  GUARDED(NameCounts(folder, name), kUnlink, SYS_unlinkat, folder, name, flags);
}
int unlink(const char* name) { return UnlinkAt(AT_FDCWD, name, 0); }
int unlinkat(int folder, const char* name, int flags) { return UnlinkAt(folder, name, flags); }

static int MkdirAt(int folder, const char* name, mode_t mode) {
  GUARDED(NameCounts(folder, name), kMkdir, SYS_mkdirat, folder, name, mode);
}
int mkdir(const char* name, mode_t mode) { return MkdirAt(AT_FDCWD, name, mode); }
int mkdirat(int folder, const char* name, mode_t mode) { return MkdirAt(folder, name, mode); }

int fallocate(int fd, int mode, off_t offset, off_t length) {
  GUARDED(FdCounts(fd), kAllocate, SYS_fallocate, fd, mode, offset, length);
}
int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
  GUARDED(FdCounts(fd), kAllocate, SYS_fallocate, fd, mode, offset, length);
}
int ftruncate(int fd, off_t size) { GUARDED(FdCounts(fd), kTruncate, SYS_ftruncate, fd, size); }
int ftruncate64(int fd, off64_t size) { GUARDED(FdCounts(fd), kTruncate, SYS_ftruncate, fd, size); }
int futimens(int fd, const struct timespec times[2]) {
  GUARDED(FdCounts(fd), kTimes, SYS_utimensat, fd, NULL, times, 0);
}
