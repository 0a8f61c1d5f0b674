#include "lib/run/state_folder.h"

#include <cerrno>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/errno_status.h"
#include "lib/base/text.h"
#include "lib/crypto/sha256.h"

namespace godwit {

namespace {

constexpr std::string_view kOperation = "use state folder";
// Of the hash: enough that no two jobs of one user ever meet.
constexpr std::size_t kHashBytes = 16;

}  // namespace

Status MakePrivateFolder(const std::string& path) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string folder = path.substr(0, slash);
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
      // A folder above that cannot be written may still hold what is needed.
      struct stat found {};
      const int error = errno;
      if (stat(folder.c_str(), &found) != 0) return ErrnoStatus(error, kOperation, folder);
    }
    if (slash == std::string::npos) break;
  }
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return ErrnoStatus(errno, kOperation, path);
  if (!S_ISDIR(found.st_mode)) return ErrnoStatus(ENOTDIR, kOperation, path);
  if (access(path.c_str(), W_OK | X_OK) != 0) return ErrnoStatus(errno, kOperation, path);
  return Status::Ok();
}

std::string JobFolder(const std::string& state_dir, const std::string& source_identity,
                      const std::string& target_identity) {
  // The length keeps two pairs apart whose texts join to the same one.
  const std::string pair =
      std::to_string(source_identity.size()) + ':' + source_identity + target_identity;
  const Sha256Bytes hash = Sha256(std::string_view(pair));
  std::string bytes;
  for (std::size_t i = 0; i < kHashBytes; ++i) bytes.push_back(static_cast<char>(hash[i]));
  return state_dir + "/jobs/" + HexEncode(bytes);
}

}  // namespace godwit
