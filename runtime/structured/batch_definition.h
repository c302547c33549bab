// A batch's logged definition (checkpoint/metadata.proto) in the engine's terms.
#ifndef WAVETANK_RUNTIME_STRUCTURED_BATCH_DEFINITION_H_
#define WAVETANK_RUNTIME_STRUCTURED_BATCH_DEFINITION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "checkpoint/query_history.h"
#include "runtime/fragment/query_plan.h"

namespace wavetank::runtime {

// Event times are durable in milliseconds; no watermark is an absent field, and InfinitePast here.
absl::Time WatermarkOf(const checkpoint::BatchDefinition& definition);
// REQUIRES: an attempt is prepared.
absl::Time NextWatermarkOf(const checkpoint::BatchHistory& batch);
// Rounded down: a watermark may lag, never run ahead. nullopt: none.
std::optional<int64_t> ToWatermarkMs(absl::Time watermark);

// Under which a batch runs. `before`: the batch before it, or null.
Watermarks WatermarksBefore(const StreamingQueryPlan& plan,
                            const checkpoint::BatchDefinition& definition,
                            const checkpoint::BatchHistory* before);
void SetNextWatermarks(const StreamingQueryPlan& plan, const Watermarks& next,
                       checkpoint::Prepared& prepared);

// At which watermark something becomes final (NextFinal), in whole milliseconds as watermarks are:
// rounded up, since none between two of them makes a difference.
void SetNextFinal(const StreamingQueryPlan& plan, absl::Time next_final,
                  checkpoint::Prepared& prepared);
// nullopt: the record does not say so of the plan of this hash.
std::optional<absl::Time> NextFinalOf(const checkpoint::Prepared& prepared,
                                      const std::string& plan_hash);

struct NewBatch {
  int64_t batch = 0;
  std::vector<checkpoint::SourceRange> ranges;  // of each source
  std::optional<int64_t> watermark_ms;
  absl::Time timestamp;
};
checkpoint::BatchDefinition DefineBatch(const NewBatch& batch);

// Null: the definition says nothing of that source.
const checkpoint::SourceRange* RangeOf(const checkpoint::BatchDefinition& definition,
                                       const std::string& source);
// Whether a source has something in it.
bool HasInput(const checkpoint::BatchDefinition& definition);
// Of all sources of files.
int64_t FileCount(const checkpoint::BatchDefinition& definition);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_BATCH_DEFINITION_H_
