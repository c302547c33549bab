// Speculation: a task that takes much longer than others of its stage is begun on another worker,
// too. The attempt that ends first counts; the other is told to stop, and whatever it still does
// changes nothing, as nothing does that an attempt which does not count leaves behind.
//
// As Spark's, whose names these options have, under `spark.speculation`.
#ifndef WAVETANK_RUNTIME_CLUSTER_SPECULATION_H_
#define WAVETANK_RUNTIME_CLUSTER_SPECULATION_H_

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace wavetank::runtime {

struct SpeculationOptions {
  // spark.speculation
  bool enabled = false;
  // How often it is looked for tasks that take long. From 1 ms.
  absl::Duration interval = absl::Milliseconds(100);
  // How many times the median a task must have run. From 1. (Spark 4's default; Spark 3 has 1.5.)
  double multiplier = 3;
  // Of a stage's tasks, the part that must have ended before others are said to take long: from 0
  // to 1. (Spark 4's default; Spark 3 has 0.75.)
  double quantile = 0.9;
  // Whatever the others took, so long a task must have run.
  absl::Duration min_task_runtime = absl::Milliseconds(100);
  // spark.speculation.task.duration.threshold: of a stage with no more tasks than one worker has
  // slots, of whose tasks no other tells how long they take, one takes long that has run for so
  // long. Zero: none does.
  absl::Duration task_duration_threshold = absl::ZeroDuration();
};

// kInvalidArgument names the option that says what cannot be.
absl::Status CheckSpeculation(const SpeculationOptions& options);

// How long a task of a stage may run before it takes long; nullopt: that cannot be told. `took`:
// what those of the stage's `tasks` took that have ended. `slots`: of the worker that has most.
std::optional<absl::Duration> TakesLongAfter(const SpeculationOptions& options, size_t tasks,
                                             const std::vector<absl::Duration>& took, int slots);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CLUSTER_SPECULATION_H_
