#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "fakecloud/fake_cloud.h"
#include "lib/auth/azure_credentials.h"
#include "lib/base/clock.h"
#include "lib/checksum/crc.h"
#include "lib/http/curl_transport.h"
#include "lib/policy/permit_issuer.h"
#include "lib/store/azure/azure_store.h"
#include "lib/store/gcs/gcs_store.h"
#include "lib/store/retrying_store.h"
#include "lib/store/s3/s3_store.h"

// What is done after which failure of which operation, for every service: what is idempotent, or
// carries a condition, is repeated; of a write that may have happened it is seen first whether it
// has; a condition that is lost is final, a race is not.

namespace godwit {
namespace {

const std::string kBody = "the rules of repetition";

DigestSet Digests() {
  const auto bytes = std::as_bytes(std::span(kBody));
  return {Digest::Crc64Nvme(Crc64Nvme(0, bytes)), Digest::Crc32c(Crc32c(0, bytes))};
}

class FixedCredentials final : public AwsCredentialProvider {
 public:
  Result<AwsCredentials> Get(bool) override {
    return AwsCredentials{"fakecloudaccess", Secret("fakecloudsecret"), {}, {}, "the test"};
  }
};

// A failure as a service words it, and what it means.
struct Failure {
  std::string name;
  std::string fault;       // Members of a fault's "do".
  bool repeated = true;    // Otherwise it is final.
  bool ambiguous = false;  // The write may have happened.
};

Failure Passing(int status, const std::string& code, bool ambiguous) {
  return {
      std::to_string(status) + " " + code,
      "\"fault\":\"status\",\"status\":" + std::to_string(status) + ",\"code\":\"" + code + "\"",
      true, ambiguous};
}

Failure Final(int status, const std::string& code) {
  Failure failure = Passing(status, code, false);
  failure.repeated = false;
  return failure;
}

const Failure kResetBefore{"reset before", R"("fault":"lose_answer","when":"before")", true, true};
const Failure kClosedBefore{"closed before",
                            R"("fault":"lose_answer","when":"before","by":"close")", true, true};
const Failure kResetAfter{"reset after", R"("fault":"lose_answer")", true, true};

// One service of a fakecloud of its own, and a store whose calls are repeated without pauses.
class Bench {
 public:
  explicit Bench(const std::string& service) : service_(service) {
    FakeCloudOptions options;
    options.buckets = {"lake"};
    options.azure.containers = {"lake"};
    cloud_ = std::move(FakeCloud::Start(options)).value();
    transport_ = std::move(CurlTransport::Create({})).value();
    Open();
    EXPECT_TRUE(plain_->Locate({}).ok());
    repeating_ =
        std::make_unique<RetryingStore>(*plain_, RetryPolicy::Immediate(3), 1,
                                        [](const CallContext&, std::chrono::milliseconds) {});
  }

  ObjectStore& plain() { return *plain_; }
  ObjectStore& store() { return *repeating_; }
  const WritePermit& permit() const { return permit_; }

  Version PutFresh(const std::string& key, const std::string& text) {
    MemorySource body(std::as_bytes(std::span(text)));
    const auto receipt = plain_->Put({}, permit_, key, {}, body);
    EXPECT_TRUE(receipt.ok()) << receipt.status();
    return receipt.ok() ? receipt->version : Version();
  }

  // The next request of the operation fails; it and looks at objects are counted from now on.
  void Break(const std::string& operation, const std::string& fault, const std::string& look = "") {
    const std::string service = "\"on\":{\"service\":\"" + service_ + "\",\"op\":";
    const std::string head = look.empty() ? R"("fault":"status","status":500)" : look;
    const std::string script = "[{" + service + "\"" + operation + "\"},\"do\":{" + fault + "}},{" +
                               service + "\"Head\",\"nth\":" + (look.empty() ? "999999" : "1") +
                               "},\"do\":{" + head + "}}]";
    const Status status = cloud_->SetFaults(script);
    ASSERT_TRUE(status.ok()) << status << script;
  }
  std::uint64_t Attempts() const { return cloud_->Counters().faults.at(0).matched; }
  std::uint64_t Fired() const { return cloud_->Counters().faults.at(0).fired; }
  std::uint64_t Looks() const { return cloud_->Counters().faults.at(1).matched; }
  void Mend() { ASSERT_TRUE(cloud_->SetFaults("[]").ok()); }

