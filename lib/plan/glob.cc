#include "lib/plan/glob.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "lib/base/text.h"

namespace godwit {
namespace {

// Beyond Unicode: where bytes that are not UTF-8 stand.
constexpr char32_t kRawByte = 0x110000;

std::size_t SequenceLength(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 1;
}

// Takes one character off the front of `text`, which must not be empty.
char32_t TakeCharacter(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : SequenceLength(lead);
  if (length == 1 || length > text.size() || !IsValidUtf8(text.substr(0, length))) {
    text.remove_prefix(1);
    return lead < 0x80 ? lead : kRawByte + lead;
  }
  char32_t character = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    character = character << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  text.remove_prefix(length);
  return character;
}

// Sets of token positions: one word where that is enough, which nearly every pattern is.
class SmallSet {
 public:
  bool Has(std::size_t position) const { return (word_ >> position & 1) != 0; }
  void Insert(std::size_t position) { word_ |= 1ULL << position; }
  void Clear() { word_ = 0; }
  bool empty() const { return word_ == 0; }
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (std::uint64_t word = word_; word != 0; word &= word - 1) {
      visit(static_cast<std::size_t>(std::countr_zero(word)));
    }
  }

 private:
  std::uint64_t word_ = 0;
};

class LargeSet {
 public:
  explicit LargeSet(std::size_t positions) : words_(positions / 64 + 1) {}

  bool Has(std::size_t position) const { return (words_[position / 64] >> position % 64 & 1) != 0; }
  void Insert(std::size_t position) { words_[position / 64] |= 1ULL << position % 64; }
  void Clear() { std::fill(words_.begin(), words_.end(), 0); }
  bool empty() const {
    return std::all_of(words_.begin(), words_.end(), [](std::uint64_t word) { return word == 0; });
  }
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t word = words_[i]; word != 0; word &= word - 1) {
        visit(i * 64 + static_cast<std::size_t>(std::countr_zero(word)));
      }
    }
  }

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace

class Glob::Compiler {
 public:
  explicit Compiler(std::string_view pattern) : pattern_(pattern), rest_(pattern) {}

  Result<Glob> Compile() {
    if (pattern_.empty()) return Problem("is empty");
    while (!rest_.empty()) GODWIT_RETURN_IF_ERROR(TakeToken());
    for (const std::string& bytes : literal_bytes_) glob_.literal_end_ += bytes;
    return std::move(glob_);
  }

 private:
  Status Problem(std::string_view what) const {
    return Status(ErrorKind::kInvalidArgument,
                  "pattern '" + EscapeForDisplay(pattern_) + "' " + std::string(what));
  }

  Status TakeToken() {
    switch (rest_.front()) {
      case '*':
        TakeStars();
        return Status::Ok();
      case '?':
        rest_.remove_prefix(1);
        Add({.kind = TokenKind::kAnyOne});
        return Status::Ok();
      case '[':
        rest_.remove_prefix(1);
        return TakeClass();
      case '\\':
        rest_.remove_prefix(1);
        if (rest_.empty()) return Problem("ends with a lone '\\'");
        break;
      default:
        break;
    }
    const std::string_view before = rest_;
    const char32_t character = TakeCharacter(rest_);
    glob_.tokens_.push_back({.kind = TokenKind::kLiteral, .character = character});
    literal_bytes_.emplace_back(before.substr(0, before.size() - rest_.size()));
    return Status::Ok();
  }

  void TakeStars() {
    const bool at_folder = rest_.data() == pattern_.data() || rest_.data()[-1] == '/';
    std::size_t stars = 0;
    while (stars < rest_.size() && rest_[stars] == '*') ++stars;
    rest_.remove_prefix(stars);
    if (stars == 1) return Add({.kind = TokenKind::kStar});
    if (at_folder && rest_.starts_with('/')) {
      rest_.remove_prefix(1);
      return Add({.kind = TokenKind::kFolders});
    }
    Add({.kind = TokenKind::kDoubleStar});
  }

