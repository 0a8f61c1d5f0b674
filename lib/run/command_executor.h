#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "godwit/call_context.h"
#include "lib/base/clock.h"
#include "lib/policy/permit_issuer.h"
#include "lib/run/buffer_pool.h"
#include "lib/run/job.h"
#include "lib/sync/command.h"
#include "lib/sync/event.h"

namespace godwit {

struct ExecutorSettings {
  std::chrono::milliseconds stall_timeout{60'000};
  // Lists an object whose key is the folder's own prefix under the empty relative key. Otherwise
  // it is left out: it is the folder, not something in it.
  bool keep_root_marker = false;
};

// Carries out one command against the two stores by blocking calls and answers with its terminal
// event, Done or Failed. Decides nothing and repeats nothing.
//
// Commands hold relative keys, stores full ones; an entry that a store lists outside what was
// asked for is kCorrupted. Bytes read from a source are hashed as they pass and compared with the
// digests that the source's own answers gave, before they are given to the target as a whole (of
// a stream, before its last byte is). A command whose token is stopped before it begins fails with
// kCancelled and does nothing. Safe from any thread.
class CommandExecutor {
 public:
  // All references are borrowed for the executor's life. A side without a store must not be named
  // by a command.
  CommandExecutor(const Endpoint& source, const Endpoint& target, RequestMeter& meter,
                  BufferPool& buffers, const Clock& clock, ExecutorSettings settings)
      : source_(source),
        target_(target),
        meter_(meter),
        buffers_(buffers),
        clock_(clock),
        settings_(settings) {}

  // Control commands, which are not carried out here, fail with kInternal.
  Event Execute(const Command& command, std::stop_token stop) const;

 private:
  Event Carry(CommandId id, const ListCommand& list, const CallContext& context) const;
  Event Carry(CommandId id, const HeadCommand& head, const CallContext& context) const;
  Event Carry(CommandId id, const HashCommand& hash, const CallContext& context) const;
  Event Carry(CommandId id, const TransferWholeCommand& whole, const CallContext& context) const;
  Event Carry(CommandId id, const BeginUploadCommand& begin, const CallContext& context) const;
  Event Carry(CommandId id, const TransferPartCommand& part, const CallContext& context) const;
  Event Carry(CommandId id, const ServerCopyPartCommand& part, const CallContext& context) const;
  Event Carry(CommandId id, const ListPartsCommand& parts, const CallContext& context) const;
  Event Carry(CommandId id, const ListUploadsCommand& uploads, const CallContext& context) const;
  Event Carry(CommandId id, const FinishUploadCommand& finish, const CallContext& context) const;
  Event Carry(CommandId id, const AbortUploadCommand& abort, const CallContext& context) const;
  Event Carry(CommandId id, const ServerCopyCommand& copy, const CallContext& context) const;
  Event Carry(CommandId id, const SetMetadataCommand& set, const CallContext& context) const;
  Event Carry(CommandId id, const DeleteCommand& remove, const CallContext& context) const;
  Event Carry(CommandId id, const PruneFoldersCommand& prune, const CallContext& context) const;
  // What remains are control commands.
  template <typename Control>
  Event Carry(CommandId id, const Control& control, const CallContext& context) const;

  // command_executor_transfer.cc
  Event PutBuffered(CommandId id, const TransferWholeCommand& whole,
                    const CallContext& context) const;
  Event PutPartBuffered(CommandId id, const TransferPartCommand& part,
                        const CallContext& context) const;
  // command_executor_stream.cc
  Event PutStreamed(CommandId id, const TransferWholeCommand& whole,
                    const CallContext& context) const;
  Event PutPartStreamed(CommandId id, const TransferPartCommand& part,
                        const CallContext& context) const;

  const Endpoint& At(Side side) const { return side == Side::kSource ? source_ : target_; }
  std::string SourceKey(std::string_view key) const { return source_.prefix + std::string(key); }
  std::string TargetKey(std::string_view key) const { return target_.prefix + std::string(key); }
  CopySource SourceObject(std::string_view key, const Version& version) const;
  // Waits until a local source file of this version is old enough that a later change must show
  // in its times.
  Status AwaitAge(Side side, const Version& version, const CallContext& context) const;

  const Endpoint& source_;
  const Endpoint& target_;
  RequestMeter& meter_;
  BufferPool& buffers_;
  const Clock& clock_;
  const ExecutorSettings settings_;
  const PermitIssuer permits_{};
};

}  // namespace godwit