 private:
  void Open() {
    if (service_ == "s3") {
      S3Config config;
      config.bucket = "lake";
      config.endpoint = cloud_->s3_endpoint();
      config.region = "us-east-1";
      config.credentials = std::make_shared<FixedCredentials>();
      plain_ = std::move(S3Store::Create(std::move(config), *transport_, clock_, log_)).value();
    } else if (service_ == "gcs") {
      GcsConfig config;
      config.bucket = "lake";
      config.endpoint = cloud_->gcs_endpoint();
      config.is_google = false;
      plain_ = std::make_unique<GcsStore>(std::move(config), *transport_, clock_, log_);
    } else {
      AzureConfig config;
      config.container = "lake";
      config.account = ParseAzureConnectionString(cloud_->azure_connection_string()).value();
      plain_ = std::move(AzureStore::Create(std::move(config), nullptr, *transport_, clock_, log_))
                   .value();
    }
  }

  const std::string service_;
  std::unique_ptr<FakeCloud> cloud_;
  std::unique_ptr<CurlTransport> transport_;
  SystemClock clock_;
  std::ostringstream log_text_;
  Log log_{log_text_, LogLevel::kError, LogFormat::kText};
  WritePermit permit_ = PermitIssuer().Judge("");
  std::unique_ptr<ObjectStore> plain_;
  std::unique_ptr<RetryingStore> repeating_;
};

// What a service calls things, where the names of the store contract do not do.
struct Dialect {
  std::string service;
  std::string locate, list_parts, set_metadata, begin;
  std::vector<Failure> passing;  // For every operation.
  std::vector<Failure> of_writes;
};

void PrintTo(const Dialect& dialect, std::ostream* out) { *out << dialect.service; }

std::vector<Dialect> Dialects() {
  const std::vector<Failure> lost{kResetBefore, kClosedBefore};
  const auto with = [&lost](std::vector<Failure> failures) {
    failures.insert(failures.end(), lost.begin(), lost.end());
    return failures;
  };
  return {
      {"s3",
       "HeadBucket",
       "ListParts",
       "CopyObject",
       "CreateMultipartUpload",
       with({Passing(408, "RequestTimeout", false), Passing(429, "TooManyRequestsException", false),
             Passing(500, "InternalError", true), Passing(502, "BadGateway", true),
             Passing(503, "ServiceUnavailable", true), Passing(504, "GatewayTimeout", true)}),
       {Passing(503, "SlowDown", false), Passing(409, "ConditionalRequestConflict", false),
        Passing(409, "OperationAborted", false), Final(412, "PreconditionFailed"),
        Final(403, "AccessDenied"), Final(400, "InvalidArgument")}},
      {"gcs",
       "buckets.get",
       "resumable.query",
       "objects.patch",
       "resumable.start",
       with({Passing(408, "requestTimeout", true), Passing(429, "rateLimitExceeded", false),
             Passing(500, "backendError", true), Passing(502, "backendError", true),
             Passing(503, "backendError", true), Passing(504, "backendError", true)}),
       {Passing(403, "userRateLimitExceeded", false), Passing(409, "conflict", false),
        Final(412, "conditionNotMet"), Final(403, "forbidden"), Final(400, "invalid")}},
      {"azure",
       "GetContainerProperties",
       "GetBlockList",
       "SetBlobMetadata",
       "GetBlockList",
       with({Passing(408, "RequestTimeout", false), Passing(429, "TooManyRequests", false),
             Passing(500, "InternalError", true), Passing(500, "OperationTimedOut", true),
             Passing(502, "BadGateway", true), Passing(503, "ServerBusy", false),
             Passing(504, "GatewayTimeout", true)}),
       {Passing(409, "PendingCopyOperation", false), Passing(409, "ContainerBeingDeleted", false),
        Final(409, "BlobAlreadyExists"), Final(412, "ConditionNotMet"),
        Final(403, "AuthorizationPermissionMismatch"), Final(400, "InvalidInput")}}};
}

using Kind = WriteCondition::Kind;

// What a call needs before it can be made.
struct Ready {
  WriteCondition condition;
  std::string key;
  Version source;   // Of the object "source".
  Version version;  // Of the object under `key`, if there is one.
  Secret upload;
  PartReceipt part;
};

struct Call {
  std::string name;
  std::string operation;
  std::function<Status(Bench&, const Ready&)> run;
  std::vector<Kind> conditions{Kind::kNone};
};

PutOptions OptionsOf(const Ready& ready) { return {ready.condition, {}, Digests()}; }

UploadOptions UploadOf(const Ready& ready) {
  UploadOptions options;
  options.condition = ready.condition;
  options.size_bytes = options.part_size_bytes = kBody.size();
  return options;
}

Result<PartReceipt> SendPart(Bench& bench, ObjectStore& store, const Ready& ready) {
  MemorySource body(std::as_bytes(std::span(kBody)));
  return store.PutPart({}, bench.permit(), ready.key, ready.upload, {0, 0, Digests()}, body);
}

std::vector<Call> IdempotentCalls(const Dialect& dialect) {
  return {
      {"Locate", dialect.locate,
       [](Bench& b, const Ready&) { return b.store().Locate({}).status(); }},
      {"List", "List", [](Bench& b, const Ready&) { return b.store().List({}, {}).status(); }},
      {"Head", "Head",
       [](Bench& b, const Ready&) { return b.store().Head({}, "source").status(); }},
      {"Get", "Get",
       [](Bench& b, const Ready& ready) {
         std::string text;
         class Sink final : public ByteSink {
          public:
           explicit Sink(std::string& out) : out_(out) {}
           Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override {
             out_.resize(offset);
             out_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
             return Status::Ok();
           }

          private:
           std::string& out_;
         } sink(text);
         const Status status = b.store().Get({}, "source", {0, 0, ready.source}, sink).status();
         EXPECT_TRUE(!status.ok() || text == kBody);
         return status;
       }},
      {"ListParts", dialect.list_parts,
       [](Bench& b, const Ready& r) { return b.store().ListParts({}, r.key, r.upload).status(); }},
      {"BeginUpload", dialect.begin,
       [](Bench& b, const Ready& r) {
         return b.store().BeginUpload({}, b.permit(), r.key, UploadOf(r)).status();
       }},
      {"CreateContainer", "CreateContainer",
       [](Bench& b, const Ready&) { return b.store().CreateContainer({}, b.permit(), ""); }},
  };
}

std::vector<Call> Writes(const Dialect& dialect) {
  const std::vector<Kind> all{Kind::kNone, Kind::kCreateOnly, Kind::kIfVersion};
  return {
      {"Put", "Put",
       [](Bench& b, const Ready& r) {
         MemorySource body(std::as_bytes(std::span(kBody)));
         return b.store().Put({}, b.permit(), r.key, OptionsOf(r), body).status();
       },
       all},
      {"Copy", "Copy",
       [](Bench& b, const Ready& r) {
         return b.store()
             .Copy({}, b.permit(), {"lake", "source", r.source}, r.key, OptionsOf(r))
             .status();
       },
       all},
      {"FinishUpload", "FinishUpload",
       [](Bench& b, const Ready& r) {
         FinishOptions options;
         options.condition = r.condition;
         options.size_bytes = kBody.size();
         options.digests = Digests();
         return b.store()
             .FinishUpload({}, b.permit(), r.key, r.upload, {&r.part, 1}, options)
             .status();
       },
       all},
      {"SetMetadata",
       dialect.set_metadata,
       [](Bench& b, const Ready& r) {
         ObjectAttributes attributes;
         attributes.user_metadata = {{"a", "1"}};
         return b.store().SetMetadata({}, b.permit(), r.key, r.version, attributes).status();
       },
       {Kind::kIfVersion}},
      {"Delete",
       "Delete",
       [](Bench& b, const Ready& r) {
         const DeleteRequest request{r.key, r.condition.version};
         const auto statuses = b.store().Delete({}, b.permit(), {&request, 1});
         return statuses.ok() ? statuses->front() : statuses.status();
       },
       {Kind::kNone, Kind::kIfVersion}},
  };
}

class RetryRules : public testing::TestWithParam<Dialect> {
 protected:
  RetryRules() : bench_(GetParam().service), source_(bench_.PutFresh("source", kBody)) {}

