// State from batch to batch: what functions are given and when, and what becomes of it when the
// driver dies, the partitions change, batches fail or are left out.
#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/state_run.h"

namespace wavetank::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;
using testing::SizeIs;

using Count = std::pair<std::string, int64_t>;

std::optional<int64_t> Sum(const std::vector<int64_t>& values, std::optional<int64_t> state) {
  int64_t sum = state.value_or(0);
  for (const int64_t value : values) sum += value;
  return sum;
}

void Sums(DStream<std::string> lines) {
  lines.Map(KeyAndNumber)
      .UpdateStateByKey<int64_t>(Sum)
      .Checkpoint(kStateBatch)
      .SaveAsTextFiles("out/sums");
}

TEST(UpdateStateByKey, GivesEachKeysStateInEachBatch) {
  StateRun run(Sums);
  run.Start();
  run.Feed(Batches{{"a", "b 5", "a"}, {}, {"b -2", "c"}, {}});
  EXPECT_THAT(run.Saved(), ElementsAre(ElementsAre("(a,2)", "(b,5)"), ElementsAre("(a,2)", "(b,5)"),
                                       ElementsAre("(a,2)", "(b,3)", "(c,1)"),
                                       ElementsAre("(a,2)", "(b,3)", "(c,1)")));
}

TEST(UpdateStateByKey, IsAskedForKeysWithoutValuesAndLetsThemGo) {
  // How many batches a key has gone without a value; 2 are too many.
  const auto idle = [](absl::Time, const std::string& key, const std::vector<int64_t>& values,
                       std::optional<int64_t> state) -> std::optional<int64_t> {
    if (key == "never") return std::nullopt;
    if (!values.empty()) return 0;
    return *state < 1 ? std::optional(*state + 1) : std::nullopt;
  };
  StateRun run([idle](const DStream<std::string>& lines) {
    lines.Map(KeyAndNumber)
        .UpdateStateByKey<int64_t>(idle, 3, {{"old", 0}})
        .SaveAsTextFiles("out/idle");
  });
  run.Start();
  run.Feed(Batches{{"a", "never"}, {}, {"b"}, {}});
  const Batches saved = run.Saved();
  EXPECT_EQ(saved.front(), Lines{"(old,1)"});  // of the batch before the first line
  EXPECT_THAT(Batches(saved.begin() + 1, saved.end()),
              ElementsAre(ElementsAre("(a,0)"), ElementsAre("(a,1)"), ElementsAre("(b,0)"),
                          ElementsAre("(b,1)")));
}

// What each record saw, its batch's second, and what times out.
std::optional<std::string> Seen(absl::Time, const std::string& key, std::optional<int64_t> value,
                                State<int64_t>& state) {
  if (state.IsTimingOut()) return absl::StrCat(key, " leaves with ", state.Get());
  const int64_t before = state.GetOption().value_or(0);
  if (*value == 0) {
    if (state.exists()) state.Remove();
    return std::nullopt;
  }
  state.Update(before + *value);
  return absl::StrCat(key, " ", before, "+", *value);
}

TEST(MapWithState, MeetsEachRecordInOrderAndTimesOut) {
  StateRun run([](const DStream<std::string>& lines) {
    lines.Map(KeyAndNumber)
        .MapWithState(StateSpec<std::string, int64_t>::Function(Seen)
                          .InitialState({{"z", 100}})
                          .NumPartitions(2)
                          .Timeout(2 * kStateBatch))
        .SaveAsTextFiles("out/seen");
  });
  run.Start();
  run.Feed(Batches{{"a 1", "a 2", "b 5", "b 0", "b 7"}, {"z 1"}, {"b 0"}, {}, {}, {}, {"a 9"}});
  EXPECT_THAT(run.Saved(),
              ElementsAre(ElementsAre("a 0+1", "a 1+2", "b 0+5", "b 0+7"), ElementsAre("z 100+1"),
                          IsEmpty(), ElementsAre("a leaves with 3"),
                          ElementsAre("z leaves with 101"), IsEmpty(), ElementsAre("a 0+9")));
}

// A record that its function only looks at keeps the key from timing out.
TEST(MapWithState, IsTouchedByWhatLooksAtIt) {
  StateRun run([](const DStream<std::string>& lines) {
    const auto look = [](const std::string& key, std::optional<int64_t> value,
                         State<int64_t>& state) {
      if (state.IsTimingOut()) return absl::StrCat(key, " left");
      if (!state.exists()) state.Update(*value);
      return absl::StrCat(key, " ", state.Get());
    };
    lines.Map(KeyAndNumber)
        .MapWithState(StateSpec<std::string, int64_t>::Function(look).Timeout(kStateBatch))
        .SaveAsTextFiles("out/looks");
  });
  run.Start();
  run.Feed(Batches{{"a 5"}, {"a 6"}, {}, {}, {}});
  EXPECT_THAT(run.Saved(), ElementsAre(ElementsAre("a 5"), ElementsAre("a 5"), IsEmpty(),
                                       ElementsAre("a left"), IsEmpty()));
}

