#include "lib/http/entity_tag.h"

namespace godwit {

std::string UnquoteEtag(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

std::string QuoteEtag(std::string_view etag) { return "\"" + std::string(etag) + "\""; }

}  // namespace godwit
