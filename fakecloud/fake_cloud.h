#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/result.h"

namespace godwit {

struct FakeCredential {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // Empty: a long-lived key.
};

// A bucket whose `object_count` keys are generated while it is listed, and never stored. Its
// objects consist of NUL bytes; it cannot be written to.
struct FakeSyntheticBucket {
  std::string name;
  std::uint64_t object_count = 0;
  std::uint64_t object_size = 0;
};

// Cloud Storage beside S3, with buckets of the same names.
struct FakeGcsOptions {
  std::uint16_t port = 0;                // 0: any free port.
  std::string token = "fakecloudtoken";  // A bearer token that is always accepted.
  std::string refresh_token = "fakecloudrefresh";
  std::string public_key;           // PEM: who signs assertions for /token; empty: nobody.
  bool require_token = false;       // Refuse requests that bring none.
  std::uint64_t rewrite_bytes = 0;  // Most bytes of one rewrite call; 0: all.
};

// The Azure listener: an account of its own in the same process.
struct FakeAzureOptions {
  std::uint16_t port = 0;  // 0: any free port.
  std::string account = "fakecloudaccount";
  std::string key_base64 = "ZmFrZWNsb3Vka2V5ZmFrZWNsb3Vka2V5ZmFrZWNsb3Vka2V5ZmFrZWNsb3VkMQ==";
  std::set<std::string> bearer_tokens;  // That are accepted beside the key.
  std::vector<std::string> containers;  // To create at the start.
  bool hierarchical = false;            // Folders are real.
};

// How the server is set up. The defaults are AWS as a client meets it.
struct FakeCloudOptions {
  std::string address = "127.0.0.1";  // Where all listeners bind; an IPv4 address.
  std::uint16_t s3_port = 0;          // 0: any free port.
  FakeAzureOptions azure;
  std::uint16_t control_port = 0;  // The control address is always on 127.0.0.1.
  std::string certificate_file;    // PEM; with `key_file`: https for the services.
  std::string key_file;

  std::string region = "us-east-1";
  std::vector<FakeCredential> credentials{{"fakecloudaccess", "fakecloudsecret", ""}};
  std::vector<std::string> buckets;       // To create at the start; "NAME@REGION" elsewhere.
  std::set<std::string> foreign_buckets;  // Names that belong to other accounts.
  std::set<std::string> public_buckets;   // That anyone may read and list without a signature.
  std::vector<FakeSyntheticBucket> synthetic;
  std::string faults;  // A fault script (README.md); empty: none.

  FakeGcsOptions gcs;

  std::uint32_t page_size = 1000;          // Largest page of a listing.
  std::uint64_t part_bytes_min = 5 << 20;  // Of every part but the last.
  std::int64_t clock_offset_seconds = 0;   // The server's clock goes wrong by this much.
  // A repeated CompleteMultipartUpload answers 200 as the first did, instead of NoSuchUpload. AWS
  // does either, depending on the time that has passed.
  bool complete_is_repeatable = false;
  // Every object is encrypted with KMS: ETags are no MD5s.
  bool kms = false;
  bool discard = false;   // Keep sizes and digests only: a sink for benchmarks.
  std::string spill_dir;  // Bodies of 1 MiB and more go to unnamed files in this folder.
};

// What the server holds under a key.
struct FakeObject {
  std::string key;
  std::uint64_t size_bytes = 0;
  std::string etag;
  std::string crc64nvme_base64;  // Computed by the server, whatever checksum was sent.
  std::string storage_class;
  std::map<std::string, std::string> headers;  // Lower-case names: content headers, x-amz-meta-.
  std::map<std::string, std::string> tags;
  std::size_t version_count = 0;  // Delete markers included.
};

struct FakeUpload {
  std::string key;
  std::string upload_id;
  std::size_t part_count = 0;
  std::uint64_t size_bytes = 0;
};

// What has happened since the start, or the last reset.
struct FakeCounters {
  std::map<std::string, std::uint64_t> requests;  // By operation: "s3:PutObject", "azure:PutBlob".
  std::map<std::string, std::uint64_t> statuses;  // By HTTP status.
  struct Fault {
    std::uint64_t matched = 0;
    std::uint64_t fired = 0;
  };
  std::vector<Fault> faults;  // By index in the script.
  std::uint64_t connections = 0;
  std::uint64_t in_flight_max = 0;   // Most requests at one time.
  std::uint64_t bytes_received = 0;  // Of bodies.
  std::uint64_t bytes_sent = 0;      // Of bodies.

