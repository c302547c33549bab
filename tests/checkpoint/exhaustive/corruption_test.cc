// Damage to a small checkpoint: every bit flipped, every length, every file removed or put in
// another's place. What a reader then gets is the whole truth, or an error that names the file; or,
// where the damage makes what some crash could have left as well, the log without its end, to which
// nothing refers (FORMAT.md, "Tear or corruption"). It is never wrong data.
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "checkpoint/fenced_log.h"
#include "checkpoint/local_store.h"
#include "checkpoint/state_store.h"
#include "platform/check.h"
#include "platform/task.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/compacting_list.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using platform::Task;
using simulator::SimWorld;

using Files = std::map<std::string, std::string>;

// What a reader gets: the log's records, and the newest state's keys and values.
struct Reading {
  absl::Status log_status;
  std::vector<std::string> records;
  absl::Status state_status;
  std::string state;
};

constexpr const char* kLog = "checkpoint/log";
constexpr const char* kState = "checkpoint/state";

std::unique_ptr<SimWorld> WorldOf(const Files& files) {
  simulator::WorldOptions options;
  options.seed = 1;
  auto world = std::make_unique<SimWorld>(options);
  simulator::SimDisk& disk = world->AddMachine("m").disk();
  for (const auto& [path, content] : files) disk.Put(path, content);
  return world;
}

template <typename Main>
void RunIn(SimWorld& world, const Main& main) {
  bool done = false;
  world.Start("m", {"p", {{"node", [&](Node& node) { return main(node, done); }}}});
  WT_CHECK(world.RunUntil([&done] { return done; }) == simulator::RunEnd::kDone);
}

// How a log goes on when a segment is full.
struct Shape {
  const char* name;
  uint64_t segment_bytes = UINT64_MAX;
  size_t kept = CompactingList::kNothing;
  FencedLogOptions options = {};
};
void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.name; }

StateStoreOptions StateOptions() {
  StateStoreOptions options;
  options.operator_fingerprint = "damaged";
  options.stores = {{"plain", "1"}, {"ordered", "2", KeyOrder::kBytes}};
  options.compression = StateCompression::kLz4;
  options.lineage = {.snapshot_at = 2, .snapshot_at_latest = 2};
  return options;
}

// Two owners, each with some groups, and four versions of state: the newest is a snapshot of the
// second and deltas upon it.
Task<void> Write(Node& node, Shape shape, StateVersion& version, bool& done) {
  LocalStore store(node, "");
  for (int owner = 0; owner < 2; ++owner) {
    CompactingList records(shape.kept);
    shape.options.segment_bytes = shape.segment_bytes;
    auto log = co_await FencedLog::TakeOver(node, store, kLog, records, shape.options);
    WT_CHECK(log.ok());
    for (int group = 0; group < 3; ++group) {
      std::vector<std::string> appends{absl::StrCat("record ", owner, ".", group)};
      const absl::Status appended = co_await (*log)->Append(std::move(appends));
      WT_CHECK(appended.ok());
    }
    co_await node.clock().Sleep(absl::Seconds(1));  // for the next segment
  }
  auto state = co_await StateStore::Open(node, store, kState, StateVersion(), StateOptions());
  WT_CHECK(state.ok());
  for (int change = 0; change < 4; ++change) {
    (*state)->Put(absl::StrCat("key", change), std::string(40, static_cast<char>('a' + change)));
    (*state)->table("ordered").Put("key", absl::StrCat("again", change));
    while (change == 3 && (*state)->snapshot_running()) {
      co_await node.clock().Sleep(absl::Milliseconds(1));
    }
    const auto committed = co_await (*state)->Commit();
    WT_CHECK(committed.ok());
    version = *committed;
  }
  done = true;
}

Task<void> Read(Node& node, StateVersion version, Reading& reading, bool& done) {
  LocalStore store(node, "");
  RecordList records;
  auto log = co_await FencedLog::TakeOver(node, store, kLog, records);
  reading.log_status = log.status();
  if (log.ok()) reading.records = records.records();
  auto state = co_await StateStore::Open(node, store, kState, std::move(version), StateOptions());
  reading.state_status = state.status();
  if (state.ok()) {
    for (const size_t number : {size_t{0}, size_t{1}}) {
      (*state)->table(number).ForEach([&reading](std::string_view key, std::string_view value) {
        reading.state.append(key).append("=").append(value).append(";");
      });
    }
  }
  done = true;
}

