// What a file sink's listers and readers see, wherever a driver dies, and when one that was
// replaced wakes too late: at each call of its disk.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "runtime/connectors/file_sink.h"
#include "runtime/connectors/part_name.h"
#include "simulator/sim_world.h"
#include "tests/runtime/connectors/at_call.h"
#include "tests/runtime/connectors/inline_rows.h"
#include "tests/runtime/connectors/sim_sink.h"

namespace wavetank::runtime {
namespace {

using checkpoint::LocalStore;
using platform::Node;
using simulator::SimWorld;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kAll = 4;

struct World {
  ManifestMode mode = MANIFEST_MODE_APPEND;
  bool mixed = false;  // every other batch has files of its own
};

Task<void> PublishRest(Node& node, World of, int64_t epoch, std::vector<absl::Status>* ends) {
  LocalStore store(node, "");
  FileSinkOptions options = InlineOptions(of.mode);
  options.log_segment_bytes = 500;
  FileSink sink(node, store, std::move(options));
  const auto last = co_await sink.Fence({epoch, 1});
  absl::Status status = last.status();
  if (status.ok()) {
    auto uncommitted = co_await sink.Uncommitted();
    status = uncommitted.status();
    // (A real one looks first whether it still owns its query.)
    if (status.ok() && epoch > 1) {
      status = co_await sink.RemoveUncommitted(*std::move(uncommitted), "");
    }
  }
  int64_t batch = status.ok() && *last ? (*last)->batch + 1 : 0;
  for (; status.ok() && batch < kAll; ++batch) {
    status =
        co_await CommitRows(store, sink,
                            {.batch = batch,
                             .unique = absl::StrCat("d", epoch, "-", node.incarnation().value()),
                             .texts = {absl::StrCat(batch, ",", epoch, "\n")},
                             .inline_bytes = of.mixed && batch % 2 == 1 ? 0 : kInline});
    // Now and then the publisher lags behind.
    if (batch % 3 != 1) co_await sink.Settle(absl::Milliseconds(500));
  }
  if (status.ok()) co_await sink.Settle(absl::Seconds(30));
  ends->push_back(status);
}

// Looks at the plain names whenever some have changed durably.
class Lister {
 public:
  Lister(SimWorld& world, ManifestMode mode) : complete_(mode == MANIFEST_MODE_COMPLETE) {
    world.machine("m").disk().Subscribe(
        {"out/"}, [this](const simulator::SimDisk::DurableNews& news) { Look(news); });
  }
  const std::vector<std::string>& wrong() const { return wrong_; }
  const std::map<int64_t, std::string>& contents() const { return contents_; }

 private:
  void Look(const simulator::SimDisk::DurableNews& news) {
    const bool power_was_lost = news.path.empty();
    std::set<int64_t> listed;
    std::set<std::string> lines;
    for (const auto& [path, content] : news.files) {
      const std::string name = path.substr(path.rfind('/') + 1);
      if (path != "out/" + name || BatchOfPart(name) < 0) continue;
      const int64_t batch = BatchOfPart(name);
      listed.insert(batch);
      for (const absl::string_view line : absl::StrSplit(content, '\n', absl::SkipEmpty())) {
        const std::string of(line.substr(0, line.find(',')));
        if (!lines.insert(of).second) Wrong(batch, absl::StrCat("shows batch ", of, " again"));
      }
      const auto [known, fresh] = contents_.try_emplace(batch, content);
      if (known->second != content) Wrong(batch, "has other content than before");
      // What was not synced may turn out not done.
      if (power_was_lost && gone_.erase(batch) > 0) listed_.insert(batch);
      if (gone_.contains(batch)) Wrong(batch, "is back");
      const bool new_name = !listed_.contains(batch);
      if (complete_ && new_name && batch < newest_) Wrong(batch, "appears after a later one");
    }
    for (const int64_t batch : listed_) {
      if (!listed.contains(batch)) gone_.insert(batch);
    }
    if (!listed_.empty() && listed.empty()) Wrong(-1, "no table is there any more");
    if (!complete_ && !gone_.empty()) Wrong(*gone_.begin(), "is gone");
    if (!listed.empty()) newest_ = std::max(newest_, *listed.rbegin());
    listed_ = std::move(listed);
  }
  void Wrong(int64_t batch, const std::string& what) {
    wrong_.push_back(absl::StrCat("batch ", batch, " ", what));
  }

