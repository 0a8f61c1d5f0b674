#pragma once

#include <cstdint>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/secret.h"

namespace godwit {

enum class LogLevel : std::uint8_t { kError, kWarning, kInfo, kDebug };
enum class LogFormat : std::uint8_t { kText, kJson };

// Single-line messages for people on stderr (or another stream), each at most once per fact.
//
// Registered secrets are replaced by "[redacted]" wherever they occur, also percent- and
// base64-encoded; control, bidi and invalid bytes are escaped. Safe from any thread.
class Log {
 public:
  Log(std::ostream& out, LogLevel level, LogFormat format)
      : out_(out), level_(level), format_(format) {}

  void Redact(const Secret& secret);
  void Write(LogLevel level, std::string_view message);
  void Error(std::string_view message) { Write(LogLevel::kError, message); }
  void Warn(std::string_view message) { Write(LogLevel::kWarning, message); }
  void Info(std::string_view message) { Write(LogLevel::kInfo, message); }
  void Debug(std::string_view message) { Write(LogLevel::kDebug, message); }
  // Warns the first time that `topic` comes up in this run.
  // `text` as it may be printed elsewhere: without the secrets told to Redact.
  std::string Redacted(std::string_view text) const;
  void WarnOnce(std::string_view topic, std::string_view message);
  bool Enabled(LogLevel level) const { return level <= level_; }

 private:
  std::string WithoutSecrets(std::string_view text) const;  // Under the lock.

  mutable std::mutex mutex_;  // Guards all below.
  std::ostream& out_;
  const LogLevel level_;
  const LogFormat format_;
  std::vector<std::string> secrets_;  // Every encoding of every secret.
  std::vector<std::string> topics_;
};

}  // namespace godwit
