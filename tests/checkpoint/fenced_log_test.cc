#include "checkpoint/fenced_log.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "checkpoint/local_store.h"
#include "checkpoint/served_store.h"
#include "checkpoint/store_service.h"
#include "platform/task_scope.h"
#include "simulator/sim_world.h"
#include "tests/checkpoint/compacting_list.h"
#include "tests/checkpoint/sim_chaos.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;
using platform::NodeMain;
using simulator::RunEnd;
using simulator::SimWorld;

using Records = std::vector<std::string>;

// What was acted on and answered, and the rules of the protocol (fenced_log.h): an
// entry acted on is in every later answer, at its place; answers only ever grow; no place is acted
// on with two values.
class LogHistory {
 public:
  struct Moment {
    std::map<size_t, std::string> acted;
    std::map<size_t, std::string> answer;
    size_t answered = 0;  // how many records, those that were dropped among them
  };
  // To be taken before a read begins.
  Moment Now() const { return now_; }

  void Act(size_t place, const std::string& value) {
    const auto [there, fresh] = now_.acted.emplace(place, value);
    if (!fresh && there->second != value) {
      Broken(absl::StrCat("place ", place, " acted on as ", there->second, " and as ", value));
    }
    ++acts_;
  }
  // Records that were dropped are believed to have been what they were.
  void Answer(const Moment& before, const CompactingList& answer, const std::string& who) {
    const auto is_there = [&answer](size_t place, const std::string& value) {
      if (place < answer.dropped()) return true;
      return place < answer.size() && answer.records()[place - answer.dropped()] == value;
    };
    for (const auto& [place, value] : before.acted) {
      if (is_there(place, value)) continue;
      Broken(absl::StrCat(who, ": ", value, ", acted on at ", place, ", is not in ",
                          answer.dropped(), " dropped and ", absl::StrJoin(answer.records(), " ")));
    }
    for (const auto& [place, value] : before.answer) {
      if (is_there(place, value)) continue;
      Broken(absl::StrCat(who, ": an answer had ", value, " at ", place, ", and now there are ",
                          answer.dropped(), " dropped and ", absl::StrJoin(answer.records(), " ")));
    }
    if (answer.size() < before.answered) {
      Broken(
          absl::StrCat(who, ": the answer shrank from ", before.answered, " to ", answer.size()));
    }
    if (answer.size() > now_.answered) {
      now_.answered = answer.size();
      for (size_t i = answer.dropped(); i < answer.size(); ++i) {
        now_.answer[i] = answer.records()[i - answer.dropped()];
      }
    }
    if (answer.dropped() > 0) ++compacted_answers_;
    ++answers_;
  }
  void Broken(std::string how) {
    if (broken_.empty()) broken_ = std::move(how);
  }

  const std::string& broken() const { return broken_; }
  int acts() const { return acts_; }
  int answers() const { return answers_; }
  // Of which some records had been dropped.
  int compacted_answers() const { return compacted_answers_; }

 private:
  Moment now_;
  std::string broken_;
  int acts_ = 0;
  int answers_ = 0;
  int compacted_answers_ = 0;
};

enum class Where { kOneDisk, kServed };

struct ChaosCase {
  Where where = Where::kOneDisk;
  int owners = 3;
  int readers = 2;
  // Each owner draws how large its segments get, and whether it drops records.
  bool in_segments = false;
  ChaosOptions chaos = {};
  absl::Duration duration = absl::Milliseconds(300);
};

std::unique_ptr<Store> OpenStore(Node& node, Where where) {
  if (where == Where::kOneDisk) return std::make_unique<LocalStore>(node, "checkpoint");
  ServedStoreOptions options;
  options.request_timeout = absl::Milliseconds(500);
  options.give_up_after = absl::Seconds(2);
  return std::make_unique<ServedStore>(node, "store:7000", options);
}

// `next` is where the owner's next record stands, if all goes well.
Task<void> AppendAndAct(FencedLog& log, LogHistory& history, size_t& next, Records records) {
  const Records copy = records;
  const size_t place = next;
  next += records.size();
  const absl::Status appended = co_await log.Append(std::move(records));
  if (!appended.ok()) co_return;
  for (size_t i = 0; i < copy.size(); ++i) history.Act(place + i, copy[i]);
}

