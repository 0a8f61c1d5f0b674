#include "lib/base/log.h"

#include <algorithm>
#include <array>

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
  const std::string& value = secret.Reveal();
  const std::lock_guard lock(mutex_);
  for (std::string form :
       {value, PercentEncode(value, false), PercentEncode(value, true), Base64Encode(value)}) {
    if (std::find(secrets_.begin(), secrets_.end(), form) == secrets_.end()) {
      secrets_.push_back(std::move(form));
    }
  }
  // Longer ones first: a secret that contains another must vanish whole.
  std::sort(secrets_.begin(), secrets_.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

void Log::Write(LogLevel level, std::string_view message) {
  if (!Enabled(level)) return;
  const std::lock_guard lock(mutex_);
  std::string text(message);
  for (const std::string& secret : secrets_) ReplaceAll(text, secret, "[redacted]");
  text = EscapeForDisplay(text);
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
