// Headers that users include compile with Debian's own compiler, which is not ours.
#include <algorithm>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

#include "tests/architecture/command.h"
#include "tests/architecture/source_tree.h"

namespace wavetank::architecture {
namespace {

constexpr const char* kPublicFolders[] = {"platform/"};

bool IsPublic(const std::string& path) {
  return std::ranges::any_of(kPublicFolders, [&](const std::string& folder) {
    return path.starts_with(folder) && path.find('/', folder.size()) == std::string::npos;
  });
}

TEST(Headers, ThePublicOnesCompileWithDebiansOwnCompiler) {
  const std::string source = ::testing::TempDir() + "/wavetank_public_headers.cc";
  std::ofstream out(source);
  for (const SourceFile& file : ReadSourceTree()) {
    if (file.path.ends_with(".h") && IsPublic(file.path)) {
      out << "#include \"" << file.path << "\"\n";
    }
  }
  out.close();
  const CommandResult result =
      RunCommand("g++ -std=c++20 -fsyntax-only -Wall -Wextra -Werror -I. -I" + BuildDirectory() +
                 " " + source);
  EXPECT_EQ(result.status, 0) << result.output;
}

}  // namespace
}  // namespace wavetank::architecture
