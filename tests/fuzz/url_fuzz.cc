// Whatever Url accepts, libcurl accepts, and splits alike: else what is checked, signed and sent
// would be three different things.

#include <curl/curl.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "lib/base/text.h"
#include "lib/http/url.h"
#include "tests/fuzz/fuzz_target.h"

namespace godwit {
namespace {

struct CurlUrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

// "" if the part is absent.
std::string PartOf(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string copy = text;
  curl_free(text);
  return copy;
}

void CompareWithCurl(const std::string& text, const Url& mine) {
  const std::unique_ptr<CURLU, CurlUrlDeleter> url(curl_url());
  Require(curl_url_set(url.get(), CURLUPART_URL, text.c_str(),
                       CURLU_PATH_AS_IS | CURLU_DISALLOW_USER) == CURLUE_OK,
          "libcurl accepts the URL");
  Require(PartOf(url.get(), CURLUPART_SCHEME) == mine.scheme, "same scheme");
  Require(AsciiLower(PartOf(url.get(), CURLUPART_HOST)) == mine.host, "same host");
  Require(PartOf(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT) == std::to_string(mine.port),
          "same port");
  Require(PartOf(url.get(), CURLUPART_PATH) == (mine.path.empty() ? "/" : mine.path), "same path");
  Require(PartOf(url.get(), CURLUPART_QUERY) == mine.query, "same query");
}

}  // namespace
}  // namespace godwit

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace godwit;
  const std::string text(InputOf(data, size));
  const Result<Url> url = Url::Parse(text);
  if (!url.ok()) {
    Require(url.status().Is(ErrorKind::kInvalidArgument), "failures are kInvalidArgument");
    return 0;
  }
  CompareWithCurl(text, url.value());
  const Result<Url> again = Url::Parse(url.value().Origin() + url.value().path);
  Require(again.ok() && again.value().host == url.value().host &&
              again.value().port == url.value().port && again.value().path == url.value().path,
          "an URL made of the parts has the same parts");
  Require(again.value().IsLoopback() == url.value().IsLoopback(), "loopback is a fact of the host");
  return 0;
}
