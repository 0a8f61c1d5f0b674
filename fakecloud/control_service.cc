#include "fakecloud/control_service.h"

#include <array>
#include <nlohmann/json.hpp>

#include "fakecloud/digests.h"
#include "fakecloud/encoding.h"
#include "fakecloud/query_params.h"

namespace fakecloud {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kScriptBytesMax = 4 << 20;

Response JsonResponse(int status, const std::string& text) {
  Response response;
  response.status = status;
  response.headers.Add("Content-Type", "application/json");
  response.text = text + "\n";
  return response;
}

Response Failure(int status, const std::string& message) {
  return JsonResponse(status, Json{{"error", message}}.dump(-1, ' ', true));
}

Response Done() { return JsonResponse(200, "{}"); }

// Keys may be any bytes, so they come in base64; the plain form is there to be read by people.
std::string KeyForPeople(const std::string& key) {
  return Json(key).dump(-1, ' ', true, Json::error_handler_t::replace);
}

Json ObjectJson(const godwit::FakeObject& object) {
  Json json{{"key_b64", ToBase64(object.key)},
            {"key", Json::parse(KeyForPeople(object.key))},
            {"size", object.size_bytes},
            {"etag", object.etag},
            {"crc64nvme", object.crc64nvme_base64},
            {"storage_class", object.storage_class},
            {"versions", object.version_count}};
  json["headers"] = Json::object();
  json["metadata"] = Json::object();
  for (const auto& [name, value] : object.headers) {
    const std::size_t meta = HasPrefix(name, "x-amz-meta-")    ? 11
                             : HasPrefix(name, "x-goog-meta-") ? 12
                                                               : 0;
    if (meta > 0) {
      json["metadata"][name.substr(meta)] = value;
    } else {
      json["headers"][name] = value;
    }
  }
  json["tags"] = object.tags;
  return json;
}

std::string ReadAll(RequestBody& body) {
  std::string text;
  std::array<std::byte, 16 << 10> buffer;
  while (text.size() < kScriptBytesMax) {
    const std::ptrdiff_t got = body.Read(buffer);
    if (got <= 0) break;
    text.append(reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

std::optional<std::vector<godwit::FakeUpload>> ControlService::Uploads(
    std::string_view path, const std::string& bucket) const {
  if (path == "/uploads") return cloud_.OpenUploads(bucket);
  if (path == "/gcs/uploads") return cloud_.OpenGcsUploads(bucket);
  if (path == "/azure/uploads") return cloud_.OpenAzureUploads(bucket);
  return std::nullopt;
}

std::optional<std::vector<std::pair<std::string, std::string>>> ControlService::Digests(
    std::string_view path, const std::string& bucket, const std::string& prefix) const {
  std::vector<std::pair<std::string, std::string>> digests;
  const auto add = [&](const std::string& key, const auto& read) {
    if (!HasPrefix(key, prefix)) return;
    const std::optional<std::string> bytes = read();
    if (bytes) digests.emplace_back(key, ToHex(Sha256(*bytes)));
  };
  if (path == "/digests") {
    for (const godwit::FakeObject& object : cloud_.ListObjects(bucket)) {
      add(object.key, [&] { return cloud_.GetObject(bucket, object.key); });
    }
  } else if (path == "/gcs/digests") {
    for (const godwit::FakeObject& object : cloud_.ListGcsObjects(bucket)) {
      add(object.key, [&] { return cloud_.GetGcsObject(bucket, object.key); });
    }
  } else if (path == "/azure/digests") {
    for (const std::string& name : cloud_.ListBlobs(bucket)) {
      add(name, [&] { return cloud_.GetBlob(bucket, name); });
    }
  } else {
    return std::nullopt;
  }
  return digests;
}

Response ControlService::Get(std::string_view path, const std::string& bucket,
                             const std::string& prefix) {
  Json answer = Json::array();
  if (path == "/counters") return JsonResponse(200, cloud_.Counters().ToJson());
  if (path == "/objects" || path == "/gcs/objects") {
    const bool gcs = path == "/gcs/objects";
    for (const godwit::FakeObject& object :
         gcs ? cloud_.ListGcsObjects(bucket) : cloud_.ListObjects(bucket)) {
      answer.push_back(ObjectJson(object));
    }
  } else if (const auto uploads = Uploads(path, bucket)) {
    for (const godwit::FakeUpload& upload : *uploads) {
      answer.push_back(Json{{"key_b64", ToBase64(upload.key)},
                            {"upload_id", upload.upload_id},
                            {"parts", upload.part_count},
                            {"size", upload.size_bytes}});
    }
  } else if (const auto digests = Digests(path, bucket, prefix)) {
    for (const auto& [key, digest] : *digests) {
      answer.push_back(Json{{"key_b64", ToBase64(key)}, {"sha256", digest}});
    }
  } else {
    return Failure(404,
                   "no such path; GET /counters, /objects?bucket=, /uploads?bucket=, "
                   "/digests?bucket=&prefix=");
  }
  return JsonResponse(200, answer.dump(-1, ' ', true, Json::error_handler_t::replace));
}

Response ControlService::Post(std::string_view path, Request& request) {
  const std::string body = ReadAll(*request.body);
  if (path == "/faults") {
    const godwit::Status status = cloud_.SetFaults(body);
    return status.ok() ? Done() : Failure(400, status.message());
  }
  if (path == "/reset") {
    const godwit::Status status = cloud_.Reset();
    return status.ok() ? Done() : Failure(500, status.message());
  }
  if (path == "/reset-counters") {
    cloud_.ResetCounters();
    return Done();
  }
  if (path == "/save") {
    cloud_.Save();
    return Done();
  }
  if (path == "/restore") {
    cloud_.Restore();
    return Done();
  }
  if (path != "/shutdown") {
    return Failure(
        404, "no such path; POST /faults, /reset, /reset-counters, /save, /restore, /shutdown");
  }
  cloud_.RequestStop();
  return Done();
}

Response ControlService::Handle(Request& request) {
  const std::optional<QueryParams> query = QueryParams::Parse(request.query);
  const std::string bucket(query ? query->Get("bucket") : std::string_view());
  const std::string prefix(query ? query->Get("prefix") : std::string_view());
  if (request.method == "GET") return Get(request.path, bucket, prefix);
  if (request.method == "POST") return Post(request.path, request);
  return Failure(405, "GET or POST");
}

}  // namespace fakecloud

namespace godwit {

std::string FakeCounters::ToJson() const {
  nlohmann::json json{{"requests", requests},           {"statuses", statuses},
                      {"total", TotalRequests()},       {"connections", connections},
                      {"in_flight_max", in_flight_max}, {"bytes_received", bytes_received},
                      {"bytes_sent", bytes_sent}};
  json["faults"] = nlohmann::json::array();
  for (std::size_t i = 0; i < faults.size(); ++i) {
    json["faults"].push_back(
        {{"index", i}, {"matched", faults[i].matched}, {"fired", faults[i].fired}});
  }
  return json.dump();
}

}  // namespace godwit
