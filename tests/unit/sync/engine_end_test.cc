#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/unit/sync/scripted_runner.h"

namespace godwit {
namespace {

// A deadline that is still to come, or a page that waits for its next attempt when the run is
// stopped, must not wake anybody after the end.
TEST(EngineEnd, NothingFollowsTheEnd) {
  ScriptedRunner run;
  run.options.max_runtime = std::chrono::hours(1);
  run.source.Set("a", "x");

  run.Run();

  ASSERT_FALSE(run.commands.empty());
  EXPECT_TRUE(std::holds_alternative<EndCommand>(run.commands.back().body));
}

}  // namespace
}  // namespace godwit
