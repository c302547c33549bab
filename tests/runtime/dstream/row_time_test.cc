// Of which batch a row is: behind windows, whatever is kept, after deaths; and the batches of a
// window apart.
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/runtime/dstream/collect.h"
#include "tests/runtime/dstream/state_run.h"

namespace wavetank::runtime::row_times {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr absl::Duration kSecond = absl::Seconds(1);
using Row = std::pair<int, absl::Time>;

DStream<Row> Timed(const DStream<int>& numbers) {
  return numbers.MapWithTime([](int row, absl::Time time) { return Row(row, time); });
}
DStream<int> Some(StreamingContext& ssc) { return ssc.QueueStream<int>({{1, 10}, {2}, {}, {4}}); }

// By row: how many batches before the one that shows it it is of, oldest batch first.
using Agos = std::map<int, std::vector<int64_t>>;
Agos AgosOf(const Collected<Row>& rows) {
  Agos agos;
  for (size_t i = 0; i < rows.batches.size(); ++i) {
    for (const auto& [row, time] : rows.batches[i]) {
      agos[row].push_back((rows.times[i] - time) / kSecond);
    }
  }
  return agos;
}

TEST(MapWithTime, TellsTheTimeOfTheBatch) {
  const auto rows = Collect<Row>(4, [](StreamingContext& ssc) { return Timed(Some(ssc)); });
  EXPECT_EQ(AgosOf(rows), (Agos{{1, {0}}, {10, {0}}, {2, {0}}, {4, {0}}}));
}

// Before the window and behind it, kept before, between and behind, and shuffled before: the same.
TEST(MapWithTime, TellsTheTimeOfTheBatchThatMadeTheRowAlsoBehindAWindow) {
  const auto window = [](const DStream<int>& rows) { return rows.Window(3 * kSecond); };
  const auto shuffled = [](StreamingContext& ssc) { return Some(ssc).Repartition(3); };
  const std::function<DStream<Row>(StreamingContext&)> plans[] = {
      [&](StreamingContext& ssc) { return Timed(Some(ssc)).Window(3 * kSecond); },
      [&](StreamingContext& ssc) { return Timed(window(Some(ssc))); },
      [&](StreamingContext& ssc) { return Timed(window(Some(ssc))).Repartition(2); },
      [&](StreamingContext& ssc) { return Timed(window(Some(ssc).Persist())); },
      [&](StreamingContext& ssc) { return Timed(window(Some(ssc)).Persist()); },
      [&](StreamingContext& ssc) {
        return Timed(window(Some(ssc)).Persist().Map([](int row) { return row; }).Persist());
      },
      [&](StreamingContext& ssc) { return Timed(window(Some(ssc))).Persist(); },
      [&](StreamingContext& ssc) { return Timed(window(shuffled(ssc))); },
      [&](StreamingContext& ssc) { return Timed(window(shuffled(ssc).Persist())); },
      [&](StreamingContext& ssc) { return Timed(window(shuffled(ssc)).Persist()); },
      [&](StreamingContext& ssc) {
        return Timed(window(shuffled(ssc).Persist()).MapPartitions([](std::vector<int> all) {
          return all;
        }));
      },
      [&](StreamingContext& ssc) {
        return Timed(window(Some(ssc).Union(shuffled(ssc))))
            .Filter([seen = std::make_shared<std::set<int>>()](const Row&) { return true; });
      }};
  int number = 0;
  for (const auto& plan : plans) {
    SCOPED_TRACE(number++);
    Agos agos = AgosOf(Collect<Row>(7, plan));
    ASSERT_EQ(agos.size(), 4U);
    for (auto& [row, of_row] : agos) {
      if (of_row.size() == 6) {  // it is there twice
        EXPECT_THAT(of_row, ElementsAre(0, 0, 1, 1, 2, 2)) << row;
      } else {
        EXPECT_THAT(of_row, ElementsAre(0, 1, 2)) << row;
      }
    }
  }
}

TEST(MapWithTime, TellsOfWhatAShuffleOrAStateMakesTheTimeOfItsBatch) {
  const auto summed = [](StreamingContext& ssc) {
    return Timed(Some(ssc).Window(2 * kSecond).Reduce(std::plus<>()));
  };
  const Agos agos = AgosOf(Collect<Row>(5, summed));
  EXPECT_EQ(agos, (Agos{{11, {0}}, {13, {0}}, {2, {0}}, {4, {0, 0}}}));
}

TEST(Slice, HasTheBatchesOfAWindowApartOldestFirst) {
  using Batch = std::pair<absl::Time, std::vector<int>>;
  const auto rows =
      Collect<Batch>(5, [](StreamingContext& ssc) { return Some(ssc).Slice(3 * kSecond); });
  const std::vector<absl::Time>& at = rows.times;
  EXPECT_THAT(rows.batches[0], ElementsAre(Batch(at[0], {1, 10})));
  EXPECT_THAT(rows.batches[2], ElementsAre(Batch(at[0], {1, 10}), Batch(at[1], {2})));
  EXPECT_THAT(rows.batches[3], ElementsAre(Batch(at[1], {2}), Batch(at[3], {4})));
  EXPECT_THAT(rows.batches[4], ElementsAre(Batch(at[3], {4})));
  const auto every_two = Collect<Batch>(
      2, [](StreamingContext& ssc) { return Some(ssc).Slice(4 * kSecond, 2 * kSecond, 3); });
  EXPECT_THAT(every_two.batches[0],
              UnorderedElementsAre(Batch(every_two.times[0] - kSecond, {1, 10}),
                                   Batch(every_two.times[0], {2})));
  StreamingContext ssc(kSecond);
  Some(ssc).Slice(1.5 * kSecond).Print();
  EXPECT_THAT(ssc.graph().Validate().ToString(), HasSubstr("give multiples of that"));
}

// "<line> <time in ms>", of lines over three batches; and of the state, each key's newest.
void SaveTimes(DStream<std::string> lines) {
  const auto with_time = [](std::string line, absl::Time time) {
    return absl::StrCat(line, " ", absl::ToUnixMillis(time));
  };
  lines.MapWithTime(with_time).Window(3 * kSecond).CountByValue().SaveAsTextFiles("out/before");
  lines.Window(3 * kSecond).MapWithTime(with_time).SaveAsTextFiles("behind/of");
  lines.Map([](std::string line) { return std::pair(std::move(line), 1); })
      .UpdateStateByKey<int>([](const std::vector<int>& added, std::optional<int> sum) {
        return std::optional(sum.value_or(0) + static_cast<int>(added.size()));
      })
      .MapWithTime([](const std::pair<std::string, int>& row, absl::Time time) {
        return absl::StrCat(row.first, " ", absl::ToUnixMillis(time));
      })
      .SaveAsTextFiles("state/of");
}

// Of each complete attempt, by batch time: its lines.
std::multimap<int64_t, Lines> Complete(SimJob& job, const std::string& directory) {
  std::multimap<int64_t, Lines> complete;
  for (const auto& [time_ms, attempts] : job.Saved(directory)) {
    for (const auto& [name, attempt] : attempts) {
      if (attempt.complete) complete.emplace(time_ms, attempt.lines);
    }
  }
  return complete;
}

int64_t TimeIn(const std::string& line) {
  return std::stoll(line.substr(line.find_first_of(' ') + 1));
}

// Batches that run again, and what is made again of batches before, tell the same times.
TEST(MapWithTime, TellsTheSameTimesAfterDeaths) {
  const std::pair<const char*, int> places[] = {{"dstream.batch_input_logged", 4},
                                                {"dstream.batch_completed", 4},
                                                {"task.started", 25},
                                                {"task.finished", 31},
                                                {"shuffle.served", 20},
                                                {"task.finished", 40}};
  for (const auto& [step, occurrence] : places) {
    SCOPED_TRACE(testing::Message() << step << " " << occurrence);
    StateRun run(SaveTimes, {.seed = 5, .workers = 3});
    run.job().CrashAt(step, occurrence, absl::Milliseconds(300));
    run.Start();
    for (int i = 0; i < 6; ++i) run.Feed({absl::StrCat("w", i)});
    run.job().RunFor(absl::Seconds(8));
    EXPECT_THAT(run.job().ended(), IsEmpty());
    EXPECT_EQ(run.job().strikes(), 1);
    std::map<std::string, int64_t> first;  // by word: the time of its batch
    for (const auto& [time_ms, lines] : Complete(run.job(), "behind")) {
      for (const std::string& line : lines) {
        first.emplace(line.substr(0, 2), time_ms);
        EXPECT_EQ(TimeIn(line), first[line.substr(0, 2)]) << line << " at " << time_ms;
      }
    }
    EXPECT_EQ(first.size(), 6U);
    for (const auto& [time_ms, lines] : Complete(run.job(), "out")) {
      for (std::string line : lines) {
        if (line.starts_with('(')) line.erase(0, 1);
        EXPECT_EQ(TimeIn(line), first[line.substr(0, 2)]) << line << " at " << time_ms;
      }
    }
    for (const auto& [time_ms, lines] : Complete(run.job(), "state")) {
      for (const std::string& line : lines) EXPECT_EQ(TimeIn(line), time_ms) << line;
    }
  }
}

}  // namespace
}  // namespace wavetank::runtime::row_times
