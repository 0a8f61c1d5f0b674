#pragma once

#include <span>
#include <string>
#include <string_view>

#include "godwit/result.h"
#include "godwit/store_messages.h"
#include "lib/http/xml_document.h"
#include "lib/store/gcs/gcs_channel.h"

// The XML API, as far as uploads in parts need it.

namespace godwit {

// Sends a request whose answer is the XML document `root`; an <Error> inside a success is what it
// says (I16).
Result<XmlDocument> SendForGcsXml(GcsChannel& channel, const CallContext& context,
                                  GcsRequest& request, std::string_view root);

// The list of parts that finishes an upload.
std::string GcsCompleteXml(std::span<const PartReceipt> parts);

// Reads one <Part> of a list of parts; kCorrupted if it is damaged.
Result<PartReceipt> ReadGcsPart(const XmlDocument::Record& record);

}  // namespace godwit
