// Rules of a fenced log (fenced_log.h, tests/model) that keep whoever reads it beside an owner, or
// after a loss, from a wrong answer: each in the one order of events that it is there for.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/epoch_log.h"
#include "checkpoint/fenced_log.h"
#include "platform/check.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/watched_store.h"
#include "tests/runtime/memory_store.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using runtime::MemoryStore;
using simulator::SimWorld;
using testing::ElementsAre;
using testing::HasSubstr;

void RunAlone(const std::function<Task<void>(Node& node, bool& done)>& main) {
  SimWorld world({.seed = 1});
  world.AddMachine("m");
  bool done = false;
  world.Start("m", {"p", {{"node", [&](Node& node) { return main(node, done); }}}});
  ASSERT_EQ(world.RunUntil([&done] { return done; }), simulator::RunEnd::kDone);
}

// An owner that appends these, a group each, and ends.
Task<void> Own(Node& node, Store& store, std::vector<std::string> records,
               FencedLogOptions options = {}) {
  RecordList fold;
  const auto log = co_await FencedLog::TakeOver(node, store, "log", fold, options);
  WT_CHECK(log.ok(), std::string(log.status().message()));
  for (std::string& record : records) {
    std::vector<std::string> group{std::move(record)};
    const absl::Status appended = co_await (*log)->Append(std::move(group));
    WT_CHECK(appended.ok(), std::string(appended.message()));
  }
  co_await node.clock().Sleep(absl::Seconds(1));  // it settles
}

// What an owner appends while a newer one's epoch is there, and its seal not yet, never counts.
Task<void> ReadBesideATakeOver(Node& node, bool& done) {
  MemoryStore files(node.executor());
  co_await Own(node, files, {"a"});
  WatchedStore store(files, [&files](const std::string& call, const std::string& path) {
    if (call == "Read" && path == "log/log-1") {
      files.files["log/epoch-2"] = EncodeEpochFile("another");
    }
    return AnswerNow(absl::OkStatus());
  });
  RecordList fold;
  const absl::Status read = co_await ReadFencedLog(node, store, "log", absl::ZeroDuration(), fold);
  EXPECT_TRUE(absl::IsUnavailable(read)) << read;
  EXPECT_THAT(read.ToString(), HasSubstr("log/epoch-2 came into being meanwhile"));
  done = true;
}
TEST(LogRules, AReaderLooksAgainForAnEpochWithoutASealToo) { RunAlone(ReadBesideATakeOver); }

// The newest segment is gone; one before it, whose removal had failed, is still there.
Task<void> LoseTheNewestSegment(Node& node, bool& done) {
  MemoryStore store(node.executor());
  std::string former;
  WatchedStore watched(store, [&](const std::string&, const std::string&) {
    if (store.files.contains("log/log-1")) former = store.files.at("log/log-1");
    return AnswerNow(absl::OkStatus());
  });
  co_await Own(node, watched, {"a", "b"}, {.segment_bytes = 1});
  std::string newest;
  for (const auto& [path, content] : store.files) {
    if (path.starts_with("log/log-1.")) newest = path;
  }
  WT_CHECK(!newest.empty() && !store.files.contains("log/log-1"));
  RecordList fold;
  const absl::Status whole = co_await ReadFencedLog(node, store, "log", absl::ZeroDuration(), fold);
  EXPECT_TRUE(whole.ok()) << whole;
  EXPECT_THAT(fold.records(), ElementsAre("a", "b"));
  store.files.erase(newest);
  store.files["log/log-1"] = former;
  const absl::Status read = co_await ReadFencedLog(node, store, "log", absl::ZeroDuration(), fold);
  EXPECT_TRUE(absl::IsDataLoss(read)) << read;
  EXPECT_THAT(read.ToString(), HasSubstr(newest + " is missing"));
  const auto taken = co_await FencedLog::TakeOver(node, store, "log", fold);
  EXPECT_TRUE(absl::IsDataLoss(taken.status())) << taken.status();
  done = true;
}
TEST(LogRules, AMarkVouchesForItsVerySegment) { RunAlone(LoseTheNewestSegment); }

}  // namespace
}  // namespace wavetank::checkpoint