TEST(MapWithState, GivesSnapshotsOfAllKeysBesides) {
  StateRun run([](const DStream<std::string>& lines) {
    const auto seen =
        lines.Map(KeyAndNumber)
            .MapWithState(StateSpec<std::string, int64_t>::Function(
                [](const std::string& key, std::optional<int64_t> value, State<int64_t>& state) {
                  state.Update(state.GetOption().value_or(0) + *value);
                  return absl::StrCat("now ", key, " ", state.Get());
                }));
    seen.Union(seen.StateSnapshots().Map(
                   [](const Count& row) { return absl::StrCat(row.first, "=", row.second); }))
        .SaveAsTextFiles("out/both");
  });
  run.Start();
  run.Feed(Batches{{"a", "b"}, {"b 4"}, {}});
  EXPECT_THAT(run.Saved(),
              ElementsAre(ElementsAre("a=1", "b=1", "now a 1", "now b 1"),
                          ElementsAre("a=1", "b=5", "now b 5"), ElementsAre("a=1", "b=5")));
}

TEST(MapWithState, NamesWhatAFunctionMayNotDo) {
  const std::pair<const char*, std::function<void(State<int64_t>&)>> mistakes[] = {
      {"State::Get: the key has no state", [](State<int64_t>& state) { state.Get(); }},
      {"State::Remove: the key has no state", [](State<int64_t>& state) { state.Remove(); }},
      {"State::Update: the state was removed before",
       [](State<int64_t>& state) {
         state.Update(1);
         state.Remove();
         state.Update(2);
       }},
      {"State::Remove: the state was removed before", [](State<int64_t>& state) {
         state.Update(1);
         state.Remove();
         state.Remove();
       }}};
  for (const auto& [message, mistake] : mistakes) {
    State<int64_t> state;
    try {
      mistake(state);
      ADD_FAILURE() << message;
    } catch (const std::invalid_argument& error) {
      EXPECT_STREQ(error.what(), message);
    }
  }
  State<int64_t> leaving(1, /*timing_out=*/true);
  EXPECT_THROW(leaving.Update(2), std::invalid_argument);
  EXPECT_THROW(leaving.Remove(), std::invalid_argument);
}

TEST(State, HasItsPartitionsFromTheFirstStartOn) {
  StateRun run(Sums, {.workers = 3});
  run.Start();
  run.Feed(Batches{{"a", "b", "c", "d", "e"}});
  run.job().world().Crash(run.job().world().process("driver"));
  run.job().driver_options().default_parallelism = 7;
  run.job().world().Restart("driver");
  run.Feed(Batches{{"a", "b", "c", "d", "e"}, {}});
  EXPECT_EQ(run.Saved().back(), (Lines{"(a,2)", "(b,2)", "(c,2)", "(d,2)", "(e,2)"}));
  const auto history = run.job().History("ck");
  EXPECT_THAT(history.batches().rbegin()->second.states, SizeIs(3));
}

TEST(State, TakesInBatchesThatFailedWithTheNextThatDoesNot) {
  bool fails = true;
  SimJobOptions options;
  std::vector<std::string> failures;
  options.driver.on_batch_failed = [&failures](const absl::Status& failed) {
    failures.emplace_back(failed.message());
  };
  StateRun run(
      [&fails](const DStream<std::string>& lines) {
        lines.Map(KeyAndNumber)
            .Map([&fails](Count row) {
              if (fails && row.first == "bad") throw std::runtime_error("not now");
              return row;
            })
            .UpdateStateByKey<int64_t>(Sum)
            .SaveAsTextFiles("out/sums");
      },
      options);
  run.Start();
  run.Feed(Batches{{"a"}, {"bad", "a"}, {"a"}});
  EXPECT_THAT(failures, SizeIs(2));
  EXPECT_THAT(failures.front(), HasSubstr("not now"));
  fails = false;
  run.Feed(Batches{{"a"}});
  EXPECT_THAT(run.Saved(), ElementsAre(ElementsAre("(a,1)"), ElementsAre("(a,4)", "(bad,1)")));
  // The next driver runs them, from the state before them.
  run.job().world().Crash(run.job().world().process("driver"));
  run.job().world().Restart("driver");
  run.Feed(Batches{{}});
  EXPECT_THAT(run.Saved(),
              ElementsAre(ElementsAre("(a,1)"), ElementsAre("(a,2)", "(bad,1)"),
                          ElementsAre("(a,3)", "(bad,1)"), ElementsAre("(a,4)", "(bad,1)"),
                          ElementsAre("(a,4)", "(bad,1)")));
}