class Corruption : public testing::TestWithParam<Shape> {
 protected:
  Corruption() {
    const auto world = WorldOf({});
    RunIn(*world,
          [this](Node& node, bool& done) { return Write(node, GetParam(), version_, done); });
    simulator::SimDisk& disk = world->machine("m").disk();
    for (const std::string& path : disk.image().Files("")) files_[path] = *disk.Get(path);
    whole_ = ReadFrom(files_);
    WT_CHECK(whole_.log_status.ok() && whole_.records.size() >= 2);
    WT_CHECK(whole_.state_status.ok() && !whole_.state.empty());
    WT_CHECK(absl::EndsWith(version_.files.front(), ".snapshot") && version_.files.size() == 3);
  }
  ~Corruption() override {
    std::printf(
        "  %lld damaged checkpoints: %lld harmless, %lld reported by name, %lld like a crash\n",
        harmless_ + reported_ + like_a_crash_, harmless_, reported_, like_a_crash_);
  }

  Reading ReadFrom(const Files& files) {
    Reading reading;
    const auto world = WorldOf(files);
    RunIn(*world, [&](Node& node, bool& done) { return Read(node, version_, reading, done); });
    return reading;
  }

  // `paths`: what is damaged.
  void Judge(const Files& damaged, const std::vector<std::string>& paths, const std::string& how) {
    const Reading reading = ReadFrom(damaged);
    const std::string what = absl::StrCat(absl::StrJoin(paths, " and "), ": ", how);
    bool named = true;
    for (const absl::Status& status : {reading.log_status, reading.state_status}) {
      if (status.ok()) continue;
      const std::string text = status.ToString();
      const bool names_one = std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
        return absl::StrContains(text, path);
      });
      named = named && names_one;
      EXPECT_TRUE(names_one) << what << " gives an error that does not name it: " << text;
    }
    if (!reading.state_status.ok() || !reading.log_status.ok()) {
      reported_ += named ? 1 : 0;
      // What is beside the damage is whole.
      if (reading.state_status.ok()) EXPECT_EQ(reading.state, whole_.state) << what;
      if (reading.log_status.ok()) EXPECT_EQ(reading.records, whole_.records) << what;
      return;
    }
    EXPECT_EQ(reading.state, whole_.state) << what << " gives wrong state";
    if (reading.records == whole_.records) {
      ++harmless_;
      return;
    }
    ++like_a_crash_;
    // Of the newest segment, without which what it sealed counts.
    const std::string newest = std::prev(files_.upper_bound(absl::StrCat(kLog, "/log-9")))->first;
    // A mark beside it says that it was there.
    const bool tail =
        paths.size() == 1 && paths[0] == newest && how != "removed" &&
        std::equal(reading.records.begin(), reading.records.end(), whole_.records.begin());
    EXPECT_TRUE(tail) << what << " gives [" << absl::StrJoin(reading.records, ", ") << "]";
  }

  StateVersion version_;
  Files files_;
  Reading whole_;
  long long harmless_ = 0;
  long long reported_ = 0;
  long long like_a_crash_ = 0;
};

TEST_P(Corruption, OfEveryBitIsHarmlessOrReportedByName) {
  for (const auto& [path, content] : files_) {
    for (size_t bit = 0; bit < content.size() * 8; ++bit) {
      Files damaged = files_;
      damaged[path][bit / 8] = static_cast<char>(damaged[path][bit / 8] ^ (1 << bit % 8));
      Judge(damaged, {path}, absl::StrCat("bit ", bit, " flipped"));
      if (HasFailure()) return;
    }
  }
}

TEST_P(Corruption, OfEveryLengthIsHarmlessOrReportedByName) {
  for (const auto& [path, content] : files_) {
    for (size_t length = 0; length < content.size(); ++length) {
      Files damaged = files_;
      damaged[path].resize(length);
      Judge(damaged, {path}, absl::StrCat("cut to ", length, " of ", content.size(), " bytes"));
      if (HasFailure()) return;
    }
  }
}

TEST_P(Corruption, OfNamesIsHarmlessOrReportedByName) {
  for (const auto& [path, content] : files_) {
    Files damaged = files_;
    damaged.erase(path);
    Judge(damaged, {path}, "removed");
    for (const auto& [other, other_content] : files_) {
      if (other == path) continue;
      damaged = files_;
      damaged[path] = other_content;
      Judge(damaged, {path}, "holds what is in " + other);
      damaged[other] = content;
      if (other > path) Judge(damaged, {path, other}, "change places");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Logs, Corruption,
    testing::Values(Shape{.name = "OneSegmentAnOwner"},
                    Shape{.name = "OwnersThatRefer", .options = {.copied_bytes = 40}},
                    Shape{.name = "SegmentsUponBases",
                          .segment_bytes = 100,
                          .options = {.copied_bytes = 20, .group_bytes = 60}},
                    Shape{.name = "SegmentsThatDrop", .segment_bytes = 100, .kept = 1}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace wavetank::checkpoint
