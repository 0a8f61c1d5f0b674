#pragma once

#include <string>
#include <string_view>

// Text of any kind in header fields, which carry plain ASCII only. Pure.

namespace godwit {

// RFC 2047: "=?UTF-8?B?...?=" words for text that a header cannot carry as it is, else the text.
std::string EncodeHeaderText(std::string_view text);
// Undoes it (also quoted-printable words and Latin-1); text that is not so encoded stays itself.
std::string DecodeHeaderText(std::string_view text);

}  // namespace godwit
