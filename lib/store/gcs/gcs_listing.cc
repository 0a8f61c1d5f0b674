#include <algorithm>
#include <utility>

#include "lib/store/gcs/gcs_metadata.h"
#include "lib/store/gcs/gcs_wire.h"

// One page of a listing, judged.

namespace godwit {
namespace {

Status Broken(const char* what) {
  return Status(ErrorKind::kCorrupted, std::string("the listing is damaged: ") + what);
}

class PageReader {
 public:
  explicit PageReader(const GcsListQuestion& question) : question_(question) {
    answer_.last_name = question.after;
  }

  Result<GcsListAnswer> Read(const JsonValue& document) {
    if (document.FindText("kind").value_or("") != "storage#objects") {
      return Broken("it is no listing");
    }
    for (const char* member : {"items", "prefixes"}) {
      const JsonValue* list = document.Find(member);
      if (list != nullptr && !list->is_array()) return Broken("a list is none");
    }
    if (const JsonValue* items = document.Find("items")) {
      for (const JsonValue& item : items->items()) GODWIT_RETURN_IF_ERROR(TakeItem(item));
    }
    if (const JsonValue* prefixes = document.Find("prefixes")) {
      for (const JsonValue& item : prefixes->items()) GODWIT_RETURN_IF_ERROR(TakePrefix(item));
    }
    GODWIT_RETURN_IF_ERROR(TakeToken(document));
    FindLast();
    return std::move(answer_);
  }

 private:
  const ListRequest& request() const { return *question_.request; }

  bool IsBeyondEnd(std::string_view name) const {
    return !request().end_before.empty() && name >= request().end_before;
  }

  // Whether a name is to be given out; a failure if it must not come here. The first page begins
  // with the name that the caller knows already, for the service's ends are inclusive.
  Result<bool> Judge(std::string_view name, std::string_view before, bool may_repeat) {
    if (!name.starts_with(request().prefix)) return Broken("a name outside of the prefix");
    const bool ascends = before.empty() || before < name || (may_repeat && before == name);
    if (!ascends) return Broken("the names do not ascend");
    if (!question_.after.empty() && name <= question_.after) {
      const bool stays = may_repeat && name == question_.after;
      if (question_.after_is_seen && name < question_.after) {
        return Broken("a name of an earlier page");
      }
      return stays && question_.after_is_seen;
    }
    return !IsBeyondEnd(name);
  }

  Status TakeItem(const JsonValue& item) {
    Result<GcsObject> object = ReadGcsObject(item, question_.bucket, "");
    if (!object.ok()) return object.status();
    const std::string name = object->meta.entry.key;
    const Result<bool> wanted = Judge(name, last_item_, request().versions);
    if (!wanted.ok()) return wanted.status();
    last_item_ = name;
    if (!*wanted) return Status::Ok();
    answer_.metagenerations.push_back(object->metageneration);
    answer_.attributes.push_back(AttributesOfGcs(item));
    answer_.page.entries.push_back(std::move(object->meta.entry));
    return Status::Ok();
  }

  Status TakePrefix(const JsonValue& item) {
    const std::string_view name = item.AsText().value_or("");
    const bool ends = !request().delimiter.empty() && name.ends_with(request().delimiter);
    if (!ends) return Broken("a prefix that nobody asked for");
    // A folder can be named again at the top of the next page.
    const Result<bool> wanted = Judge(name, last_prefix_, false);
    if (!wanted.ok()) return wanted.status();
    last_prefix_ = name;
    if (*wanted) answer_.page.common_prefixes.emplace_back(name);
    return Status::Ok();
  }

  Status TakeToken(const JsonValue& document) {
    const JsonValue* token = document.Find("nextPageToken");
    if (token == nullptr || token->is_null()) return Status::Ok();
    if (!token->AsText().has_value()) return Broken("its token is no text");
    answer_.page.next_page_token = *token->AsText();
    if (answer_.page.next_page_token.empty()) return Status::Ok();
    if (answer_.page.next_page_token == question_.sent_token) return Broken("a token came twice");
    // Names only ascend: nothing that is wanted can follow.
    if (IsBeyondEnd(std::max(last_item_, last_prefix_))) answer_.page.next_page_token.clear();
    return Status::Ok();
  }

  void FindLast() {
    for (const std::string* name : {&last_item_, &last_prefix_}) {
      if (*name > answer_.last_name) answer_.last_name = *name;
    }
  }

  const GcsListQuestion& question_;
  GcsListAnswer answer_;
  std::string last_item_;
  std::string last_prefix_;
};

}  // namespace

Result<GcsListAnswer> ReadGcsListing(std::string_view body, const GcsListQuestion& question) {
  const Result<JsonValue> document = ReadJson(body);
  if (!document.ok()) return document.status();
  return PageReader(question).Read(*document);
}

}  // namespace godwit
