#include "lib/store/logged_store.h"

#include <sstream>

#include <gmock/gmock.h>

#include "lib/policy/permit_issuer.h"
#include "lib/store/memory/memory_store.h"
#include "tests/contract/test_bytes.h"

namespace godwit {
namespace {

TEST(LoggedStore, EveryCallIsOneDebugLineWithItsOutcome) {
  std::ostringstream out;
  Log log(out, LogLevel::kDebug, LogFormat::kText);
  MemoryStore memory;
  LoggedStore store(memory, log);
  MemorySource body(AsBytes("x"));
  ASSERT_TRUE(store.Put({}, PermitIssuer().Judge("a"), "a", {}, body).ok());
  EXPECT_FALSE(store.Head({}, "missing").ok());
  EXPECT_THAT(out.str(), testing::ContainsRegex("memory://memory: put 'a': ok, [0-9]+ us\n"));
  EXPECT_THAT(
      out.str(),
      testing::ContainsRegex(
          "memory://memory: head 'missing': cannot read 'memory://memory/missing': .*us\n"));
}

TEST(LoggedStore, UploadIdsAreNotLogged) {
  std::ostringstream out;
  Log log(out, LogLevel::kDebug, LogFormat::kText);
  MemoryStore memory;
  LoggedStore store(memory, log);
  const Result<Secret> id = store.BeginUpload({}, PermitIssuer().Judge("a"), "a", {});
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_TRUE(store.AbortUpload({}, PermitIssuer().Judge("a"), "a", *id).ok());
  EXPECT_THAT(out.str(), testing::Not(testing::HasSubstr(id->Reveal())));
}

}  // namespace
}  // namespace godwit
