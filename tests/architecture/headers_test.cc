// What users include compiles with Debian's own compiler, which is not ours.
#include <algorithm>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

#include "tests/architecture/command.h"
#include "tests/architecture/source_tree.h"

namespace wavetank::architecture {
namespace {

TEST(Headers, WhatIsInstalledCompilesWithDebiansOwnCompiler) {
  const std::string source = ::testing::TempDir() + "/wavetank_installed_headers.cc";
  std::ofstream out(source);
  for (const SourceFile& file : ReadSourceTree()) {
    const bool installed =
        !file.path.starts_with("tests/") && !file.path.starts_with("benchmarks/");
    if (file.path.ends_with(".h") && installed) out << "#include \"" << file.path << "\"\n";
  }
  out.close();
  const CommandResult result =
      RunCommand("g++ -std=c++20 -fsyntax-only -Wall -Wextra -Werror -I. -I" + BuildDirectory() +
                 " " + source);
  EXPECT_EQ(result.status, 0) << result.output;
}

}  // namespace
}  // namespace wavetank::architecture
