// A query as it is run: fragments, and what else its driver and its workers must know of it.
#ifndef WAVETANK_RUNTIME_FRAGMENT_QUERY_PLAN_H_
#define WAVETANK_RUNTIME_FRAGMENT_QUERY_PLAN_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "checkpoint/state_file.h"
#include "runtime/columnar/schema.h"
#include "runtime/fragment/fragment.h"
#include "runtime/functions/registry.h"
#include "runtime/plan/logical_plan.h"
#include "runtime/plan/output_mode.h"

namespace wavetank::runtime {

// The query's watermark, of those of its watermark operators: the earliest, and none until each has
// seen a row; or the latest. It never falls.
enum class WatermarkPolicy : uint8_t { kMin, kMax };

// Immutable once loaded.
struct StreamingQueryPlan {
  // Each reads a source, or exchanges that earlier ones write.
  std::vector<std::shared_ptr<const FragmentPlan>> fragments;

  struct Source {
    SourceDescription description;
    SchemaPtr schema;
  };
  std::vector<Source> sources;
  struct Exchange {
    int partitions = 0;
    std::vector<int> writers;  // fragments, in the order in which their rows are read
  };
  std::vector<Exchange> exchanges;
  // How its output makes up a table. Update mode without an aggregate is append mode.
  QueryOutputMode mode = QueryOutputMode::kAppend;
  SchemaPtr output_schema;
  // The output columns that hold the grouping key, by which an update-mode sink folds its change
  // sets; none, of the one group of all rows. Empty optional: the query has no aggregate, or (never
  // in update mode) its projection lost a part of the key.
  std::optional<std::vector<int>> output_keys;

  // Those with state, by their ids, which name it: they count from the most downstream operator of
  // the query as it was written, before optimisation.
  struct StateOperator {
    int id = 0;
    std::string kind;                       // "aggregate", as a checkpoint's layout names it
    std::vector<DataType> partition_types;  // of the columns that its rows are brought together by
    std::vector<checkpoint::NamedStore> stores;
    bool acts_on_watermark = false;  // gives rows, or forgets, as it moves
  };
  std::vector<StateOperator> state_operators;
  bool stateful() const { return !state_operators.empty(); }
  bool acts_on_watermark() const;  // one of them does
  int shuffle_partitions = 0;      // of each state; pinned by the first batch; 0: there is none

  struct Watermark {
    int operator_id = 0;
    absl::Duration delay;
    // Where the event times are watched: of a union's, in several places.
    struct Place {
      size_t fragment = 0;
      size_t node = 0;
    };
    std::vector<Place> places;
  };
  std::vector<Watermark> watermarks;  // by operator id

  // 16 hex digits: by which the bytes that it was loaded from are known.
  std::string hash;
  // What a checkpoint is bound to: source formats, output mode, the stateful operator with its
  // keys, types and aggregates. Filters and projections may change between runs, this may not.
  std::string state_fingerprint;
};

// What all tasks of an epoch said, by fragment.
struct EpochReport {
  std::vector<FragmentReport> fragments;

  void Merge(size_t fragment, const FragmentReport& report);
  // Of all operators.
  OperatorReport Sum() const;
  // A source that is read in several places is counted once.
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

// The event times that passed one watermark operator, in all its places.
EventTimeStats SeenBy(const StreamingQueryPlan::Watermark& op, const EpochReport& report);

// The query's watermark, and that of each of its watermark operators, as in the plan; InfinitePast:
// there is none yet.
struct Watermarks {
  absl::Time of_query = absl::InfinitePast();
  std::vector<absl::Time> of_operators = {};
};

// Of the next epoch. An operator's: the newest event time that it has seen less its delay, in whole
// milliseconds. None falls.
Watermarks NextWatermarks(const StreamingQueryPlan& plan, WatermarkPolicy policy,
                          const Watermarks& before, const EpochReport& report);

// The earliest watermark of the query at which something that an epoch has left in state becomes
// final, whichever operator has it; InfiniteFuture: nothing ever does.
absl::Time NextFinal(const StreamingQueryPlan& plan, const EpochReport& report);

// Whether an epoch without input is to follow one that ran under `watermark`: if, and only if,
// under `next_watermark` something becomes final. `next_final`: as NextFinal says. Unset: it is not
// known, since an older build ran the epoch, or another plan; then whenever the watermark has
// risen, in a mode and for an operator that may care.
bool ShouldRunAnotherBatch(const StreamingQueryPlan& plan, absl::Time watermark,
                           absl::Time next_watermark, std::optional<absl::Time> next_final);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FRAGMENT_QUERY_PLAN_H_
