// State as older builds wrote it (tests/data/checkpoint): it must stay readable for ever.
//
// v2/state/<compression>/ is what Write below writes, in a simulated world of seed 1. Files of a
// new format go into a directory of their own; those that are there are never edited.
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "checkpoint/paths.h"
#include "checkpoint/state_store.h"
#include "platform/check.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/golden_files.h"
#include "tests/checkpoint/plain_table.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using simulator::SimWorld;

using StateFiles = std::map<std::string, std::string>;

StateStoreOptions GoldenOptions(StateCompression compression) {
  StateStoreOptions options;
  options.operator_fingerprint = "golden operator";
  options.stores = {{"counts", "counts 1"}, {"times", "times 1", KeyOrder::kBytes}};
  options.compression = compression;
  options.lineage = {.snapshot_at = 3, .snapshot_at_latest = 3, .longest = 9};
  return options;
}

// Deltas 1 to 3, a snapshot of version 3 while delta 4 is written, and delta 5 upon both.
Task<void> WriteState(Node& node, StateCompression compression, StateVersion& version, bool& done) {
  LocalStore store(node, "");
  auto opened = co_await StateStore::Open(node, store, "state", {}, GoldenOptions(compression));
  WT_CHECK(opened.ok());
  StateStore& state = **opened;
  for (int i = 1; i <= 5; ++i) {
    StateTable& counts = state.table("counts");
    counts.Put(absl::StrCat("key", i), std::string(40, static_cast<char>('a' + i)));
    counts.Put("changes", absl::StrCat(i));
    if (i > 2) counts.Remove(absl::StrCat("key", i - 2));
    state.table("times").Put(absl::StrCat("at ", 9 - i), "");
    const auto committed = co_await state.Commit();
    WT_CHECK(committed.ok());
    while (i == 4 && state.snapshot_running()) {
      co_await node.clock().Sleep(absl::Milliseconds(1));
    }
  }
  version = state.version();
  done = true;
}

template <typename Main>
void RunUntilDone(SimWorld& world, const Main& main) {
  bool done = false;
  world.Start("m", {"p", {{"node", [&](Node& node) { return main(node, done); }}}});
  WT_CHECK(world.RunUntil([&done] { return done; }) == simulator::RunEnd::kDone);
}

StateFiles StateWrittenNow(StateCompression compression) {
  SimWorld world({.seed = 1});
  simulator::SimDisk& disk = world.AddMachine("m").disk();
  StateVersion version;
  RunUntilDone(
      world, [&](Node& node, bool& done) { return WriteState(node, compression, version, done); });
  StateFiles files;
  for (const std::string& path : disk.image().Files("")) files[path] = *disk.Get(path);
  // As a record would name them.
  files["lineage"] = absl::StrJoin(version.files, "\n");
  return files;
}

Task<void> ReadState(Node& node, std::string lineage, std::string& found, bool& done) {
  LocalStore store(node, "");
  StateVersion version{5, {}};
  std::istringstream lines(lineage);
  for (std::string line; std::getline(lines, line);) version.files.push_back(line);
  const auto state = co_await StateStore::Open(node, store, "state", std::move(version),
                                               GoldenOptions(StateCompression::kNone));
  EXPECT_TRUE(state.ok()) << state.status();
  if (state.ok()) {
    for (const auto& [key, value] : RowsOf((*state)->table("counts"))) {
      absl::StrAppend(&found, key, "=", value, "\n");
    }
    (*state)->table("times").ScanPrefix("at ", [&](std::string_view key, std::string_view) {
      found.append(key).append("\n");
      return true;
    });
  }
  done = true;
}

TEST(GoldenState, OfFormat2IsReadable) {
  for (const char* compression : {"none", "lz4", "zstd"}) {
    SimWorld world({.seed = 2});
    simulator::SimDisk& disk = world.AddMachine("m").disk();
    const StateFiles golden =
        ReadGoldenFiles(absl::StrCat("tests/data/checkpoint/v2/state/", compression));
    ASSERT_EQ(golden.size(), 7u) << compression;
    for (const auto& [path, content] : golden) disk.Put(path, content);
    std::string found;
    RunUntilDone(world, [&](Node& node, bool& done) {
      return ReadState(node, golden.at("lineage"), found, done);
    });
    EXPECT_EQ(found,
              "changes=5\n"
              "key4=" +
                  std::string(40, 'e') +
                  "\n"
                  "key5=" +
                  std::string(40, 'f') +
                  "\n"
                  "at 4\nat 5\nat 6\nat 7\nat 8\n")
        << compression;
  }
}

// A change of the format shows here: it needs a number of its own, and a directory beside v2. (What
// the compressing libraries write is theirs to change.)
TEST(GoldenState, OfFormat2IsWhatThisBuildWrites) {
  if (const char* directory = std::getenv("WRITE_GOLDEN_STATE"); directory != nullptr) {
    for (const auto compression :
         {StateCompression::kNone, StateCompression::kLz4, StateCompression::kZstd}) {
      WriteGoldenFiles(std::filesystem::path(directory) / NameOf(compression),
                       StateWrittenNow(compression));
    }
  }
  const StateFiles now = StateWrittenNow(StateCompression::kNone);
  ExpectSameFiles(ReadGoldenFiles("tests/data/checkpoint/v2/state/none"), now);
}

}  // namespace
}  // namespace wavetank::checkpoint
