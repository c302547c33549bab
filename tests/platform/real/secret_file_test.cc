#include "platform/real/secret_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace wavetank::platform {
namespace {

using testing::HasSubstr;

class SecretFile : public testing::Test {
 protected:
  SecretFile() : path_(absl::StrCat(testing::TempDir(), "/wavetank-secret-", ::getpid())) {}
  ~SecretFile() override { ::unlink(path_.c_str()); }
  void Write(const std::string& text, mode_t mode = 0600) {
    ::unlink(path_.c_str());
    std::ofstream(path_) << text;
    EXPECT_EQ(::chmod(path_.c_str(), mode), 0);
  }
  std::string Refusal() {
    const absl::StatusOr<std::string> secret = ReadSecretFile(path_);
    EXPECT_TRUE(absl::IsInvalidArgument(secret.status())) << secret.status();
    return secret.status().ToString();
  }
  const std::string path_;
};

TEST_F(SecretFile, IsReadWithoutTheWhiteSpaceAtItsEnd) {
  Write("sixteen bytes or more\r\n \n");
  EXPECT_EQ(ReadSecretFile(path_).value(), "sixteen bytes or more");
  Write(std::string("not text\0 but bytes", 19));
  EXPECT_EQ(ReadSecretFile(path_).value(), std::string("not text\0 but bytes", 19));
  Write(std::string("bytes and zeros at the end\0\0\n", 29));
  EXPECT_EQ(ReadSecretFile(path_).value(), std::string("bytes and zeros at the end\0\0", 28));
}

TEST_F(SecretFile, IsForItsOwnerAlone) {
  for (const mode_t mode : {0640, 0604, 0620, 0601}) {
    Write("sixteen bytes or more", mode);
    EXPECT_THAT(Refusal(), HasSubstr("chmod 600"));
  }
}

TEST_F(SecretFile, IsNeitherTooShortNorTooLong) {
  Write("fifteen bytes..\n\n\n\n");
  EXPECT_THAT(Refusal(), HasSubstr("shorter than 16 bytes"));
  Write(std::string(4097, 'x'));
  EXPECT_THAT(Refusal(), HasSubstr("longer than 4096 bytes"));
}

TEST_F(SecretFile, IsARegularFileThatIsThere) {
  EXPECT_THAT(Refusal(), HasSubstr("cannot be read"));
  EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(Refusal(), HasSubstr("no regular file"));
}

}  // namespace
}  // namespace wavetank::platform
