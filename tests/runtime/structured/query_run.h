// QueryRun: a streaming query driven by hand, batch after batch, through the pure steps of
// runtime/structured/physical_plan.h, with state in memory.
#ifndef WAVETANK_TESTS_RUNTIME_STRUCTURED_QUERY_RUN_H_
#define WAVETANK_TESTS_RUNTIME_STRUCTURED_QUERY_RUN_H_

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/check.h"
#include "runtime/columnar/text_lines.h"
#include "runtime/structured/data_frame.h"
#include "runtime/structured/physical_plan.h"

namespace wavetank::runtime {

using Lines = std::vector<std::string>;

// A session to build one query in, and its source: lines of text in the column "value".
struct QueryBuilder {
  Session session;
  DataFrame Source() { return session.ReadStream().Format("text").Load("in"); }
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
    for (int i = 0; i < plan_->shuffle_partitions; ++i) {
      states_.push_back(std::make_unique<checkpoint::StateTable>());
    }
  }

  // A batch of these lines, spread over `map_tasks`, and the batches without data that follow from
  // it. Gives the output rows, sorted.
  Lines Add(const Lines& lines, int map_tasks = 1) {
    Lines output = RunBatch(lines, map_tasks);
    while (ShouldRunAnotherBatch(*plan_, clock_.watermark, next_watermark_)) {
      for (std::string& row : RunBatch({}, 0)) output.push_back(std::move(row));
    }
    std::ranges::sort(output);
    return output;
  }

  // One batch; its output rows in order.
  Lines RunBatch(const Lines& lines, int map_tasks) {
    clock_.late_watermark = clock_.watermark;
    clock_.watermark = next_watermark_;
    std::vector<MapOutput> maps;
    MapStats stats;
    for (int task = 0; task < map_tasks; ++task) {
      std::string text;
      const size_t count = lines.size();
      const size_t tasks = static_cast<size_t>(map_tasks);
      const size_t at = static_cast<size_t>(task);
      for (size_t i = count * at / tasks; i < count * (at + 1) / tasks; ++i) {
        text += lines[i] + "\n";
      }
      maps.push_back(MapTask(*plan_, TextLines(text), clock_).value());
      stats.Merge(maps.back().stats);
    }
    map_stats = stats;
    next_watermark_ = NextWatermark(*plan_, clock_.watermark, stats);
    dropped += stats.rows_dropped_late;
    return plan_->stateful ? Reduce(maps) : Output(maps, 0);
  }

  const StreamingQueryPlan& plan() const { return *plan_; }
  absl::Time watermark() const { return next_watermark_; }
  void SetTimestamp(absl::Time timestamp) { clock_.timestamp = timestamp; }

  int64_t dropped = 0;       // late rows, in all batches
  MapStats map_stats;        // of the last batch
  ReduceStats reduce_stats;  // of the last batch

 private:
  static Lines Output(const std::vector<MapOutput>& maps, size_t partition) {
    Lines rows;
    for (const MapOutput& map : maps) Append(*map.partitions[partition], rows);
    return rows;
  }

  static void Append(const RecordBatch& batch, Lines& rows) {
    for (int64_t row = 0; row < batch.num_rows(); ++row) rows.push_back(batch.RowText(row));
  }

  Lines Reduce(const std::vector<MapOutput>& maps) {
    Lines rows;
    reduce_stats = ReduceStats();
    for (size_t partition = 0; partition < states_.size(); ++partition) {
      std::vector<RecordBatch> inputs;
      for (const MapOutput& map : maps) {
        // As it arrives from another process.
        inputs.push_back(RecordBatch::Decode(map.partitions[partition]->Encode()).value());
      }
      const ReduceOutput output =
          ReduceTask(*plan_, static_cast<int>(partition), inputs, *states_[partition], clock_)
              .value();
      reduce_stats.Merge(output.stats);
      WT_CHECK(output.rows->schema() == *plan_->output_schema);
      Append(*output.rows, rows);
    }
    return rows;
  }

  std::shared_ptr<const StreamingQueryPlan> plan_;
  std::vector<std::unique_ptr<checkpoint::StateTable>> states_;
  BatchClock clock_;
  absl::Time next_watermark_ = absl::InfinitePast();
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_TESTS_RUNTIME_STRUCTURED_QUERY_RUN_H_
