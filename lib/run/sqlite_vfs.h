#pragma once

namespace godwit {

// The name of a file system for SQLite: the usual one, but it remembers why an operation failed.
// SQLite itself does so for some operations only (sqlite3_system_errno), and forgets it where it
// closes the file, deletes another, or opens it once more only to read before it tells of the
// failure. For the same reason a file that cannot be written fails here, and is not opened to be
// read.
//
// Registers it at the first call. Null (which names the usual one) if that is not possible. Safe
// from any thread.
const char* RememberingVfs();

// The errno of the first operation of this thread that failed since ForgetFileError(), which
// belongs before each call into SQLite; 0 if none did.
int FirstFileError();
void ForgetFileError();

}  // namespace godwit
