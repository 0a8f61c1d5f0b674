#include "fakecloud/gcs_listener.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "fakecloud/encoding.h"

namespace fakecloud {
namespace {

constexpr std::string_view kMetaPrefix = "x-goog-meta-";

GcsOptions OptionsOf(const godwit::FakeCloudOptions& options) {
  GcsOptions gcs;
  gcs.token = options.gcs.token;
  gcs.refresh_token = options.gcs.refresh_token;
  gcs.public_key = options.gcs.public_key;
  gcs.require_token = options.gcs.require_token;
  gcs.rewrite_bytes = options.gcs.rewrite_bytes;
  gcs.foreign_buckets = options.foreign_buckets;
  gcs.page_size = options.page_size;
  gcs.part_bytes_min = options.part_bytes_min;
  return gcs;
}

}  // namespace

GcsListener::GcsListener(const godwit::FakeCloudOptions& options, FaultEngine& faults)
    : options_(options),
      gcs_options_(OptionsOf(options)),
      storage_({options.discard, options.spill_dir}),
      service_(gcs_options_, storage_, faults, counters_) {}

void GcsListener::Fill() {
  service_.ForgetTokens();
  {
    const std::lock_guard lock(storage_.mutex);
    storage_.buckets.clear();
    storage_.sessions.clear();
  }
  for (const std::string& bucket : options_.buckets)
    CreateBucket(bucket.substr(0, bucket.find('@')));
}

void GcsListener::Save() {
  const std::lock_guard lock(storage_.mutex);
  storage_.saved = storage_.buckets;
}

void GcsListener::Restore() {
  const std::lock_guard lock(storage_.mutex);
  storage_.buckets = storage_.saved;
  storage_.sessions.clear();
}

godwit::Status GcsListener::Listen() {
  auto started = HttpServer::Start(
      {options_.address, options_.gcs.port, options_.certificate_file, options_.key_file},
      service_);
  if (!started.ok()) return started.status();
  server_ = std::move(started).value();
  return godwit::Status::Ok();
}

void GcsListener::Stop() {
  if (server_) server_->Stop();
}

void GcsListener::AddCounters(godwit::FakeCounters& counters) const {
  for (const auto& [operation, count] : counters_.requests()) {
    counters.requests["gcs:" + operation] = count;
  }
  for (const auto& [status, count] : counters_.statuses()) counters.statuses[status] += count;
  const TrafficStats& traffic = server_->stats();
  counters.connections += traffic.connections;
  counters.in_flight_max = std::max<std::uint64_t>(counters.in_flight_max, traffic.in_flight_max);
  counters.bytes_received += traffic.body_bytes_received;
  counters.bytes_sent += traffic.body_bytes_sent;
}

void GcsListener::ResetCounters() {
  counters_.Reset();
  server_->ResetStats();
}

void GcsListener::CreateBucket(std::string_view bucket) {
  const std::lock_guard lock(storage_.mutex);
  storage_.buckets[std::string(bucket)].location = gcs_options_.location;
}

godwit::Status GcsListener::PutObject(std::string_view bucket, std::string_view key,
                                      std::string_view bytes,
                                      const std::map<std::string, std::string>& headers) {
  GcsObject object;
  object.content = Content::FromText(bytes);
  DigestGcs(object);
  for (const auto& [name, value] : headers) {
    if (HasPrefix(name, kMetaPrefix)) {
      object.metadata[name.substr(kMetaPrefix.size())] = value;
    } else {
      object.fields[name] = value;
    }
  }
  GcsContext context{gcs_options_, storage_};
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  const auto published =
      PublishGcs(context, std::string(bucket), std::string(key), std::move(object), {}, now);
  if (const auto* failure = std::get_if<GcsFailure>(&published)) {
    return godwit::Status(godwit::ErrorKind::kContainerNotFound, failure->message);
  }
  return godwit::Status::Ok();
}

std::optional<std::string> GcsListener::GetObject(std::string_view bucket_name,
                                                  std::string_view key) {
  GcsObjectPtr object;
  {
    const std::lock_guard lock(storage_.mutex);
    const GcsBucket* bucket = storage_.Find(bucket_name);
    if (bucket != nullptr) object = bucket->Find(key);
  }
  if (object == nullptr) return std::nullopt;
  return object->content.ToText();
}

bool GcsListener::RemoveObject(std::string_view bucket_name, std::string_view key) {
  const std::lock_guard lock(storage_.mutex);
  GcsBucket* bucket = storage_.Find(bucket_name);
  return bucket != nullptr && bucket->objects.erase(std::string(key)) > 0;
}

std::vector<godwit::FakeObject> GcsListener::ListObjects(std::string_view bucket_name) {
  std::vector<godwit::FakeObject> objects;
  const std::lock_guard lock(storage_.mutex);
  const GcsBucket* bucket = storage_.Find(bucket_name);
  if (bucket == nullptr) return objects;
  for (const auto& [key, stored] : bucket->objects) {
    godwit::FakeObject object;
    object.key = key;
    object.size_bytes = stored->content.size();
    object.etag = std::to_string(stored->generation);
    object.version_count = 1;
    object.headers = stored->fields;
    const auto found = stored->fields.find("storageClass");
    object.storage_class = found == stored->fields.end() ? "STANDARD" : found->second;
    for (const auto& [name, value] : stored->metadata) {
      object.headers[std::string(kMetaPrefix) + name] = value;
    }
    objects.push_back(std::move(object));
  }
  return objects;
}

std::vector<godwit::FakeUpload> GcsListener::OpenUploads(std::string_view bucket_name) {
  std::vector<godwit::FakeUpload> uploads;
  std::vector<std::shared_ptr<GcsUploadSession>> sessions;
  {
    const std::lock_guard lock(storage_.mutex);
    for (const auto& [id, session] : storage_.sessions) sessions.push_back(session);
    const GcsBucket* bucket = storage_.Find(bucket_name);
    if (bucket == nullptr) return uploads;
    for (const auto& [id, upload] : bucket->uploads) {
      godwit::FakeUpload open{upload.key, id, upload.parts.size(), 0};
      for (const auto& [number, part] : upload.parts) open.size_bytes += part.content.size();
      uploads.push_back(std::move(open));
    }
  }
  for (const auto& session : sessions) {
    const std::lock_guard one_at_a_time(session->mutex);
    if (session->cancelled || session->finished || session->bucket != bucket_name) continue;
    uploads.push_back({session->key, session->id, 0, session->content.size()});
  }
  return uploads;
}

}  // namespace fakecloud
