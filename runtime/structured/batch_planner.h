// BatchPlanner: looks for the next batch's input while the batch before it still runs, so that its
// definition can share the log's sync with that batch's commit.
#ifndef WAVETANK_RUNTIME_STRUCTURED_BATCH_PLANNER_H_
#define WAVETANK_RUNTIME_STRUCTURED_BATCH_PLANNER_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "platform/clock.h"
#include "platform/event.h"
#include "platform/node.h"
#include "platform/task_scope.h"
#include "runtime/structured/query_sources.h"
#include "runtime/structured/query_watch.h"

namespace wavetank::runtime {

struct BatchPlannerOptions {
  absl::Duration interval;  // of the trigger; zero: as soon as there is data
  // With a zero interval: how often sources are asked that do not tell of what comes, and ten times
  // as long for those that do.
  absl::Duration poll_interval;
  bool available_now = false;       // ends when no source has more of what was available
  bool whole = false;               // a batch waits until every source can be looked at
  platform::Event* stop = nullptr;  // set: nothing more is found
  QueryWatch* watch = nullptr;
};

class BatchPlanner {
 public:
  enum class Outcome {
    kInput,      // there are new files
    kNoInput,    // a trigger has come and there was nothing new
    kExhausted,  // available_now: there is nothing, and nothing will come
    kStopped,
  };

  // Everything outlives the planner.
  BatchPlanner(platform::Node& node, QuerySources& sources, BatchPlannerOptions options);

  // Begins to look, not before `due`, and forgets what the former search found.
  void Start(platform::MonotonicTime due);

  // What is known by now; nullopt: nothing yet.
  std::optional<Outcome> outcome() const { return outcome_; }
  // REQUIRES: outcome() is kInput. An error is a source's.
  const absl::StatusOr<QuerySources::Found>& found() const { return found_; }

  // Waits for an outcome; with `input_only`, for one other than kNoInput.
  Task<Outcome> Wait(bool input_only);

 private:
  Task<void> AwaitStop();
  Task<void> AwaitQuestions();
  int64_t questions() const { return options_.watch == nullptr ? 0 : options_.watch->questions(); }
  Task<void> Search(platform::MonotonicTime due);
  void Set(Outcome outcome);
  bool stopped() const { return options_.stop != nullptr && options_.stop->is_set(); }
  Task<void> SleepUntil(platform::MonotonicTime due);
  Task<void> WakeAtNews();

  platform::Node& node_;
  QuerySources& sources_;
  const BatchPlannerOptions options_;
  std::optional<Outcome> outcome_;
  absl::StatusOr<QuerySources::Found> found_;
  // Of the last search, if it found nothing anywhere: the newest question that it answers.
  std::optional<int64_t> answered_;
  platform::Event changed_;
  platform::Event wake_;       // there may be news, or it is to stop
  platform::TaskScope scope_;  // last: its child uses all of the above
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_BATCH_PLANNER_H_
