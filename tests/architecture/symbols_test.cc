// What the simulated path links: no function of threads, time, entropy or the host's files, and
// none of the bugs that another build has planted.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "properties/planted_bugs.h"
#include "tests/architecture/command.h"
#include "tests/architecture/source_tree.h"

namespace wavetank::architecture {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Whole names, and beginnings of names that end in "*".
constexpr std::string_view kForbidden[] = {
    "clock_gettime", "gettimeofday", "time", "clock", "nanosleep", "clock_nanosleep", "usleep",
    "sleep", "std::chrono::*", "absl::lts_20220623::Now*", "absl::lts_20220623::GetCurrentTime*",
    "AbslInternalSleepFor*",
    // threads
    "pthread_*", "std::thread::*", "std::condition_variable::*", "absl::lts_20220623::Mutex::*",
    "std::this_thread::*",
    // entropy
    "getrandom", "getentropy", "rand", "rand_r", "random", "drand48", "arc4random",
    "std::random_device::*",
    // the host
    "getenv", "secure_getenv", "getpid", "fork", "execve", "system", "popen", "open", "open64",
    "openat", "fopen", "fopen64", "std::basic_ifstream*", "std::basic_ofstream*",
    "std::basic_fstream*", "std::filesystem::*", "socket", "connect", "epoll_create1"};

bool Matches(std::string_view pattern, std::string_view symbol) {
  if (pattern.ends_with('*')) return symbol.starts_with(pattern.substr(0, pattern.size() - 1));
  return symbol == pattern;
}

std::vector<std::string> ForbiddenSymbols(const std::string& archive) {
  const CommandResult nm = RunCommand("nm --undefined-only --demangle " + archive);
  EXPECT_EQ(nm.status, 0) << nm.output;
  std::vector<std::string> found;
  for (const std::string_view line : Lines(nm.output)) {
    const size_t mark = line.find(" U ");
    if (mark == std::string_view::npos) continue;
    std::string_view symbol = line.substr(mark + 3);
    symbol = symbol.substr(0, symbol.find('@'));
    for (const std::string_view pattern : kForbidden) {
      if (Matches(pattern, symbol)) found.emplace_back(symbol);
    }
  }
  return found;
}

// The libraries of every layer that runs in the simulator.
std::vector<std::string> SimulatedArchives() {
  std::vector<std::string> archives;
  for (const char* layer : {"platform", "checkpoint", "runtime", "simulator", "properties"}) {
    const std::filesystem::path folder = BuildDirectory() + "/" + layer;
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".a") archives.push_back(entry.path().string());
    }
  }
  return archives;
}

TEST(Symbols, NothingThatRunsInTheSimulatorReachesThreadsTimeEntropyOrTheHost) {
  const std::vector<std::string> archives = SimulatedArchives();
  EXPECT_THAT(archives, Contains(HasSubstr("libwavetank_platform.a")));
  for (const std::string& archive : archives) {
    EXPECT_THAT(ForbiddenSymbols(archive), IsEmpty()) << archive;
  }
}

TEST(Symbols, APlantedCallIsFound) {
  const std::string folder = ::testing::TempDir();
  for (const auto& [body, symbol] : std::vector<std::pair<std::string, std::string>>{
           {"#include <ctime>\nlong f() { return time(nullptr); }\n", "time"},
           {"#include <thread>\nvoid f() { std::thread([] {}).join(); }\n", "std::thread::"},
           {"#include <random>\nunsigned f() { return std::random_device()(); }\n",
            "std::random_device::"},
           {"#include <cstdlib>\nconst char* f() { return std::getenv(\"A\"); }\n", "getenv"}}) {
    const std::string source = folder + "/wavetank_planted_symbol.cc";
    const std::string object = folder + "/wavetank_planted_symbol.o";
    std::ofstream(source) << body;
    const CommandResult compiled =
        RunCommand("clang++-19 -std=c++20 -c " + source + " -o " + object);
    ASSERT_EQ(compiled.status, 0) << compiled.output;
    EXPECT_THAT(ForbiddenSymbols(object), Contains(HasSubstr(symbol))) << body;
  }
}

// The names that stand in calls of Planted(…) in the product's sources.
std::set<std::string> PlantedBugsInSources() {
  const std::regex call(R"re(\bPlanted\([^";{}]*"([a-z_]+)"\))re");
  std::set<std::string> names;
  for (const SourceFile& file : ReadSourceTree()) {
    const bool product = file.path.starts_with("checkpoint/") || file.path.starts_with("runtime/");
    if (!product || !IsCpp(file.path)) continue;
    for (std::sregex_iterator found(file.text.begin(), file.text.end(), call), end; found != end;
         ++found) {
      names.insert((*found)[1]);
    }
  }
  return names;
}

TEST(PlantedBugs, AreTheCatalogues) {
  std::set<std::string> catalogue;
  for (const properties::PlantedBug& bug : properties::PlantedBugs()) {
    catalogue.emplace(bug.name);
  }
  EXPECT_EQ(PlantedBugsInSources(), catalogue);
}

std::string BytesOf(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Not even its name, by which each is asked for. The catalogue itself is no part of what runs.
TEST(PlantedBugs, AreNotInTheProduct) {
  bool reads_text = false;
  for (const std::string& archive : SimulatedArchives()) {
    if (archive.find("/properties/") != archive.npos) continue;
    const std::string bytes = BytesOf(archive);
    reads_text = reads_text || bytes.find("fenced log writer") != bytes.npos;
    for (const properties::PlantedBug& bug : properties::PlantedBugs()) {
      EXPECT_EQ(bytes.find(bug.name), bytes.npos) << archive << " holds " << bug.name;
    }
  }
  EXPECT_TRUE(reads_text);
}

}  // namespace
}  // namespace wavetank::architecture
