#include "tests/sim/trace.h"

#include <fmt/format.h>

#include <string_view>

#include "lib/base/text.h"

namespace godwit {
namespace {

std::string Name(const std::string& key) { return "'" + EscapeForDisplay(key) + "'"; }

std::string_view Name(Side side) { return side == Side::kSource ? "source" : "target"; }

std::string ConditionText(const WriteCondition& condition) {
  switch (condition.kind) {
    case WriteCondition::Kind::kNone:
      return "any";
    case WriteCondition::Kind::kCreateOnly:
      return "create";
    case WriteCondition::Kind::kIfVersion:
      return "if " + condition.version;
  }
  return "";
}

std::string DigestsText(const DigestSet& digests) {
  std::string text;
  for (const Digest& digest : digests.all()) {
    text += fmt::format(" {}:{}", DigestName(digest.kind()), digest.hex().substr(0, 8));
  }
  return text;
}

struct CommandText {
  std::string operator()(const ListCommand& c) const {
    return fmt::format("List {} after {} before {} token '{}'", Name(c.side), Name(c.start_after),
                       Name(c.end_before), c.page_token);
  }
  std::string operator()(const ReadStateCommand& c) const {
    return "ReadState after " + Name(c.after);
  }
  std::string operator()(const HeadCommand& c) const {
    return fmt::format("Head {} {}", Name(c.side), Name(c.key));
  }
  std::string operator()(const HashCommand& c) const {
    return fmt::format("Hash {} {} {} md5 {}", Name(c.side), Name(c.key), c.version, c.want_md5);
  }
  std::string operator()(const TransferWholeCommand& c) const {
    return fmt::format("TransferWhole {} {} {} bytes {}{}", Name(c.source_key), c.source_version,
                       c.size_bytes, ConditionText(c.condition), c.stream ? " stream" : "");
  }
  std::string operator()(const BeginUploadCommand& c) const {
    return fmt::format("BeginUpload {} {} bytes", Name(c.target_key), c.options.size_bytes);
  }
  std::string operator()(const TransferPartCommand& c) const {
    return fmt::format("TransferPart {} {} {} #{} {}+{}", Name(c.source_key), c.source_version,
                       c.upload_id.Reveal(), c.index, c.offset, c.length);
  }
  std::string operator()(const ServerCopyPartCommand& c) const {
    return fmt::format("ServerCopyPart {} {} {} #{} {}+{}", Name(c.source_key), c.source_version,
                       c.upload_id.Reveal(), c.index, c.offset, c.length);
  }
  std::string operator()(const ListPartsCommand& c) const {
    return fmt::format("ListParts {} {}", Name(c.target_key), c.upload_id.Reveal());
  }
  std::string operator()(const ListUploadsCommand& c) const {
    return "ListUploads " + Name(c.target_key);
  }
  std::string operator()(const FinishUploadCommand& c) const {
    return fmt::format("FinishUpload {} {} {} parts {}{}", Name(c.target_key), c.upload_id.Reveal(),
                       c.parts.size(), ConditionText(c.options.condition),
                       DigestsText(c.options.digests));
  }
  std::string operator()(const AbortUploadCommand& c) const {
    return fmt::format("AbortUpload {} {}", Name(c.target_key), c.upload_id.Reveal());
  }
  std::string operator()(const ServerCopyCommand& c) const {
    return fmt::format("ServerCopy {} {} {}", Name(c.source_key), c.source_version,
                       ConditionText(c.options.condition));
  }
  std::string operator()(const SetMetadataCommand& c) const {
    return fmt::format("SetMetadata {} {}", Name(c.target_key), c.version);
  }
  std::string operator()(const DeleteCommand& c) const {
    std::string text = "Delete";
    for (const DeleteRequest& request : c.requests) {
      text += fmt::format(" {}@{}", Name(request.key), request.if_version);
    }
    return text;
  }
  std::string operator()(const PruneFoldersCommand& c) const {
    return fmt::format("PruneFolders {}", c.folders.size());
  }
  std::string operator()(const SpoolCommand& c) const {
    return fmt::format("Spool {}", c.deletes.size());
  }
  std::string operator()(const ReadSpoolCommand& c) const {
    return fmt::format("ReadSpool from {}", c.first);
  }
  std::string operator()(const JournalCommand& c) const {
    return fmt::format("Journal {} with {} records", c.sequence, c.records.size());
  }
  std::string operator()(const ConfirmCommand& c) const {
    return fmt::format("Confirm {} objects {} bytes", c.object_count, c.bytes);
  }
  std::string operator()(const WakeAtCommand& c) const {
    return fmt::format("WakeAt {} ns", c.time.time_since_epoch().count());
  }
  std::string operator()(const CancelCommand& c) const {
    return fmt::format("Cancel {}", c.target);
  }
  std::string operator()(const ReportCommand& c) const {
    return "Report " + ::godwit::Describe(c.report);
  }
  std::string operator()(const EndCommand& c) const {
    return "End " + ::godwit::Describe(c.summary);
  }
};

struct ResultText {
  std::string operator()(const ListPage& page) const {
    std::string text = "ListPage";
    for (const ObjectEntry& entry : page.entries) {
      text += fmt::format(" {}@{}", Name(entry.key), entry.version);
    }
    return text + (page.next_page_token.empty() ? " end" : " more");
  }
  std::string operator()(const StateRows& rows) const {
    return fmt::format("StateRows {}{}", rows.rows.size(), rows.last ? " end" : " more");
  }
  std::string operator()(const ObjectMeta& meta) const {
    return fmt::format("ObjectMeta {} {} bytes{}", meta.entry.version, meta.entry.size_bytes,
                       DigestsText(meta.entry.digests));
  }
  std::string operator()(const Hashed& h) const { return "Hashed" + DigestsText(h.digests); }
  std::string operator()(const Transferred& t) const {
    return fmt::format("Transferred {}{}", t.receipt.version, DigestsText(t.digests));
  }
  std::string operator()(const UploadBegan& u) const {
    return "UploadBegan " + u.upload_id.Reveal();
  }
  std::string operator()(const PartTransferred& p) const {
    return fmt::format("PartTransferred #{} {}", p.receipt.index, p.receipt.token);
  }
  std::string operator()(const UploadedParts& p) const {
    return fmt::format("UploadedParts {}", p.parts.size());
  }
  std::string operator()(const UploadList& l) const {
    return fmt::format("UploadList {}", l.uploads.size());
  }
  std::string operator()(const PutReceipt& r) const { return "PutReceipt " + r.version; }
  std::string operator()(const DeleteStatuses& d) const {
    std::string text = "DeleteStatuses";
    for (const Status& status : d.statuses) text += status.ok() ? " ok" : " failed";
    return text;
  }
  std::string operator()(const SpooledDeletes& s) const {
    return fmt::format("SpooledDeletes {}", s.deletes.size());
  }
  std::string operator()(const Confirmed& c) const { return c.yes ? "Confirmed" : "Refused"; }
  std::string operator()(const Finished&) const { return "Finished"; }
};

struct EventText {
  std::string operator()(const Start& e) const {
    return fmt::format("Start seed {} source {}", e.seed, e.source_exists);
  }
  std::string operator()(const Done& e) const {
    return fmt::format("Done {} {}", e.id, std::visit(ResultText(), e.result));
  }
  std::string operator()(const Failed& e) const {
    return fmt::format("Failed {} {} at {}{}{}: {}", e.id, ErrorKindName(e.status.kind()),
                       Name(e.side), e.status.maybe_applied() ? " maybe-applied" : "",
                       DigestsText(e.sent), e.status.message());
  }
  std::string operator()(const Durable& e) const {
    return fmt::format("Durable {} up to {}", e.id, e.sequence);
  }
  std::string operator()(const Tick&) const { return "Tick"; }
  std::string operator()(const Stop& e) const { return fmt::format("Stop {}", e.exit_code); }
};

struct ReportText {
  std::string operator()(const ActionReport& r) const {
    return fmt::format("{} {} {} {} {} bytes proof {}", ActionName(r.action),
                       ActionStatusName(r.status), Name(r.key), ReasonName(r.reason), r.bytes,
                       WriteProofName(r.proof));
  }
  std::string operator()(const ErrorReport& r) const {
    return fmt::format("error {} {}", Name(r.key), r.status.ToString());
  }
  std::string operator()(const NoticeReport& r) const {
    return fmt::format("notice {}: {}", r.topic, r.message);
  }
};

}  // namespace

std::string Describe(const Command& command) {
  return fmt::format("{} {}", command.id, std::visit(CommandText(), command.body));
}

std::string Describe(const Event& event) { return std::visit(EventText(), event); }

std::string Describe(const Report& report) { return std::visit(ReportText(), report); }

std::string Describe(const SyncSummary& s) {
  return fmt::format(
      "exit {} listed {}/{} copied {} metadata {} unchanged {} deleted {} skipped {} failed {} "
      "bytes {} retries {}",
      s.exit_code, s.listed_source, s.listed_target, s.copied, s.metadata, s.unchanged, s.deleted,
      s.skipped, s.failed, s.bytes_copied, s.retries);
}

}  // namespace godwit
