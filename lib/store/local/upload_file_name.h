#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "godwit/secret.h"
#include "godwit/store_messages.h"
#include "lib/store/local/local_key.h"

namespace godwit {

// The name of an upload's temporary file tells how the object is cut, so that a later process can
// find its parts: ".godwit-RUN-N.PARTSIZE.SIZE", in decimal.
struct UploadFileName {
  UploadFileName(std::string temporary_name, const UploadOptions& options)
      : temporary(std::move(temporary_name)),
        part_size_bytes(options.part_size_bytes),
        size_bytes(options.size_bytes) {}

  std::string Text() const;
  // None if it is no such name.
  static std::optional<UploadFileName> Parse(std::string_view name);

  std::string temporary;
  std::uint64_t part_size_bytes = 0;
  std::uint64_t size_bytes = 0;

 private:
  UploadFileName() = default;
};

// The file that an upload id names; none if it cannot be an id of this kind of store.
std::optional<LocalKey> UploadPath(const Secret& upload_id);

}  // namespace godwit
