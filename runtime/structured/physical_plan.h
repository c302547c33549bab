// What a running query consists of, and its three pure steps: no I/O, no clock, no coroutines.
//
//   source rows --MapTask, one a source partition--> partial aggregates for each shuffle partition
//               --ReduceTask, one a shuffle partition--> state changes and output rows
//   statistics of all map tasks --NextWatermark--> the watermark that the next batch runs under
//
// Everything is a function of the plan, the rows, their order, the state and the BatchClock: a
// batch run again with the same gives the same rows in the same order. Queries without an aggregate
// have no shuffle: their MapTask gives the output rows.
#ifndef WAVETANK_RUNTIME_STRUCTURED_PHYSICAL_PLAN_H_
#define WAVETANK_RUNTIME_STRUCTURED_PHYSICAL_PLAN_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/state_table.h"
#include "runtime/columnar/record_batch.h"
#include "runtime/plan/output_mode.h"
#include "runtime/structured/data_frame.h"

namespace wavetank::runtime {

// From the logged definition of the batch, so that a batch run again has the same.
struct BatchClock {
  // What CurrentTimestamp() gives.
  absl::Time timestamp;
  // The watermark of the batch before this one: rows at or below it are late. Batch 0 has none:
  // absl::InfinitePast().
  absl::Time late_watermark = absl::InfinitePast();
  // The watermark of this batch: what lies at or below it is final. Never below late_watermark.
  absl::Time watermark = absl::InfinitePast();
};

// Event times that passed one watermark operator, late rows included.
struct EventTimeStats {
  int64_t rows = 0;  // with an event time
  absl::Time min = absl::InfiniteFuture();
  absl::Time max = absl::InfinitePast();

  void Merge(const EventTimeStats& other);
  friend bool operator==(const EventTimeStats&, const EventTimeStats&) = default;
};

struct MapStats {
  int64_t rows_in = 0;
  int64_t rows_out = 0;                       // of all partitions: groups, or output rows
  int64_t rows_dropped_late = 0;              // raw rows, before any aggregation
  int64_t rows_without_time = 0;              // dropped, since they are in none of the windows
  std::map<int, EventTimeStats> event_times;  // by operator id of the watermark

  void Merge(const MapStats& other);
  friend bool operator==(const MapStats&, const MapStats&) = default;
};

struct MapOutput {
  // One for each shuffle partition; of a query without an aggregate, one: its output.
  std::vector<std::shared_ptr<const RecordBatch>> partitions;
  MapStats stats;
};

struct ReduceStats {
  int64_t rows_in = 0;       // partial aggregates
  int64_t rows_out = 0;      // output rows
  int64_t state_rows = 0;    // after the batch
  int64_t rows_updated = 0;  // keys put
  int64_t rows_removed = 0;  // keys evicted by the watermark

  void Merge(const ReduceStats& other);
  friend bool operator==(const ReduceStats&, const ReduceStats&) = default;
};

struct ReduceOutput {
  std::shared_ptr<const RecordBatch> rows;  // under StreamingQueryPlan::output_schema
  ReduceStats stats;
};

// The compiled forms (compiled_plan.h).
struct MapPipeline;
struct AggregatePlan;

// Immutable once loaded.
struct StreamingQueryPlan {
  SourceDescription source;
  SchemaPtr source_schema;  // what MapTask's input must have
  // How its output makes up a table. Update mode without an aggregate is append mode.
  QueryOutputMode mode = QueryOutputMode::kAppend;
  SchemaPtr output_schema;
  // The output columns that hold the grouping key, by which an update-mode sink folds its change
  // sets; none, of the one group of all rows. Empty optional: the query has no aggregate, or (never
  // in update mode) its projection lost a part of the key.
  std::optional<std::vector<int>> output_keys;

  // The aggregate, if there is one. Operator ids name state: they count from the most downstream
  // operator of the query as it was written, before optimisation.
  bool stateful = false;
  int state_operator_id = -1;
  int shuffle_partitions = 0;  // pinned by the first batch; 0 without an aggregate
  // Watermark operators by id, and their delays.
  std::map<int, absl::Duration> watermark_delays;

  // 16 hex digits: by which the bytes that it was loaded from are known.
  std::string hash;
  // What a checkpoint is bound to: source formats, output mode, the stateful operator with its
  // keys, types and aggregates. Filters and projections may change between runs, this may not.
  std::string state_fingerprint;
  // The types of the keys and aggregates that state holds.
  std::string state_schema;

  std::shared_ptr<const MapPipeline> map;
  std::shared_ptr<const AggregatePlan> aggregate;  // null without one
};

struct OptimiserRule;

struct CompileOptions {
  int shuffle_partitions = 4;
  // Null: all there are (optimiser.h). Tests compare what some rules or none make of a query.
  const std::vector<OptimiserRule>* rules = nullptr;
};

// One query in all its forms.
struct CompiledQuery {
  QueryOutputMode mode = QueryOutputMode::kAppend;  // as it was asked for
  LogicalPlanPtr analysed;
  LogicalPlanPtr optimised;
  std::string physical;  // plan::PhysicalPlan: what workers are given
  std::shared_ptr<const StreamingQueryPlan> plan;
};

// Analyses, optimises and lowers. kInvalidArgument: one line that says what is wrong with the
// query, on which column, what there is, and what to do. kUnimplemented: it can be explained and
// not be run yet.
absl::StatusOr<CompiledQuery> CompileQuery(const StreamingQueryDefinition& definition,
                                           const CompileOptions& options);
// The same without what runs: `physical` and `plan` are not set.
absl::StatusOr<CompiledQuery> AnalyseQuery(const StreamingQueryDefinition& definition,
                                           const CompileOptions& options);

// By which the bytes of a physical plan are known.
std::string PlanHash(const std::string& physical);

// A physical plan as it is run. kFailedPrecondition: of another version, or it calls functions that
// are not there. kDataLoss: no plan.
absl::StatusOr<std::shared_ptr<const StreamingQueryPlan>> LoadPlan(
    const std::string& physical, const FunctionRegistry& functions);

// Runs one source partition's rows up to the shuffle. kInvalidArgument: `input` has another schema
// than the source.
absl::StatusOr<MapOutput> MapTask(const StreamingQueryPlan& plan, const RecordBatch& input,
                                  const BatchClock& clock);

// Merges the partials of one shuffle partition, in the order given (source partition), into
// `state`, which holds the version before the batch and is not committed here. Call it for every
// partition of every batch, also without input: state is evicted, and complete mode shows the whole
// table. REQUIRES: plan.stateful. kDataLoss: state or partials that this plan did not write.
//
//   append    rows whose event time the watermark has passed, once, when they are removed
//   update    rows that changed; then removes what the watermark has passed
//   complete  all rows; late ones count too and nothing is removed
absl::StatusOr<ReduceOutput> ReduceTask(const StreamingQueryPlan& plan, int partition,
                                        const std::vector<RecordBatch>& inputs,
                                        checkpoint::StateTable& state, const BatchClock& clock);

// The watermark of the next batch: the newest event time less the delay, never below `watermark`.
// `stats` are those of all map tasks of the batch, merged.
absl::Time NextWatermark(const StreamingQueryPlan& plan, absl::Time watermark,
                         const MapStats& stats);

// Whether a batch without new data is to follow one that ran under `watermark`, because the
// `next_watermark` makes rows final.
bool ShouldRunAnotherBatch(const StreamingQueryPlan& plan, absl::Time watermark,
                           absl::Time next_watermark);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_PHYSICAL_PLAN_H_
