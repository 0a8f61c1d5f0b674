#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "godwit/digest.h"

namespace godwit {

// A digest as headers and documents of the services carry it: base64 of its bytes, the highest
// first.
std::string Base64Of(const Digest& digest);
// None: the text is not base64, or not of as many bytes as the kind has.
std::optional<Digest> DigestFromBase64(DigestKind kind, std::string_view text);

}  // namespace godwit
