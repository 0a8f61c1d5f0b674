// I15: an upload outlives its process, and only what its file still holds counts.

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "lib/crypto/md5.h"
#include "lib/store/local/upload_file_name.h"
#include "tests/unit/local/local_fixture.h"

namespace godwit {
namespace {

using testing::ElementsAre;

constexpr std::uint64_t kPart = 300'000;
constexpr std::uint64_t kSize = 1'000'000;

// An upload of four parts, of which an earlier process has sent the first three.
class LocalResume : public LocalTest {
 protected:
  LocalResume() : bytes_(PatternBytes(kSize)) {
    const std::unique_ptr<LocalStore> earlier = Open();
    id_ = earlier->BeginUpload(context_, permit(), "d/k", {{}, {}, kSize, kPart}).value();
    for (std::uint32_t i = 0; i < 3; ++i) receipts_.push_back(Send(*earlier, i));
  }

  PartReceipt Send(LocalStore& store, std::uint32_t index) {
    const std::string_view part = std::string_view(bytes_).substr(index * kPart, kPart);
    MemorySource body(AsBytes(part));
    const UploadPart place{index, index * kPart, {}};
    return store.PutPart(context_, permit(), "d/k", id_, place, body).value();
  }

  std::filesystem::path file() const { return root() / id_.Reveal(); }

  const std::string bytes_;
  Secret id_;
  std::vector<PartReceipt> receipts_;
};

TEST_F(LocalResume, LaterStoreFindsThePartsAndFinishes) {
  const std::unique_ptr<LocalStore> store = Open();
  const Result<UploadedParts> kept = store->ListParts(context_, "d/k", id_);
  ASSERT_TRUE(kept.ok()) << kept.status();
  ASSERT_GE(kept->parts.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(kept->parts[i].digests, receipts_[i].digests);

  receipts_.push_back(Send(*store, 3));
  FinishOptions finish;
  finish.size_bytes = kSize;
  finish.digests = CrcsOf(bytes_);
  finish.attributes.mtime = PreciseTime{Timestamp(std::chrono::seconds(1'600'000'000)), 9};
  const auto receipt = store->FinishUpload(context_, permit(), "d/k", id_, receipts_, finish);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_TRUE(ReadFile(root() / "d/k") == bytes_);
  EXPECT_EQ(store->Head(context_, "d/k")->entry.modified.time, finish.attributes.mtime->time);
  EXPECT_THAT(Tree(root()), ElementsAre("d", "d/k"));
}

// All that some sources tell of their bytes, and what parts do not add up to.
TEST_F(LocalResume, Md5OfTheWholeIsCheckedBeforeTheFileGetsItsName) {
  const std::unique_ptr<LocalStore> store = Open();
  ASSERT_TRUE(store->ListParts(context_, "d/k", id_).ok());
  receipts_.push_back(Send(*store, 3));
  FinishOptions finish;
  finish.size_bytes = kSize;
  finish.digests = CrcsOf(bytes_);
  finish.digests.Set(Digest(DigestKind::kMd5, Md5(AsBytes("other"))));
  EXPECT_EQ(store->FinishUpload(context_, permit(), "d/k", id_, receipts_, finish).status().kind(),
            ErrorKind::kCorrupted);
  EXPECT_FALSE(std::filesystem::exists(root() / "d/k"));
  finish.digests.Set(Digest(DigestKind::kMd5, Md5(AsBytes(bytes_))));
  const auto receipt = store->FinishUpload(context_, permit(), "d/k", id_, receipts_, finish);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->proof, WriteProof::kMd5);
}

TEST_F(LocalResume, PartWhoseBytesWereLostHasAnotherDigest) {
  std::fstream out(file(), std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(kPart + 17);
  out.put('#');
  out.close();
  const Result<UploadedParts> kept = Open()->ListParts(context_, "d/k", id_);
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_EQ(kept->parts[0].digests, receipts_[0].digests);
  EXPECT_NE(kept->parts[1].digests, receipts_[1].digests);
}

TEST_F(LocalResume, FileThatWasCutHasFewerParts) {
  std::filesystem::resize_file(file(), kPart + 5);
  const Result<UploadedParts> kept = Open()->ListParts(context_, "d/k", id_);
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_EQ(kept->parts.size(), 1U);
}

TEST_F(LocalResume, WhatIsNoSuchUploadIsNotFound) {
  const std::unique_ptr<LocalStore> store = Open();
  WriteFile(root() / "d" / "data", "x");
  std::filesystem::create_symlink(file(), root() / "d" / ".godwit-x-1.10.10");
  for (const char* id : {"", "/", "d/data", "d/.godwit-1", "d/.godwit-gone.10.10", ".godwit-1.1.1",
                         "../root/d/.godwit-1.1.1", "d/.godwit-x-1.10.10"}) {
    EXPECT_EQ(store->ListParts(context_, "d/k", Secret(id)).status().kind(), ErrorKind::kNotFound)
        << id;
  }
  EXPECT_EQ(store->ListParts(context_, "k", id_).status().kind(), ErrorKind::kNotFound);
}

TEST(UploadFileName, ComesBackAsItWas) {
  const UploadFileName name(".godwit-ab-7", {{}, {}, 123, 45});
  EXPECT_EQ(name.Text(), ".godwit-ab-7.45.123");
  const auto parsed = UploadFileName::Parse(name.Text());
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->temporary, ".godwit-ab-7");
  EXPECT_EQ(parsed->part_size_bytes, 45U);
  EXPECT_EQ(parsed->size_bytes, 123U);
  for (const char* other : {"", ".godwit-a", ".godwit-a.1", ".godwit-a.0.5", ".godwit-a.x.5",
                            ".godwit-a.99999999999999999999.5", "k.1.2"}) {
    EXPECT_FALSE(UploadFileName::Parse(other).has_value()) << other;
  }
}

}  // namespace
}  // namespace godwit
