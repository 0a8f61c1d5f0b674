#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fakecloud {

// The decoded parameters of a query, in the order in which they came.
class QueryParams {
 public:
  // None if an escape is broken.
  static std::optional<QueryParams> Parse(std::string_view query);

  const std::string* Find(std::string_view name) const;
  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  std::string_view Get(std::string_view name) const;  // "" if absent.
  const std::vector<std::pair<std::string, std::string>>& all() const { return parameters_; }

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace fakecloud
