// Faults that damage, misplace or lose files, by name.
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "simulator/fault_injector.h"
#include "simulator/file_pattern.h"
#include "simulator/sim_disk.h"
#include "simulator/sim_world.h"
#include "tests/simulator/disk_main.h"

namespace wavetank::simulator::disk_damage {
namespace {

using platform::Node;
using platform::OpenMode;
using platform::Task;

// Three files of a synced sector each; then, after the step, one more sector for "d/2".
Task<void> WriteThree(Node& node, std::vector<absl::StatusCode>* codes) {
  (co_await node.disk().MakeDirectory("d")).IgnoreError();
  (co_await node.disk().SyncDirectory("")).IgnoreError();
  for (const char* name : {"d/1", "d/2", "d/3"}) {
    auto file = co_await node.disk().Open(name, OpenMode::kCreateNew);
    (co_await (*file)->Append(std::string(kSectorBytes, name[2]))).IgnoreError();
    (co_await (*file)->Sync()).IgnoreError();
  }
  (co_await node.disk().SyncDirectory("d")).IgnoreError();
  co_await node.Step(kDiskHere);
  auto file = co_await node.disk().Open("d/2", OpenMode::kWrite);
  const auto appended = co_await (*file)->Append(std::string(kSectorBytes, '+'));
  codes->push_back(appended.status().code());
  const absl::Status synced = co_await (*file)->Sync();
  codes->push_back(synced.code());
}

// What the three files hold after it, with "-" for one that is gone: as processes see them, which
// is what a power loss leaves.
struct ThreeFiles {
  std::string one = {};
  std::string two = {};
  std::string three = {};
  bool fired = false;
};

ThreeFiles WriteThreeWith(Fault fault) {
  SimWorld world({.seed = 1});
  Codes codes;
  FaultInjector injector(world, {.listed = {{AtStep{"test.disk_here"}, std::move(fault)}}});
  RunDiskMain(world, [&](Node& node) { return WriteThree(node, &codes); });
  EXPECT_EQ(codes, Codes({kOk, kOk})) << "nobody is told";
  const auto see = [&] {
    const SimDisk& disk = world.machine("m").disk();
    return std::vector<std::string>{disk.Get("d/1").value_or("-"), disk.Get("d/2").value_or("-"),
                                    disk.Get("d/3").value_or("-")};
  };
  const std::vector<std::string> seen = see();
  world.LosePower("m");
  EXPECT_EQ(see(), seen);
  return {seen[0], seen[1], seen[2], injector.Unfired().empty()};
}

const std::string kOne(kSectorBytes, '1');
const std::string kTwo(kSectorBytes, '2');
const std::string kThree(kSectorBytes, '3');
const std::string kPlus(kSectorBytes, '+');
const std::string kZeros(kSectorBytes, '\0');

std::string WithByte(std::string content, size_t at, char byte) {
  content[at] = byte;
  return content;
}

TEST(SimDisk, BitRotTurnsOneBitOfTheFileThatIsNamed) {
  const ThreeFiles first =
      WriteThreeWith({.kind = FaultKind::kBitRot, .files = "d/*", .amount = 8 * 3 + 1});
  EXPECT_TRUE(first.fired);
  EXPECT_EQ(first.one, WithByte(kOne, 3, '1' ^ 2));
  EXPECT_EQ(first.two, kTwo + kPlus);
  EXPECT_EQ(first.three, kThree);
  const ThreeFiles last =
      WriteThreeWith({.kind = FaultKind::kBitRot, .files = "d/*", .nth = -1, .amount = -8});
  EXPECT_EQ(last.one, kOne);
  EXPECT_EQ(last.three, WithByte(kThree, kSectorBytes - 1, '3' ^ 1));
  EXPECT_FALSE(WriteThreeWith({.kind = FaultKind::kBitRot, .files = "d/4*"}).fired);
  EXPECT_FALSE(WriteThreeWith({.kind = FaultKind::kBitRot, .files = "d/*", .nth = 4}).fired);
}

TEST(SimDisk, MisdirectedWriteLandsElsewhereAndReportsSuccess) {
  const FaultKind kind = FaultKind::kMisdirectedWrite;
  const ThreeFiles back = WriteThreeWith({.kind = kind, .files = "d/2", .amount = -500});
  EXPECT_TRUE(back.fired);
  EXPECT_EQ(back.two, kTwo.substr(0, 12) + kPlus.substr(12) + kZeros) << "in the same file";
  EXPECT_EQ(back.one + back.three, kOne + kThree);
  const ThreeFiles other = WriteThreeWith({.kind = kind, .peer = "d/3*", .amount = 100});
  EXPECT_EQ(other.two, kTwo + kZeros);
  EXPECT_EQ(other.three, kThree.substr(0, 100) + kPlus.substr(100)) << "cut at its end";
  const ThreeFiles nowhere = WriteThreeWith({.kind = kind, .peer = "none"});
  EXPECT_EQ(nowhere.two, kTwo + kZeros);
  EXPECT_EQ(nowhere.one + nowhere.three, kOne + kThree);
}

TEST(SimDisk, LostFilesAreGoneForGood) {
  const ThreeFiles lost = WriteThreeWith({.kind = FaultKind::kLostFiles, .files = "*1"});
  EXPECT_TRUE(lost.fired);
  EXPECT_EQ(lost.one, "-");
  EXPECT_EQ(lost.two, kTwo + kPlus);
  EXPECT_EQ(lost.three, kThree);
}

TEST(SimDisk, ALostDirectoryTakesWhatIsBelowIt) {
  SimWorld world({.seed = 1});
  SimDisk& disk = world.AddMachine("m").disk();
  for (const char* path : {"d/1", "d/e/2", "d2/3", "4"}) disk.Put(path, "x");
  const FaultInjector injector(
      world, {.listed = {{AtTime{absl::Seconds(1)},
                          {.kind = FaultKind::kLostFiles, .target = "m", .files = "d"}}}});
  world.RunFor(absl::Seconds(2));
  EXPECT_TRUE(injector.Unfired().empty());
  EXPECT_EQ(disk.image().Files(""), (std::vector<std::string>{"4", "d2/3"}));
  EXPECT_FALSE(disk.image().FindDirectory("find", "d").ok());
  world.LosePower("m");
  EXPECT_EQ(disk.image().Files(""), (std::vector<std::string>{"4", "d2/3"}));
}

TEST(SimDisk, RestoredFilesAreThoseThatWereBackedUp) {
  SimWorld world({.seed = 1});
  Codes codes;
  const auto fault = [](absl::Duration at, FaultKind kind, std::string files) {
    return ListedFault{AtTime{at}, {.kind = kind, .target = "m", .files = std::move(files)}};
  };
  FaultInjector injector(
      world, {.listed = {{AtStep{"test.disk_here"}, {.kind = FaultKind::kBackUp, .files = "d/2"}},
                         fault(absl::Seconds(1), FaultKind::kRestore, "d/2*"),
                         fault(absl::Seconds(2), FaultKind::kRestore, "d/1")}});
  RunDiskMain(world, [&](Node& node) { return WriteThree(node, &codes); });
  world.RunFor(absl::Seconds(3));
  EXPECT_EQ(injector.Unfired().size(), 1u) << "of d/1 there is no backup";
  EXPECT_EQ(*world.machine("m").disk().Get("d/1"), kOne);
  EXPECT_EQ(*world.machine("m").disk().Get("d/2"), kTwo);
  world.machine("m").disk().Restore("d/*");
  EXPECT_EQ(world.machine("m").disk().image().Files(""), std::vector<std::string>{"d/2"});
}

TEST(SimDisk, FaultOfACallTakesTheNthOnTheFilesThatItNames) {
  const ThreeFiles third = WriteThreeWith({.kind = FaultKind::kReadError, .files = "d/*"});
  EXPECT_FALSE(third.fired) << "nothing is read";
  SimWorld world({.seed = 1});
  Codes codes;
  FaultInjector injector(world, {.listed = {{AtTime{absl::ZeroDuration()},
                                             {.kind = FaultKind::kMisdirectedWrite,
                                              .target = "m",
                                              .peer = "d/1",
                                              .files = "d/*",
                                              .nth = 3}}}});
  RunDiskMain(world, [&](Node& node) { return WriteThree(node, &codes); });
  EXPECT_TRUE(injector.Unfired().empty());
  EXPECT_EQ(*world.machine("m").disk().Get("d/1"), kThree);
  EXPECT_EQ(*world.machine("m").disk().Get("d/2"), kTwo + kPlus);
  EXPECT_EQ(*world.machine("m").disk().Get("d/3"), kZeros);
}

TEST(FilePattern, StarStandsForAnyCharacters) {
  for (const char* pattern : {"*", "a/b/c", "a/*", "*c", "a*c", "a*/*c", "a/b/c*", "**"}) {
    EXPECT_TRUE(MatchesFilePattern(pattern, "a/b/c")) << pattern;
  }
  for (const char* pattern : {"", "a", "b*", "*b", "a/b/c/*", "a*c*c", "a/b/c?"}) {
    EXPECT_FALSE(MatchesFilePattern(pattern, "a/b/c")) << pattern;
  }
}

Task<void> AppendLater(Node& node) {
  co_await node.clock().Sleep(absl::Seconds(1));
  auto file = co_await node.disk().Open("f", OpenMode::kWrite);
  (co_await (*file)->Append("abc")).IgnoreError();
}

Task<void> StatFile(Node& node, absl::Time& modified) {
  const auto info = co_await node.disk().Stat("f");
  if (info.ok()) modified = info->modified;
}

TEST(SimDisk, AWriteInFlightAtACrashMayHaveLeftTheFileAsItWas) {
  std::set<bool> touched;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SimWorld world({.seed = seed});
    world.AddMachine("m").disk().Put("f", "before");
    const auto modified = [&world] {
      absl::Time found;
      RunDiskMain(world, [&found](Node& node) { return StatFile(node, found); });
      return found;
    };
    const absl::Time before = modified();
    FaultInjector injector(
        world, {.listed = {{AtSeamCall{"p", "n", 2}, Fault{.kind = FaultKind::kCrash}}}});
    RunDiskMain(world, AppendLater);
    EXPECT_TRUE(injector.Unfired().empty());
    touched.insert(modified() != before);
  }
  EXPECT_EQ(touched, (std::set<bool>{false, true}));
}

}  // namespace
}  // namespace wavetank::simulator::disk_damage
