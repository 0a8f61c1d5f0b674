#include "lib/http/xml_reader.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <mutex>

#include "lib/base/text.h"

namespace godwit {
namespace {

constexpr int kDepthMax = 16;
// Small enough to stay in the first cache levels, large enough to make the calls cheap. Feeding
// in chunks also lets libxml2 give back what it has read, so that its limit on a lookahead
// (10 MB) is no limit on the document.
constexpr std::size_t kChunkBytes = 16 * 1024;
constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Status Malformed(std::string reason) {
  return Status(ErrorKind::kCorrupted, "the XML answer is " + std::move(reason));
}

std::string_view AsView(const xmlChar* name) {
  return name == nullptr ? std::string_view() : reinterpret_cast<const char*>(name);
}

// What the SAX callbacks share. The first failure stops the parser and is kept.
class Session {
 public:
  Session(std::string_view root, XmlHandler& handler) : root_(root), handler_(handler) {}

  void Attach(xmlParserCtxtPtr parser) { parser_ = parser; }
  const Status& status() const { return status_; }
  bool root_ended() const { return root_ended_; }

  void Fail(std::string reason) {
    if (status_.ok()) status_ = Malformed(std::move(reason));
    xmlStopParser(parser_);
  }

  void Start(std::string_view name) {
    if (!status_.ok()) return;
    if (depth_ == kDepthMax) return Fail("nested too deep");
    if (depth_ == 0 && !root_.empty() && name != root_) {
      return Fail("not '" + std::string(root_) + "' but '" + std::string(name.substr(0, 64)) + "'");
    }
    texts_[static_cast<std::size_t>(depth_)].clear();
    ++depth_;
    handler_.OnStart(name, depth_);
  }

  void Attribute(std::string_view name, std::string_view value) {
    if (status_.ok()) handler_.OnAttribute(name, value);
  }

  void End(std::string_view name) {
    if (!status_.ok() || depth_ == 0) return;
    handler_.OnEnd(name, texts_[static_cast<std::size_t>(depth_ - 1)], depth_);
    --depth_;
    root_ended_ = depth_ == 0;
  }

  void Text(const xmlChar* text, int length) {
    if (!status_.ok() || depth_ == 0) return;
    texts_[static_cast<std::size_t>(depth_ - 1)].append(reinterpret_cast<const char*>(text),
                                                        static_cast<std::size_t>(length));
  }

 private:
  const std::string_view root_;
  XmlHandler& handler_;
  xmlParserCtxtPtr parser_ = nullptr;
  Status status_;
  int depth_ = 0;
  bool root_ended_ = false;
  // One buffer a level, kept between elements, so that text costs no allocation.
  std::array<std::string, kDepthMax> texts_;
};

Session& Of(void* context) { return *static_cast<Session*>(context); }

// libxml2 gives five pointers an attribute: name, prefix, namespace, begin and end of the value.
void OnStartElement(void* context, const xmlChar* name, const xmlChar*, const xmlChar*, int,
                    const xmlChar**, int attribute_count, int, const xmlChar** attributes) {
  Of(context).Start(AsView(name));
  for (int i = 0; i < attribute_count; ++i, attributes += 5) {
    const auto size = static_cast<std::size_t>(attributes[4] - attributes[3]);
    Of(context).Attribute(AsView(attributes[0]),
                          {reinterpret_cast<const char*>(attributes[3]), size});
  }
}

void OnEndElement(void* context, const xmlChar* name, const xmlChar*, const xmlChar*) {
  Of(context).End(AsView(name));
}

void OnText(void* context, const xmlChar* text, int length) { Of(context).Text(text, length); }

void OnDoctype(void* context, const xmlChar*, const xmlChar*, const xmlChar*) {
  Of(context).Fail("refused: it has a DOCTYPE");
}

// A template, because libxml2 2.12 made the error const.
template <typename Error>
void OnError(void* context, Error* error) {
  // A namespace that is not declared is no harm: names are used without their namespace.
  if (error->level == XML_ERR_WARNING || error->domain == XML_FROM_NAMESPACE) return;
  std::string_view reason = error->message == nullptr ? "" : error->message;
  reason = reason.substr(0, reason.find('\n'));
  Of(context).Fail("not well-formed: line " + std::to_string(error->line) + ": " +
                   EscapeForDisplay(reason.substr(0, 200)));
}

xmlSAXHandler MakeCallbacks() {
  xmlSAXHandler callbacks;
  std::memset(&callbacks, 0, sizeof(callbacks));
  callbacks.initialized = XML_SAX2_MAGIC;
  callbacks.startElementNs = OnStartElement;
  callbacks.endElementNs = OnEndElement;
  callbacks.characters = OnText;
  callbacks.ignorableWhitespace = OnText;
  callbacks.cdataBlock = OnText;
  callbacks.internalSubset = OnDoctype;
  callbacks.serror = OnError;
  return callbacks;
}

struct ParserDeleter {
  void operator()(xmlParserCtxtPtr parser) const {
    if (parser->myDoc != nullptr) xmlFreeDoc(parser->myDoc);
    xmlFreeParserCtxt(parser);
  }
};
using Parser = std::unique_ptr<xmlParserCtxt, ParserDeleter>;

// Skips what may stand in front of a document, and refuses what is not UTF-8 XML at all.
Status SkipToMarkup(std::string_view& document) {
  const std::size_t first = document.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return Malformed("empty");
  document.remove_prefix(first);
  if (document.starts_with(kByteOrderMark)) document.remove_prefix(kByteOrderMark.size());
  if (!document.starts_with('<')) return Malformed("not XML");
  // UTF-16 and UTF-32 show themselves by zero bytes, which UTF-8 XML never has.
  if (document.find('\0') != std::string_view::npos) return Malformed("not in UTF-8");
  return Status::Ok();
}

void Feed(std::string_view document, xmlParserCtxtPtr parser, const Session& session) {
  while (!document.empty() && session.status().ok()) {
    const std::string_view chunk = document.substr(0, kChunkBytes);
    document.remove_prefix(chunk.size());
    xmlParseChunk(parser, chunk.data(), static_cast<int>(chunk.size()), document.empty() ? 1 : 0);
  }
}

void InitialiseOnce() {
  static std::once_flag flag;
  std::call_once(flag, [] { xmlInitParser(); });
}

}  // namespace

Status ReadXml(std::string_view document, std::string_view root, XmlHandler& handler) {
  InitialiseOnce();
  GODWIT_RETURN_IF_ERROR(SkipToMarkup(document));
  Session session(root, handler);
  static const xmlSAXHandler kCallbacks = MakeCallbacks();
  xmlSAXHandler callbacks = kCallbacks;
  const Parser parser(xmlCreatePushParserCtxt(&callbacks, &session, nullptr, 0, nullptr));
  if (parser == nullptr) return Status(ErrorKind::kInternal, "no memory for an XML parser");
  session.Attach(parser.get());
  // The encoding that a document claims is ignored: what is not UTF-8 is malformed.
  xmlCtxtUseOptions(parser.get(), XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);

  Feed(document, parser.get(), session);
  GODWIT_RETURN_IF_ERROR(session.status());
  if (parser->wellFormed == 0 || !session.root_ended()) return Malformed("cut off");
  return Status::Ok();
}

}  // namespace godwit
