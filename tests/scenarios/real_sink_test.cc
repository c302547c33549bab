// File sinks over real directories: the kit's driver, writers and judgement, with the calls on the
// store struck. Everybody is a task of one real node, so that an older driver can go on beside the
// next one, at a moment that is the same in each run; a driver that dies is destroyed where it
// waits, with its files as they are.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "platform/real/real_process.h"
#include "platform/task_scope.h"
#include "scenarios/testing/sink_driver.h"
#include "scenarios/testing/sink_judgement.h"
#include "tests/scenarios/conformance_builtins.h"
#include "tests/scenarios/real_directory.h"
#include "tests/scenarios/struck_store.h"

namespace wavetank::testing {
namespace {

using platform::Node;

// Fewer than in the simulator: each sync takes its time here.
constexpr int64_t kBatches = 2;
constexpr int64_t kMostLives = 8;
constexpr char kWorker[] = "worker";

// Whoever looks while a driver is away has no time to wait for the next one.
Task<absl::StatusOr<std::vector<std::string>>> ReadSoon(Node& node, checkpoint::Store& store) {
  return ReadFirstColumn(node, store, absl::Milliseconds(20));
}

class DirectoryHost final : public SinkHost {
 public:
  DirectoryHost(Node& node, std::string directory, Striker& striker)
      : node_(node),
        directory_(std::move(directory)),
        striker_(striker),
        workers_(node.executor()) {}

  std::unique_ptr<checkpoint::Store> StoreFor(Node& node, const std::string& who) override {
    return std::make_unique<StruckStore>(std::make_unique<checkpoint::LocalStore>(node, directory_),
                                         StruckCaller{striker_, who, lives_});
  }
  std::function<bool()> StartWorker(const std::string& name, platform::NodeMain main) override {
    ++lives_;
    workers_.Spawn(name, main(node_));
    return [this, name, life = lives_] {
      const CallStrike& strike = striker_.strike();
      return !(striker_.struck() && strike.who == name && strike.stops() &&
               striker_.struck_life() == life);
    };
  }
  size_t workers() const { return workers_.size(); }

 private:
  Node& node_;
  const std::string directory_;
  Striker& striker_;
  int64_t lives_ = 0;
  platform::TaskScope workers_;
};

Task<void> Drive(Node& node, SinkRun* run, int64_t epoch, std::string worker, bool* ended) {
  co_await DriveSink(node, run, epoch, std::move(worker));
  *ended = true;
}

class SinkSchedule {
 public:
  SinkSchedule(Node& node, const SinkUnderTest& sink, std::string directory, CallStrike strike,
               bool wakes_at_the_end, SeenStruck& seen)
      : node_(node),
        sink_(sink),
        plain_(node, directory),
        striker_(std::move(strike)),
        host_(node, directory, striker_),
        run_{.format = sink.format,
             .options = sink.options,
             .mode = sink.mode,
             .schema = sink.schema,
             .host = host_,
             .batches = kBatches},
        older_(node.executor()),
        wakes_at_the_end_(wakes_at_the_end),
        seen_(seen) {}

  Task<void> Play() {
    ++seen_.schedules;
    bool ended = false;
    run_.commit_twice = striker_.strike().how == CallStruck::kNone;
    older_.Spawn("driver", Drive(node_, &run_, 1, kWorker, &ended));
    const bool of_driver = striker_.strike().who == NameOfDriver(1);
    co_await Until(
        [&] { return ended || (of_driver && striker_.struck() && striker_.strike().stops()); });
    co_await Look(/*all=*/false);
    if (striker_.strike().how == CallStruck::kNone) seen_.calls = striker_.calls();
    if (of_driver && striker_.strike().dies()) older_.DestroyChildren();
    if (!ended || !run_.ended.ok()) co_await Recover();
    co_await WakeOlder();
    striker_.Release();  // a worker that stands still writes what nobody waits for
    co_await Until([&] { return striker_.strike().dies() || host_.workers() == 0; });
    co_await Look(/*all=*/true);
    if (!run_.committed_again.ok()) {
      Wrong(absl::StrCat("committed again: ", run_.committed_again.message()));
    }
  }

 private:
  Task<void> Until(std::function<bool()> done) {
    const platform::MonotonicTime end = node_.clock().Now() + kStruckPatience;
    while (!done() && node_.clock().Now() < end) {
      co_await node_.clock().Sleep(absl::Milliseconds(1));
    }
    if (!done()) Wrong("does not come to an end");
  }

  // New drivers, until one has done all there is; the older one may go on beside the first.
  Task<void> Recover() {
    run_.held_epoch = 2;
    run_.commit_again_first = striker_.strike().how == CallStruck::kDiesAfter;
    if (!wakes_at_the_end_) run_.held_at = kOnceFenced;
    for (int64_t epoch = 2; epoch < 2 + kMostLives; ++epoch) {
      run_.ended = absl::OkStatus();
      bool ended = false;
      platform::TaskScope next(node_.executor());
      next.Spawn("next driver", Drive(node_, &run_, epoch, "next worker", &ended));
      co_await Until([&] { return ended || (run_.is_held && run_.held_at); });
      if (!ended) {
        co_await WakeOlder();
        run_.held_at.reset();
        co_await Until([&] { return ended; });
      }
      run_.commit_again_first = false;
      if (run_.ended.ok()) co_return;
    }
    Wrong(absl::StrCat("no driver gets on: ", run_.ended.message()));
  }

