// QueryRun: a streaming query driven by hand, batch after batch, by a ReplayRunner.
#ifndef WAVETANK_TESTS_RUNTIME_STRUCTURED_QUERY_RUN_H_
#define WAVETANK_TESTS_RUNTIME_STRUCTURED_QUERY_RUN_H_

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/check.h"
#include "runtime/columnar/text_lines.h"
#include "runtime/fragment/replay_runner.h"
#include "runtime/structured/compile_query.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::runtime {

using Lines = std::vector<std::string>;

// A session to build one query in, and its sources: lines of text in the column "value".
struct QueryBuilder {
  Session session;
  DataFrame Source(const std::string& path = "in") {
    return session.ReadStream().Format("text").Load(path);
  }
};

inline absl::StatusOr<CompiledQuery> CompileFrame(const DataFrame& frame, const std::string& mode,
                                                  CompileOptions options = {}) {
  StreamingQueryDefinition definition;
  definition.plan = frame.plan();
  definition.output_mode = mode;
  return CompileQuery(definition, options);
}

class QueryRun {
 public:
  // REQUIRES: the query compiles.
  QueryRun(const DataFrame& frame, const std::string& mode, CompileOptions options = {}) {
    const auto compiled = CompileFrame(frame, mode, options);
    WT_CHECK(compiled.ok(), compiled.status().ToString());
    plan_ = compiled->plan;
    runner_ = std::make_unique<ReplayRunner>(plan_);
  }

  // A batch of these lines of each source, spread over `source_tasks`, and the batches without data
  // that follow from it. Gives the output rows, sorted.
  Lines AddTo(const std::vector<Lines>& sources, int source_tasks = 1) {
    Lines output = RunBatchOf(sources, source_tasks);
    while (ShouldRunAnotherBatch(*plan_, epoch_.evict, watermarks_.of_query,
                                 NextFinal(*plan_, report))) {
      for (std::string& row : RunBatchOf({}, 0)) output.push_back(std::move(row));
    }
    std::ranges::sort(output);
    return output;
  }
  Lines Add(const Lines& lines, int source_tasks = 1) { return AddTo({lines}, source_tasks); }

  // One batch; its output rows in order.
  Lines RunBatch(const Lines& lines, int source_tasks) { return RunBatchOf({lines}, source_tasks); }
  Lines RunBatchOf(std::vector<Lines> sources, int source_tasks) {
    epoch_.late = epoch_.evict;
    epoch_.evict = watermarks_.of_query;
    sources.resize(plan_->sources.size());
    std::vector<ReplayRunner::Splits> splits;
    for (const Lines& lines : sources) {
      splits.push_back(Splits(lines, static_cast<size_t>(source_tasks)));
    }
    const ReplayRunner::Output output = runner_->Run(epoch_, splits).value();
    ++epoch_.id;
    report = output.report;
    sum = report.Sum();
    watermarks_ = NextWatermarks(*plan_, policy, watermarks_, report);
    dropped += sum.rows_late;
    Lines rows;
    for (const std::vector<RecordBatch>& task : output.rows) {
      for (const RecordBatch& batch : task) {
        WT_CHECK(batch.schema() == *plan_->output_schema);
        for (int64_t row = 0; row < batch.num_rows(); ++row) rows.push_back(batch.RowText(row));
      }
    }
    return rows;
  }

  const StreamingQueryPlan& plan() const { return *plan_; }
  absl::Time watermark() const { return watermarks_.of_query; }
  void SetTimestamp(absl::Time timestamp) { epoch_.timestamp = timestamp; }

  WatermarkPolicy policy = WatermarkPolicy::kMin;
  int64_t dropped = 0;  // late rows, in all batches
  EpochReport report;   // of the last batch
  OperatorReport sum;   // likewise, of all its operators

 private:
  static std::vector<std::vector<RecordBatch>> Splits(const Lines& lines, size_t tasks) {
    std::vector<std::vector<RecordBatch>> splits;
    for (size_t task = 0; task < tasks; ++task) {
      std::string text;
      for (size_t i = lines.size() * task / tasks; i < lines.size() * (task + 1) / tasks; ++i) {
        text += lines[i] + "\n";
      }
      splits.push_back({TextLines(text)});
    }
    return splits;
  }

  std::shared_ptr<const StreamingQueryPlan> plan_;
  std::unique_ptr<ReplayRunner> runner_;
  Epoch epoch_;
  Watermarks watermarks_;  // of the next batch
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_STRUCTURED_QUERY_RUN_H_
