#include "fakecloud/fake_cloud.h"

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <mutex>

#include "fakecloud/azure_service.h"
#include "fakecloud/control_service.h"
#include "fakecloud/encoding.h"
#include "fakecloud/gcs_listener.h"
#include "fakecloud/http_server.h"
#include "fakecloud/s3_objects.h"
#include "fakecloud/s3_service.h"

namespace godwit {
namespace {

using fakecloud::Storage;

std::int64_t Now() { return static_cast<std::int64_t>(std::time(nullptr)); }

Status NoBucket(std::string_view bucket) {
  return Status(ErrorKind::kContainerNotFound, "no such bucket: '" + std::string(bucket) + "'");
}

fakecloud::S3Options S3OptionsOf(const FakeCloudOptions& options) {
  fakecloud::S3Options s3;
  s3.region = options.region;
  for (const FakeCredential& credential : options.credentials) {
    s3.credentials.push_back(
        {credential.access_key, credential.secret_key, credential.session_token});
  }
  s3.foreign_buckets = options.foreign_buckets;
  s3.public_buckets = options.public_buckets;
  s3.page_size = options.page_size;
  s3.part_bytes_min = options.part_bytes_min;
  s3.clock_offset_seconds = options.clock_offset_seconds;
  s3.complete_is_repeatable = options.complete_is_repeatable;
  s3.kms = options.kms;
  return s3;
}

fakecloud::AzureOptions AzureOptionsOf(const FakeCloudOptions& options) {
  fakecloud::AzureOptions azure;
  azure.account = options.azure.account;
  azure.key = fakecloud::FromBase64(options.azure.key_base64).value_or("");
  azure.bearer_tokens = options.azure.bearer_tokens;
  // The default is S3's largest page.
  if (options.page_size < 1000) azure.page_size = options.page_size;
  azure.clock_offset_seconds = options.clock_offset_seconds;
  return azure;
}

FakeObject Describe(const std::string& key, const fakecloud::ObjectVersion& version,
                    std::size_t version_count) {
  FakeObject object;
  object.key = key;
  object.size_bytes = version.size();
  object.etag = version.etag;
  object.crc64nvme_base64 = fakecloud::ToBase64(version.crc64nvme);
  object.storage_class = version.storage_class;
  for (const auto& [name, value] : version.headers) {
    object.headers[fakecloud::LowerCase(name)] = value;
  }
  object.tags.insert(version.tags.begin(), version.tags.end());
  object.version_count = version_count;
  return object;
}

}  // namespace

class FakeCloud::Impl {
 public:
  explicit Impl(const FakeCloudOptions& given)
      : options(given),
        s3_options(S3OptionsOf(given)),
        azure_options(AzureOptionsOf(given)),
        storage({given.discard, given.spill_dir}),
        azure_storage({given.discard, given.spill_dir}, given.azure.hierarchical),
        s3_service(s3_options, storage, faults, s3_counters),
        gcs(given, faults),
        azure_service(azure_options, azure_storage, faults, azure_counters) {}

  Status Fill() {
    auto script = fakecloud::ParseFaultScript(options.faults.empty() ? "[]" : options.faults);
    if (!script.ok()) return script.status();
    std::map<std::string, fakecloud::ObjectVersion> zeros;
    for (const FakeSyntheticBucket& bucket : options.synthetic) {
      zeros[bucket.name] = fakecloud::ZeroObject(bucket.object_size, Now());
    }
    Storage::Access access = storage.Lock();
    access.Clear();
    for (const std::string& bucket : options.buckets) {
      const std::size_t at = bucket.find('@');
      const std::string region = at == std::string::npos ? options.region : bucket.substr(at + 1);
      access.Create(bucket.substr(0, at), region, Now());
    }
    for (const FakeSyntheticBucket& bucket : options.synthetic) {
      access.Create(bucket.name, options.region, Now()).synthetic =
          fakecloud::Synthetic{bucket.object_count, zeros[bucket.name]};
    }
    gcs.Fill();
    faults.Load(std::move(script).value());
    FillAzure();
    return Status::Ok();
  }

