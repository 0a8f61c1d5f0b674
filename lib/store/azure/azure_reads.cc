#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/checksum/crc.h"
#include "lib/store/answer_sinks.h"
#include "lib/store/azure/azure_metadata.h"
#include "lib/store/azure/azure_store.h"

// Looking at blobs, and their bytes.

namespace godwit {
namespace {

// The service tells the CRC64 of a range up to this size.
constexpr std::uint64_t kCheckedRangeMax = 4ULL << 20;

bool WantsWhole(const GetOptions& options) { return options.offset == 0 && options.length == 0; }

// Passes a download on and computes its CRC64.
class SummingSink final : public ByteSink {
 public:
  explicit SummingSink(ByteSink& sink) : sink_(sink) {}
  Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override {
    crc64nvme = Crc64Nvme(crc64nvme, bytes);
    return sink_.Write(offset, bytes);
  }
  std::uint64_t crc64nvme = 0;

 private:
  ByteSink& sink_;
};

}  // namespace

Result<ObjectMeta> AzureStore::Head(const CallContext& context, std::string_view key) {
  GODWIT_RETURN_IF_ERROR(CheckKey("read", key));
  AzureRequest request = AzureHeadRequest(key);
  const Result<HttpResponse> response = channel_.Send(context, request);
  if (!response.ok()) return response.status();
  Result<ObjectMeta> meta = AzureObjectFromHead(key, response->headers);
  if (!meta.ok()) return channel_.Explain(request, std::move(meta).status());
  GODWIT_RETURN_IF_ERROR(ReadTags(context, key, response->headers, meta->attributes));
  return meta;
}

Result<ObjectMeta> AzureStore::Get(const CallContext& context, std::string_view key,
                                   const GetOptions& options, ByteSink& sink) {
  GODWIT_RETURN_IF_ERROR(CheckKey("read", key));
  Result<Download> download = WantsWhole(options) ? GetWhole(context, key, options, sink)
                                                  : GetRanges(context, key, options, sink);
  if (!download.ok()) return download.status();
  if (download->length == download->meta.entry.size_bytes) {
    GODWIT_RETURN_IF_ERROR(ReadTags(context, key, download->headers, download->meta.attributes));
  }
  return std::move(download->meta);
}

// The whole can be compared with the blob's MD5. A blob without one is read again in ranges, whose
// CRC64 the service tells.
Result<AzureStore::Download> AzureStore::GetWhole(const CallContext& context, std::string_view key,
                                                  const GetOptions& options, ByteSink& sink) {
  GetOptions ranges;
  const auto refuse = [&](const ObjectDownload& known) {
    const bool unproven = known.length > 0 && known.meta.entry.digests.empty();
    if (unproven && tells_range_crc_) ranges = {0, known.length, known.meta.entry.version};
    return ranges.length > 0;
  };
  Result<Download> whole = GetOnce(context, key, options, sink, false, refuse);
  return ranges.length > 0 ? GetRanges(context, key, ranges, sink) : std::move(whole);
}

// In pieces whose CRC64 the service tells, all of one version; as one where it does not tell any.
Result<AzureStore::Download> AzureStore::GetRanges(const CallContext& context, std::string_view key,
                                                   const GetOptions& options, ByteSink& sink) {
  GetOptions piece = options;
  for (std::uint64_t done = 0;;) {
    piece.offset = options.offset + done;
    piece.length = options.length - done;
    const bool checked = tells_range_crc_ && options.length > 0;
    if (checked) piece.length = std::min(piece.length, kCheckedRangeMax);
    Result<Download> read = GetOnce(context, key, piece, sink, checked, nullptr);
    if (checked && read.status().Is(ErrorKind::kUnsupported)) {
      tells_range_crc_ = false;
      continue;
    }
    if (!read.ok()) return read;
    done += piece.length;
    read->length = done;
    if (done == options.length) return read;
    piece.version = read->meta.entry.version;
  }
}

Result<AzureStore::Download> AzureStore::GetOnce(
    const CallContext& context, std::string_view key, const GetOptions& options, ByteSink& sink,
    bool checked, const std::function<bool(const ObjectDownload&)>& refuse) {
  AzureRequest request = AzureGetRequest(key, options);
  if (checked) request.headers.Add("x-ms-range-get-content-crc64", "true");
  Download download;
  SummingSink summing(sink);
  CountingSink counting(summing, context.meter);
  request.choose = [&](const HttpResponse& head) -> Result<HttpBodyPlan> {
    Result<ObjectDownload> known = AzureObjectFromGet(key, head, options);
    if (!known.ok()) return std::move(known).status();
    if (refuse && refuse(*known)) return Status(ErrorKind::kUnavailable, "it is read in ranges");
    static_cast<ObjectDownload&>(download) = std::move(*known);
    return HttpBodyPlan{&counting, options.offset, download.length};
  };
  Result<HttpResponse> response = channel_.Send(context, request);
  if (!response.ok()) return response.status();
  if (Status whole = counting.CheckLength(download.length); !whole.ok()) {
    return channel_.Explain(request, std::move(whole));
  }
  const auto told = ParseAzureCrc(response->headers.Find("x-ms-content-crc64").value_or(""));
  if (checked && told.has_value() && *told != summing.crc64nvme) {
    return channel_.Explain(
        request, Status(ErrorKind::kCorrupted, "the bytes are not those that the service sent"));
  }
  download.headers = std::move(response->headers);
  return download;
}

// Tags are no part of a blob's headers, only their number. Who may not read them copies without
// them, and is told.
Status AzureStore::ReadTags(const CallContext& context, std::string_view key,
                            const HttpHeaders& headers, ObjectAttributes& attributes) {
  const std::string_view count = headers.Find("x-ms-tag-count").value_or("0");
  if (count == "0" || count.empty()) return Status::Ok();
  AzureRequest request;
  request.request_class = RequestClass::kGet;
  request.operation = "read the tags of";
  request.key = key;
  request.parameters = {{"comp", "tags"}};
  const Result<HttpResponse> response = channel_.Send(context, request);
  if (response.status().Is(ErrorKind::kPermissionDenied)) {
    channel_.log().WarnOnce("tags", "the tags of " + channel_.ObjectName(key) +
                                        " and others cannot be read: permission denied");
    return Status::Ok();
  }
  if (!response.ok()) return response.status();
  Result<std::map<std::string, std::string>> tags = ReadAzureTags(response->body);
  if (!tags.ok()) return channel_.Explain(request, tags.status());
  attributes.tags = std::move(*tags);
  return Status::Ok();
}

}  // namespace godwit
