#include <gmock/gmock.h>

#include "lib/base/key_problem.h"
#include "tests/contract/contract_test.h"

namespace godwit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DeletingContract : public ContractTest {
 protected:
  Result<std::vector<Status>> DeleteAll(const std::vector<DeleteRequest>& requests) {
    return store().Delete(context(), permit(), requests);
  }
};

TEST_P(DeletingContract, DeletedObjectIsGone) {
  Put("a/k", "x");
  Put("a/l", "y");
  EXPECT_TRUE(Delete("a/k").ok());
  EXPECT_FALSE(Exists("a/k"));
  EXPECT_THAT(Keys(), ElementsAre("a/l"));
}

TEST_P(DeletingContract, MissingKeysAreSuccesses) {
  Put("a", "x");
  const Result<std::vector<Status>> statuses =
      DeleteAll({{"missing", ""}, {"a", ""}, {"no/such/folder", ""}});
  ASSERT_TRUE(statuses.ok()) << statuses.status();
  ASSERT_EQ(statuses->size(), 3u);
  for (const Status& status : *statuses) EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_P(DeletingContract, NameOfAFolderDeletesNothing) {
  Put("a/b", "x");
  EXPECT_TRUE(Delete("a").ok());
  EXPECT_THAT(Keys(), ElementsAre("a/b"));
}

TEST_P(DeletingContract, BatchAtTheLimit) {
  std::vector<DeleteRequest> requests;
  for (std::uint32_t i = 0; i < can().delete_keys_max; ++i) {
    const std::string key = "k" + std::to_string(i);
    if (i % 100 == 0) Put(key, "x");
    requests.push_back({key, ""});
  }
  Put("other", "x");
  const Result<std::vector<Status>> statuses = DeleteAll(requests);
  ASSERT_TRUE(statuses.ok()) << statuses.status();
  EXPECT_EQ(statuses->size(), requests.size());
  EXPECT_THAT(Keys(), ElementsAre("other"));
}

TEST_P(DeletingContract, BatchOverTheLimitIsRefused) {
  Put("k0", "x");
  std::vector<DeleteRequest> requests;
  for (std::uint32_t i = 0; i <= can().delete_keys_max; ++i) {
    requests.push_back({"k" + std::to_string(i), ""});
  }
  const Result<std::vector<Status>> statuses = DeleteAll(requests);
  ASSERT_FALSE(statuses.ok());
  EXPECT_EQ(statuses.status().kind(), ErrorKind::kInvalidArgument) << statuses.status();
  EXPECT_TRUE(Exists("k0"));
}

TEST_P(DeletingContract, IfVersionDeletesThatVersionOnly) {
  if (!can().condition_on_delete) return;
  const PutReceipt first = Put("k", "first");
  const PutReceipt second = Put("k", "second");
  const Status refused = Delete("k", first.version);
  ASSERT_EQ(refused.ok(), Differs(Difference::kConditionsAreIgnored)) << refused;
  if (refused.ok()) return;
  EXPECT_EQ(refused.kind(), ErrorKind::kPreconditionFailed) << refused;
  EXPECT_EQ(Get("k"), "second");
  EXPECT_TRUE(Delete("k", second.version).ok());
  EXPECT_FALSE(Exists("k"));
}

TEST_P(DeletingContract, OneFailingKeyLeavesTheOthersAlone) {
  if (!can().condition_on_delete) return;
  const PutReceipt stale = Put("b", "first");
  Put("a", "x");
  Put("b", "second");
  Put("c", "x");
  const Result<std::vector<Status>> statuses =
      DeleteAll({{"a", ""}, {"b", stale.version}, {"c", ""}});
  ASSERT_TRUE(statuses.ok()) << statuses.status();
  ASSERT_EQ(statuses->size(), 3u);
  EXPECT_TRUE((*statuses)[0].ok());
  if (Differs(Difference::kConditionsAreIgnored)) {
    EXPECT_THAT(Keys(), IsEmpty());
    return;
  }
  EXPECT_TRUE((*statuses)[1].Is(ErrorKind::kPreconditionFailed)) << (*statuses)[1];
  EXPECT_TRUE((*statuses)[2].ok());
  EXPECT_THAT(Keys(), ElementsAre("b"));
}

TEST_P(DeletingContract, OddKeysAreDeletedByTheirOwnName) {
  std::vector<std::string> keys{"new\nline", "a&<b>", "caf\xC3\xA9", "x %2F+", "control\x01"};
  if (Differs(Difference::kDotsAndLinesAreRefused)) std::erase(keys, "new\nline");
  std::erase_if(keys,
                [this](const std::string& key) { return KeyProblem(can(), key).has_value(); });
  for (const std::string& key : keys) Put(key, "x");
  std::vector<DeleteRequest> requests;
  for (const std::string& key : keys) requests.push_back({key, ""});
  const Result<std::vector<Status>> statuses = DeleteAll(requests);
  ASSERT_TRUE(statuses.ok()) << statuses.status();
  for (const Status& status : *statuses) EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_P(DeletingContract, MissingContainerIsAnError) {
  const std::unique_ptr<StoreUnderTest> missing = under_test().OpenMissing();
  const DeleteRequest request{"k", ""};
  const Result<std::vector<Status>> statuses =
      missing->store().Delete(context(), permit(), {&request, 1});
  const Status status = statuses.ok() ? statuses->at(0) : statuses.status();
  EXPECT_TRUE(status.Is(ErrorKind::kContainerNotFound)) << status;
}

GODWIT_CONTRACT_SUITE(DeletingContract);

}  // namespace
}  // namespace godwit
