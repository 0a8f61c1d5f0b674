#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "godwit/result.h"
#include "lib/store/local/tree_walker.h"

namespace godwit {

// A listing that is under way between two pages.
struct ListCursor {
  std::unique_ptr<TreeWalker> walker;
  std::optional<TreeWalker::Item> pending;  // Already walked to, first of the next page.
  // Keeps the root open that the walker walks.
  std::shared_ptr<const FileDescriptor> root;
};

// What a page token says: which cursor goes on, and where a new one would begin without it.
struct ListToken {
  std::uint64_t cursor = 0;
  bool past_folder = false;
  std::string last_key;

  std::string Text() const;
  // Fails with kInvalidArgument if `text` was not made by Text().
  static Result<ListToken> Parse(std::string_view text);
};

// True if both walk to the same end over the same keys; where a walk began does not matter.
bool SameEnd(const WalkRange& a, const WalkRange& b);

}  // namespace godwit
