// State and windows that are kept, held against plain loops over the same batches: whatever dies,
// at whatever step, each batch is in the state once.
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/state_run.h"

namespace wavetank::runtime {
namespace {

using Counts = std::map<std::string, int64_t>;

Lines ToLines(const Counts& counts) {
  Lines lines;
  for (const auto& [key, count] : counts) lines.push_back(absl::StrCat("(", key, ",", count, ")"));
  return lines;
}

// A plan, and what it must save for each of some batches, the first of which has rows.
struct Program {
  std::string name;
  std::function<void(DStream<std::string>)> plan;
  std::function<Batches(const Batches&)> answer;
};

int64_t Minus(int64_t a, int64_t b) { return a - b; }

// Windows of so many batches, by each; the state is kept every so many.
Program WindowProgram(int length, bool filtered, int every = 1) {
  return {absl::StrCat("window of ", length, filtered ? ", filtered" : "", ", every ", every),
          [=](const DStream<std::string>& lines) {
            const auto some = [=](const auto& row) { return !filtered || row.second != 0; };
            lines.Map(KeyAndNumber)
                .ReduceByKeyAndWindow(std::plus<>(), Minus, length * kStateBatch, kStateBatch, some)
                .Checkpoint(every * kStateBatch)
                .SaveAsTextFiles("out/window");
          },
          [=](const Batches& batches) {
            Batches answers;
            for (int i = 0; i < std::ssize(batches); ++i) {
              Counts counts;
              for (int j = std::max(0, i - length + 1); j <= i; ++j) {
                for (const std::string& line : batches[static_cast<size_t>(j)]) {
                  const auto [key, number] = KeyAndNumber(line);
                  counts[key] += number;
                }
              }
              if (filtered) std::erase_if(counts, [](const auto& row) { return row.second == 0; });
              answers.push_back(ToLines(counts));
            }
            return answers;
          }};
}

Program SumsProgram(int every) {
  return {absl::StrCat("sums, every ", every),
          [=](const DStream<std::string>& lines) {
            lines.Map(KeyAndNumber)
                .UpdateStateByKey<int64_t>(
                    [](const std::vector<int64_t>& values, std::optional<int64_t> state) {
                      int64_t sum = state.value_or(0);
                      for (const int64_t value : values) sum += value;
                      return std::optional(sum);
                    })
                .Checkpoint(every * kStateBatch)
                .SaveAsTextFiles("out/sums");
          },
          [](const Batches& batches) {
            Batches answers;
            Counts sums;
            for (const Lines& lines : batches) {
              for (const std::string& line : lines) {
                const auto [key, number] = KeyAndNumber(line);
                sums[key] += number;
              }
              answers.push_back(ToLines(sums));
            }
            return answers;
          }};
}

// The sum of a key's numbers since it last idled for two batches, when it comes; all keys' besides.
Program VisitsProgram(int every) {
  return {absl::StrCat("visits, every ", every),
          [=](const DStream<std::string>& lines) {
            const auto visits =
                lines.Map(KeyAndNumber)
                    .MapWithState(
                        StateSpec<std::string, int64_t>::Function([](const std::string& key,
                                                                     std::optional<int64_t> value,
                                                                     State<int64_t>& state) {
                          if (state.IsTimingOut()) {
                            return absl::StrCat(key, " left ", state.Get());
                          }
                          state.Update(state.GetOption().value_or(0) + *value);
                          return absl::StrCat(key, " ", state.Get());
                        }).Timeout(kStateBatch));
            visits.Checkpoint(every * kStateBatch);
            const auto all = visits.StateSnapshots().Map(
                [](const auto& row) { return absl::StrCat(row.first, "=", row.second); });
            visits.Union(all).SaveAsTextFiles("out/visits");
          },
          [](const Batches& batches) {
            Batches answers;
            std::map<std::string, std::pair<int64_t, int64_t>> visits;  // when last, and the sum
            for (int64_t i = 0; i < std::ssize(batches); ++i) {
              Lines& answer = answers.emplace_back();
              for (const std::string& line : batches[static_cast<size_t>(i)]) {
                const auto [key, number] = KeyAndNumber(line);
                visits[key].first = i;
                visits[key].second += number;
                answer.push_back(absl::StrCat(key, " ", visits[key].second));
              }
              for (auto visit = visits.begin(); visit != visits.end();) {
                const auto& [when, sum] = visit->second;
                const bool left = when < i - 1;
                answer.push_back(absl::StrCat(visit->first, left ? " left " : "=", sum));
                visit = left ? visits.erase(visit) : std::next(visit);
              }
              std::ranges::sort(answer);
            }
            return answers;
          }};
}

std::vector<Program> Programs(int every) {
  return {SumsProgram(every), VisitsProgram(every), WindowProgram(1, false, every),
          WindowProgram(3, false, every), WindowProgram(4, true, every)};
}

const Batches kBatches = {{"a", "b 5", "a"}, {"c 2", "a"}, {},   {"b -5"},
                          {"a 7", "a -7"},   {},           {"c"}};

// What it saves, and then some batches without input.
void ExpectAnswers(const Program& program, StateRun& run, Batches batches) {
  const Batches saved = run.Saved();
  ASSERT_GE(saved.size(), batches.size()) << program.name;
  batches.resize(saved.size());
  EXPECT_EQ(saved, program.answer(batches)) << program.name;
}

// What the log says that each batch had, of kBatches and what was fed besides.
std::map<int64_t, Lines> LoggedLines(StateRun& run) {
  std::map<int64_t, Lines> logged;
  const checkpoint::GraphHistory history = run.job().History("ck");
  for (const auto& [time_ms, batch] : history.batches()) {
    Lines& lines = logged[time_ms];
    for (const auto& stream : batch.input.streams()) {
      for (const auto& file : stream.files()) {
        const Lines& of_file = run.LinesOf(file.path());
        lines.insert(lines.end(), of_file.begin(), of_file.end());
      }
    }
  }
  return logged;
}

TEST(KeptState, IsAsPlainLoopsHaveIt) {
  for (const int every : {1, 2, 5, 100}) {
    for (const Program& program : Programs(every)) {
      StateRun run(program.plan);
      run.Start();
      run.Feed(kBatches);
      run.Feed(Batches(2));
      ExpectAnswers(program, run, kBatches);
      const uint64_t batches = run.job().Reached("dstream.batch_completed");
      EXPECT_EQ(run.job().Reached("dstream.state_kept"), 2 * (batches / every)) << program.name;
    }
  }
}

struct Death {
  const char* step;
  int occurrence;
  bool power_loss = false;
};

void ExpectWholeAfter(const Program& program, const Death& death) {
  SCOPED_TRACE(absl::StrCat(death.step, death.power_loss ? " loses power" : " crashes"));
  StateRun run(program.plan, {.seed = 7});
  run.Start();
  if (death.power_loss) {
    run.job().LosePowerAt(death.step, death.occurrence, absl::Milliseconds(100));
  } else {
    run.job().CrashAt(death.step, death.occurrence, absl::Milliseconds(100));
  }
  run.Feed(kBatches);
  run.Feed(Batches(4));
  EXPECT_EQ(run.job().strikes(), 1);
  // A batch may have got the next one's lines as well.
  Batches batches;
  for (auto& [time_ms, lines] : LoggedLines(run)) {
    if (!batches.empty() || !lines.empty()) batches.push_back(std::move(lines));
  }
  ExpectAnswers(program, run, batches);
}

TEST(KeptState, IsWholeAfterAnyDeath) {
  const Death deaths[] = {{"dstream.batch_input_logged", 5}, {"state_store.written", 3},
                          {"dstream.state_kept", 5},         {"dstream.state_kept", 5, true},
                          {"dstream.output_done", 5},        {"dstream.output_done", 5, true},
                          {"dstream.batch_completed", 5},    {"dstream.batch_completed", 5, true}};
  for (const int every : {1, 3}) {
    for (const Program& program : Programs(every)) {
      for (const Death& death : deaths) ExpectWholeAfter(program, death);
    }
  }
}

// What a worker has in memory is made again from what is kept, and the batches since.
TEST(KeptState, IsMadeAgainWhenAWorkerDies) {
  for (const int every : {2, 4, 100}) {
    for (const Program& program : Programs(every)) {
      for (const char* step : {"task.started", "shuffle.written", "task.finished"}) {
        for (const int occurrence : {14, 23}) ExpectWholeAfter(program, {step, occurrence});
      }
    }
  }
}

// A driver that is away for long leaves batches out: what is in the window goes by batch times.
TEST(KeptState, LeavesAWindowInBatchesThatWereLeftOut) {
  for (const auto& [away, every] : {std::pair(2, 1), std::pair(4, 1), std::pair(9, 1),
                                    std::pair(2, 2), std::pair(4, 5), std::pair(9, 3)}) {
    SCOPED_TRACE(absl::StrCat("away for ", away, " batches, kept every ", every));
    const Program program = WindowProgram(3, /*filtered=*/false, every);
    SimJobOptions options;
    options.driver.overdue_batches_max = 1;
    StateRun run(program.plan, options);
    run.Start();
    run.Feed(Batches{{"a"}, {"b"}, {"c 3"}});
    run.job().world().Crash(run.job().world().process("driver"));
    run.job().RunFor(away * kStateBatch);
    run.job().world().Restart("driver");
    run.Feed(Batches{{"b", "d"}, {}, {"e"}, {}, {}, {}, {}});
    const std::map<int64_t, Lines> logged = LoggedLines(run);
    Batches batches;  // of each batch time, also where there was none
    for (const auto& [time_ms, lines] : logged) {
      batches.resize(static_cast<size_t>((time_ms - logged.begin()->first) / 1000));
      batches.push_back(lines);
    }
    const Batches answers = program.answer(batches);
    for (const auto& [time_ms, attempts] : run.job().Saved("out")) {
      Lines lines = attempts.begin()->second.lines;
      std::ranges::sort(lines);
      EXPECT_EQ(lines, answers.at(static_cast<size_t>((time_ms - logged.begin()->first) / 1000)))
          << time_ms;
    }
    EXPECT_LT(logged.size(), batches.size());
  }
}

// The sum of all numbers of a key, of windows that follow on one another.
std::function<void(DStream<std::string>)> SumsOfPairsOfBatches(int every) {
  return [every](const DStream<std::string>& lines) {
    lines.Map(KeyAndNumber)
        .Window(2 * kStateBatch, 2 * kStateBatch)
        .UpdateStateByKey<int64_t>(
            [](const std::vector<int64_t>& values, std::optional<int64_t> state) {
              int64_t sum = state.value_or(0);
              for (const int64_t value : values) sum += value;
              return std::optional(sum);
            })
        .Checkpoint(every * kStateBatch)
        .SaveAsTextFiles("out/sums");
  };
}

SimJobOptions WithLittleInTheLog() {
  SimJobOptions options;
  options.driver.batches_retained = 1;
  options.driver.log_segment_bytes = 400;
  options.driver.overdue_batches_max = 1;
  return options;
}

// What is in no state that is kept yet stays, however far back it lies in batch times.
TEST(KeptState, HasTheBatchesBeforeALongAbsence) {
  for (const int away : {237, 238}) {
    StateRun run(SumsOfPairsOfBatches(100), WithLittleInTheLog());
    run.Start();
    run.Feed(Batches{{"a"}, {"b 5"}, {"a 2"}, {"c"}, {"b"}});
    run.job().world().Crash(run.job().world().process("driver"));
    run.job().RunFor(away * kStateBatch);
    run.job().world().Restart("driver");
    run.Feed(Batches{{"d"}, {}, {"a"}, {}, {}, {}});
    EXPECT_EQ(run.Saved().back(), (Lines{"(a,4)", "(b,6)", "(c,1)", "(d,1)"})) << away;
    run.job().world().Crash(run.job().world().process("driver"));
    run.job().world().Restart("driver");
    run.Feed(Batches{{"e"}, {}, {}, {}});
    EXPECT_EQ(run.Saved().back(), (Lines{"(a,4)", "(b,6)", "(c,1)", "(d,1)", "(e,1)"})) << away;
  }
}

// A batch that failed long after the state before it was kept runs again on all since.
TEST(KeptState, HasTheBatchesBeforeALongAbsenceForOneThatFailedAfterIt) {
  bool fails = true;
  int failures = 0;
  SimJobOptions options = WithLittleInTheLog();
  options.driver.on_batch_failed = [&failures](const absl::Status&) { ++failures; };
  StateRun run(
      [&fails](const DStream<std::string>& lines) {
        lines
            .Map([&fails](const std::string& line) {
              if (fails && line == "bad") throw std::runtime_error("not now");
              return KeyAndNumber(line);
            })
            .UpdateStateByKey<int64_t>(
                [](const std::vector<int64_t>& values, std::optional<int64_t> state) {
                  int64_t sum = state.value_or(0);
                  for (const int64_t value : values) sum += value;
                  return std::optional(sum);
                })
            .Checkpoint(100 * kStateBatch)
            .SaveAsTextFiles("out/sums");
      },
      options);
  run.Start();
  run.Feed(Batches{{"a"}, {"b 5"}, {"a 2"}});
  run.job().world().Crash(run.job().world().process("driver"));
  run.job().RunFor(200 * kStateBatch);
  run.job().world().Restart("driver");
  run.job().RunFor(5 * kStateBatch);  // until it is there
  run.Feed(Batches{{"bad"}, {}});
  EXPECT_GT(failures, 0);
  fails = false;
  run.Feed(Batches{{"c"}, {"d"}, {}, {}, {}});
  const Lines all = {"(a,3)", "(b,5)", "(bad,1)", "(c,1)", "(d,1)"};
  EXPECT_EQ(run.Saved().back(), all);
  run.job().world().Crash(run.job().world().process("driver"));
  run.job().world().Restart("driver");
  run.Feed(Batches{{}, {}});
  EXPECT_EQ(run.Saved().back(), all);
  EXPECT_THAT(run.Saved(), testing::Contains(Lines{"(a,3)", "(b,5)", "(bad,1)"}));
  EXPECT_THAT(run.job().ended(), testing::IsEmpty());
}

TEST(KeptState, HasAllBatchesAlsoIfItIsKeptMoreOftenThanBefore) {
  StateRun run(SumsOfPairsOfBatches(100), WithLittleInTheLog());
  run.Start();
  for (int i = 0; i < 20; ++i) run.Feed(Lines{"a"});
  run.job().world().Crash(run.job().world().process("driver"));
  run.job().SetJob([](StreamingContext& ssc) {
    ssc.Checkpoint("ck");
    SumsOfPairsOfBatches(2)(ssc.TextFileStream("in"));
  });
  run.job().world().Restart("driver");
  run.Feed(Batches{{"a"}, {}, {}, {}});
  EXPECT_EQ(run.Saved().back(), Lines{"(a,21)"});
}

TEST(KeptState, MovesALongWindowOnAfterALongAbsence) {
  constexpr int kLength = 8'000;
  const Program program = WindowProgram(kLength, /*filtered=*/false, /*every=*/3);
  StateRun run(program.plan, WithLittleInTheLog());
  run.Start();
  run.Feed(Batches{{"a"}, {"b 5"}, {"a 2"}});
  run.job().world().Crash(run.job().world().process("driver"));
  run.job().RunFor((kLength - 20) * kStateBatch);
  run.job().world().Restart("driver");
  run.Feed(Batches{{"c"}, {}});
  EXPECT_EQ(run.Saved().back(), (Lines{"(a,3)", "(b,5)", "(c,1)"}));
  run.job().RunFor(20 * kStateBatch);
  EXPECT_EQ(run.Saved().back(), Lines{"(c,1)"});
  EXPECT_THAT(run.job().ended(), testing::IsEmpty());
}

}  // namespace
}  // namespace wavetank::runtime
