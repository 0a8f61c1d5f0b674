#include "lib/sync/upload_cleanup.h"

#include <memory>
#include <utility>

namespace godwit {
namespace {

// One AbortEmptyUploads: one upload after the other.
class EmptyUploads : public std::enable_shared_from_this<EmptyUploads> {
 public:
  EmptyUploads(RunCore& core, std::string target_key, ChooseUploads choose,
               std::function<void(Status)> then)
      : core_(core),
        target_key_(std::move(target_key)),
        choose_(std::move(choose)),
        then_(std::move(then)) {}

  void Start() {
    core_.Ask<UploadList>({}, ListUploadsCommand{target_key_},
                          [self = shared_from_this()](Answer<UploadList> answer) {
                            if (!answer.ok()) return self->then_(std::move(answer.status));
                            self->uploads_ = std::move(answer.value->uploads);
                            self->choose_(self->uploads_);
                            self->Next();
                          });
  }

 private:
  void Next() {
    if (uploads_.empty()) return then_(failure_);
    const Secret upload_id = std::move(uploads_.back().upload_id);
    uploads_.pop_back();
    core_.Ask<UploadedParts>({}, ListPartsCommand{target_key_, upload_id},
                             [self = shared_from_this(), upload_id](Answer<UploadedParts> answer) {
                               if (answer.ok()) return self->OnParts(upload_id, *answer.value);
                               self->Note(answer.status);
                               self->Next();
                             });
  }

  void OnParts(const Secret& upload_id, const UploadedParts& kept) {
    const bool empty = kept.parts.empty() && kept.contiguous_bytes.value_or(0) == 0;
    if (!empty) return Next();
    core_.Ask<Finished>({.cleanup = true}, AbortUploadCommand{target_key_, upload_id},
                        [self = shared_from_this()](const Answer<Finished>& answer) {
                          self->Note(answer.status);
                          self->Next();
                        });
  }

  void Note(const Status& status) {
    if (failure_.ok() && !status.Is(ErrorKind::kNotFound)) failure_ = status;
  }

  RunCore& core_;
  const std::string target_key_;
  const ChooseUploads choose_;
  const std::function<void(Status)> then_;
  std::vector<UploadEntry> uploads_;
  Status failure_;
};

void Forget(RunCore& core, const JournaledUpload& upload) {
  if (upload.abandoned) return core.Keep(AbandonedEndedRecord{upload.key, upload.upload_id});
  core.Keep(UploadEndedRecord{upload.key});
}

}  // namespace

void AbortEmptyUploads(RunCore& core, const std::string& target_key, ChooseUploads choose,
                       std::function<void(Status)> then) {
  std::make_shared<EmptyUploads>(core, target_key, std::move(choose), std::move(then))->Start();
}

void EndUnwanted(RunCore& core, const JournaledUpload& upload, std::function<void()> then) {
  if (!upload.upload_id.empty()) {
    return core.Ask<Finished>({.cleanup = true}, AbortUploadCommand{upload.key, upload.upload_id},
                              [&core, upload, then](const Answer<Finished>& answer) {
                                if (answer.ok()) Forget(core, upload);
                                then();
                              });
  }
  if (upload.intended == Timestamp{}) {
    Forget(core, upload);
    return then();
  }
  const auto since = [intended = upload.intended](std::vector<UploadEntry>& uploads) {
    std::erase_if(uploads, [intended](const auto& entry) { return !BegunSince(entry, intended); });
  };
  AbortEmptyUploads(core, upload.key, since, [&core, upload, then](const Status& status) {
    if (status.ok() || IsRefused(status)) Forget(core, upload);
    then();
  });
}

bool IsRefused(const Status& status) {
  return status.Is(ErrorKind::kPermissionDenied) || status.Is(ErrorKind::kUnsupported) ||
         status.Is(ErrorKind::kInvalidArgument);
}

}  // namespace godwit
