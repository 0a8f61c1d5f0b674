#include "lib/base/log.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/text.h"

namespace godwit {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames{"error", "warning", "info", "debug"};

void ReplaceAll(std::string& text, const std::string& from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

// PercentEncode's result as others write it, with %2f for %2F.
std::string LowerPercentHex(std::string text) {
  for (std::size_t at = text.find('%'); at != std::string::npos; at = text.find('%', at + 3)) {
    text.replace(at, 3, AsciiLower(text.substr(at, 3)));
  }
  return text;
}

// The characters that the base64 of a longer text has for `value` at a distance of `before` bytes
// modulo 3, whatever surrounds it. Empty if that leaves too little to be recognised.
std::string InnerBase64(const std::string& value, std::size_t before) {
  constexpr std::size_t kLengthMin = 8;
  const std::size_t first = (before * 8 + 5) / 6;
  const std::size_t last = (before + value.size()) * 8 / 6;
  if (last < first + kLengthMin) return {};
  return Base64Encode(std::string(before, '\0') + value).substr(first, last - first);
}

std::vector<std::string> Encodings(const std::string& value) {
  const std::string base64 = Base64Encode(value);
  std::vector<std::string> forms{base64, base64.substr(0, base64.find('=')), InnerBase64(value, 0),
                                 InnerBase64(value, 1), InnerBase64(value, 2)};
  for (std::size_t i = forms.size(); i-- > 0;) {
    std::string for_urls = forms[i];
    std::replace(for_urls.begin(), for_urls.end(), '+', '-');
    std::replace(for_urls.begin(), for_urls.end(), '/', '_');
    forms.push_back(std::move(for_urls));
  }
  forms.push_back(value);
  for (const bool keep_slash : {false, true}) {
    for (const std::string& plain : {value, base64}) {
      forms.push_back(PercentEncode(plain, keep_slash));
      forms.push_back(LowerPercentHex(forms.back()));
    }
  }
  std::erase(forms, std::string());
  return forms;
}

std::string JsonQuote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

void Log::Redact(const Secret& secret) {
  if (secret.empty()) return;
  const std::lock_guard lock(mutex_);
  for (std::string& form : Encodings(secret.Reveal())) {
    if (std::find(secrets_.begin(), secrets_.end(), form) == secrets_.end()) {
      secrets_.push_back(std::move(form));
    }
  }
  // Longer ones first: a secret that contains another must vanish whole.
  std::sort(secrets_.begin(), secrets_.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

std::string Log::Redacted(std::string_view text) const {
  const std::lock_guard lock(mutex_);
  return WithoutSecrets(text);
}

std::string Log::WithoutSecrets(std::string_view text) const {
  std::string clean(text);
  for (const std::string& secret : secrets_) ReplaceAll(clean, secret, "[redacted]");
  return clean;
}

void Log::Write(LogLevel level, std::string_view message) {
  if (!Enabled(level)) return;
  const std::lock_guard lock(mutex_);
  const std::string text = EscapeForDisplay(WithoutSecrets(message));
  const std::string_view name = kLevelNames[static_cast<std::size_t>(level)];
  if (format_ == LogFormat::kJson) {
    out_ << "{\"time\":\"" << FormatRfc3339(SystemClock().WallNow(), 3) << "\",\"level\":\"" << name
         << "\",\"message\":" << JsonQuote(text) << "}\n";
  } else if (level == LogLevel::kError) {
    out_ << "godwit: " << text << '\n';
  } else {
    out_ << "godwit: " << name << ": " << text << '\n';
  }
  out_.flush();
}

void Log::WarnOnce(std::string_view topic, std::string_view message) {
  {
    const std::lock_guard lock(mutex_);
    if (std::find(topics_.begin(), topics_.end(), topic) != topics_.end()) return;
    topics_.emplace_back(topic);
  }
  Warn(message);
}

}  // namespace godwit
