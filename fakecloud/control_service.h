#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fakecloud/fake_cloud.h"
#include "fakecloud/http_message.h"

namespace fakecloud {

// The control address: reads counters, objects and uploads, replaces the fault script, resets and
// stops (README.md). Not signed, so it listens on loopback only.
class ControlService final : public Service {
 public:
  explicit ControlService(godwit::FakeCloud& cloud) : cloud_(cloud) {}
  Response Handle(Request& request) override;

 private:
  Response Get(std::string_view path, const std::string& bucket, const std::string& prefix);
  // Key and SHA-256 of each object of a bucket, if that is what a path shows.
  std::optional<std::vector<std::pair<std::string, std::string>>> Digests(
      std::string_view path, const std::string& bucket, const std::string& prefix) const;
  // The open uploads that a path shows; none if it shows something else.
  std::optional<std::vector<godwit::FakeUpload>> Uploads(std::string_view path,
                                                         const std::string& bucket) const;
  Response Post(std::string_view path, Request& request);

  godwit::FakeCloud& cloud_;
};

}  // namespace fakecloud
