#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fakecloud/counters.h"
#include "fakecloud/fake_cloud.h"
#include "fakecloud/fault.h"
#include "fakecloud/gcs_service.h"
#include "fakecloud/gcs_storage.h"
#include "fakecloud/http_server.h"

namespace fakecloud {

// Cloud Storage with its listener, buckets and counters: what FakeCloud has of it. As thread-safe
// as that.
class GcsListener {
 public:
  // `options` and `faults` are borrowed.
  GcsListener(const godwit::FakeCloudOptions& options, FaultEngine& faults);

  void Fill();  // With the buckets of the options, and nothing else.
  // Keeps the buckets, and brings them back; the sessions that are open then are forgotten.
  void Save();
  void Restore();
  godwit::Status Listen();
  void Stop();
  std::string endpoint() const { return server_->endpoint(); }
  void AddCounters(godwit::FakeCounters& counters) const;
  void ResetCounters();

  void CreateBucket(std::string_view bucket);
  godwit::Status PutObject(std::string_view bucket, std::string_view key, std::string_view bytes,
                           const std::map<std::string, std::string>& headers);
  std::optional<std::string> GetObject(std::string_view bucket, std::string_view key);
  bool RemoveObject(std::string_view bucket, std::string_view key);
  std::vector<godwit::FakeObject> ListObjects(std::string_view bucket);
  // Sessions and uploads in parts.
  std::vector<godwit::FakeUpload> OpenUploads(std::string_view bucket);

 private:
  const godwit::FakeCloudOptions& options_;
  const GcsOptions gcs_options_;
  GcsStorage storage_;
  Counters counters_;
  GcsService service_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace fakecloud