  // The older driver goes on, and nothing of that may be seen.
  Task<void> WakeOlder() {
    if (older_.size() == 0) co_return;
    const auto before = co_await sink_.read(node_, plain_);
    striker_.Release();
    co_await Until([&] { return older_.size() == 0; });
    const auto after = co_await sink_.read(node_, plain_);
    if (before.ok() && after.ok() && *before != *after) {
      Wrong("what the older driver does then is seen");
    }
  }

  Task<void> Look(bool all) {
    const auto view = co_await sink_.read(node_, plain_);
    if (!view.ok()) {
      if (all || !absl::IsUnavailable(view.status())) Wrong(view.status().message());
      co_return;
    }
    const SinkJudgement judged =
        JudgeView(*view, run_.log, all, sink_.mode != runtime::QueryOutputMode::kAppend);
    for (const auto& [what, row] :
         {std::pair("twice: ", judged.twice), std::pair("lost: ", judged.lost),
          std::pair("in part: ", judged.half),
          std::pair("of no attempt that counts: ", judged.uncounted)}) {
      if (!row.empty()) Wrong(absl::StrCat(what, row));
    }
  }

  void Wrong(absl::string_view what) {
    seen_.wrong.push_back(absl::StrCat(striker_.strike().ToText(), ": ", what));
  }

  Node& node_;
  const SinkUnderTest& sink_;
  checkpoint::LocalStore plain_;
  Striker striker_;
  DirectoryHost host_;
  SinkRun run_;
  platform::TaskScope older_;
  const bool wakes_at_the_end_;
  SeenStruck& seen_;
};

Task<void> PlaySink(Node& node, const SinkUnderTest* sink, CallStrike strike, bool wakes_at_the_end,
                    SeenStruck* seen) {
  SinkSchedule schedule(node, *sink, absl::StrCat("schedule-", seen->schedules), std::move(strike),
                        wakes_at_the_end, *seen);
  co_await schedule.Play();
}

// Which calls are struck: from `first` on every `one_of`-th.
struct CallsOf {
  int64_t first = 1;
  int64_t one_of = 1;
};

Task<void> PlayEachSink(Node& node, const SinkUnderTest* sink, CallsOf struck, SeenStruck* seen) {
  co_await PlaySink(node, sink, {}, false, seen);
  for (const std::string& who : {NameOfDriver(1), std::string(kWorker)}) {
    const int64_t calls = seen->calls[who];
    for (int64_t call = struck.first; call <= calls; call += struck.one_of) {
      for (const CallStruck how :
           {CallStruck::kDiesBefore, CallStruck::kDiesAfter, CallStruck::kStandsStill,
            CallStruck::kReplyLost, CallStruck::kFails, CallStruck::kTwice}) {
        co_await PlaySink(node, sink, {who, call, how}, false, seen);
        const bool of_driver = who != kWorker;
        if (how == CallStruck::kStandsStill && of_driver) {
          co_await PlaySink(node, sink, {who, call, how}, /*wakes_at_the_end=*/true, seen);
        }
      }
    }
  }
}

void ExpectExactlyOnce(SinkUnderTest sink, CallsOf struck) {
  sink.read = ReadSoon;
  const RealDirectory root;
  SeenStruck seen;
  const auto status =
      platform::RunNode([&](Node& node) { return PlayEachSink(node, &sink, struck, &seen); },
                        {.disk_root = root.path(), .log_level = platform::LogLevel::kError});
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(*status, 0);
  EXPECT_GT(seen.calls[NameOfDriver(1)], 10);
  // Of every other batch: the others' parts have no files before they are committed.
  EXPECT_GE(seen.calls[kWorker], 3);
  for (const std::string& wrong : seen.wrong) ADD_FAILURE() << wrong;
  ::testing::Test::RecordProperty("schedules", static_cast<int>(seen.schedules));
}

TEST(RealSink, FilesAreExactlyOnceInARealDirectory) {
  ExpectExactlyOnce(FileSinkUnderTest(runtime::QueryOutputMode::kAppend),
                    {.first = 1, .one_of = 6});
}

TEST(RealSink, WholeTablesAreExactlyOnceInARealDirectory) {
  ExpectExactlyOnce(FileSinkUnderTest(runtime::QueryOutputMode::kComplete),
                    {.first = 2, .one_of = 12});
}

TEST(RealSink, TablesThatAreUpdatedAreExactlyOnceInARealDirectory) {
  ExpectExactlyOnce(FileSinkUnderTest(runtime::QueryOutputMode::kUpdate),
                    {.first = 3, .one_of = 12});
}

}  // namespace
}  // namespace wavetank::testing
