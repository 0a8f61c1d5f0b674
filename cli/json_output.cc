#include "cli/json_output.h"

#include <nlohmann/json.hpp>

#include "lib/base/text.h"

namespace godwit {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  // Names are checked before; a message from a service may hold anything.
  const auto text = [&json](bool ascii) {
    return json.dump(-1, ' ', ascii, Json::error_handler_t::replace);
  };
  // Bidi and control characters beyond ASCII, some of which readers take for the end of a line.
  std::string line = text(false);
  return EscapeForDisplay(line) == line ? line : text(true);
}

// Keys that are not UTF-8 cannot stand in JSON: they come as base64 under another name.
void SetKey(Json& json, std::string_view key) {
  if (IsValidUtf8(key)) {
    json["key"] = key;
  } else {
    json["key_b64"] = Base64Encode(key);
  }
}

std::string TimeText(const PreciseTime& time) {
  return FormatRfc3339(time.time, time.fraction_digits);
}

void SetObjects(Json& json, const SyncSummary& summary) {
  json["listed"] = {{"source", summary.listed_source}, {"target", summary.listed_target}};
  json["objects"] = {{"copied", summary.copied},       {"metadata", summary.metadata},
                     {"unchanged", summary.unchanged}, {"deleted", summary.deleted},
                     {"skipped", summary.skipped},     {"failed", summary.failed},
                     {"denied", summary.denied}};
  json["bytes"] = {{"copied", summary.bytes_copied}, {"reused", summary.bytes_reused}};
  Json& evidence = json["evidence"];
  for (std::size_t i = 0; i < summary.evidence.size(); ++i) {
    evidence[std::string(EvidenceName(static_cast<Evidence>(i)))] = summary.evidence[i];
  }
}

void SetRequests(Json& json, const RequestCounts& counts) {
  const auto count = [&counts](RequestClass request) {
    return counts[static_cast<std::size_t>(request)];
  };
  json["requests"] = {
      {"list", count(RequestClass::kList)},     {"get", count(RequestClass::kGet)},
      {"put", count(RequestClass::kPut)},       {"head", count(RequestClass::kHead)},
      {"delete", count(RequestClass::kDelete)}, {"copy", count(RequestClass::kCopy)}};
}

Json MakeError(const ErrorReport& error) {
  Json json;
  json["type"] = "error";
  if (!error.key.empty()) SetKey(json, error.key);
  json["kind"] = ErrorKindName(error.status.kind());
  json["message"] = error.status.ToString();
  if (!error.status.provider_code().empty()) json["code"] = error.status.provider_code();
  if (!error.status.request_id().empty()) json["request_id"] = error.status.request_id();
  return json;
}

Json MakeSummary(const SyncSummary& summary, const SummaryFrame& frame) {
  Json json;
  json["type"] = "summary";
  json["schema"] = 1;
  json["command"] = frame.command;
  json["run_id"] = frame.run_id;
  json["exit_code"] = summary.exit_code;
  json["source"] = EscapeForDisplay(frame.source);
  json["target"] = EscapeForDisplay(frame.target);
  if (frame.target_count > 0) json["targets"] = frame.target_count;
  json["dry_run"] = summary.dry_run;
  SetObjects(json, summary);
  SetRequests(json, frame.requests);
  json["retries"] = summary.retries;
  json["elapsed_s"] = static_cast<double>(frame.elapsed.count()) / 1000;
  json["resumed"] = summary.resumed;
  json["resumable"] = summary.resumable;
  return json;
}

}  // namespace

RequestCounts CountsOf(const RequestMeter& meter) {
  RequestCounts counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = meter.requests(static_cast<RequestClass>(i));
  }
  return counts;
}

std::string ActionJson(const ActionReport& action, std::string_view target) {
  Json json;
  json["type"] = "action";
  json["action"] = ActionName(action.action);
  SetKey(json, action.key);
  if (!target.empty()) json["target"] = EscapeForDisplay(target);
  json["bytes"] = action.bytes;
  if (action.reason != Reason::kNone) json["reason"] = ReasonName(action.reason);
  json["status"] = ActionStatusName(action.status);
  if (action.proof != WriteProof::kNone) json["verified"] = WriteProofName(action.proof);
  json["attempts"] = action.attempts;
  for (const std::string& name : action.dropped) json["dropped"].push_back(EscapeForDisplay(name));
  return Dump(json);
}

