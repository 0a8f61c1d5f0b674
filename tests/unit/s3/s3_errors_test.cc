#include "lib/store/s3/s3_errors.h"

#include <gtest/gtest.h>

#include "tests/unit/s3/fake_s3.h"

namespace godwit {
namespace {

S3Error Code(std::string code, std::string message = "said so") {
  S3Error error;
  error.code = std::move(code);
  error.message = std::move(message);
  return error;
}

struct Case {
  int status;
  const char* code;
  ErrorKind kind;
};

TEST(S3Errors, CodesDecideBeforeStatuses) {
  const Case cases[] = {
      {404, "NoSuchKey", ErrorKind::kNotFound},
      {404, "NoSuchVersion", ErrorKind::kNotFound},
      {404, "NoSuchUpload", ErrorKind::kNotFound},
      {404, "NoSuchBucket", ErrorKind::kContainerNotFound},
      {404, "XAdminUserNotFound", ErrorKind::kUnauthenticated},
      {403, "AccessDenied", ErrorKind::kPermissionDenied},
      {403, "InvalidAccessKeyId", ErrorKind::kUnauthenticated},
      {403, "SignatureDoesNotMatch", ErrorKind::kUnauthenticated},
      {403, "RequestTimeTooSkewed", ErrorKind::kUnauthenticated},
      {403, "InvalidObjectState", ErrorKind::kArchived},
      {403, "ObjectNotInActiveTierError", ErrorKind::kArchived},
      {403, "QuotaExceeded", ErrorKind::kNoSpace},
      {400, "ExpiredToken", ErrorKind::kUnauthenticated},
      {400, "BadDigest", ErrorKind::kCorrupted},
      {400, "InvalidDigest", ErrorKind::kCorrupted},
      {400, "XAmzContentChecksumMismatch", ErrorKind::kCorrupted},
      {400, "XAmzContentSHA256Mismatch", ErrorKind::kCorrupted},
      {400, "InvalidPart", ErrorKind::kCorrupted},
      {400, "RequestTimeout", ErrorKind::kUnavailable},
      {400, "IncompleteBody", ErrorKind::kUnavailable},
      {400, "KeyTooLongError", ErrorKind::kInvalidArgument},
      {400, "EntityTooSmall", ErrorKind::kInvalidArgument},
      {400, "SomethingNew", ErrorKind::kInvalidArgument},
      {409, "BucketAlreadyExists", ErrorKind::kPermissionDenied},
      {409, "BucketAlreadyOwnedByYou", ErrorKind::kAlreadyExists},
      {409, "ConditionalRequestConflict", ErrorKind::kConflict},
      {409, "OperationAborted", ErrorKind::kConflict},
      {409, "ObjectParentIsFile", ErrorKind::kInvalidArgument},
      {412, "PreconditionFailed", ErrorKind::kPreconditionFailed},
      {416, "InvalidRange", ErrorKind::kInvalidArgument},
      {405, "MethodNotAllowed", ErrorKind::kUnsupported},
      {501, "NotImplemented", ErrorKind::kUnsupported},
      {503, "SlowDown", ErrorKind::kThrottled},
      {503, "SlowDownWrite", ErrorKind::kThrottled},
      {503, "ServiceUnavailable", ErrorKind::kUnavailable},
      {500, "InternalError", ErrorKind::kUnavailable},
      {507, "XMinioStorageFull", ErrorKind::kNoSpace},
      {0, "InternalError", ErrorKind::kUnavailable},
      {0, "SomethingNew", ErrorKind::kUnavailable},
  };
  for (const Case& item : cases) {
    EXPECT_EQ(MapS3Error(item.status, Code(item.code), {}).kind(), item.kind)
        << item.status << " " << item.code;
  }
}

TEST(S3Errors, StatusesDecideWithoutACode) {
  const Case cases[] = {
      {304, "", ErrorKind::kNotModified},        {401, "", ErrorKind::kUnauthenticated},
      {403, "", ErrorKind::kPermissionDenied},   {404, "", ErrorKind::kCorrupted},
      {408, "", ErrorKind::kUnavailable},        {409, "", ErrorKind::kConflict},
      {412, "", ErrorKind::kPreconditionFailed}, {429, "", ErrorKind::kThrottled},
      {509, "", ErrorKind::kThrottled},          {507, "", ErrorKind::kNoSpace},
      {500, "", ErrorKind::kUnavailable},        {502, "", ErrorKind::kUnavailable},
      {503, "", ErrorKind::kUnavailable},        {504, "", ErrorKind::kUnavailable},
      {501, "", ErrorKind::kUnsupported},        {302, "", ErrorKind::kCorrupted},
      {400, "", ErrorKind::kCorrupted},          {511, "", ErrorKind::kUnavailable},
  };
  for (const Case& item : cases) {
    EXPECT_EQ(MapS3Error(item.status, Code("", ""), {}).kind(), item.kind) << item.status;
  }
}

TEST(S3Errors, HeadWithoutABodyIsJudgedByItsSubject) {
  S3ErrorContext head;
  head.head = true;
  EXPECT_EQ(Brief(MapS3Error(404, {}, head)), "not-found: no such object");
  head.subject = S3Subject::kBucket;
  EXPECT_EQ(Brief(MapS3Error(404, {}, head)), "container-not-found: no such bucket");
  EXPECT_EQ(MapS3Error(403, {}, head).kind(), ErrorKind::kPermissionDenied);
  EXPECT_EQ(MapS3Error(400, {}, head).kind(), ErrorKind::kInvalidArgument);
}

TEST(S3Errors, MissingObjectUnderIfMatchIsALostCondition) {
  S3ErrorContext replace;
  replace.if_match = replace.conditional = replace.changes = true;
  EXPECT_EQ(Brief(MapS3Error(404, Code("NoSuchKey"), replace)),
            "precondition-failed: the object at the target has changed");
  EXPECT_EQ(MapS3Error(404, Code("NoSuchUpload"), replace).kind(), ErrorKind::kNotFound);
  EXPECT_EQ(MapS3Error(404, Code("NoSuchBucket"), replace).kind(), ErrorKind::kContainerNotFound);
}

TEST(S3Errors, MessagesSayWhatIsKnown) {
  EXPECT_EQ(Brief(MapS3Error(403, Code("AccessDenied"), {})),
            "permission-denied: permission denied");
  EXPECT_EQ(Brief(MapS3Error(403, Code("AllAccessDisabled"), {})),
            "permission-denied: permission denied: said so");
  EXPECT_EQ(Brief(MapS3Error(403, Code("InvalidAccessKeyId"), {})),
            "unauthenticated: the service rejects the credentials: said so");
  EXPECT_EQ(Brief(MapS3Error(400, Code("InvalidTag"), {})), "invalid-argument: said so");
  EXPECT_EQ(Brief(MapS3Error(416, Code("InvalidRange"), {})),
            "invalid-argument: the range lies outside of the object");
  EXPECT_EQ(Brief(MapS3Error(412, {}, {})), "precondition-failed: the object has changed");
}

TEST(S3Errors, ChangesThatMayHaveHappenedAreMarked) {
  S3ErrorContext write;
  write.changes = true;
  for (const int status : {500, 502, 503, 504}) {
    EXPECT_TRUE(MapS3Error(status, {}, write).maybe_applied()) << status;
    EXPECT_FALSE(MapS3Error(status, {}, {}).maybe_applied()) << status;
  }
  EXPECT_TRUE(MapS3Error(0, Code("InternalError"), write).maybe_applied());
  EXPECT_TRUE(MapS3Error(499, Code("ClientDisconnected"), write).maybe_applied());
  EXPECT_FALSE(MapS3Error(503, Code("SlowDown"), write).maybe_applied());
  EXPECT_FALSE(MapS3Error(501, {}, write).maybe_applied());
  EXPECT_FALSE(MapS3Error(0, Code("AccessDenied"), write).maybe_applied());
  EXPECT_FALSE(MapS3Error(400, Code("BadDigest"), write).maybe_applied());
}

TEST(S3Errors, AnswerKeepsCodeStatusRequestIdAndPause) {
  HttpResponse response;
  response.status = 503;
  response.headers.Add("x-amz-request-id", "R2");
  response.headers.Add("Retry-After", "7");
  const Status status = MapS3Answer(response, Code("SlowDown"), {});
  EXPECT_EQ(status.provider_code(), "SlowDown");
  EXPECT_EQ(status.http_status(), 503);
  EXPECT_EQ(status.request_id(), "R2");
  EXPECT_EQ(status.retry_after(), std::chrono::seconds(7));
}

TEST(S3Errors, SilentRefusalIsBelievedOnlyWithARequestId) {
  HttpResponse response;
  response.status = 400;
  const S3ErrorContext head{.head = true};
  EXPECT_EQ(MapS3Answer(response, {}, head).kind(), ErrorKind::kCorrupted);
  response.headers.Add("x-amz-request-id", "R2");
  EXPECT_EQ(MapS3Answer(response, {}, head).kind(), ErrorKind::kInvalidArgument);
}

TEST(S3Errors, AmazonsOwnPauseIsInMilliseconds) {
  HttpResponse response;
  response.status = 503;
  response.headers.Add("x-amz-retry-after", "1500");
  EXPECT_EQ(MapS3Answer(response, {}, {}).retry_after(), std::chrono::milliseconds(1500));
}

TEST(S3Errors, RefusedChecksumIsToldFromAWrongOne) {
  EXPECT_TRUE(RefusesChecksum(501, Code("NotImplemented")));
  EXPECT_TRUE(RefusesChecksum(
      400, Code("InvalidArgument", "Unsupported header 'x-amz-checksum-crc64nvme'")));
  EXPECT_TRUE(RefusesChecksum(400, Code("ExcessHeaderValues")));
  EXPECT_TRUE(RefusesChecksum(400, Code("InvalidRequest", "unknown Checksum algorithm")));
  EXPECT_FALSE(RefusesChecksum(
      400, Code("XAmzContentChecksumMismatch", "the x-amz-checksum header does not match")));
  EXPECT_FALSE(RefusesChecksum(400, Code("BadDigest", "the checksum did not match")));
  EXPECT_FALSE(RefusesChecksum(400, Code("InvalidTag")));
  EXPECT_FALSE(RefusesChecksum(403, Code("AccessDenied", "checksum")));
}

TEST(S3Errors, RefusedConditionNamesItsHeader) {
  EXPECT_TRUE(RefusesCondition(501, {}));
  EXPECT_TRUE(RefusesCondition(400, Code("InvalidArgument", "If-None-Match is not supported")));
  EXPECT_FALSE(RefusesCondition(412, Code("PreconditionFailed", "If-Match")));
  EXPECT_FALSE(RefusesCondition(400, Code("InvalidArgument")));
}

}  // namespace
}  // namespace godwit
