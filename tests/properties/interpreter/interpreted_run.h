// InterpretedRun: a query that the interpreter answers, batch after batch, by hand.
#ifndef WAVETANK_TESTS_PROPERTIES_INTERPRETER_INTERPRETED_RUN_H_
#define WAVETANK_TESTS_PROPERTIES_INTERPRETER_INTERPRETED_RUN_H_

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"

#include "platform/check.h"
#include "properties/event_time_watermarks.h"
#include "properties/naive_query.h"
#include "runtime/structured/data_frame.h"
#include "scenarios/interpret_query.h"
#include "tests/properties/interpreter/as_files.h"

namespace wavetank::properties {

using Lines = std::vector<std::string>;

// Rows of the session's source `path`, whose lines are "<time>,<key>": time, which is event time,
// and key, null where the line has none.
inline runtime::DataFrame Stream(runtime::Session& session, const std::string& path,
                                 absl::Duration delay = absl::ZeroDuration()) {
  using runtime::Col;
  const auto word = runtime::SubstringAfter(Col("value"), ",");
  return session.ReadStream()
      .Format("text")
      .Load(path)
      .Select({runtime::SubstringBefore(Col("value"), ",")
                   .Cast(runtime::DataType::kTimestamp)
                   .As("time"),
               runtime::If(word == "", runtime::Null(), word).As("key")})
      .WithWatermark("time", delay);
}

class InterpretedRun {
 public:
  // REQUIRES: the interpreter knows the query.
  InterpretedRun(const runtime::DataFrame& frame, const std::string& mode,
                 WatermarkPolicy policy = WatermarkPolicy::kMin)
      : event_times_(policy) {
    runtime::StreamingQueryDefinition definition;
    definition.plan = frame.plan();
    definition.output_mode = mode;
    if (policy == WatermarkPolicy::kMax) definition.options["multipleWatermarkPolicy"] = "max";
    auto query = scenarios::InterpretQuery(definition, scenarios::DoubleSums::kAreExact);
    WT_CHECK(query.ok(), query.status().ToString());
    query_ = std::move(*query);
  }

  // One batch of these lines, by source. Its rows, "a|b|c", sorted.
  Lines Batch(std::vector<Lines> sources) {
    NaiveBatch batch;
    batch.lines = std::move(sources.front());
    for (size_t i = 1; i < sources.size(); ++i) batch.other_inputs.push_back({sources[i]});
    batch.late_watermark_ms = watermark_ms_;
    watermark_ms_ = event_times_.global_ms();
    batch.watermark_ms = watermark_ms_;
    answer = query_->Run(AsFiles(batch));
    event_times_.Add(answer.seen);
    const auto next = event_times_.global_ms();
    const auto& final_ms = answer.next_final->watermark_ms;
    another_is_due =
        next && final_ms && *next >= *final_ms && (!watermark_ms_ || *next > *watermark_ms_);
    Lines rows;
    for (const NaiveRow& row : answer.rows) rows.push_back(absl::StrJoin(row, "|"));
    std::ranges::sort(rows);
    return rows;
  }

  // A batch, and those without input that are due after it.
  Lines Add(std::vector<Lines> sources) {
    const std::vector<Lines> none(sources.size());
    Lines rows = Batch(std::move(sources));
    late = answer.dropped;
    while (another_is_due) {
      for (std::string& row : Batch(none)) rows.push_back(std::move(row));
    }
    std::ranges::sort(rows);
    return rows;
  }

  // In seconds; -1: none.
  double watermark() const {
    const auto ms = event_times_.global_ms();
    return ms ? static_cast<double>(*ms) / 1000 : -1;
  }

  NaiveAnswer answer;  // of the last batch
  int64_t late = 0;    // rows of the last Add
  // Whether a batch without input must follow.
  bool another_is_due = false;

 private:
  EventTimeWatermarks event_times_;
  std::unique_ptr<NaiveQuery> query_;
  std::optional<int64_t> watermark_ms_;
};

}  // namespace wavetank::properties

#endif  // WAVETANK_TESTS_PROPERTIES_INTERPRETER_INTERPRETED_RUN_H_
