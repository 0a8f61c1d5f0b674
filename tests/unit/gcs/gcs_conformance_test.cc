#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "fakecloud/fake_cloud.h"
#include "lib/base/clock.h"
#include "lib/checksum/crc.h"
#include "lib/http/curl_transport.h"
#include "lib/http/json_writer.h"
#include "lib/policy/permit_issuer.h"
#include "lib/store/gcs/gcs_store.h"
#include "lib/store/retrying_store.h"
#include "tests/unit/fake_transport.h"
#include "tests/unit/google_test_key.h"

// The scenarios of Google's retry conformance tests (storage/v1/retry_tests.json, S1-S8), for every
// operation that godwit uses. Where those forbid to repeat an unconditional write, godwit looks
// whether it is done before it repeats it.

namespace godwit {
namespace {

const std::string kBody = "conformance";

DigestSet DigestsOf(std::string_view text) {
  return {Digest::Crc32c(Crc32c(0, std::as_bytes(std::span(text)))),
          Digest::Crc64Nvme(Crc64Nvme(0, std::as_bytes(std::span(text))))};
}

// A bucket with one object, on a fakecloud of its own.
struct Bench {
  explicit Bench(const std::function<void(FakeCloudOptions&)>& change = {}) {
    FakeCloudOptions options;
    options.buckets = {"lake"};
    if (change) change(options);
    cloud = std::move(FakeCloud::Start(options)).value();
    transport = std::move(CurlTransport::Create({})).value();
    config.bucket = "lake";
    config.endpoint = cloud->gcs_endpoint();
    config.is_google = false;
    Open();
    EXPECT_TRUE(cloud->PutGcsObject("lake", "old", kBody).ok());
    version = cloud->ListGcsObjects("lake").front().etag;
  }
  void Open() {
    plain = std::make_unique<GcsStore>(config, *transport, clock, log);
    store = std::make_unique<RetryingStore>(*plain, RetryPolicy::Immediate(4), 1,
                                            [](const CallContext&, std::chrono::milliseconds) {});
  }
  // `what`: faults in order, each hit once by the operation.
  void Break(const std::string& operation, const std::vector<std::string>& what) {
    std::string script;
    for (std::size_t i = 0; i < what.size(); ++i) {
      script += (i == 0 ? "[" : ",");
      script += "{\"on\":{\"op\":\"" + operation + "\",\"nth\":" + std::to_string(i + 1) +
                "},\"do\":{" + what[i] + "}}";
    }
    ASSERT_TRUE(cloud->SetFaults(script + "]").ok()) << script;
  }
  std::uint64_t Fired() const {
    std::uint64_t fired = 0;
    for (const auto& fault : cloud->Counters().faults) fired += fault.fired;
    return fired;
  }