// Long ago: the log has dropped the batches between, and the files are gone.
TEST(State, GoesOnFromTheNewestAfterABatchThatFailedLongAgoHasRunAgain) {
  bool fails = true;
  SimJobOptions options;
  options.driver.on_batch_failed = [](const absl::Status&) {};
  options.driver.batches_retained = 1;
  options.driver.log_segment_bytes = 500;
  StateRun run(
      [&fails](const DStream<std::string>& lines) {
        lines.Map(KeyAndNumber)
            .Map([&fails](Count row) {
              if (fails && row.first == "bad") throw std::runtime_error("not now");
              return row;
            })
            .UpdateStateByKey<int64_t>(Sum)
            .Checkpoint(kStateBatch)
            .SaveAsTextFiles("out/sums");
      },
      options);
  run.Start();
  run.Feed(Batches{{"a"}, {"bad"}});
  fails = false;
  run.Feed(Batches{{"b"}, {"c"}, {"d"}, {"e"}});
  run.job().world().Crash(run.job().world().process("driver"));
  for (const int file : {0, 2, 3, 4}) {
    run.job().machine().disk().LoseFile(absl::StrCat("in/", file));
  }
  run.job().world().Restart("driver");
  run.Feed(Batches{{"f"}, {}});
  EXPECT_EQ(run.Saved().back(),
            (Lines{"(a,1)", "(b,1)", "(bad,1)", "(c,1)", "(d,1)", "(e,1)", "(f,1)"}));
}

TEST(State, NamesIntervalsThatCannotBe) {
  const auto error = [](const std::function<void(DStream<Count>)>& plan) {
    StreamingContext ssc(kStateBatch);
    ssc.Checkpoint("ck");
    plan(ssc.TextFileStream("in").Map(KeyAndNumber));
    return std::string(ssc.graph().Validate().message());
  };
  const auto sums = [](const DStream<Count>& rows) { return rows.UpdateStateByKey<int64_t>(Sum); };
  EXPECT_EQ(
      error([&](const DStream<Count>& rows) { sums(rows).Checkpoint(7 * kStateBatch).Print(); }),
      "");
  EXPECT_THAT(error([&](const DStream<Count>& rows) {
                sums(rows).Checkpoint(absl::Milliseconds(1500)).Print();
              }),
              HasSubstr("Checkpoint(1.5s) of a state that goes on every 1s: give a multiple"));
  EXPECT_THAT(error([&](const DStream<Count>& rows) {
                rows.ReduceByKeyAndWindow(std::plus<>(), std::minus<>(), 4 * kStateBatch,
                                          2 * kStateBatch)
                    .Checkpoint(3 * kStateBatch)
                    .Print();
              }),
              HasSubstr("goes on every 2s: give a multiple"));
  EXPECT_THAT(error([](const DStream<Count>& rows) {
                rows.ReduceByKey(std::plus<>()).Checkpoint(kStateBatch).Print();
              }),
              HasSubstr("(ReduceByKey): it has no state"));
  EXPECT_THAT(error([&](const DStream<Count>& rows) {
                sums(sums(rows)).Checkpoint(2 * kStateBatch).Print();
              }),
              HasSubstr("its rows come of another state"));
}

// Keys are moved on 1,024 at a time.
TEST(State, AWindowMovesOnManyKeysInOnePartition) {
  StateRun run([](const DStream<std::string>& lines) {
    lines.Map(KeyAndNumber)
        .ReduceByKeyAndWindow(std::plus<>(), std::minus<>(), 2 * kStateBatch, kStateBatch, 1)
        .SaveAsTextFiles("out/window");
  });
  run.Start();
  Batches batches(3);
  std::map<std::string, int64_t> window;  // of the last two
  for (int batch = 0; batch < 3; ++batch) {
    for (int key = 700 * batch; key < 700 * batch + 2'500; ++key) {
      batches[static_cast<size_t>(batch)].push_back(absl::StrCat("key", key, " ", batch + 1));
      if (batch > 0) window[absl::StrCat("key", key)] += batch + 1;
    }
  }
  run.Feed(batches);
  const Batches saved = run.Saved();
  ASSERT_GE(saved.size(), 3U);
  Lines expected;
  for (const auto& [key, sum] : window) expected.push_back(absl::StrCat("(", key, ",", sum, ")"));
  std::ranges::sort(expected);
  EXPECT_EQ(saved[2], expected);
}