  Ready Prepare(Kind kind, bool exists, bool uploads) {
    Ready ready;
    ready.key = "key " + std::to_string(++count_);
    ready.source = source_;
    if (exists || kind == Kind::kIfVersion)
      ready.version = bench_.PutFresh(ready.key, "other bytes");
    if (kind == Kind::kCreateOnly) ready.condition = WriteCondition::CreateOnly();
    if (kind == Kind::kIfVersion) ready.condition = WriteCondition::IfVersion(ready.version);
    if (!uploads) return ready;
    auto id = bench_.plain().BeginUpload({}, bench_.permit(), ready.key, UploadOf(ready));
    EXPECT_TRUE(id.ok()) << id.status();
    ready.upload = std::move(id).value();
    auto part = SendPart(bench_, bench_.plain(), ready);
    EXPECT_TRUE(part.ok()) << part.status();
    ready.part = std::move(part).value();
    return ready;
  }

  // Every write under every condition.
  void ForEachWrite(const std::function<void(const Call&, Kind, const Ready&)>& check) {
    for (const Call& call : Writes(GetParam())) {
      for (const Kind kind : call.conditions) {
        SCOPED_TRACE(GetParam().service + " " + call.name + ", condition " +
                     std::to_string(static_cast<int>(kind)));
        const Ready ready = Prepare(kind, call.name == "Delete", call.name == "FinishUpload");
        check(call, kind, ready);
        bench_.Mend();
      }
    }
  }

