#include "lib/auth/aws_config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace godwit {
namespace {

AwsConfigFile ParseOrDie(std::string_view text,
                         AwsConfigFile::Kind kind = AwsConfigFile::Kind::kConfig) {
  Result<AwsConfigFile> file = AwsConfigFile::Parse(text, kind, "/h/.aws/config");
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? std::move(*file) : AwsConfigFile();
}

std::string Setting(const AwsSection* section, std::string_view key) {
  return section == nullptr ? "(no section)" : section->Find(key).value_or("(absent)");
}

TEST(AwsConfig, ProfilesHaveAPrefixInTheConfigFileAndNoneInTheCredentialsFile) {
  const AwsConfigFile config = ParseOrDie("[default]\nregion=a\n[profile fra]\nregion = b\n[x]\n");
  EXPECT_EQ(Setting(config.Profile("default"), "region"), "a");
  EXPECT_EQ(Setting(config.Profile("fra"), "region"), "b");
  EXPECT_EQ(config.Profile("x"), nullptr);

  const AwsConfigFile credentials = ParseOrDie(
      "[fra]\naws_access_key_id=AK\n[two words]\nregion=c\n", AwsConfigFile::Kind::kCredentials);
  EXPECT_EQ(Setting(credentials.Profile("fra"), "aws_access_key_id"), "AK");
  EXPECT_EQ(Setting(credentials.Profile("two words"), "region"), "c");
}

TEST(AwsConfig, IndentedLinesBelongToTheBlockAbove) {
  const AwsConfigFile config = ParseOrDie(
      "[profile p]\ns3 =\n  addressing_style = path\n\tendpoint_url = http://h\nregion = r\n");
  EXPECT_EQ(Setting(config.Profile("p"), "s3.addressing_style"), "path");
  EXPECT_EQ(Setting(config.Profile("p"), "s3.endpoint_url"), "http://h");
  EXPECT_EQ(Setting(config.Profile("p"), "region"), "r");
  EXPECT_EQ(Setting(config.Profile("p"), "s3"), "(absent)");
}

TEST(AwsConfig, ServicesSectionIsFoundByName) {
  const AwsConfigFile config =
      ParseOrDie("[services mine]\ns3 =\n  endpoint_url = http://s3\nsts =\n  endpoint_url = x\n");
  EXPECT_EQ(Setting(config.Services("mine"), "s3.endpoint_url"), "http://s3");
  EXPECT_EQ(config.Services("other"), nullptr);
}

TEST(AwsConfig, CommentsCaseLineEndsAndByteOrderMarkAreUnderstood) {
  const AwsConfigFile config = ParseOrDie(
      "\xEF\xBB\xBF# top\r\n; also\r\n[default] # here\r\nRegion = eu # Europe\r\n"
      "key = a#b;c\r\nregion = last ; wins");
  EXPECT_EQ(Setting(config.Profile("default"), "region"), "last");
  EXPECT_EQ(Setting(config.Profile("default"), "key"), "a#b;c");
}

TEST(AwsConfig, QuotedProfileNamesLoseTheirQuotes) {
  const AwsConfigFile config = ParseOrDie("[profile \"a b\"]\nregion=r\n");
  EXPECT_EQ(Setting(config.Profile("a b"), "region"), "r");
}

TEST(AwsConfig, MalformedLineIsNamedByNumberAndNotByText) {
  const Result<AwsConfigFile> file =
      AwsConfigFile::Parse("[default]\nwJalrXUtnFEMI\n", AwsConfigFile::Kind::kCredentials, "/h/c");
  EXPECT_EQ(file.status().kind(), ErrorKind::kInvalidArgument);
  EXPECT_EQ(file.status().ToString(),
            "cannot use '/h/c': line 2 is neither a section nor a setting");
}

TEST(AwsConfig, SettingsOutsideASectionAndOpenBracketsAreRefused) {
  for (const char* text : {"a = b\n", "[default\n", "[]\n", "[default]\n= b\n", " a = b\n"}) {
    EXPECT_FALSE(AwsConfigFile::Parse(text, AwsConfigFile::Kind::kConfig, "f").ok()) << text;
  }
}

TEST(AwsConfig, FilesAreLocatedByVariablesThenHome) {
  const auto environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "HOME") return "/home/u";
    if (name == "AWS_CONFIG_FILE") return "~/c";
    return std::nullopt;
  };
  const AwsFiles files = AwsFiles::Locate(environment);
  EXPECT_EQ(files.config_path, "/home/u/c");
  EXPECT_EQ(files.credentials_path, "/home/u/.aws/credentials");
  EXPECT_EQ(files.profile, "default");
  const AwsFiles none =
      AwsFiles::Locate([](std::string_view) { return std::optional<std::string>(); });
  EXPECT_EQ(none.config_path, "");
}

TEST(AwsConfig, SmallFilesAreReadWholeAndMissingOnesAreNotFound) {
  const std::string path = testing::TempDir() + "/aws_config_test_file";
  std::ofstream(path) << "[default]\n";
  const Result<std::string> text = ReadSmallFile(path);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, "[default]\n");
  std::filesystem::resize_file(path, (1 << 20) + 1);
  EXPECT_EQ(ReadSmallFile(path).status().kind(), ErrorKind::kLocalIo);
  std::filesystem::remove(path);
  EXPECT_EQ(ReadSmallFile(path).status().kind(), ErrorKind::kNotFound);
}

}  // namespace
}  // namespace godwit