  const bool complete_;
  std::set<int64_t> listed_;
  std::set<int64_t> gone_;
  std::map<int64_t, std::string> contents_;
  int64_t newest_ = -1;
  std::vector<std::string> wrong_;
};

class PublisherAnywhere : public ::testing::TestWithParam<std::tuple<ManifestMode, bool, Happens>> {
};

TEST_P(PublisherAnywhere, ListersAndReadersSeeWhatTheyShould) {
  const auto [mode, mixed, happens] = GetParam();
  const World of{.mode = mode, .mixed = mixed};
  for (uint64_t call = 1;; ++call) {
    SCOPED_TRACE(absl::StrCat("at call ", call));
    SimWorld world({.seed = call});
    world.AddMachine("m");
    Lister lister(world, of.mode);
    AtCall at(world, call, happens);
    world.SetFaultHook(&at);
    std::vector<absl::Status> first;
    std::vector<absl::Status> second;
    std::vector<absl::Status> third;
    const auto start = [&](const std::string& name, int64_t epoch,
                           std::vector<absl::Status>* ends) {
      world.Start("m",
                  {name, {{"n", [=](Node& node) { return PublishRest(node, of, epoch, ends); }}}});
    };
    start("first", 1, &first);
    world.RunFor(absl::Seconds(90));
    if (!at.fired()) {
      EXPECT_GT(call, 100u) << "or nothing was tested";
      break;
    }
    world.PowerOn("m");
    start("second", 2, &second);
    world.RunFor(absl::Seconds(90));
    ASSERT_THAT(second, ElementsAre(absl::OkStatus()));
    if (happens == Happens::kWakesLate) {
      world.Resume(world.process("first"));
      world.RunFor(absl::Seconds(90));
    }
    start("third", 3, &third);
    world.RunFor(absl::Seconds(90));
    ASSERT_THAT(third, ElementsAre(absl::OkStatus()));
    ASSERT_THAT(lister.wrong(), IsEmpty());

    std::optional<absl::StatusOr<SinkTable>> table;
    std::vector<std::string> plain;
    world.Start("m", {"r", {{"n", [&](Node& node) { return FileSinkRead(node, table); }}}});
    world.Start("m", {"ls", {{"n", [&](Node& node) { return FileSinkList(node, plain); }}}});
    world.RunFor(absl::Seconds(30));
    ASSERT_TRUE(table.has_value());
    ASSERT_TRUE(table->ok()) << table->status();
    const bool complete = of.mode == MANIFEST_MODE_COMPLETE;
    ASSERT_EQ((*table)->rows.size(), complete ? 1u : static_cast<size_t>(kAll));
    // As it was shown to listers, whoever did it; batches may share a file.
    std::string rows;
    for (const TextRow& row : (*table)->rows) absl::StrAppend(&rows, *row[0], ",", *row[1], "\n");
    std::string shown;
    for (const std::string& name : plain) shown += lister.contents().at(BatchOfPart(name));
    if (complete) shown = lister.contents().at(kAll - 1);
    ASSERT_EQ(shown, rows);
    ASSERT_EQ(complete ? plain.size() : 2u, 2u);
    ASSERT_LE(plain.size(), static_cast<size_t>(kAll));
    // Nothing is left over, but what a store of today has not swept yet.
    std::vector<std::string> staged =
        world.machine("m").disk().image().Files("out/_wavetank/staged/");
    std::erase_if(staged,
                  [](const std::string& file) { return absl::StrContains(file, "/.tmp-"); });
    ASSERT_THAT(staged, SizeIs(plain.size()));
  }
}

INSTANTIATE_TEST_SUITE_P(
    , PublisherAnywhere,
    ::testing::Combine(::testing::Values(MANIFEST_MODE_APPEND, MANIFEST_MODE_COMPLETE),
                       ::testing::Bool(),
                       ::testing::Values(Happens::kCrash, Happens::kPowerLoss,
                                         Happens::kWakesLate)),
    [](const auto& info) {
      const Happens happens = std::get<2>(info.param);
      return absl::StrCat(std::get<0>(info.param) == MANIFEST_MODE_APPEND ? "Append" : "Complete",
                          std::get<1>(info.param) ? "Mixed" : "",
                          happens == Happens::kCrash       ? "Crash"
                          : happens == Happens::kPowerLoss ? "PowerLoss"
                                                           : "WakesLate");
    });

}  // namespace
}  // namespace wavetank::runtime
