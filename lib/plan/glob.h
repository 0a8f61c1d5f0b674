#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/result.h"

namespace godwit {

// One compiled glob: `*` any characters but '/', `?` one of them, `**` any characters, `**/` at
// the beginning or after a '/' also nothing, `[a-z]` `[!a-z]` one character but '/', `\` takes the
// next character as it is. Characters are UTF-8; a byte that is not is a character of its own.
//
// Matching takes time proportional to text times pattern, whatever the pattern. Immutable; safe
// from any thread.
class Glob {
 public:
  // Fails with kInvalidArgument on a pattern that cannot be right: empty, an open or empty class, a
  // '/' in a class, a range that runs backwards, a lone `\` at the end.
  static Result<Glob> Compile(std::string_view pattern);

  // True if the whole of `text` matches.
  bool Matches(std::string_view text) const;

 private:
  enum class TokenKind : std::uint8_t { kLiteral, kAnyOne, kClass, kStar, kDoubleStar, kFolders };
  struct Range {
    char32_t first;
    char32_t last;
  };
  struct Token {
    TokenKind kind = TokenKind::kLiteral;
    bool negated = false;          // Of a class.
    char32_t character = 0;        // Of a literal.
    std::size_t ranges_first = 0;  // Of a class: its part of ranges_.
    std::size_t ranges_count = 0;
  };
  class Compiler;
  template <typename Set>
  class Run;

  Glob() = default;
  bool Accepts(const Token& token, char32_t character) const;

  std::vector<Token> tokens_;
  std::vector<Range> ranges_;
  std::string literal_end_;  // What every match ends with; refuses most texts cheaply.
};

}  // namespace godwit