  // After the opening bracket. A ']' that comes first stands for itself.
  Status TakeClass() {
    Token token{.kind = TokenKind::kClass, .ranges_first = glob_.ranges_.size()};
    token.negated = rest_.starts_with('!') || rest_.starts_with('^');
    if (token.negated) rest_.remove_prefix(1);
    for (bool first = true; !rest_.starts_with(']') || first; first = false) {
      Range range{};
      GODWIT_RETURN_IF_ERROR(TakeClassCharacter(range.first));
      range.last = range.first;
      if (rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']') {
        rest_.remove_prefix(1);
        GODWIT_RETURN_IF_ERROR(TakeClassCharacter(range.last));
      }
      if (range.last < range.first) return Problem("has a range that runs backwards");
      glob_.ranges_.push_back(range);
    }
    rest_.remove_prefix(1);
    token.ranges_count = glob_.ranges_.size() - token.ranges_first;
    Add(token);
    return Status::Ok();
  }

  Status TakeClassCharacter(char32_t& character) {
    if (rest_.starts_with('\\')) rest_.remove_prefix(1);
    if (rest_.empty()) return Problem("has a '[' without its ']'");
    character = TakeCharacter(rest_);
    if (character == '/') return Problem("has a '/' between '[' and ']', where it cannot match");
    return Status::Ok();
  }

  void Add(const Token& token) {
    glob_.tokens_.push_back(token);
    literal_bytes_.clear();
  }

  const std::string_view pattern_;
  std::string_view rest_;
  Glob glob_;
  std::vector<std::string> literal_bytes_;  // Of the literals since the last other token.
};

// One match: the set of tokens that may come next, carried over the text.
template <typename Set>
class Glob::Run {
 public:
  Run(const Glob& glob, const Set& empty) : glob_(glob), here_(empty), next_(empty) {}

  bool Matches(std::string_view text) {
    Enter(here_, 0);
    while (!text.empty()) {
      if (here_.empty()) return false;
      const char32_t character = TakeCharacter(text);
      next_.Clear();
      here_.ForEach([&](std::size_t position) { Advance(position, character); });
      std::swap(here_, next_);
    }
    return here_.Has(glob_.tokens_.size());
  }

 private:
  // Comes to `position`, and past it where its token may match nothing.
  void Enter(Set& set, std::size_t position) {
    while (true) {
      set.Insert(position);
      if (position == glob_.tokens_.size()) return;
      const TokenKind kind = glob_.tokens_[position].kind;
      if (kind != TokenKind::kStar && kind != TokenKind::kDoubleStar &&
          kind != TokenKind::kFolders) {
        return;
      }
      ++position;
    }
  }

  void Advance(std::size_t position, char32_t character) {
    if (position == glob_.tokens_.size()) return;
    const Token& token = glob_.tokens_[position];
    switch (token.kind) {
      case TokenKind::kStar:
        if (character != '/') Enter(next_, position);
        return;
      case TokenKind::kDoubleStar:
        Enter(next_, position);
        return;
      case TokenKind::kFolders:
        // Inside a folder's name the token cannot end: only a slash leads on.
        next_.Insert(position);
        if (character == '/') Enter(next_, position + 1);
        return;
      case TokenKind::kLiteral:
      case TokenKind::kAnyOne:
      case TokenKind::kClass:
        if (glob_.Accepts(token, character)) Enter(next_, position + 1);
        return;
    }
  }

  const Glob& glob_;
  Set here_;
  Set next_;
};

Result<Glob> Glob::Compile(std::string_view pattern) { return Compiler(pattern).Compile(); }

bool Glob::Accepts(const Token& token, char32_t character) const {
  if (token.kind == TokenKind::kLiteral) return character == token.character;
  if (character == '/') return false;
  if (token.kind == TokenKind::kAnyOne) return true;
  for (std::size_t i = 0; i < token.ranges_count; ++i) {
    const Range& range = ranges_[token.ranges_first + i];
    if (character >= range.first && character <= range.last) return !token.negated;
  }
  return token.negated;
}

bool Glob::Matches(std::string_view text) const {
  if (!text.ends_with(literal_end_)) return false;
  if (tokens_.size() < 64) return Run<SmallSet>(*this, SmallSet()).Matches(text);
  return Run<LargeSet>(*this, LargeSet(tokens_.size() + 1)).Matches(text);
}

}  // namespace godwit
