#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "fakecloud/encoding.h"
#include "fakecloud/fault.h"

namespace fakecloud {
namespace {

using Json = nlohmann::json;

// A field that is not as it must be. Thrown and caught within this file only: the JSON library
// throws as well, so one catch serves both.
struct ScriptError {
  std::string text;
};

template <typename T, std::size_t kCount>
T Choice(const std::string& field, const std::string& text,
         const std::array<std::pair<std::string_view, T>, kCount>& choices) {
  for (const auto& [name, value] : choices) {
    if (name == text) return value;
  }
  throw ScriptError{"field '" + field + "' cannot be '" + text + "'"};
}

// Takes the fields of an object one after the other, and complains about those that nobody took.
class Fields {
 public:
  explicit Fields(const Json& object) : left_(object) {
    if (!left_.is_object()) throw ScriptError{"not an object"};
  }
  std::optional<Json> Take(const char* name) {
    const auto found = left_.find(name);
    if (found == left_.end()) return std::nullopt;
    Json value = *found;
    left_.erase(found);
    return value;
  }
  std::string Text(const char* name, std::string fallback) {
    const std::optional<Json> value = Take(name);
    if (!value) return fallback;
    if (!value->is_string()) throw ScriptError{"field '" + std::string(name) + "' is not text"};
    return value->get<std::string>();
  }
  std::optional<std::int64_t> Number(const char* name) {
    const std::optional<Json> value = Take(name);
    if (!value) return std::nullopt;
    if (!value->is_number_integer()) {
      throw ScriptError{"field '" + std::string(name) + "' is not a whole number"};
    }
    return value->get<std::int64_t>();
  }
  std::uint64_t Count(const char* name, std::uint64_t fallback) {
    const std::optional<std::int64_t> value = Number(name);
    if (value && *value < 0) throw ScriptError{"field '" + std::string(name) + "' is negative"};
    return value ? static_cast<std::uint64_t>(*value) : fallback;
  }
  std::uint64_t Needed(const char* name) {
    if (!left_.contains(name)) throw ScriptError{"field '" + std::string(name) + "' is missing"};
    return Count(name, 0);
  }
  bool Has(const char* name) const { return left_.contains(name); }
  void NothingLeft() const {
    if (!left_.empty()) throw ScriptError{"unknown field '" + left_.begin().key() + "'"};
  }

