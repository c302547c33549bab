// What users include compiles with Debian's own compiler, which is not ours; but for coroutines,
// which it would compile wrongly: those it refuses.
#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/architecture/command.h"
#include "tests/architecture/source_tree.h"

namespace wavetank::architecture {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

// What a program that only builds plans includes.
constexpr const char* kPlanHeaders[] = {"runtime/dstream/streaming_context.h",
                                        "runtime/structured/data_frame.h",
                                        "runtime/job/job.h",
                                        "scenarios/oracle.h",
                                        "scenarios/jobs.h",
                                        "scenarios/shell/command_line.h"};

std::vector<std::string> ProjectIncludes(std::string_view text) {
  constexpr std::string_view kInclude = "#include \"";
  std::vector<std::string> included;
  for (const std::string_view line : Lines(text)) {
    if (!line.starts_with(kInclude)) continue;
    const std::string_view rest = line.substr(kInclude.size());
    included.emplace_back(rest.substr(0, rest.find('"')));
  }
  return included;
}

// The installed headers from which no include leads to platform/task.h.
std::vector<std::string> HeadersWithoutCoroutines() {
  std::map<std::string, std::vector<std::string>> includes;
  for (const SourceFile& file : ReadSourceTree()) {
    const bool installed =
        !file.path.starts_with("tests/") && !file.path.starts_with("benchmarks/");
    if (file.path.ends_with(".h") && installed) includes[file.path] = ProjectIncludes(file.text);
  }
  std::set<std::string> with_coroutines = {"platform/task.h"};
  for (size_t before = 0; before != with_coroutines.size();) {
    before = with_coroutines.size();
    for (const auto& [header, included] : includes) {
      const bool leads_there = std::ranges::any_of(
          included, [&](const std::string& each) { return with_coroutines.contains(each); });
      if (leads_there) with_coroutines.insert(header);
    }
  }
  std::vector<std::string> without;
  for (const auto& [header, included] : includes) {
    if (!with_coroutines.contains(header)) without.push_back(header);
  }
  return without;
}

CommandResult CompileWithGpp(const std::vector<std::string>& headers, const char* flags = "") {
  const std::string source = ::testing::TempDir() + "/wavetank_installed_headers.cc";
  std::ofstream out(source);
  for (const std::string& header : headers) out << "#include \"" << header << "\"\n";
  out.close();
  return RunCommand("g++ -std=c++20 -fsyntax-only -Wall -Wextra -Werror -I. -I" + BuildDirectory() +
                    " " + flags + " " + source);
}

TEST(Headers, ThoseWithoutCoroutinesCompileWithDebiansOwnCompiler) {
  const std::vector<std::string> headers = HeadersWithoutCoroutines();
  EXPECT_THAT(headers, IsSupersetOf(kPlanHeaders));
  const CommandResult result = CompileWithGpp(headers);
  EXPECT_EQ(result.status, 0) << result.output;
}

TEST(Headers, CoroutinesAreRefusedByDebiansOwnCompilerWithASentence) {
  EXPECT_THAT(HeadersWithoutCoroutines(), Not(Contains("platform/node.h")));
  for (const char* header : {"platform/task.h", "platform/node.h", "simulator/sim_world.h"}) {
    const CommandResult result = CompileWithGpp({header}, "-Wfatal-errors");  // the first error
    EXPECT_NE(result.status, 0) << header;
    EXPECT_THAT(result.output, HasSubstr("Compile this file with clang++-19")) << header;
  }
}

}  // namespace
}  // namespace wavetank::architecture
