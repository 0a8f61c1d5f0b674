#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/result.h"
#include "lib/store/spill_file.h"

namespace godwit {

// Sorts names (or other rows of bytes, none empty) by their bytes in bounded memory: takes them in
// any order, gives each once in ascending order. More than `names_max`, or a few megabytes, go to
// a temporary file in sorted runs, which are merged as they are read. First Add, then Finish, then
// Current and Advance. One thread at a time.
class NameSorter {
 public:
  // `spill_folder` is where the temporary file is made if one is needed.
  NameSorter(std::size_t names_max, std::string spill_folder);

  // Fails only if the temporary file cannot be written.
  Status Add(std::string_view name);
  Status Finish();

  bool done() const { return done_; }
  // The name at hand; valid until Advance. Not if done().
  std::string_view Current() const { return current_; }
  Status Advance();

 private:
  struct Item {
    std::uint64_t head;  // The first eight bytes, big-endian: settles most comparisons.
    std::uint32_t offset;
    std::uint32_t size;
  };

  std::string_view Text(const Item& item) const {
    return std::string_view(text_).substr(item.offset, item.size);
  }
  bool Less(const Item& a, const Item& b) const;
  void Sort();
  Status Spill();
  Status Step();

  const std::size_t names_max_;
  const std::string spill_folder_;
  std::string text_;  // Of all items in memory.
  std::vector<Item> items_;
  std::size_t next_ = 0;
  std::unique_ptr<SpillFile> spill_;  // Null while all names are in memory.
  std::string_view current_;
  std::string previous_;
  bool done_ = false;
};

}  // namespace godwit