 private:
  Json left_;
};

FaultWhen TakeWhen(Fields& fields, const char* fallback) {
  static constexpr std::array<std::pair<std::string_view, FaultWhen>, 2> kChoices = {
      {{"before", FaultWhen::kBefore}, {"after", FaultWhen::kAfter}}};
  return Choice("when", fields.Text("when", fallback), kChoices);
}

FaultSide TakeSide(Fields& fields) {
  static constexpr std::array<std::pair<std::string_view, FaultSide>, 3> kChoices = {
      {{"request", FaultSide::kRequest},
       {"response", FaultSide::kResponse},
       {"stored", FaultSide::kStored}}};
  return Choice("side", fields.Text("side", "response"), kChoices);
}

CutKind TakeBy(Fields& fields, const char* fallback) {
  static constexpr std::array<std::pair<std::string_view, CutKind>, 4> kChoices = {
      {{"fin", CutKind::kFin},
       {"close", CutKind::kFin},
       {"rst", CutKind::kReset},
       {"reset", CutKind::kReset}}};
  return Choice("by", fields.Text("by", fallback), kChoices);
}

void ReadStatus(Fields& fields, Fault& fault) {
  fault.status = static_cast<int>(fields.Needed("status"));
  if (fault.status < 100 || fault.status > 599) throw ScriptError{"no such status"};
  fault.code = fields.Text("code", "");
  fault.message = fields.Text("message", "");
  if (fields.Has("retry_after")) fault.retry_after = fields.Count("retry_after", 0);
  fault.when = TakeWhen(fields, "before");
}

void ReadLoseAnswer(Fields& fields, Fault& fault) {
  fault.cut = TakeBy(fields, "reset");
  fault.when = TakeWhen(fields, "after");
}

void ReadOkWithError(Fields& fields, Fault& fault) {
  fault.code = fields.Text("code", "InternalError");
  fault.message = fields.Text("message", "");
  fault.keys = fields.Text("keys", "*");
  fault.when = TakeWhen(fields, "before");
}

void ReadWhitespace(Fields& fields, Fault& fault) { fault.count = fields.Needed("count"); }

void ReadOffset(Fields& fields, Fault& fault) {
  const std::optional<Json> offset = fields.Take("offset");
  if (!offset) return;
  if (offset->is_number_integer()) {
    fault.offset = offset->get<std::int64_t>();
  } else if (*offset == "last") {
    fault.offset = -1;
  } else if (*offset == "middle") {
    fault.offset_in_middle = true;
  } else if (*offset != "first") {
    throw ScriptError{"field 'offset' is neither a number nor first, middle, last"};
  }
}

void ReadCorrupt(Fields& fields, Fault& fault) {
  static constexpr std::array<std::pair<std::string_view, CorruptHow>, 4> kChoices = {
      {{"flip", CorruptHow::kFlip},
       {"zero", CorruptHow::kZero},
       {"digest_header", CorruptHow::kDigestHeader},
       {"length_header", CorruptHow::kLengthHeader}}};
  fault.corrupt = Choice("how", fields.Text("how", "flip"), kChoices);
  fault.side = TakeSide(fields);
  ReadOffset(fields, fault);
  const std::uint64_t bit = fields.Count("bit", 0);
  if (bit > 7) throw ScriptError{"field 'bit' is over 7"};
  fault.mask = static_cast<unsigned char>(1U << bit);
  fault.delta = fields.Number("delta").value_or(1);
  const bool header = fault.corrupt == CorruptHow::kDigestHeader;
  if ((fault.corrupt == CorruptHow::kLengthHeader && fault.side != FaultSide::kResponse) ||
      (header && fault.side == FaultSide::kStored)) {
    throw ScriptError{"this 'how' cannot be done to this 'side'"};
  }
}

// For faults of time, which what is stored does not know.
FaultSide TakeMovingSide(Fields& fields) {
  const FaultSide side = TakeSide(fields);
  if (side == FaultSide::kStored) throw ScriptError{"field 'side' cannot be 'stored'"};
  return side;
}

void ReadCutBody(Fields& fields, Fault& fault) {
  fault.side = TakeMovingSide(fields);
  fault.after = fields.Needed("after");
  fault.cut = TakeBy(fields, "fin");
}

void ReadStall(Fields& fields, Fault& fault) {
  fault.side = TakeMovingSide(fields);
  if (fields.Has("after")) fault.after = fields.Count("after", 0);
  const std::optional<Json> seconds = fields.Take("seconds");
  if (!seconds || *seconds == "forever") return;
  if (!seconds->is_number()) throw ScriptError{"field 'seconds' is neither a number nor forever"};
  fault.duration =
      std::chrono::milliseconds(static_cast<std::int64_t>(seconds->get<double>() * 1000));
}

void ReadSlow(Fields& fields, Fault& fault) {
  fault.side = TakeMovingSide(fields);
  fault.bytes_per_second = fields.Needed("bytes_per_second");
  if (fault.bytes_per_second == 0) throw ScriptError{"field 'bytes_per_second' is 0"};
}

void ReadSwap(Fields& fields, Fault& fault) {
  if (fields.Has("text")) fault.text = fields.Text("text", "");
}

void ReadListing(Fields& fields, Fault& fault) {
  static constexpr std::array<std::pair<std::string_view, ListingHow>, 3> kChoices = {
      {{"unordered", ListingHow::kUnordered},
       {"repeated_token", ListingHow::kRepeatedToken},
       {"missing_end", ListingHow::kMissingEnd}}};
  fault.listing = Choice("how", fields.Text("how", ""), kChoices);
}

void ReadExpire(Fields& fields, Fault& fault) {
  fault.count = fields.Count("after", 0);
  fault.each = fields.Count("each", 0) != 0;
  fault.status = 400;
  fault.code = fields.Text("code", "ExpiredToken");
}

void ReadReplaceBody(Fields& fields, Fault& fault) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kPresets = {
      {{"captive_portal", "<!DOCTYPE html><html><body>Please log in.</body></html>"},
       {"empty", ""},
       {"wrong_root", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Surprise></Surprise>"}}};
  const std::string preset = fields.Text("preset", "");
  if (!preset.empty()) fault.text = std::string(Choice("preset", preset, kPresets));
  fault.type = preset == "captive_portal" ? "text/html" : "application/xml";
  if (fields.Has("text")) fault.text = fields.Text("text", "");
  if (!fault.text) throw ScriptError{"neither 'text' nor 'preset'"};
  fault.type = fields.Text("type", fault.type);
  fault.status = static_cast<int>(fields.Count("status", 200));
  fault.when = TakeWhen(fields, "before");
}

void ReadRedirect(Fields& fields, Fault& fault) {
  fault.status = static_cast<int>(fields.Count("status", 307));
  fault.host = fields.Text("host", "");
  fault.scheme = fields.Text("scheme", "");
  fault.region = fields.Text("region", "");
}

void ReadThrottle(Fields& fields, Fault& fault) {
  fault.requests_per_second = fields.Needed("requests_per_second");
  fault.burst = fields.Count("burst", 1);
  fault.status = static_cast<int>(fields.Count("status", 503));
  fault.code = fields.Text("code", "SlowDown");
  if (fields.Has("retry_after")) fault.retry_after = fields.Count("retry_after", 0);
}

struct KindReader {
  FaultKind kind;
  void (*read)(Fields&, Fault&);
};
constexpr std::array<std::pair<std::string_view, KindReader>, 14> kKinds = {{
    {"status", {FaultKind::kStatus, ReadStatus}},
    {"lose_answer", {FaultKind::kLoseAnswer, ReadLoseAnswer}},
    {"cut_body", {FaultKind::kCutBody, ReadCutBody}},
    {"ok_with_error", {FaultKind::kOkWithError, ReadOkWithError}},
    {"whitespace", {FaultKind::kWhitespace, ReadWhitespace}},
    {"corrupt", {FaultKind::kCorrupt, ReadCorrupt}},
    {"stall", {FaultKind::kStall, ReadStall}},
    {"slow", {FaultKind::kSlow, ReadSlow}},
    {"swap", {FaultKind::kSwap, ReadSwap}},
    {"listing", {FaultKind::kListing, ReadListing}},
    {"expire_credentials", {FaultKind::kExpireCredentials, ReadExpire}},
    {"replace_body", {FaultKind::kReplaceBody, ReadReplaceBody}},
    {"redirect", {FaultKind::kRedirect, ReadRedirect}},
    {"throttle", {FaultKind::kThrottle, ReadThrottle}},
}};

void ReadOperations(const Json& value, FaultRule& rule) {
  const std::vector<Json> names =
      value.is_array() ? value.get<std::vector<Json>>() : std::vector<Json>{value};
  for (const Json& name : names) {
    if (!name.is_string()) throw ScriptError{"field 'op' is not text"};
    if (name == "*") return;
    const std::vector<std::string> found = OperationsNamed(name.get<std::string>());
    if (found.empty()) throw ScriptError{"unknown operation '" + name.get<std::string>() + "'"};
    rule.operations.insert(rule.operations.end(), found.begin(), found.end());
  }
}

void ReadOn(const Json& json, FaultRule& rule) {
  Fields on(json);
  rule.service = on.Text("service", "");
  if (const std::optional<Json> operation = on.Take("op")) ReadOperations(*operation, rule);
  rule.bucket = on.Text("bucket", "*");
  rule.key = on.Text("key", "*");
  rule.page = static_cast<int>(on.Count("page", 0));
  rule.nth = on.Count("nth", 1);
  if (rule.nth == 0) throw ScriptError{"field 'nth' counts from 1"};
  on.NothingLeft();
}

FaultRule ReadRule(const Json& json) {
  FaultRule rule;
  Fields fields(json);
  if (const std::optional<Json> on = fields.Take("on")) ReadOn(*on, rule);
  const std::optional<Json> what = fields.Take("do");
  if (!what) throw ScriptError{"field 'do' is missing"};
  Fields details(*what);
  const KindReader reader = Choice("fault", details.Text("fault", ""), kKinds);
  rule.fault.kind = reader.kind;
  if (details.Has("page")) rule.page = static_cast<int>(details.Count("page", 0));
  reader.read(details, rule.fault);
  details.NothingLeft();
  rule.times = fields.Count("times", reader.kind == FaultKind::kThrottle ? 0 : 1);
  fields.NothingLeft();
  return rule;
}

}  // namespace

godwit::Result<std::vector<FaultRule>> ParseFaultScript(std::string_view json) {
  std::size_t index = 0;
  const auto failure = [&](const std::string& text) {
    return godwit::Status(godwit::ErrorKind::kInvalidArgument,
                          "fault script, rule " + std::to_string(index) + ": " + text);
  };
  try {
    Json script = Json::parse(json);
    if (script.is_object()) script = Json::array({script});
    if (!script.is_array()) return failure("neither a rule nor an array of rules");
    std::vector<FaultRule> rules;
    for (; index < script.size(); ++index) rules.push_back(ReadRule(script[index]));
    return rules;
  } catch (const ScriptError& error) {
    return failure(error.text);
  } catch (const Json::exception& error) {
    return failure(error.what());
  }
}

}  // namespace fakecloud