std::string ErrorJson(const ErrorReport& error, std::string_view target) {
  Json json = MakeError(error);
  if (!target.empty()) json["target"] = EscapeForDisplay(target);
  return Dump(json);
}

std::string SummaryJson(const SyncSummary& summary, const SummaryFrame& frame) {
  return Dump(MakeSummary(summary, frame));
}

std::string ReportJson(const SyncSummary& summary, const SummaryFrame& frame,
                       const std::vector<ErrorReport>& errors) {
  Json json = MakeSummary(summary, frame);
  json["errors"] = Json::array();
  for (const ErrorReport& error : errors) json["errors"].push_back(MakeError(error));
  return Dump(json);
}

std::string ObjectJson(std::string_view key, const ObjectEntry& entry) {
  Json json;
  json["type"] = entry.type == EntryType::kDeleteMarker ? "delete-marker" : "object";
  SetKey(json, key);
  json["bytes"] = entry.size_bytes;
  json["modified"] = TimeText(entry.modified);
  json["etag"] = entry.version;
  if (!entry.storage_class.empty()) json["storage_class"] = entry.storage_class;
  return Dump(json);
}

std::string PrefixJson(std::string_view key) {
  Json json;
  json["type"] = "prefix";
  SetKey(json, key);
  return Dump(json);
}

std::string UsageJson(std::uint64_t objects, std::uint64_t bytes) {
  Json json;
  json["type"] = "du";
  json["objects"] = objects;
  json["bytes"] = bytes;
  return Dump(json);
}

std::string StatJson(std::string_view key, const ObjectMeta& meta, std::string_view location) {
  const ObjectAttributes& attributes = meta.attributes;
  Json json;
  json["type"] = "object";
  SetKey(json, key);
  json["bytes"] = meta.entry.size_bytes;
  json["version"] = meta.entry.version;
  json["modified"] = TimeText(meta.entry.modified);
  json["content_type"] = attributes.content_type;
  const auto set = [&json](const char* name, const std::string& value) {
    if (!value.empty()) json[name] = value;
  };
  set("cache_control", attributes.cache_control);
  set("content_encoding", attributes.content_encoding);
  set("content_disposition", attributes.content_disposition);
  set("content_language", attributes.content_language);
  set("storage_class", meta.entry.storage_class);
  if (attributes.mtime) json["mtime"] = TimeText(*attributes.mtime);
  json["metadata"] = Json::object();
  for (const auto& [name, value] : attributes.user_metadata) json["metadata"][name] = value;
  json["digests"] = Json::object();
  for (const Digest& digest : meta.entry.digests.all()) {
    json["digests"][std::string(DigestName(digest.kind()))] = digest.hex();
  }
  set("location", std::string(location));
  return Dump(json);
}

std::string JobJson(const JobRecord& record, const JobView& view) {
  Json json;
  json["type"] = "job";
  json["id"] = record.id;
  json["command"] = record.command;
  json["source"] = EscapeForDisplay(record.operands[0]);
  json["target"] = EscapeForDisplay(record.operands[1]);
  json["started"] = FormatRfc3339(record.started, 3);
  json["state"] = view.state;
  json["pid"] = record.process.pid;
  json["host"] = EscapeForDisplay(record.process.host);
  if (view.uploads) json["uploads"] = *view.uploads;
  if (view.bytes_left) json["bytes_left"] = *view.bytes_left;
  return Dump(json);
}

std::string CleanedJson(const JobRecord& record, std::string_view status,
                        std::uint64_t uploads_ended, std::uint64_t uploads_left) {
  Json json;
  json["type"] = "cleaned";
  json["id"] = record.id;
  json["source"] = EscapeForDisplay(record.operands[0]);
  json["target"] = EscapeForDisplay(record.operands[1]);
  json["status"] = status;
  json["uploads_ended"] = uploads_ended;
  json["uploads_left"] = uploads_left;
  return Dump(json);
}

std::string LeftBlocksJson(const std::string& job_id, std::string_view key, std::uint64_t blocks,
                           std::uint64_t bytes) {
  Json json;
  json["type"] = "uncommitted";
  json["id"] = job_id;
  SetKey(json, key);
  json["blocks"] = blocks;
  json["bytes"] = bytes;
  json["expires_days"] = 7;
  return Dump(json);
}

std::string VersionJson(std::string_view version) {
  Json json;
  json["type"] = "version";
  json["version"] = version;
  return Dump(json);
}

}  // namespace godwit
