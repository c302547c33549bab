// Random queries and inputs, batch by batch: the interpreter and the engine's operators must say
// the same. They share no code, so that where they do not one of them is wrong.
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "platform/check.h"
#include "properties/event_time_watermarks.h"
#include "properties/row_difference.h"
#include "runtime/columnar/text_lines.h"
#include "runtime/fragment/replay_runner.h"
#include "runtime/plan/optimiser/optimiser.h"
#include "runtime/structured/compile_query.h"
#include "scenarios/interpret_query.h"
#include "scenarios/random_query.h"
#include "tests/properties/interpreter/as_files.h"

namespace wavetank::properties {
namespace {

using platform::Random;
using runtime::RecordBatch;

std::optional<int64_t> Millis(absl::Time time) {
  if (time == absl::InfinitePast()) return std::nullopt;
  return absl::ToUnixMillis(time);
}

absl::Time TimeOf(std::optional<int64_t> ms) {
  return ms ? absl::FromUnixMillis(*ms) : absl::InfinitePast();
}

void AddRows(const RecordBatch& rows, std::vector<NaiveRow>& out) {
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    NaiveRow& fields = out.emplace_back();
    for (int i = 0; i < rows.schema().size(); ++i) {
      fields.push_back(rows.column(i).IsNull(row) ? "\\N" : rows.column(i).CellText(row));
    }
  }
}

// A query of the engine's, in one loop in memory; its watermark as drivers keep it.
class Engine {
 public:
  Engine(const runtime::StreamingQueryDefinition& definition, int partitions,
         runtime::WatermarkPolicy policy)
      : policy_(policy) {
    const auto compiled =
        runtime::CompileQuery(definition, {.shuffle_partitions = partitions, .rules = nullptr});
    WT_CHECK(compiled.ok(), compiled.status().ToString());
    plan_ = compiled->plan;
    runner_ = std::make_unique<runtime::ReplayRunner>(plan_);
    text = runtime::ToText(compiled->analysed);
  }

  NaiveAnswer Run(const NaiveBatch& batch, size_t tasks) {
    const runtime::Epoch epoch{.id = next_epoch_++,
                               .timestamp = absl::FromUnixMillis(batch.timestamp_ms),
                               .seed = 0,
                               .late = TimeOf(batch.late_watermark_ms),
                               .evict = TimeOf(batch.watermark_ms)};
    std::vector<runtime::ReplayRunner::Splits> sources = {Splits(batch.lines, tasks)};
    for (const NaiveInput& input : batch.other_inputs) {
      sources.push_back(Splits(input.lines, tasks));
    }
    const auto output = runner_->Run(epoch, sources);
    WT_CHECK(output.ok(), output.status().ToString());
    const runtime::OperatorReport sum = output->report.Sum();
    NaiveAnswer answer;
    answer.dropped = sum.rows_late;
    answer.without_time = sum.rows_without_time;
    removed_ = sum.rows_removed;
    watermarks_.of_query = TimeOf(batch.watermark_ms);
    watermarks_ = runtime::NextWatermarks(*plan_, policy_, watermarks_, output->report);
    next_watermark_ms_ = Millis(watermarks_.of_query);
    const absl::Time next_final = runtime::NextFinal(*plan_, output->report);
    answer.next_final.emplace();
    if (next_final != absl::InfiniteFuture()) {
      answer.next_final->watermark_ms =
          absl::ToUnixMillis(next_final + absl::Milliseconds(1) - absl::Nanoseconds(1));
    }
    another_is_due_ =
        runtime::ShouldRunAnotherBatch(*plan_, epoch.evict, TimeOf(next_watermark_ms_), next_final);
    for (const std::vector<RecordBatch>& task : output->rows) {
      for (const RecordBatch& rows : task) AddRows(rows, answer.rows);
    }
    return answer;
  }

  std::optional<int64_t> next_watermark_ms() const { return next_watermark_ms_; }
  bool another_is_due() const { return another_is_due_; }
  int64_t removed() const { return removed_; }
  size_t sources() const { return plan_->sources.size(); }
  std::string text;

 private:
  static runtime::ReplayRunner::Splits Splits(const std::vector<std::string>& lines, size_t tasks) {
    runtime::ReplayRunner::Splits splits;
    for (size_t task = 0; task < tasks; ++task) {
      std::string part;
      for (size_t i = lines.size() * task / tasks; i < lines.size() * (task + 1) / tasks; ++i) {
        part += lines[i] + "\n";
      }
      splits.push_back({runtime::TextLines(part)});
    }
    return splits;
  }

