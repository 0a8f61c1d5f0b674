#include "fakecloud/query_params.h"

#include "fakecloud/encoding.h"

namespace fakecloud {

std::optional<QueryParams> QueryParams::Parse(std::string_view query) {
  QueryParams params;
  if (query.empty()) return params;
  for (std::string_view pair : Split(query, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    std::optional<std::string> name = DecodePercent(pair.substr(0, equals), true);
    std::optional<std::string> value = std::string();
    if (equals != std::string_view::npos) value = DecodePercent(pair.substr(equals + 1), true);
    if (!name || !value) return std::nullopt;
    params.parameters_.emplace_back(std::move(*name), std::move(*value));
  }
  return params;
}

const std::string* QueryParams::Find(std::string_view name) const {
  for (const auto& [parameter, value] : parameters_) {
    if (parameter == name) return &value;
  }
  return nullptr;
}

std::string_view QueryParams::Get(std::string_view name) const {
  const std::string* value = Find(name);
  return value == nullptr ? std::string_view() : std::string_view(*value);
}

}  // namespace fakecloud
