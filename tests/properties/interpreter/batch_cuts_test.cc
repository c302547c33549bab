// For input that is no later than the delay the folded answer does not depend on how it is cut into
// batches: by faults, by the clock, by when files came.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "platform/check.h"
#include "properties/event_time_watermarks.h"
#include "properties/row_difference.h"
#include "runtime/structured/compile_query.h"
#include "scenarios/interpret_query.h"
#include "scenarios/random_query.h"
#include "tests/properties/interpreter/as_files.h"

namespace wavetank::properties {
namespace {

using platform::Random;

// A line, and which source gives it.
struct Event {
  size_t source = 0;
  std::string line;
};

// Their times rise from line to line, over all sources, so that none is late at any watermark.
std::vector<Event> DrawEvents(Random& random, size_t sources) {
  std::vector<Event> events;
  int64_t seconds = random.Between(0, 20);
  for (int64_t left = random.Between(5, 60); left > 0; --left) {
    seconds += random.Between(1, 6);
    const std::string time = random.OneIn(12) ? "no time" : absl::StrCat(seconds);
    const std::string number = random.OneIn(12) ? "" : absl::StrCat(random.Between(-3, 9));
    events.push_back({static_cast<size_t>(random.Between(0, static_cast<int64_t>(sources) - 1)),
                      absl::StrCat(time, ",", "k", random.Between(0, 3), ",", number)});
  }
  return events;
}

// What a reader of the sink has once nothing is due any more: all rows, the last one of each key,
// or the last table.
std::vector<NaiveRow> Folded(const runtime::StreamingQueryDefinition& query,
                             const runtime::StreamingQueryPlan& plan,
                             const std::vector<Event>& events, const std::set<size_t>& cuts) {
  auto interpreter = scenarios::InterpretQuery(query, scenarios::DoubleSums::kAreExact);
  WT_CHECK(interpreter.ok(), interpreter.status().ToString());
  EventTimeWatermarks watermarks(WatermarkPolicy::kMin);
  NaiveBatch batch;
  std::vector<NaiveRow> all;
  std::map<NaiveRow, NaiveRow> by_key;
  const bool keyed = plan.mode == runtime::QueryOutputMode::kUpdate && plan.output_keys;
  size_t next = 0;
  for (bool due = true; next < events.size() || due; ++batch.timestamp_ms) {
    batch.lines.clear();
    batch.other_inputs.assign(plan.sources.size() - 1, {});
    for (; next < events.size(); ++next) {
      const Event& event = events[next];
      (event.source == 0 ? batch.lines : batch.other_inputs[event.source - 1].lines)
          .push_back(event.line);
      if (cuts.contains(next)) {
        ++next;
        break;
      }
    }
    const NaiveAnswer answer = (*interpreter)->Run(AsFiles(batch));
    EXPECT_EQ(answer.dropped, 0);
    if (plan.mode == runtime::QueryOutputMode::kComplete) all.clear();
    for (const NaiveRow& row : answer.rows) {
      NaiveRow key;
      if (keyed) {
        for (const int column : *plan.output_keys) key.push_back(row[static_cast<size_t>(column)]);
        by_key[key] = row;
      } else {
        all.push_back(row);
      }
    }
    watermarks.Add(answer.seen);
    batch.late_watermark_ms = batch.watermark_ms;
    batch.watermark_ms = watermarks.global_ms();
    const std::optional<int64_t> next_final = answer.next_final->watermark_ms;
    due = next_final && batch.watermark_ms && *next_final <= *batch.watermark_ms;
  }
  for (const auto& [key, row] : by_key) all.push_back(row);
  std::ranges::sort(all);
  return all;
}

// Duplicates within the watermark are those that a batch has not yet forgotten. Of changes, a row
// that a filter behind the aggregate takes out leaves the one that was shown before; and without
// all of its key no row replaces another.
bool DependsOnBatches(const std::string& text, const runtime::StreamingQueryPlan& plan) {
  const bool changes = plan.mode == runtime::QueryOutputMode::kUpdate;
  const bool filtered = absl::StrContains(text.substr(0, text.find("aggregate ")), "filter ");
  return absl::StrContains(text, "within") || absl::StrContains(text, "current_timestamp") ||
         (changes && (filtered || !plan.output_keys));
}

TEST(BatchCuts, TheFoldedAnswerDoesNotDependOnThem) {
  constexpr int64_t kQueries = 1000;
  constexpr scenarios::RandomQueryParts kAll = {.unions = true,
                                                .joins = true,
                                                .outer_joins = true,
                                                .duplicates = true,
                                                .second_aggregates = true,
                                                .other_windows = true};
  int64_t compared = 0;
  int64_t rows = 0;
  for (int64_t seed = 1; seed <= kQueries; ++seed) {
    Random random(static_cast<uint64_t>(seed));
    const runtime::StreamingQueryDefinition query = scenarios::DrawQuery(random, kAll);
    const auto compiled = runtime::CompileQuery(query, {});
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    const std::string text = runtime::ToText(compiled->analysed);
    if (DependsOnBatches(text, *compiled->plan)) continue;
    const std::vector<Event> events = DrawEvents(random, compiled->plan->sources.size());
    const std::vector<NaiveRow> at_once = Folded(query, *compiled->plan, events, {});
    std::set<size_t> cuts;
    for (size_t i = 0; i < events.size(); ++i) {
      if (random.OneIn(5)) cuts.insert(i);
    }
    const std::vector<NaiveRow> in_batches = Folded(query, *compiled->plan, events, cuts);
    ASSERT_EQ(at_once, in_batches)
        << "seed " << seed << ", mode " << query.output_mode << "\n"
        << text << absl::StrJoin(DifferenceOf(at_once, in_batches).records, "\n");
    ++compared;
    rows += static_cast<int64_t>(at_once.size());
  }
  EXPECT_GT(compared, kQueries / 2);
  EXPECT_GT(rows, 4 * kQueries);
}

}  // namespace
}  // namespace wavetank::properties
