// State and windows that are kept, held against plain loops over the same batches: whatever dies,
// at whatever step, each batch is in the state once.
#include <functional>
#include <map>
#include <optional>
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

// Windows of so many batches, by each.
Program WindowProgram(int length, bool filtered) {
  return {absl::StrCat("window of ", length, filtered ? ", filtered" : ""),
          [=](const DStream<std::string>& lines) {
            const auto some = [=](const auto& row) { return !filtered || row.second != 0; };
            lines.Map(KeyAndNumber)
                .ReduceByKeyAndWindow(std::plus<>(), Minus, length * kStateBatch, kStateBatch, some)
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

Program SumsProgram() {
  return {"sums",
          [](const DStream<std::string>& lines) {
            lines.Map(KeyAndNumber)
                .UpdateStateByKey<int64_t>(
                    [](const std::vector<int64_t>& values, std::optional<int64_t> state) {
                      int64_t sum = state.value_or(0);
                      for (const int64_t value : values) sum += value;
                      return std::optional(sum);
                    })
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
Program VisitsProgram() {
  return {"visits",
          [](const DStream<std::string>& lines) {
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

std::vector<Program> Programs() {
  return {SumsProgram(), VisitsProgram(), WindowProgram(1, false), WindowProgram(3, false),
          WindowProgram(4, true)};
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
  for (const Program& program : Programs()) {
    StateRun run(program.plan);
    run.Start();
    run.Feed(kBatches);
    run.Feed(Batches(2));
    ExpectAnswers(program, run, kBatches);
  }
}

TEST(KeptState, IsWholeAfterAnyDeath) {
  struct Death {
    const char* step;
    bool power_loss;
  };
  const Death deaths[] = {{"dstream.batch_input_logged", false}, {"state_store.written", false},
                          {"dstream.state_kept", false},         {"dstream.state_kept", true},
                          {"dstream.output_done", false},        {"dstream.output_done", true},
                          {"dstream.batch_completed", false},    {"dstream.batch_completed", true}};
  for (const Program& program : Programs()) {
    for (const auto& [step, power_loss] : deaths) {
      SCOPED_TRACE(absl::StrCat(step, power_loss ? " loses power" : " crashes"));
      StateRun run(program.plan, {.seed = 7});
      run.Start();
      if (power_loss) {
        run.job().LosePowerAt(step, 5, absl::Milliseconds(100));
      } else {
        run.job().CrashAt(step, 5, absl::Milliseconds(100));
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
  }
}

// A driver that is away for long leaves batches out: what is in the window goes by batch times.
TEST(KeptState, LeavesAWindowInBatchesThatWereLeftOut) {
  for (const int away : {2, 4, 9}) {
    SCOPED_TRACE(absl::StrCat("away for ", away, " batches"));
    const Program program = WindowProgram(3, /*filtered=*/false);
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

}  // namespace
}  // namespace wavetank::runtime
