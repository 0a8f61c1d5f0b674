#pragma once

#include <string>
#include <string_view>

// Azure takes identifiers only as names of metadata: letters, digits and '_', no digit in front.
// Other names are escaped, and come back as they were. Pure.

namespace godwit {

// Every byte that an identifier cannot have at its place becomes _xHH (two lower-case hex digits
// of it), and so does a '_' in front of an 'x'. "x-y" is "x_x2dy". Names are in lower case.
std::string EncodeMetadataName(std::string_view name);

// Undoes it. A name that EncodeMetadataName does not make, as other programs may choose one, stays
// itself.
std::string DecodeMetadataName(std::string_view name);

}  // namespace godwit
