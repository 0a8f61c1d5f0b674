#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "lib/base/clock.h"
#include "lib/policy/permit_issuer.h"
#include "lib/run/command_executor.h"
#include "lib/store/memory/memory_store.h"
#include "tests/unit/run/wrapped_store.h"

namespace godwit {

inline std::string Body(std::size_t size) {
  std::string body(size, '\0');
  for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 31 + i / 251);
  return body;
}

// Alters what a Get gives, or a listing, or records a Put.
class AlteredStore final : public WrappedStore {
 public:
  using WrappedStore::WrappedStore;

  std::function<void(std::uint64_t offset, std::string& bytes)> alter_bytes;
  std::function<void(ObjectMeta&)> alter_meta;
  std::function<void(ListPage&)> alter_page;
  std::optional<Status> put_failure;
  std::optional<PutOptions> put_options;
  std::uint64_t extra_bytes = 0;

  Result<ListPage> List(const CallContext& context, const ListRequest& request) override {
    Result<ListPage> page = store_.List(context, request);
    if (page.ok() && alter_page) alter_page(*page);
    return page;
  }
  Result<ObjectMeta> Get(const CallContext& context, std::string_view key,
                         const GetOptions& options, ByteSink& sink) override {
    AlteringSink altering(*this, sink);
    Result<ObjectMeta> meta = store_.Get(context, key, options, altering);
    if (meta.ok() && extra_bytes != 0) {
      const std::string extra(extra_bytes, 'x');
      GODWIT_RETURN_IF_ERROR(
          sink.Write(options.offset + meta->entry.size_bytes, std::as_bytes(std::span(extra))));
    }
    if (meta.ok() && alter_meta) alter_meta(*meta);
    return meta;
  }
  Result<PutReceipt> Put(const CallContext& context, const WritePermit& permit,
                         std::string_view key, const PutOptions& options,
                         ByteSource& body) override {
    put_options = options;
    if (put_failure) return *put_failure;
    return store_.Put(context, permit, key, options, body);
  }

 private:
  class AlteringSink final : public ByteSink {
   public:
    AlteringSink(AlteredStore& store, ByteSink& next) : store_(store), next_(next) {}
    Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override {
      std::string copy;
      for (const std::byte byte : bytes) copy += std::to_integer<char>(byte);
      if (store_.alter_bytes) store_.alter_bytes(offset, copy);
      return copy.empty() ? Status::Ok() : next_.Write(offset, std::as_bytes(std::span(copy)));
    }

   private:
    AlteredStore& store_;
    ByteSink& next_;
  };
};

class CommandExecutorTest : public testing::Test {
 protected:
  explicit CommandExecutorTest(MemoryOptions source_options = MemoryOptions::Capable())
      : source_memory_(std::move(source_options)) {
    source_.store = &source_store_;
    source_.prefix = "from/";
    source_.container = "memory";
    target_.store = &target_store_;
    target_.prefix = "to/";
  }

  Version Put(ObjectStore& store, const std::string& key, const std::string& body) {
    MemorySource source(std::as_bytes(std::span(body)));
    PutOptions options;
    options.attributes.user_metadata["colour"] = "red";
    return store.Put(CallContext(), PermitIssuer().Judge(key), key, options, source)
        .value()
        .version;
  }

  Event Execute(decltype(Command::body) body, std::stop_token stop = {}) {
    const CommandExecutor executor(source_, target_, meter_, buffers_, clock_, settings_);
    return executor.Execute(Command{7, std::move(body)}, std::move(stop));
  }
  template <typename T>
  T Done(decltype(Command::body) body) {
    const Event event = Execute(std::move(body));
    if (const auto* failed = std::get_if<Failed>(&event)) {
      ADD_FAILURE() << failed->status;
      return T();
    }
    EXPECT_EQ(std::get<godwit::Done>(event).id, 7u);
    return std::get<T>(std::get<godwit::Done>(event).result);
  }
  Failed Fails(decltype(Command::body) body, std::stop_token stop = {}) {
    const Event event = Execute(std::move(body), std::move(stop));
    if (!std::holds_alternative<Failed>(event)) {
      ADD_FAILURE() << "the command succeeded";
      return Failed{0, Status(ErrorKind::kInternal, "succeeded"), Side::kSource, {}};
    }
    EXPECT_EQ(std::get<Failed>(event).id, 7u);
    return std::get<Failed>(event);
  }

  // The transfer of "from/a" to "to/b" as the engine would ask for it after a listing.
  TransferWholeCommand Whole(bool stream = false) {
    const ObjectMeta meta = source_memory_.Head(CallContext(), "from/a").value();
    TransferWholeCommand whole;
    whole.source_key = "a";
    whole.target_key = "b";
    whole.source_version = meta.entry.version;
    whole.source = meta.entry;
    whole.size_bytes = meta.entry.size_bytes;
    whole.rules = std::make_shared<const AttributeRules>();
    whole.stream = stream;
    return whole;
  }
  std::map<std::string, std::string> TargetContents() const { return target_memory_.Contents(); }

  MemoryStore source_memory_;
  MemoryStore target_memory_;
  AlteredStore source_store_{source_memory_};
  AlteredStore target_store_{target_memory_};
  Endpoint source_;
  Endpoint target_;
  RequestMeter meter_;
  BufferPool buffers_{64UL << 20};
  SystemClock clock_;
  ExecutorSettings settings_;
};

}  // namespace godwit
