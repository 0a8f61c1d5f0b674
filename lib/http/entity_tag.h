#pragma once

#include <string>
#include <string_view>

namespace godwit {

// ETags are kept without their quotes: listings of some services write them bare.
std::string UnquoteEtag(std::string_view etag);
std::string QuoteEtag(std::string_view etag);

}  // namespace godwit
