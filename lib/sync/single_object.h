#pragma once

#include <memory>
#include <optional>

#include "lib/sync/object_task.h"
#include "lib/sync/run_core.h"

namespace godwit {

// cp of one object: looks at it, and at the target where that matters, and copies it. A source
// that is missing ends with exit code 7. One thread at a time.
class SingleObject {
 public:
  // `core` must outlive it, and it its own commands.
  explicit SingleObject(RunCore& core) : core_(core) {}
  SingleObject(const SingleObject&) = delete;
  SingleObject& operator=(const SingleObject&) = delete;

  void Start();
  void Stop();
  bool done() const { return done_; }

 private:
  void OnSource(Answer<ObjectMeta> answer);
  void OnTarget(Answer<ObjectMeta> answer);
  void Judge();
  void Fail(Status status, Side side);

  RunCore& core_;
  ObjectSpec spec_;
  std::shared_ptr<ObjectTask> task_;
  bool done_ = false;
};

}  // namespace godwit