  Bench bench_;
  Version source_;
  int count_ = 0;
};

TEST_P(RetryRules, IdempotentCallsAreRepeated) {
  for (const Call& call : IdempotentCalls(GetParam())) {
    for (const Failure& failure : GetParam().passing) {
      SCOPED_TRACE(GetParam().service + " " + call.name + ", " + failure.name);
      const Ready ready = Prepare(Kind::kNone, false, call.name == "ListParts");
      bench_.Break(call.operation, failure.fault);
      const Status status = call.run(bench_, ready);
      EXPECT_TRUE(status.ok()) << status;
      EXPECT_EQ(bench_.Fired(), 1u);
      EXPECT_EQ(bench_.Attempts(), 2u);
      bench_.Mend();
    }
  }
}

TEST_P(RetryRules, PartsAreRepeated) {
  for (const Failure& failure : GetParam().passing) {
    SCOPED_TRACE(GetParam().service + " " + failure.name);
    Ready ready = Prepare(Kind::kNone, false, false);
    auto id = bench_.plain().BeginUpload({}, bench_.permit(), ready.key, UploadOf(ready));
    ready.upload = std::move(id).value();
    bench_.Break("PutPart", failure.fault);
    const auto part = SendPart(bench_, bench_.store(), ready);
    EXPECT_TRUE(part.ok()) << part.status();
    // What is less than a chunk goes to Cloud Storage with the end.
    if (GetParam().service != "gcs") {
      EXPECT_EQ(bench_.Attempts(), 2u);
    }
    bench_.Mend();
  }
}

TEST_P(RetryRules, WritesThatMayHaveHappenedAreLookedUpBeforeTheyAreRepeated) {
  std::vector<Failure> failures = GetParam().passing;
  for (const Failure& failure : GetParam().of_writes) {
    if (failure.repeated) failures.push_back(failure);
  }
  for (const Failure& failure : failures) {
    SCOPED_TRACE(failure.name);
    ForEachWrite([&](const Call& call, Kind, const Ready& ready) {
      bench_.Break(call.operation, failure.fault);
      const Status status = call.run(bench_, ready);
      EXPECT_TRUE(status.ok()) << status;
      EXPECT_EQ(bench_.Fired(), 1u);
      EXPECT_EQ(bench_.Attempts(), 2u);
      if (failure.ambiguous) {
        EXPECT_GE(bench_.Looks(), 1u);
      }
      // Others look at what they copy or change.
      if (!failure.ambiguous && call.name == "Put") {
        EXPECT_EQ(bench_.Looks(), 0u);
      }
    });
  }
}

TEST_P(RetryRules, FinalFailuresAreNotRepeated) {
  for (const Failure& failure : GetParam().of_writes) {
    if (failure.repeated) continue;
    SCOPED_TRACE(failure.name);
    ForEachWrite([&](const Call& call, Kind, const Ready& ready) {
      bench_.Break(call.operation, failure.fault);
      const Status status = call.run(bench_, ready);
      EXPECT_FALSE(status.ok());
      EXPECT_EQ(bench_.Attempts(), 1u) << status;
      const bool lost = failure.name.starts_with("412") || failure.name.starts_with("409");
      if (lost) {
        EXPECT_TRUE(status.Is(ErrorKind::kPreconditionFailed)) << status;
      }
    });
  }
}

TEST_P(RetryRules, WritesWhoseAnswerIsLostAreRecognisedAndNotRepeatedI17) {
  ForEachWrite([&](const Call& call, Kind, const Ready& ready) {
    bench_.Break(call.operation, kResetAfter.fault);
    const Status status = call.run(bench_, ready);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(bench_.Fired(), 1u);
    EXPECT_EQ(bench_.Attempts(), 1u);
  });
}

// The look-up is refused, so the write is repeated, and meets its own success.
TEST_P(RetryRules, ConditionThatIsLostToAnOwnLostAnswerIsNoConflictI17) {
  const std::string refused = Final(403, GetParam().of_writes.back().name.substr(4)).fault;
  ForEachWrite([&](const Call& call, Kind kind, const Ready& ready) {
    if (kind == Kind::kNone || call.name != "Put") return;
    bench_.Break(call.operation, kResetAfter.fault, refused);
    const Status status = call.run(bench_, ready);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(bench_.Attempts(), 2u);
    EXPECT_EQ(bench_.Looks(), 2u);
  });
}

INSTANTIATE_TEST_SUITE_P(Services, RetryRules, testing::ValuesIn(Dialects()),
                         [](const auto& suite) { return suite.param.service; });

}  // namespace
}  // namespace godwit