  std::uint64_t Requests(const std::string& operation) const;  // "s3:PutObject"; 0 if none.
  std::uint64_t TotalRequests() const;
  std::string ToJson() const;
};

// Object-storage services in this process, for tests and rehearsals: S3, Cloud Storage and Azure.
// They verify signatures and tokens, keep the services' limits and conditions, and do wrong what a
// fault script says.
//
// Every function is safe from any thread. The direct access below counts no requests and meets no
// faults.
class FakeCloud {
 public:
  static Result<std::unique_ptr<FakeCloud>> Start(const FakeCloudOptions& options);
  ~FakeCloud();  // Stops.
  FakeCloud(const FakeCloud&) = delete;
  FakeCloud& operator=(const FakeCloud&) = delete;

  // Ends all connections and listeners. Direct access goes on working.
  void Stop();
  // Waits until somebody asks for a stop over the control address, or RequestStop() is called.
  void WaitForStopRequest();
  void RequestStop();

  std::string s3_endpoint() const;     // "http://127.0.0.1:4711"
  std::string gcs_endpoint() const;    // Likewise; also of /token and the metadata server.
  std::string azure_endpoint() const;  // "http://127.0.0.1:4713/fakecloudaccount"
  std::string azure_connection_string() const;
  std::string control_endpoint() const;  // "http://127.0.0.1:4712"

  // Replaces the fault script; its counts begin again. Nothing changes on failure.
  Status SetFaults(std::string_view script);
  FakeCounters Counters() const;
  void ResetCounters();
  // Back to the state after Start: buckets and script of the options, nothing else, counts 0.
  Status Reset();

  // Keeps the contents of all buckets, with the uploads in parts that are open; what was kept last
  // comes back by Restore(), as often as it is asked for. Before the first time nothing is kept.
  void Save();
  void Restore();

  Status CreateBucket(std::string_view bucket);
  // `headers` in lower case: content headers, x-amz-meta-..., x-amz-storage-class.
  Status PutObject(std::string_view bucket, std::string_view key, std::string_view bytes,
                   const std::map<std::string, std::string>& headers = {});
  std::optional<std::string> GetObject(std::string_view bucket, std::string_view key) const;
  // Removes a key with all its versions; false if there was none.
  bool RemoveObject(std::string_view bucket, std::string_view key);
  // The bytes of a blob; nothing if there is none.
  std::optional<std::string> GetBlob(std::string_view container, std::string_view name) const;
  std::vector<std::string> ListBlobs(std::string_view container) const;

  // Live objects in byte order of their keys.
  std::vector<FakeObject> ListObjects(std::string_view bucket) const;
  std::vector<FakeUpload> OpenUploads(std::string_view bucket) const;

  // The same of Cloud Storage. `etag` is the generation, `headers` has the content fields by their
  // JSON names and metadata as "x-goog-meta-...".
  Status PutGcsObject(std::string_view bucket, std::string_view key, std::string_view bytes,
                      const std::map<std::string, std::string>& headers = {});
  std::optional<std::string> GetGcsObject(std::string_view bucket, std::string_view key) const;
  bool RemoveGcsObject(std::string_view bucket, std::string_view key);
  std::vector<FakeObject> ListGcsObjects(std::string_view bucket) const;
  // Sessions have no parts.
  std::vector<FakeUpload> OpenGcsUploads(std::string_view bucket) const;

  // Blobs with uncommitted blocks; there is no id.
  std::vector<FakeUpload> OpenAzureUploads(std::string_view container) const;

 private:
  FakeCloud();
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace godwit
