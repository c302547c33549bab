#include "scenarios/replay_query.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/time/time.h"

#include "checkpoint/state_table.h"
#include "platform/check.h"
#include "runtime/columnar/take.h"
#include "runtime/columnar/text_lines.h"
#include "runtime/structured/batch_graph.h"
#include "runtime/structured/physical_plan.h"

namespace wavetank::scenarios {
namespace {

using properties::NaiveAnswer;
using properties::NaiveBatch;
using properties::NaiveRow;
using runtime::BatchClock;
using runtime::MapOutput;
using runtime::MapStats;
using runtime::RecordBatch;
using runtime::ReduceOutput;
using runtime::StreamingQueryPlan;

absl::Time WatermarkAt(std::optional<int64_t> ms) {
  return ms ? absl::FromUnixMillis(*ms) : absl::InfinitePast();
}

void AddRows(const RecordBatch& rows, std::vector<NaiveRow>& out) {
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    NaiveRow& fields = out.emplace_back();
    for (int i = 0; i < rows.schema().size(); ++i) {
      const runtime::Column& column = rows.column(i);
      if (column.IsNull(row)) {
        fields.emplace_back("\\N");
      } else if (column.type() == runtime::DataType::kString) {
        fields.emplace_back(column.StringAt(row));
      } else {
        fields.push_back(column.CellText(row));
      }
    }
  }
}

class Replay final : public properties::NaiveQuery {
 public:
  Replay(runtime::StreamingQueryDefinition definition, int shuffle_partitions)
      : definition_(std::move(definition)), shuffle_partitions_(shuffle_partitions) {}

  NaiveAnswer Run(const NaiveBatch& batch) override {
    if (plan_ == nullptr) Compile(batch.shuffle_partitions);
    const BatchClock clock{absl::FromUnixMillis(batch.timestamp_ms),
                           WatermarkAt(batch.late_watermark_ms), WatermarkAt(batch.watermark_ms)};
    MapStats stats;
    const std::vector<Shuffled> tasks = MapAll(batch, clock, stats);
    NaiveAnswer answer;
    answer.ordered = true;
    answer.dropped = stats.rows_dropped_late;
    answer.without_time = stats.rows_without_time;
    const absl::Time watermark = runtime::NextWatermark(*plan_, absl::InfinitePast(), stats);
    if (watermark != absl::InfinitePast()) answer.max_event_ms = absl::ToUnixMillis(watermark);
    answer.another_is_due = runtime::ShouldRunAnotherBatch(
        *plan_, clock.watermark, runtime::NextWatermark(*plan_, clock.watermark, stats));
    if (plan_->stateful) {
      ReduceAll(tasks, clock, answer);
    } else {
      for (const Shuffled& task : tasks) {
        for (const std::vector<RecordBatch>& outputs : task) {
          for (const RecordBatch& rows : outputs) AddRows(rows, answer.rows);
        }
      }
    }
    return answer;
  }

 private:
  // What one map task gives: by target partition, in the order of its rows.
  using Shuffled = std::vector<std::vector<RecordBatch>>;

  void Compile(int pinned_partitions) {
    const int partitions = pinned_partitions > 0 ? pinned_partitions : shuffle_partitions_;
    const auto compiled = runtime::CompileQuery(definition_, {.shuffle_partitions = partitions});
    WT_CHECK(compiled.ok(), "a query that is replayed compiles");
    plan_ = compiled->plan;
    for (int i = 0; plan_->stateful && i < plan_->shuffle_partitions; ++i) {
      states_.push_back(std::make_unique<checkpoint::StateTable>());
    }
  }

  // As the engine divides a batch into tasks: sums of doubles depend on it.
  std::vector<Shuffled> MapAll(const NaiveBatch& batch, const BatchClock& clock,
                               MapStats& stats) const {
    const size_t files = batch.file_ends.size();
    const size_t tasks = std::min<size_t>(files, runtime::kMaxMapTasks);
    std::vector<Shuffled> shuffled(tasks);
    for (size_t task = 0; task < tasks; ++task) {
      for (size_t file = files * task / tasks; file < files * (task + 1) / tasks; ++file) {
        const auto begin =
            batch.lines.begin() + static_cast<ptrdiff_t>(file == 0 ? 0 : batch.file_ends[file - 1]);
        const auto end = batch.lines.begin() + static_cast<ptrdiff_t>(batch.file_ends[file]);
        if (begin == end) continue;
        const std::string text = absl::StrJoin(begin, end, "\n") + "\n";
        const absl::StatusOr<MapOutput> output =
            runtime::MapTask(*plan_, runtime::TextLines(text), clock);
        WT_CHECK(output.ok(), "lines are what the query reads");
        stats.Merge(output->stats);
        shuffled[task].resize(output->partitions.size());
        for (size_t i = 0; i < output->partitions.size(); ++i) {
          if (output->partitions[i]->num_rows() == 0) continue;
          shuffled[task][i].push_back(*output->partitions[i]);
        }
      }
    }
    return shuffled;
  }

  void ReduceAll(const std::vector<Shuffled>& tasks, const BatchClock& clock, NaiveAnswer& answer) {
    for (size_t partition = 0; partition < states_.size(); ++partition) {
      std::vector<RecordBatch> inputs;
      for (const Shuffled& task : tasks) {
        if (task.empty() || task[partition].empty()) continue;
        inputs.push_back(Concatenate(task[partition].front().schema_ptr(), task[partition]));
      }
      checkpoint::StateTable& state = *states_[partition];
      const absl::StatusOr<ReduceOutput> output =
          runtime::ReduceTask(*plan_, static_cast<int>(partition), inputs, state, clock);
      WT_CHECK(output.ok(), "state is what the same plan wrote");
      state.Accept();
      AddRows(*output->rows, answer.rows);
      properties::StateEntries& entries = answer.state.emplace_back();
      state.ForEach([&entries](std::string_view key, std::string_view value) {
        entries.emplace_back(key, value);
      });
    }
  }

  const runtime::StreamingQueryDefinition definition_;
  const int shuffle_partitions_;
  std::shared_ptr<const StreamingQueryPlan> plan_;               // once the first batch comes
  std::vector<std::unique_ptr<checkpoint::StateTable>> states_;  // by partition
};

}  // namespace

std::unique_ptr<properties::NaiveQuery> ReplayQuery(runtime::StreamingQueryDefinition definition,
                                                    int shuffle_partitions) {
  return std::make_unique<Replay>(std::move(definition), shuffle_partitions);
}

}  // namespace wavetank::scenarios