TEST(State, OfAStateAndInTwoOutputsGoesOnOnceABatch) {
  StateRun run([](const DStream<std::string>& lines) {
    const DStream<Count> sums = lines.Map(KeyAndNumber).UpdateStateByKey<int64_t>(Sum);
    // How many batches each sum was there for.
    const DStream<Count> ages = sums.UpdateStateByKey<int64_t>(
        [](const std::vector<int64_t>& sum, std::optional<int64_t> age) {
          return std::optional(age.value_or(0) + std::ssize(sum));
        });
    sums.SaveAsTextFiles("other/sums");
    sums.Join(ages)
        .Map([](const std::pair<std::string, std::pair<int64_t, int64_t>>& row) {
          return absl::StrCat(row.first, " ", row.second.first, " for ", row.second.second);
        })
        .SaveAsTextFiles("out/both");
  });
  run.Start();
  run.job().CrashAt("dstream.output_done", 7, absl::Milliseconds(100));
  run.Feed(Batches{{"a", "b 5"}, {"a"}, {}, {"c"}, {}});
  EXPECT_EQ(run.job().strikes(), 1);
  EXPECT_THAT(run.Saved(), ElementsAre(ElementsAre("a 1 for 1", "b 5 for 1"),
                                       ElementsAre("a 2 for 2", "b 5 for 2"),
                                       ElementsAre("a 2 for 3", "b 5 for 3"),
                                       ElementsAre("a 2 for 4", "b 5 for 4", "c 1 for 1"),
                                       ElementsAre("a 2 for 5", "b 5 for 5", "c 1 for 2")));
}

TEST(State, HasOneKeyForWhatIsOneKey) {
  using Key = std::tuple<double, std::vector<double>>;
  std::string plus;
  std::string minus;
  EXPECT_EQ(internal::StateKey(Key(0.0, {0.0}), plus),
            internal::StateKey(Key(-0.0, {-0.0}), minus));
  EXPECT_NE(internal::StateKey(Key(0.0, {1.0}), plus), internal::StateKey(Key(0.0, {0.0}), minus));
}

TEST(State, MayNotBeUnderAWindow) {
  StreamingContext ssc(kStateBatch);
  ssc.Checkpoint("ck");
  ssc.ConstantStream<Count>({{"a", 1}})
      .UpdateStateByKey<int64_t>(Sum)
      .Filter([](const Count&) { return true; })
      .Window(2 * kStateBatch)
      .Print();
  EXPECT_THAT(ssc.graph().Validate().ToString(),
              HasSubstr("(Window): a window over the rows of a state is not there yet: put the "
                        "window before the state"));
}

TEST(State, NeedsACheckpoint) {
  StreamingContext ssc(kStateBatch);
  ssc.ConstantStream<Count>({{"a", 1}}).UpdateStateByKey<int64_t>(Sum).Print();
  EXPECT_THAT(ssc.graph().Validate().ToString(),
              HasSubstr("operator 1 (UpdateStateByKey) keeps state: give the context a directory "
                        "for it, with Checkpoint()"));
  StreamingContext idle(kStateBatch);
  idle.Checkpoint("ck");
  idle.ConstantStream<Count>({{"a", 1}})
      .MapWithState(StateSpec<std::string, int64_t>::Function(Seen).Timeout(absl::ZeroDuration()))
      .Print();
  EXPECT_THAT(idle.graph().Validate().ToString(), HasSubstr("give it a timeout above 0"));
}

TEST(State, OfAWindowIsRefusedOverFilesThatMayBeSkipped) {
  StreamingContext ssc(kStateBatch);
  ssc.Checkpoint("ck");
  ssc.TextFileStream("in", {.files = {.lost = LostFiles::kSkip}})
      .Map(KeyAndNumber)
      .ReduceByKeyAndWindow(std::plus<>(), std::minus<>(), 3 * kStateBatch, kStateBatch)
      .Print();
  EXPECT_THAT(
      ssc.graph().Validate().ToString(),
      HasSubstr("operator 2 (ReduceByKeyAndWindow) has an inverse, so it reads a file again "
                "when that leaves the window, and operator 0 (TextFileStream) skips files "
                "that are lost"));
}

TEST(State, KeepsFewFiles) {
  StateRun run(Sums);
  run.Start();
  for (int i = 0; i < 150; ++i) run.Feed(Lines{"a", "b", "c"});
  EXPECT_EQ(run.Saved().back(), (Lines{"(a,150)", "(b,150)", "(c,150)"}));
  size_t files = 0;
  for (const std::string& name : run.job().NamesIn("ck/state")) {
    for (const std::string& partition : run.job().NamesIn(absl::StrCat("ck/state/", name))) {
      files += run.job().FilesIn(absl::StrCat("ck/state/", name, "/", partition));
    }
  }
  EXPECT_THAT(files, Le(2 * 120U));
}

}  // namespace
}  // namespace wavetank::runtime