  std::unique_ptr<FakeCloud> cloud;
  std::unique_ptr<CurlTransport> transport;
  SystemClock clock;
  std::ostringstream log_text;
  Log log{log_text, LogLevel::kWarning, LogFormat::kText};
  GcsConfig config;
  WritePermit permit = PermitIssuer().Judge("");
  std::unique_ptr<GcsStore> plain;
  std::unique_ptr<RetryingStore> store;
  Version version;
};

const std::string k503 = R"("fault":"status","status":503)";
const std::string kReset = R"("fault":"lose_answer","when":"before","by":"reset")";
const std::string kLost = R"("fault":"lose_answer","by":"reset")";
const std::vector<std::vector<std::string>> kPassing{
    {k503, k503}, {kReset, kReset}, {kReset, k503}};

// One operation of the JSON API, as godwit comes to it.
struct Method {
  std::string operation;
  std::function<Status(Bench&, const WriteCondition&)> call;
};

std::vector<Method> Reads() {
  return {
      {"buckets.get", [](Bench& b, const auto&) { return b.store->Locate({}).status(); }},
      {"buckets.insert",
       [](Bench& b, const auto&) { return b.store->CreateContainer({}, b.permit, ""); }},
      {"objects.get", [](Bench& b, const auto&) { return b.store->Head({}, "old").status(); }},
      {"objects.list", [](Bench& b, const auto&) { return b.store->List({}, {}).status(); }},
      {"objects.getMedia",
       [](Bench& b, const auto&) {
         StringSink sink;
         const Status status = b.store->Get({}, "old", {}, sink).status();
         if (status.ok()) {
           EXPECT_EQ(sink.text.substr(sink.text.size() - kBody.size()), kBody);
         }
         return status;
       }},
  };
}

std::vector<Method> Writes() {
  return {
      {"batch",
       [](Bench& b, const WriteCondition& condition) {
         EXPECT_TRUE(b.cloud->PutGcsObject("lake", "other", kBody).ok());
         const std::vector<DeleteRequest> requests{{"old", condition.version}, {"other", ""}};
         const auto statuses = b.store->Delete({}, b.permit, requests);
         return statuses.ok() ? statuses->front() : statuses.status();
       }},
      {"resumable.start",
       [](Bench& b, const WriteCondition& condition) {
         UploadOptions options;
         options.condition = condition;
         return b.store->BeginUpload({}, b.permit, "old", options).status();
       }},
      {"objects.insert",
       [](Bench& b, const WriteCondition& condition) {
         MemorySource body = SourceOf(kBody);
         const bool create = condition.kind != WriteCondition::Kind::kNone;
         PutOptions options{
             create ? WriteCondition::CreateOnly() : condition, {}, DigestsOf(kBody)};
         return b.store->Put({}, b.permit, "new", options, body).status();
       }},
      {"objects.delete",
       [](Bench& b, const WriteCondition& condition) {
         const DeleteRequest request{"old", condition.version};
         const auto statuses = b.store->Delete({}, b.permit, {&request, 1});
         return statuses.ok() ? statuses->front() : statuses.status();
       }},
      {"objects.patch",
       [](Bench& b, const WriteCondition&) {
         ObjectAttributes attributes;
         attributes.user_metadata = {{"a", "1"}};
         return b.store->SetMetadata({}, b.permit, "old", b.version, attributes).status();
       }},
      {"objects.rewrite",
       [](Bench& b, const WriteCondition& condition) {
         const bool create = condition.kind != WriteCondition::Kind::kNone;
         PutOptions options{
             create ? WriteCondition::CreateOnly() : condition, {}, DigestsOf(kBody)};
         return b.store->Copy({}, b.permit, {"lake", "old", b.version}, "new", options).status();
       }},
  };
}

TEST(GcsRetryConformanceTest, S1ReadsAreRepeated) {
  for (const Method& method : Reads()) {
    for (const auto& faults : kPassing) {
      Bench bench;
      bench.Break(method.operation, faults);
      const Status status = method.call(bench, {});
      EXPECT_TRUE(status.ok()) << method.operation << ": " << status;
      EXPECT_EQ(bench.Fired(), 2u) << method.operation;
    }
  }
}

TEST(GcsRetryConformanceTest, S2ConditionalWritesAreRepeated) {
  for (const Method& method : Writes()) {
    for (const auto& faults : kPassing) {
      Bench bench;
      bench.Break(method.operation, faults);
      const Status status = method.call(bench, WriteCondition::IfVersion(bench.version));
      EXPECT_TRUE(status.ok()) << method.operation << ": " << status;
      EXPECT_EQ(bench.Fired(), 2u) << method.operation;
    }
  }
}

// Without the right to see a bucket the region is asked for in another way.
TEST(GcsRetryConformanceTest, S1TheLayoutOfABucketIsAskedAgain) {
  for (const std::string& fault : {k503, kReset}) {
    Bench bench;
    ASSERT_TRUE(bench.cloud
                    ->SetFaults(R"([{"on":{"op":"buckets.get"},"times":0,
                                     "do":{"fault":"status","status":403}},
                                    {"on":{"op":"buckets.getStorageLayout"},"do":{)" +
                                fault + "}}]")
                    .ok());
    EXPECT_TRUE(bench.store->Locate({}).ok());
    EXPECT_EQ(bench.cloud->Counters().faults.at(1).matched, 2u);
  }
}

TEST(GcsRetryConformanceTest, S3UnconditionalWritesAreLookedUpBeforeTheyAreRepeated) {
  for (const Method& method : Writes()) {
    // A change of metadata always has a condition; a session publishes nothing.
    if (method.operation == "objects.patch" || method.operation == "resumable.start") continue;
    for (const std::string& fault : {k503, kReset}) {
      Bench bench;
      bench.Break(method.operation, {fault});
      EXPECT_TRUE(method.call(bench, {}).ok()) << method.operation;
      const FakeCounters counters = bench.cloud->Counters();
      // What is copied is looked at for itself, each time.
      const std::uint64_t own_looks = method.operation == "objects.rewrite" ? 2 : 0;
      EXPECT_GT(counters.Requests("gcs:objects.get"), own_looks) << method.operation;
      EXPECT_EQ(counters.Requests("gcs:" + method.operation), 2u) << method.operation;
    }
  }
}

// The one that finds errors of idempotency: the write happened, and its answer was lost.
TEST(GcsRetryConformanceTest, S2LostAnswersOfWritesAreNoConflict) {
  for (const Method& method : Writes()) {
    Bench bench;
    bench.Break(method.operation, {kLost});
    const Status status = method.call(bench, WriteCondition::IfVersion(bench.version));
    EXPECT_TRUE(status.ok()) << method.operation << ": " << status;
    EXPECT_EQ(bench.Fired(), 1u) << method.operation;
  }
}

TEST(GcsRetryConformanceTest, S5AndS6FinalErrorsAreNotRepeated) {
  std::vector<Method> methods = Reads();
  for (Method& method : Writes()) methods.push_back(std::move(method));
  for (const Method& method : methods) {
    for (const int code : {400, 401, 403, 412}) {
      // Who may not see a bucket may still ask where it is.
      if (code == 403 && method.operation == "buckets.get") continue;
      Bench bench;
      const std::string fatal = "\"fault\":\"status\",\"status\":" + std::to_string(code);
      bench.Break(method.operation, {fatal, fatal});
      EXPECT_FALSE(method.call(bench, WriteCondition::IfVersion(bench.version)).ok())
          << method.operation << code;
      EXPECT_EQ(bench.Fired(), 1u) << method.operation << code;
      bench.Break(method.operation, {k503, fatal});
      EXPECT_FALSE(method.call(bench, WriteCondition::IfVersion(bench.version)).ok())
          << method.operation << code;
      EXPECT_EQ(bench.Fired(), 2u) << method.operation << code;
      bench.Break(method.operation, {kReset, fatal});
      EXPECT_FALSE(method.call(bench, WriteCondition::IfVersion(bench.version)).ok())
          << method.operation << code;
      EXPECT_EQ(bench.Fired(), 2u) << method.operation << code;
    }
  }
}

// An upload of some parts and a rest as one stream; true if what is stored is what was sent.
bool UploadsWhole(Bench& bench, std::uint64_t part_bytes = 512 << 10) {
  const std::string bytes = std::string(2 * part_bytes, 'a') + std::string(part_bytes, 'b') + "end";
  UploadOptions options;
  options.size_bytes = bytes.size();
  options.part_size_bytes = part_bytes;
  options.condition = WriteCondition::CreateOnly();
  const Result<Secret> id = bench.store->BeginUpload({}, bench.permit, "big", options);
  EXPECT_TRUE(id.ok()) << id.status();
  if (!id.ok()) return false;
  std::vector<PartReceipt> parts;
  for (std::uint32_t i = 0; i * options.part_size_bytes < bytes.size(); ++i) {
    const std::uint64_t offset = i * options.part_size_bytes;
    MemorySource body = SourceOf(std::string_view(bytes).substr(offset, options.part_size_bytes));
    const auto part = bench.store->PutPart({}, bench.permit, "big", *id, {i, offset, {}}, body);
    EXPECT_TRUE(part.ok()) << part.status();
    if (!part.ok()) return false;
    parts.push_back(*part);
  }
  FinishOptions finish;
  finish.size_bytes = bytes.size();
  finish.digests = DigestsOf(bytes);
  const auto receipt = bench.store->FinishUpload({}, bench.permit, "big", *id, parts, finish);
  EXPECT_TRUE(receipt.ok()) << receipt.status();
  return receipt.ok() && bench.cloud->GetGcsObject("lake", "big") == bytes;
}

TEST(GcsRetryConformanceTest, S7ResumableUploadsGoOnWhereTheyStopped) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases{
      {"resumable.start", {k503, kReset}},  {"resumable.put", {k503, kReset}},
      {"resumable.put", {kLost}},           {"resumable.put", {kReset, k503}},
      {"resumable.finish", {k503, kReset}}, {"resumable.finish", {kLost}},
      {"resumable.finish", {kReset, k503}}};
  for (const auto& [operation, faults] : cases) {
    Bench bench;
    bench.Break(operation, faults);
    EXPECT_TRUE(UploadsWhole(bench)) << operation;
    EXPECT_EQ(bench.Fired(), faults.size()) << operation;
  }
}

// The answer or the connection comes to its end after so many bytes; what has arrived is kept.
TEST(GcsRetryConformanceTest, S7UploadsThatBreakInTheMiddleGoOnFromWhatIsKept) {
  constexpr std::uint64_t kMiB = 1 << 20;
  const std::string k408 = R"("fault":"status","status":408)";
  struct Break {
    std::uint64_t part_bytes, after;
    std::string second;  // What follows upon the cut; none: nothing.
  };
  for (const Break& what : {Break{kMiB, 256 << 10, ""}, Break{kMiB, 300'001, ""},
                            Break{12 * kMiB, 8 * kMiB, ""}, Break{12 * kMiB, 8 * kMiB, k408}}) {
    for (const bool answered : {true, false}) {
      Bench bench;
      const std::string on = R"({"on":{"op":"resumable.put")";
      std::string script = "[" + on + R"(},"do":{"fault":"cut_body","side":"request","by":"rst",)" +
                           "\"after\":" + std::to_string(what.after) + "}}";
      if (answered) script += "," + on + R"(},"do":{)" + k503 + R"(,"when":"after"}})";
      if (!what.second.empty()) script += "," + on + R"(,"nth":2},"do":{)" + what.second + "}}";
      ASSERT_TRUE(bench.cloud->SetFaults(script + "]").ok()) << script;
      EXPECT_TRUE(UploadsWhole(bench, what.part_bytes)) << script;
      EXPECT_EQ(bench.Fired(), 1u + (answered ? 1 : 0) + (what.second.empty() ? 0 : 1));
      EXPECT_GE(bench.cloud->Counters().Requests("gcs:resumable.query"), 1u);
    }
  }
  for (const char* operation : {"resumable.start", "resumable.put", "resumable.finish"}) {
    Bench bench;
    bench.Break(operation, {k408});
    EXPECT_TRUE(UploadsWhole(bench)) << operation;
    EXPECT_EQ(bench.Fired(), 1u) << operation;
  }
}

TEST(GcsRetryConformanceTest, S7DamagedBytesAreNeverPublished) {
  for (const char* operation : {"objects.insert"}) {
    Bench bench;
    bench.Break(operation, {R"("fault":"corrupt","side":"request","offset":"middle")"});
    MemorySource body = SourceOf(kBody);
    ASSERT_TRUE(bench.store->Put({}, bench.permit, "new", {}, body).ok());
    EXPECT_EQ(bench.cloud->GetGcsObject("lake", "new"), kBody);
    EXPECT_EQ(bench.Fired(), 1u);
  }
  Bench bench;
  bench.Break("resumable.put", {R"("fault":"corrupt","side":"request","offset":"middle")"});
  const std::string bytes(512 << 10, 'a');
  UploadOptions options;
  options.size_bytes = options.part_size_bytes = bytes.size();
  const Result<Secret> id = bench.store->BeginUpload({}, bench.permit, "big", options);
  MemorySource body = SourceOf(bytes);
  const auto part = bench.store->PutPart({}, bench.permit, "big", *id, {0, 0, {}}, body);
  ASSERT_TRUE(part.ok()) << part.status();
  FinishOptions finish;
  finish.size_bytes = bytes.size();
  finish.digests = DigestsOf(bytes);
  const auto receipt = bench.plain->FinishUpload({}, bench.permit, "big", *id, {&*part, 1}, finish);
  EXPECT_TRUE(receipt.status().Is(ErrorKind::kCorrupted)) << receipt.status();
  EXPECT_FALSE(bench.cloud->GetGcsObject("lake", "big").has_value());
}

TEST(GcsRetryConformanceTest, S8BrokenDownloadsAreRepeated) {
  for (const char* fault : {R"("fault":"cut_body","after":0)", R"("fault":"cut_body","after":4)",
                            R"("fault":"cut_body","after":10,"by":"rst")"}) {
    Bench bench;
    bench.Break("objects.getMedia", {fault, fault});
    StringSink sink;
    const auto meta = bench.store->Get({}, "old", {}, sink);
    ASSERT_TRUE(meta.ok()) << meta.status();
    EXPECT_EQ(sink.text.substr(sink.text.size() - kBody.size()), kBody);
    EXPECT_EQ(bench.Fired(), 2u);
  }
}

TEST(GcsRetryConformanceTest, S8DownloadsThatBreakAfter256KiBAreRepeated) {
  std::string bytes(512 << 10, 'a');
  bytes += "end";
  Bench bench;
  ASSERT_TRUE(bench.cloud->PutGcsObject("lake", "long", bytes).ok());
  for (const std::uint64_t length : {bytes.size(), bytes.size() - 5}) {
    bench.Break("objects.getMedia", {R"("fault":"cut_body","after":262144,"by":"rst")",
                                     R"("fault":"cut_body","after":262144)"});
    StringSink sink;
    const auto meta = bench.store->Get({}, "long", {bytes.size() - length, length, ""}, sink);
    ASSERT_TRUE(meta.ok()) << meta.status();
    EXPECT_EQ(sink.text.substr(sink.text.size() - length), bytes.substr(bytes.size() - length));
    EXPECT_EQ(bench.Fired(), 2u);
  }
}

TEST(GcsSignInTest, AssertionIsVerifiedAndEndedTokensAreRenewed) {
  Bench bench([](FakeCloudOptions& options) {
    options.gcs.require_token = true;
    options.gcs.public_key = kGoogleTestPublicKey;
    options.gcs.token = "";
  });
  const std::string file = WriteJson(JsonValue(
      JsonValue::Object{{"type", JsonValue(std::string("service_account"))},
                        {"client_email", JsonValue(std::string("robot@example"))},
                        {"private_key", JsonValue(kGoogleTestKey)},
                        {"token_uri", JsonValue(bench.cloud->gcs_endpoint() + "/token")}}));
  GoogleTokenSource::Options options;
  options.credentials_file = "/sa.json";
  options.environment = [](std::string_view) { return std::nullopt; };
  options.read_file = [file](const std::string&) -> Result<std::string> { return file; };
  options.transport = std::move(CurlTransport::Create({})).value();
  EXPECT_EQ(bench.plain->List({}, {}).status().kind(), ErrorKind::kUnauthenticated);
  bench.config.tokens =
      std::make_shared<GoogleTokenSource>(std::move(options), bench.clock, bench.log);
  bench.Open();
  ASSERT_TRUE(bench.cloud->SetFaults(R"([{"do":{"fault":"expire_credentials","after":4}}])").ok());
  for (int i = 0; i < 6; ++i) {
    const Status status = bench.plain->List({}, {}).status();
    EXPECT_TRUE(status.ok()) << status;
  }
  EXPECT_EQ(bench.cloud->Counters().Requests("gcs:token"), 2u);
}

}  // namespace
}  // namespace godwit