// Takes over, acts on all it recovered, appends a little, some of it concurrently; again and again.
Task<void> Own(Node& node, ChaosCase test, LogHistory& history) {
  const std::unique_ptr<Store> store = OpenStore(node, test.where);
  platform::Random random = node.random().Fork("owner");
  int failures = 0;  // in a row: contenders give one another more and more time
  for (int64_t life = 0;; ++life) {
    uint64_t segment_bytes = UINT64_MAX;
    if (test.in_segments) segment_bytes = static_cast<uint64_t>(random.Between(1, 400));
    const bool compacts = test.in_segments && random.OneIn(2);
    const LogHistory::Moment before = history.Now();
    CompactingList recovered(compacts ? 2 : CompactingList::kNothing);
    FencedLogOptions options{.segment_bytes = segment_bytes};
    if (test.in_segments) {
      options.copied_bytes = static_cast<uint64_t>(random.Between(0, 300));
      options.group_bytes = static_cast<uint64_t>(random.Between(1, 100));
    }
    const absl::StatusOr<std::unique_ptr<FencedLog>> log =
        co_await FencedLog::TakeOver(node, *store, "log", recovered, options);
    if (absl::IsDataLoss(log.status())) history.Broken(log.status().ToString());
    if (log.ok()) {
      const std::string who =
          absl::StrCat(node.process(), "#", node.incarnation().value(), ".", life);
      history.Answer(before, recovered, who);
      size_t next = recovered.size();
      for (size_t i = recovered.dropped(); i < next; ++i) {
        history.Act(i, recovered.records()[i - recovered.dropped()]);
      }
      platform::TaskScope appends(node.executor());
      const int64_t count = random.Between(0, 6);
      for (int64_t i = 0; i < count; ++i) {
        Records records = {absl::StrCat(who, ".", i)};
        if (random.OneIn(3)) records.push_back(absl::StrCat(who, ".", i, "+"));
        appends.Spawn("append", AppendAndAct(**log, history, next, std::move(records)));
        if (random.OneIn(2)) co_await appends.Join();
      }
      co_await appends.Join();
    }
    failures = log.ok() ? 0 : failures + 1;
    const int64_t pause_us = random.Between(100, int64_t{20'000} << std::clamp(failures - 3, 0, 5));
    co_await node.clock().Sleep(absl::Microseconds(pause_us));
  }
}

Task<void> ReadAgainAndAgain(Node& node, Where where, LogHistory& history) {
  const std::unique_ptr<Store> store = OpenStore(node, where);
  platform::Random random = node.random().Fork("reader");
  while (true) {
    const LogHistory::Moment before = history.Now();
    CompactingList answer;
    const absl::Status read =
        co_await ReadFencedLog(node, *store, "log", absl::Milliseconds(50), answer);
    if (absl::IsDataLoss(read)) history.Broken(read.ToString());
    if (read.ok()) history.Answer(before, answer, node.process());
    const int64_t pause_us = random.Between(100, 5'000);
    co_await node.clock().Sleep(absl::Microseconds(pause_us));
  }
}

NodeMain OwnerMain(const ChaosCase& test, LogHistory& history) {
  return [test, &history](Node& node) { return Own(node, test, history); };
}
NodeMain ReaderMain(Where where, LogHistory& history) {
  return [where, &history](Node& node) { return ReadAgainAndAgain(node, where, history); };
}
NodeMain StoreMain() {
  return [](Node& node) { return RunStoreService(node, "store:7000", "checkpoint"); };
}

// Gives what is broken, or "".
std::string RunLogChaos(uint64_t seed, const ChaosCase& test, int* acts, int* answers,
                        int* compacted) {
  LogHistory history;
  simulator::WorldOptions options{.seed = seed};
  constexpr simulator::PolicyKind kPolicies[] = {simulator::PolicyKind::kShuffle,
                                                 simulator::PolicyKind::kPriorities};
  options.policy.kind = kPolicies[seed % 2];
  options.policy.hold_back_max = absl::Microseconds(500);
  SimWorld world(options);
  const auto start = [&](const std::string& name, NodeMain main) {
    const std::string machine = test.where == Where::kOneDisk ? "store" : name;
    if (machine == name || name == "owner0") world.AddMachine(machine);
    world.Start(machine, {name, {{"node", std::move(main)}}});
  };
  if (test.where == Where::kServed) start("store", StoreMain());
  for (int i = 0; i < test.owners; ++i) {
    start(absl::StrCat("owner", i), OwnerMain(test, history));
  }
  for (int i = 0; i < test.readers; ++i) {
    start(absl::StrCat("reader", i), ReaderMain(test.where, history));
  }
  Chaos chaos(world, seed, test.chaos);
  chaos.Run(test.duration);
  // Healed: owners and readers get on, and find everything.
  const int acts_so_far = history.acts();
  const RunEnd end =
      world.RunUntil([&] { return !history.broken().empty() || history.acts() > acts_so_far + 20; },
                     {.quiet = absl::Minutes(2)});
  if (end != RunEnd::kDone) history.Broken("no progress after the heal");
  *acts += history.acts();
  *answers += history.answers();
  *compacted += history.compacted_answers();
  return history.broken();
}

void ExpectChaosHolds(const ChaosCase& test, uint64_t seeds) {
  int acts = 0;
  int answers = 0;
  int compacted = 0;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const std::string broken = RunLogChaos(seed, test, &acts, &answers, &compacted);
    ASSERT_EQ(broken, "") << "seed " << seed;
  }
  // Otherwise the runs said little.
  EXPECT_GT(acts, static_cast<int>(seeds) * 20);
  EXPECT_GT(answers, static_cast<int>(seeds) * 5);
  if (test.in_segments) EXPECT_GT(compacted, answers / 5);
}

TEST(FencedLogChaos, OwnersAndReadersOnOneDiskKeepToTheSpecification) {
  ExpectChaosHolds({.where = Where::kOneDisk}, 150);
}

TEST(FencedLogChaos, SegmentsAndWhatTheyDropKeepToTheSpecification) {
  ExpectChaosHolds({.where = Where::kOneDisk, .in_segments = true}, 150);
}

// A reader could be answered with what only a page cache holds, if another process's sync failed:
// local_store.h says so. Owners copy what is not known to be durable, so they are safe.
TEST(FencedLogChaos, OwnersSurviveFailedSyncs) {
  ExpectChaosHolds(
      {.where = Where::kOneDisk,
       .readers = 0,
       .in_segments = true,
       .chaos = {.crash = 3'000, .pause = 2'000, .power_loss = 3'000, .sync_loss = 100'000}},
      150);
}

TEST(FencedLogChaos, OwnersAndReadersOfAServedStoreKeepToTheSpecification) {
  ExpectChaosHolds(
      {.where = Where::kServed, .in_segments = true, .duration = absl::Milliseconds(1'500)}, 25);
}

}  // namespace
}  // namespace wavetank::checkpoint
