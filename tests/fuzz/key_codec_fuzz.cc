// Percent-encoding is undone by decoding, and what comes out is safe in a URL.

#include <string>

#include "lib/base/text.h"
#include "tests/fuzz/fuzz_target.h"

namespace godwit {
namespace {

constexpr std::string_view kUnreserved =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

void CheckRoundTrip(std::string_view key, bool keep_slash) {
  const std::string encoded = PercentEncode(key, keep_slash);
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] == '%') {
      const std::string_view digits = std::string_view(encoded).substr(i + 1, 2);
      Require(digits.size() == 2 &&
                  digits.find_first_not_of("0123456789ABCDEF") == std::string_view::npos,
              "escapes are two upper-case hex digits");
    }
    Require(kUnreserved.find(encoded[i]) != std::string_view::npos || encoded[i] == '%' ||
                (keep_slash && encoded[i] == '/'),
            "all other bytes are unreserved");
  }
  Require(PercentDecode(encoded) == key, "decoding undoes encoding");
}

}  // namespace
}  // namespace godwit

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace godwit;
  const std::string_view key = InputOf(data, size);
  CheckRoundTrip(key, true);
  CheckRoundTrip(key, false);
  if (const std::optional<std::string> decoded = PercentDecode(key)) {
    Require(PercentDecode(PercentEncode(*decoded, false)) == *decoded, "decoding is stable");
  }
  return 0;
}