  void FillAzure() {
    fakecloud::AzureStorage::Access access = azure_storage.Lock();
    access.Clear();
    for (const std::string& container : options.azure.containers) access.Create(container);
  }

  Status Listen(FakeCloud& cloud) {
    fakecloud::ListenerOptions listener{options.address, options.s3_port, options.certificate_file,
                                        options.key_file};
    auto started = fakecloud::HttpServer::Start(listener, s3_service);
    if (!started.ok()) return started.status();
    s3_server = std::move(started).value();
    GODWIT_RETURN_IF_ERROR(gcs.Listen());
    listener.port = options.azure.port;
    auto azure = fakecloud::HttpServer::Start(listener, azure_service);
    if (!azure.ok()) return azure.status();
    azure_server = std::move(azure).value();
    control_service = std::make_unique<fakecloud::ControlService>(cloud);
    auto control =
        fakecloud::HttpServer::Start({"127.0.0.1", options.control_port, "", ""}, *control_service);
    if (!control.ok()) return control.status();
    control_server = std::move(control).value();
    return Status::Ok();
  }

  const FakeCloudOptions options;
  const fakecloud::S3Options s3_options;
  const fakecloud::AzureOptions azure_options;
  Storage storage;
  fakecloud::AzureStorage azure_storage;
  fakecloud::FaultEngine faults;
  fakecloud::Counters s3_counters;
  fakecloud::Counters azure_counters;
  fakecloud::S3Service s3_service;
  fakecloud::GcsListener gcs;
  fakecloud::AzureService azure_service;
  std::unique_ptr<fakecloud::ControlService> control_service;
  std::unique_ptr<fakecloud::HttpServer> s3_server;
  std::unique_ptr<fakecloud::HttpServer> azure_server;
  std::unique_ptr<fakecloud::HttpServer> control_server;
  std::mutex stopping;  // Held by the one who stops the servers.
  std::mutex mutex;     // Guards stop_requested.
  std::condition_variable stop_asked;
  bool stop_requested = false;
};

FakeCloud::FakeCloud() = default;
FakeCloud::~FakeCloud() { Stop(); }

Result<std::unique_ptr<FakeCloud>> FakeCloud::Start(const FakeCloudOptions& options) {
  std::unique_ptr<FakeCloud> cloud(new FakeCloud());
  cloud->impl_ = std::make_unique<Impl>(options);
  GODWIT_RETURN_IF_ERROR(cloud->impl_->Fill());
  GODWIT_RETURN_IF_ERROR(cloud->impl_->Listen(*cloud));
  return cloud;
}

void FakeCloud::Stop() {
  const std::lock_guard lock(impl_->stopping);
  if (impl_->s3_server) impl_->s3_server->Stop();
  impl_->gcs.Stop();
  if (impl_->azure_server) impl_->azure_server->Stop();
  if (impl_->control_server) impl_->control_server->Stop();
}

void FakeCloud::RequestStop() {
  const std::lock_guard lock(impl_->mutex);
  impl_->stop_requested = true;
  impl_->stop_asked.notify_all();
}

void FakeCloud::WaitForStopRequest() {
  std::unique_lock lock(impl_->mutex);
  impl_->stop_asked.wait(lock, [this] { return impl_->stop_requested; });
}

std::string FakeCloud::s3_endpoint() const { return impl_->s3_server->endpoint(); }
std::string FakeCloud::gcs_endpoint() const { return impl_->gcs.endpoint(); }
std::string FakeCloud::azure_endpoint() const {
  return impl_->azure_server->endpoint() + "/" + impl_->azure_options.account;
}
std::string FakeCloud::azure_connection_string() const {
  return "BlobEndpoint=" + azure_endpoint() + ";AccountName=" + impl_->azure_options.account +
         ";AccountKey=" + impl_->options.azure.key_base64;
}
std::string FakeCloud::control_endpoint() const { return impl_->control_server->endpoint(); }

Status FakeCloud::SetFaults(std::string_view script) {
  auto rules = fakecloud::ParseFaultScript(script);
  if (!rules.ok()) return rules.status();
  impl_->faults.Load(std::move(rules).value());
  return Status::Ok();
}

FakeCounters FakeCloud::Counters() const {
  FakeCounters counters;
  const auto add_service = [&](const std::string& service, const fakecloud::Counters& counted,
                               const fakecloud::TrafficStats& traffic) {
    for (const auto& [operation, count] : counted.requests()) {
      counters.requests[service + ":" + operation] = count;
    }
    for (const auto& [status, count] : counted.statuses()) counters.statuses[status] += count;
    counters.connections += traffic.connections;
    counters.in_flight_max = std::max<std::uint64_t>(counters.in_flight_max, traffic.in_flight_max);
    counters.bytes_received += traffic.body_bytes_received;
    counters.bytes_sent += traffic.body_bytes_sent;
  };
  add_service("s3", impl_->s3_counters, impl_->s3_server->stats());
  add_service("azure", impl_->azure_counters, impl_->azure_server->stats());
  for (const fakecloud::FaultCount& count : impl_->faults.Counts()) {
    counters.faults.push_back({count.matched, count.fired});
  }
  impl_->gcs.AddCounters(counters);
  return counters;
}

void FakeCloud::ResetCounters() {
  impl_->s3_counters.Reset();
  impl_->s3_server->ResetStats();
  impl_->gcs.ResetCounters();
  impl_->azure_counters.Reset();
  impl_->azure_server->ResetStats();
}

Status FakeCloud::Reset() {
  GODWIT_RETURN_IF_ERROR(impl_->Fill());
  ResetCounters();
  return Status::Ok();
}

void FakeCloud::Save() {
  impl_->storage.Lock().Save();
  impl_->gcs.Save();
  impl_->azure_storage.Lock().Save();
}

void FakeCloud::Restore() {
  impl_->storage.Lock().Restore();
  impl_->gcs.Restore();
  impl_->azure_storage.Lock().Restore();
}

Status FakeCloud::CreateBucket(std::string_view bucket) {
  Storage::Access access = impl_->storage.Lock();
  access.Create(bucket, impl_->options.region, Now());
  impl_->gcs.CreateBucket(bucket);
  return Status::Ok();
}

Status FakeCloud::PutObject(std::string_view bucket_name, std::string_view key,
                            std::string_view bytes,
                            const std::map<std::string, std::string>& headers) {
  fakecloud::ObjectVersion object = fakecloud::DigestedObject(bytes, Now());
  for (const auto& [name, value] : headers) {
    if (name == "content-type") object.headers.clear();
  }
  for (const auto& [name, value] : headers) {
    if (name == "x-amz-storage-class") {
      object.storage_class = value;
    } else {
      object.headers.emplace_back(name, value);
    }
  }
  Storage::Access access = impl_->storage.Lock();
  fakecloud::Bucket* bucket = access.Find(bucket_name);
  if (bucket == nullptr) return NoBucket(bucket_name);
  bucket->Publish(key, std::make_shared<fakecloud::ObjectVersion>(std::move(object)),
                  impl_->storage.NextSerial());
  return Status::Ok();
}

std::optional<std::string> FakeCloud::GetObject(std::string_view bucket_name,
                                                std::string_view key) const {
  fakecloud::ObjectPtr object;
  {
    Storage::Access access = impl_->storage.Lock();
    const fakecloud::Bucket* bucket = access.Find(bucket_name);
    if (bucket != nullptr) object = bucket->Live(key);
  }
  if (!object) return std::nullopt;
  return object->content.ToText();
}

std::optional<std::string> FakeCloud::GetBlob(std::string_view container_name,
                                              std::string_view name) const {
  fakecloud::AzureBlobPtr blob;
  {
    fakecloud::AzureStorage::Access access = impl_->azure_storage.Lock();
    const fakecloud::AzureContainer* container = access.Find(container_name);
    if (container != nullptr) blob = container->Find(name);
  }
  if (!blob) return std::nullopt;
  return blob->content.ToText();
}

std::vector<std::string> FakeCloud::ListBlobs(std::string_view container_name) const {
  std::vector<std::string> names;
  fakecloud::AzureStorage::Access access = impl_->azure_storage.Lock();
  const fakecloud::AzureContainer* container = access.Find(container_name);
  if (container == nullptr) return names;
  for (const auto& [name, blob] : container->blobs) names.push_back(name);
  return names;
}

bool FakeCloud::RemoveObject(std::string_view bucket_name, std::string_view key) {
  Storage::Access access = impl_->storage.Lock();
  fakecloud::Bucket* bucket = access.Find(bucket_name);
  return bucket != nullptr && bucket->keys.erase(std::string(key)) > 0;
}

std::vector<FakeObject> FakeCloud::ListObjects(std::string_view bucket_name) const {
  std::vector<FakeObject> objects;
  Storage::Access access = impl_->storage.Lock();
  const fakecloud::Bucket* bucket = access.Find(bucket_name);
  if (bucket == nullptr) return objects;
  bucket->VisitLive("", [&](const std::string& key, const fakecloud::ObjectVersion& version) {
    const auto versions = bucket->keys.find(key);
    const std::size_t count = versions == bucket->keys.end() ? 1 : versions->second.size();
    objects.push_back(Describe(key, version, count));
    return true;
  });
  return objects;
}

std::vector<FakeUpload> FakeCloud::OpenUploads(std::string_view bucket_name) const {
  std::vector<FakeUpload> uploads;
  Storage::Access access = impl_->storage.Lock();
  const fakecloud::Bucket* bucket = access.Find(bucket_name);
  if (bucket == nullptr) return uploads;
  for (const auto& [id, upload] : bucket->uploads) {
    FakeUpload open{upload.key, id, upload.parts.size(), 0};
    for (const auto& [number, part] : upload.parts) open.size_bytes += part.content.size();
    uploads.push_back(std::move(open));
  }
  return uploads;
}

std::uint64_t FakeCounters::Requests(const std::string& operation) const {
  const auto found = requests.find(operation);
  return found == requests.end() ? 0 : found->second;
}

std::uint64_t FakeCounters::TotalRequests() const {
  std::uint64_t total = 0;
  for (const auto& [operation, count] : requests) total += count;
  return total;
}

Status FakeCloud::PutGcsObject(std::string_view bucket, std::string_view key,
                               std::string_view bytes,
                               const std::map<std::string, std::string>& headers) {
  return impl_->gcs.PutObject(bucket, key, bytes, headers);
}

std::optional<std::string> FakeCloud::GetGcsObject(std::string_view bucket,
                                                   std::string_view key) const {
  return impl_->gcs.GetObject(bucket, key);
}

bool FakeCloud::RemoveGcsObject(std::string_view bucket, std::string_view key) {
  return impl_->gcs.RemoveObject(bucket, key);
}

std::vector<FakeObject> FakeCloud::ListGcsObjects(std::string_view bucket) const {
  return impl_->gcs.ListObjects(bucket);
}

std::vector<FakeUpload> FakeCloud::OpenGcsUploads(std::string_view bucket) const {
  return impl_->gcs.OpenUploads(bucket);
}

std::vector<FakeUpload> FakeCloud::OpenAzureUploads(std::string_view container) const {
  return impl_->azure_storage.OpenUploads(container);
}

}  // namespace godwit
