// A query as it is run: fragments, and what else its driver and its workers must know of it.
#ifndef WAVETANK_RUNTIME_FRAGMENT_QUERY_PLAN_H_
#define WAVETANK_RUNTIME_FRAGMENT_QUERY_PLAN_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "runtime/columnar/schema.h"
#include "runtime/fragment/fragment.h"
#include "runtime/functions/registry.h"
#include "runtime/plan/logical_plan.h"
#include "runtime/plan/output_mode.h"

namespace wavetank::runtime {

// Immutable once loaded.
struct StreamingQueryPlan {
  // Each reads the source or the exchanges of earlier ones; the last writes to the sink.
  std::vector<std::shared_ptr<const FragmentPlan>> fragments;

  SourceDescription source;
  SchemaPtr source_schema;
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
  std::vector<std::string> stores;
  int shuffle_partitions = 0;  // pinned by the first batch; 0 without an aggregate

  struct Watermark {
    int operator_id = 0;
    absl::Duration delay;
    // Where the operator is that watches the event times.
    size_t fragment = 0;
    size_t node = 0;
  };
  std::vector<Watermark> watermarks;

  // 16 hex digits: by which the bytes that it was loaded from are known.
  std::string hash;
  // What a checkpoint is bound to: source formats, output mode, the stateful operator with its
  // keys, types and aggregates. Filters and projections may change between runs, this may not.
  std::string state_fingerprint;
  // The types of the keys and aggregates that state holds.
  std::string state_schema;
};

// What all tasks of an epoch said, by fragment.
struct EpochReport {
  std::vector<FragmentReport> fragments;

  void Merge(size_t fragment, const FragmentReport& report);
  // Of all operators.
  OperatorReport Sum() const;
  int64_t source_rows(const StreamingQueryPlan& plan) const;
  int64_t sink_rows(const StreamingQueryPlan& plan) const;
  friend bool operator==(const EpochReport&, const EpochReport&) = default;
};

// By which the bytes of a physical plan are known.
std::string PlanHash(const std::string& physical);

// A physical plan as it is run. kFailedPrecondition: of another version, or it calls functions that
// are not there. kDataLoss: no plan; says what is wrong with which operator.
absl::StatusOr<std::shared_ptr<const StreamingQueryPlan>> LoadPlan(
    const std::string& physical, const FunctionRegistry& functions);

// The watermark of the next epoch: the newest event time less the delay, never below `watermark`.
absl::Time NextWatermark(const StreamingQueryPlan& plan, absl::Time watermark,
                         const EpochReport& report);

// Whether an epoch without new data is to follow one that ran under `watermark`, because the
// `next_watermark` makes rows final.
bool ShouldRunAnotherBatch(const StreamingQueryPlan& plan, absl::Time watermark,
                           absl::Time next_watermark);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FRAGMENT_QUERY_PLAN_H_
