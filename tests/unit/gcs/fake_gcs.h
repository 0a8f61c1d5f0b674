#pragma once

#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

#include "lib/policy/permit_issuer.h"
#include "lib/store/gcs/gcs_store.h"
#include "tests/unit/fake_transport.h"

namespace godwit {

// Everything that a test of the store needs: Cloud Storage on a transport that answers from a
// script.
struct FakeGcs {
  explicit FakeGcs(const std::function<void(GcsConfig&)>& change = {}) {
    GcsConfig config;
    config.bucket = "lake";
    config.endpoint = "https://storage.googleapis.com";
    if (change) change(config);
    store = std::make_unique<GcsStore>(std::move(config), transport, clock, log);
    context.meter = &meter;
  }

  void Json(const std::string& body, int status = 200) {
    transport.Answer(status, {{"Content-Type", "application/json; charset=UTF-8"}}, body);
  }
  void Error(int status, const std::string& reason, const std::string& message = "said so") {
    Json("{\"error\":{\"code\":" + std::to_string(status) + ",\"message\":\"" + message +
             "\",\"errors\":[{\"reason\":\"" + reason + "\"}]}}",
         status);
  }

  FakeTransport transport;
  FakeClock clock;
  std::ostringstream log_text;
  Log log{log_text, LogLevel::kDebug, LogFormat::kText};
  RequestMeter meter;
  CallContext context;
  WritePermit permit = PermitIssuer().Judge("");
  std::unique_ptr<GcsStore> store;
};

// A resource of "123456789", or what is changed of it.
inline std::string Resource(std::string_view key = "k", std::string_view extra = "",
                            std::string_view crc = "4waSgw==", std::string_view size = "9",
                            std::string_view generation = "7") {
  return "{\"kind\":\"storage#object\",\"name\":\"" + std::string(key) +
         "\",\"bucket\":\"lake\",\"generation\":\"" + std::string(generation) +
         "\",\"metageneration\":\"2\",\"size\":\"" + std::string(size) + "\",\"crc32c\":\"" +
         std::string(crc) + "\",\"timeCreated\":\"2024-11-19T07:06:40.123Z\"" + std::string(extra) +
         "}";
}

}  // namespace godwit