  const runtime::WatermarkPolicy policy_;
  std::shared_ptr<const runtime::StreamingQueryPlan> plan_;
  std::unique_ptr<runtime::ReplayRunner> runner_;
  int64_t next_epoch_ = 0;
  runtime::Watermarks watermarks_;
  std::optional<int64_t> next_watermark_ms_;
  bool another_is_due_ = false;
  int64_t removed_ = 0;
};

std::string Text(const NaiveAnswer& answer) {
  return absl::StrCat(answer.rows.size(), " rows, ", answer.dropped, " late, ", answer.without_time,
                      " without time, the next is final at ",
                      answer.next_final->watermark_ms.value_or(-1));
}

// What was compared: not queries that show nothing.
struct Compared {
  int64_t batches = 0;
  int64_t rows = 0;
  int64_t late = 0;
  int64_t without_time = 0;
  int64_t shown_without_input = 0;  // rows
  int64_t due = 0;                  // batches without input
};

std::vector<std::string> DrawLines(Random& random, int64_t about) {
  std::vector<std::string> lines;
  for (int64_t left = random.Between(0, 12); left > 0; --left) {
    lines.push_back(scenarios::DrawLine(random, about));
    if (random.OneIn(6)) lines.push_back(lines.back());
  }
  return lines;
}

bool HasNoInput(const NaiveBatch& batch) {
  return batch.lines.empty() && std::ranges::all_of(batch.other_inputs, [](const auto& each) {
           return each.lines.empty();
         });
}

std::string Text(const NaiveBatch& batch) {
  std::string text = absl::StrJoin(batch.lines, " / ");
  for (const NaiveInput& input : batch.other_inputs) {
    absl::StrAppend(&text, "\n    and ", absl::StrJoin(input.lines, " / "));
  }
  return text;
}

// What the two say of one query differently; "": nothing.
std::string Difference(int64_t seed, const scenarios::RandomQueryParts& parts, Compared& compared) {
  Random random(static_cast<uint64_t>(seed));
  runtime::StreamingQueryDefinition query = scenarios::DrawQuery(random, parts);
  const bool min = !random.OneIn(4);
  if (!min) query.options["multipleWatermarkPolicy"] = "max";
  const auto policy = min ? WatermarkPolicy::kMin : WatermarkPolicy::kMax;
  auto interpreter = scenarios::InterpretQuery(query, scenarios::DoubleSums::kAreExact);
  if (!interpreter.ok()) return interpreter.status().ToString();
  Engine engine(query, static_cast<int>(random.Between(1, 4)),
                min ? runtime::WatermarkPolicy::kMin : runtime::WatermarkPolicy::kMax);
  EventTimeWatermarks watermarks(policy);
  std::string history;
  int64_t about = 0;
  NaiveBatch batch;
  batch.other_inputs.resize(engine.sources() - 1);
  const int64_t batches = random.Between(2, 8);
  bool due = false;
  for (int64_t number = 0; number < batches || due; ++number) {
    const bool has_input = !due || random.OneIn(3);
    batch.timestamp_ms = number * 1000;
    batch.lines = has_input ? DrawLines(random, about) : std::vector<std::string>();
    for (NaiveInput& input : batch.other_inputs) {
      input.lines = has_input ? DrawLines(random, about) : std::vector<std::string>();
    }
    about += random.Between(0, 12);
    NaiveAnswer ours = (*interpreter)->Run(AsFiles(batch));
    NaiveAnswer engines = engine.Run(batch, static_cast<size_t>(random.Between(1, 3)));
    std::ranges::sort(ours.rows);
    std::ranges::sort(engines.rows);
    ++compared.batches;
    compared.rows += static_cast<int64_t>(ours.rows.size());
    compared.late += ours.dropped;
    compared.without_time += ours.without_time;
    if (HasNoInput(batch)) compared.shown_without_input += static_cast<int64_t>(ours.rows.size());
    watermarks.Add(ours.seen);
    absl::StrAppend(&history, "batch ", number, ": ", Text(batch), "\n  ", Text(ours), "\n");
    const auto next = watermarks.global_ms();
    if (ours.rows != engines.rows || ours.dropped != engines.dropped ||
        ours.without_time != engines.without_time || ours.next_final != engines.next_final ||
        next != engine.next_watermark_ms()) {
      return absl::StrCat("seed ", seed, ", mode ", query.output_mode, ", policy ",
                          min ? "min" : "max", "\n", engine.text, history,
                          "the engine: ", Text(engines), "; watermark ",
                          engine.next_watermark_ms().value_or(-1), " where ", next.value_or(-1),
                          "\n", absl::StrJoin(DifferenceOf(ours.rows, engines.rows).records, "\n"));
    }
    // Without input something is shown, or forgotten, or the batch would not be.
    if (HasNoInput(batch) && due) {
      ++compared.due;
      if (engine.removed() == 0) return absl::StrCat("seed ", seed, ": nothing final\n", history);
    }
    due = engine.another_is_due();
    batch.late_watermark_ms = batch.watermark_ms;
    batch.watermark_ms = next;
  }
  return "";
}

TEST(InterpreterAgainstReplay, RandomQueriesAreAnsweredAlike) {
  constexpr int64_t kQueries = 1000;
  Compared compared;
  for (int64_t seed = 1; seed <= kQueries; ++seed) {
    ASSERT_EQ(Difference(seed, {}, compared), "");
  }
  EXPECT_GT(compared.batches, 3 * kQueries);
  EXPECT_GT(compared.rows, 10 * kQueries);
  EXPECT_GT(compared.late, kQueries / 2);
  EXPECT_GT(compared.without_time, kQueries / 20);
  EXPECT_GT(compared.shown_without_input, kQueries / 2);
  EXPECT_GT(compared.due, kQueries / 4);
}

TEST(InterpreterAgainstReplay, QueriesOfSeveralSourcesAndStatesAreAnsweredAlike) {
  constexpr int64_t kQueries = 1000;
  constexpr scenarios::RandomQueryParts kAll = {.unions = true,
                                                .joins = true,
                                                .outer_joins = true,
                                                .duplicates = true,
                                                .second_aggregates = true,
                                                .other_windows = true};
  Compared compared;
  for (int64_t seed = 1; seed <= kQueries; ++seed) {
    ASSERT_EQ(Difference(seed, kAll, compared), "");
  }
  EXPECT_GT(compared.batches, 3 * kQueries);
  EXPECT_GT(compared.rows, 10 * kQueries);
  EXPECT_GT(compared.late, kQueries / 2);
  EXPECT_GT(compared.shown_without_input, kQueries / 4);
  EXPECT_GT(compared.due, kQueries / 4);
}

}  // namespace
}  // namespace wavetank::properties
