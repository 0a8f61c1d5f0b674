#include "fakecloud/gcs_call.h"

#include <array>

#include "fakecloud/encoding.h"
#include "fakecloud/gcs_resource.h"
#include "fakecloud/request_faults.h"

namespace fakecloud {

const Fault* GcsCall::FindFault(FaultKind kind) const {
  for (const Fault& fault : faults) {
    if (fault.kind == kind) return &fault;
  }
  return nullptr;
}

const Fault* GcsCall::FindFault(FaultKind kind, FaultSide side) const {
  for (const Fault& fault : faults) {
    if (fault.kind == kind && fault.side == side) return &fault;
  }
  return nullptr;
}

Response GcsJson(std::string body) {
  Response response;
  response.headers.Add("Content-Type", "application/json; charset=UTF-8");
  response.text = std::move(body);
  return response;
}

Response GcsXml(std::string body) {
  Response response;
  response.headers.Add("Content-Type", "application/xml; charset=UTF-8");
  response.text = "<?xml version='1.0' encoding='UTF-8'?>" + std::move(body);
  return response;
}

Response GcsErrorResponse(const GcsCall& call, const GcsFailure& failure) {
  Response response;
  if (call.xml) {
    response = GcsXml("<Error><Code>" + EscapeXml(failure.reason) + "</Code><Message>" +
                      EscapeXml(failure.message) + "</Message></Error>");
  } else if (call.operation == "objects.getMedia" && failure.status == 404) {
    // The real service answers this one as text.
    response.headers.Add("Content-Type", "text/html; charset=UTF-8");
    response.text = failure.message;
  } else {
    const std::string status = std::to_string(failure.status);
    response =
        GcsJson("{\"error\":{\"code\":" + status + ",\"message\":" + JsonQuoted(failure.message) +
                ",\"errors\":[{\"domain\":\"global\",\"reason\":" + JsonQuoted(failure.reason) +
                ",\"message\":" + JsonQuoted(failure.message) + "}]}}");
  }
  response.status = failure.status;
  return response;
}

GcsFailure NoGcsBucket() { return {404, "notFound", "The specified bucket does not exist."}; }

GcsFailure NoGcsObject(std::string_view bucket, std::string_view key) {
  return {404, "notFound", "No such object: " + std::string(bucket) + "/" + std::string(key)};
}

GcsFailure GcsConditionFailed() {
  return {412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold."};
}

GcsFailure GcsInvalid(std::string message) { return {400, "invalid", std::move(message)}; }

std::optional<std::string> ReadGcsBody(GcsCall& call, std::uint64_t bytes_max) {
  // Damage is done to the media alone, by whoever finds them.
  std::vector<Fault> delays;
  for (const Fault& fault : call.faults) {
    if (fault.kind != FaultKind::kCorrupt) delays.push_back(fault);
  }
  FaultyBody body(*call.request.body, *call.request.waiter, delays);
  std::string text;
  std::array<std::byte, 64 << 10> buffer;
  for (;;) {
    const std::ptrdiff_t got = body.Read(buffer);
    if (got < 0 || text.size() > bytes_max) return std::nullopt;
    if (got == 0) return text;
    text.append(reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(got));
  }
}

GcsResult<GcsConditions> ReadGcsConditions(const GcsCall& call, std::string_view prefix) {
  GcsConditions conditions;
  const std::array<std::pair<std::string_view, std::int64_t*>, 4> names = {
      {{"GenerationMatch", &conditions.generation},
       {"GenerationNotMatch", &conditions.not_generation},
       {"MetagenerationMatch", &conditions.metageneration},
       {"MetagenerationNotMatch", &conditions.not_metageneration}}};
  for (const auto& [name, value] : names) {
    const std::string* text = call.query.Find(std::string(prefix) + std::string(name));
    if (text == nullptr) continue;
    const std::optional<std::uint64_t> number = ParseDecimal(*text);
    if (!number) return GcsInvalid("Invalid long value: '" + *text + "'.");
    *value = static_cast<std::int64_t>(*number);
  }
  return conditions;
}

std::optional<GcsFailure> CheckGcsConditions(const GcsConditions& conditions,
                                             const GcsObjectPtr& current, bool is_read) {
  const std::int64_t generation =
      current == nullptr ? 0 : static_cast<std::int64_t>(current->generation);
  const std::int64_t metageneration =
      current == nullptr ? 0 : static_cast<std::int64_t>(current->metageneration);
  if ((conditions.generation >= 0 && conditions.generation != generation) ||
      (conditions.metageneration >= 0 && conditions.metageneration != metageneration)) {
    return GcsConditionFailed();
  }
  if (conditions.not_generation == generation || conditions.not_metageneration == metageneration) {
    return is_read ? GcsFailure{304, "notModified", ""} : GcsConditionFailed();
  }
  return std::nullopt;
}

GcsResult<GcsObjectPtr> PublishGcs(GcsContext& context, const std::string& bucket_name,
                                   const std::string& key, GcsObject object,
                                   const GcsConditions& conditions, std::int64_t now) {
  const std::lock_guard lock(context.storage.mutex);
  GcsBucket* bucket = context.storage.Find(bucket_name);
  if (bucket == nullptr) return NoGcsBucket();
  if (auto failure = CheckGcsConditions(conditions, bucket->Find(key), false)) return *failure;
  object.generation = context.storage.NextNumber();
  object.metageneration = 1;
  object.created = object.updated = now;
  GcsObjectPtr published = std::make_shared<GcsObject>(std::move(object));
  bucket->objects[key] = published;
  return published;
}

std::optional<GcsFailure> CheckGcsDeclared(const GcsDeclared& declared, std::string_view crc32c,
                                           std::string_view md5) {
  if (!declared.crc32c.empty() && declared.crc32c != ToBase64(crc32c)) {
    return GcsInvalid("Provided CRC32C \"" + declared.crc32c +
                      "\" doesn't match calculated CRC32C \"" + ToBase64(crc32c) + "\".");
  }
  if (!declared.md5.empty() && !md5.empty() && declared.md5 != ToBase64(md5)) {
    return GcsInvalid("Provided MD5 hash \"" + declared.md5 +
                      "\" doesn't match calculated MD5 hash \"" + ToBase64(md5) + "\".");
  }
  return std::nullopt;
}

void ReadGcsHashHeader(const GcsCall& call, GcsDeclared& declared) {
  for (std::string_view item : Split(call.Header("x-goog-hash"), ',')) {
    item = Trim(item);
    if (HasPrefix(item, "crc32c=")) declared.crc32c = item.substr(7);
    if (HasPrefix(item, "md5=")) declared.md5 = item.substr(4);
  }
}

Content GcsDamagedInStore(const GcsCall& call, Content content) {
  const Fault* fault = call.FindFault(FaultKind::kCorrupt, FaultSide::kStored);
  if (fault == nullptr) return content;
  if (fault->corrupt == CorruptHow::kZero) return Content::Zeros(content.size());
  const std::optional<std::uint64_t> offset = FaultOffset(*fault, content.size());
  return offset ? content.Flipped(*offset, fault->mask) : content;
}

void DigestGcs(GcsObject& object) {
  BodyHasher hasher;
  hasher.Want(ChecksumKind::kCrc32c);
  object.content.Visit([&hasher](std::span<const std::byte> bytes) {
    hasher.Update(bytes);
    return true;
  });
  hasher.Finish();
  object.crc32c = hasher.value(ChecksumKind::kCrc32c);
  object.md5 = hasher.md5();
}

}  // namespace fakecloud
