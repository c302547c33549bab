// StreamingGraph: the plan of a DStream job. A job builds it anew in every incarnation on every
// node, so no closure is ever shipped: tasks name operators by id, and nodes whose plans differ
// refuse each other by the fingerprint.
#ifndef WAVETANK_RUNTIME_DSTREAM_GRAPH_H_
#define WAVETANK_RUNTIME_DSTREAM_GRAPH_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "runtime/cluster/storage_level.h"
#include "runtime/connectors/job_directories.h"
#include "runtime/dstream/accumulator_cell.h"
#include "runtime/dstream/between_threads.h"
#include "runtime/dstream/operator.h"
#include "runtime/dstream/streaming_listener.h"

namespace wavetank::runtime {

// What a stage reads of a batch, so many batches ago: the stages that write its shuffle, by side,
// in the order of their rows.
struct BatchRead {
  int64_t ago = 0;
  std::vector<std::vector<int>> sides;
};

// Instead of a side of a shuffle: the rows that the operator itself gives, kept (RowKeeper).
inline constexpr int kOwnRows = -1;

// What one task of a stage runs: rows from the head, through the narrow operators, into the tail.
struct StagePlan {
  OperatorId head;  // an input, the reading side of a shuffle, or an operator whose rows are kept
  bool head_is_kept = false;
  std::vector<OperatorId> narrow;
  OperatorId tail;  // the writing side of a shuffle, an output, or an operator that keeps its rows
  int side = 0;     // of the shuffle
  int64_t ago = 0;  // the batch whose rows those are; of an output, 0
  // Of the stages that write its tail, of a batch: which.
  int path = 0;
  // From the tail up to the head: each operator, and which of its parents the rows come from.
  std::vector<std::pair<OperatorId, int>> way = {};
  // A graph before has run it, and kept what it made: it reads nothing.
  bool was_kept = false;
  // Of a head that is a shuffle: one batch; or, if it has state, all that are not in that yet, of
  // which the last is the one whose rows it gives. Of one that is kept: all whose rows it gives.
  std::vector<BatchRead> reads = {};
  // Of a head with state: what alone is not in the state that workers may have in memory
  // (StateBefore::newest); `reads` is what is not in the one that is kept.
  std::optional<BatchRead> reads_since_newest = {};
  // Of a head that is an input: how many batches ago that was whose input it reads, for each, in
  // the order of the rows.
  std::vector<int64_t> agos = {};
};

// What the state of an operator stands at, before some batch.
struct StateBefore {
  int64_t kept = 1;  // so many batches ago it was kept: that batch, and those before, are in it
  // So many batches ago the state was that workers may have in memory; 0: there is none.
  int64_t newest = 0;
  // How many batches ago those were that have run since, oldest first: the last is the one itself.
  std::vector<int64_t> since = {0};
  bool is_empty = false;  // of a window: nothing was in it, so nothing leaves it
};
// Before the batch so many batches ago, which is the one itself.
using StateHistory = std::function<StateBefore(OperatorId state, int64_t ago)>;
// Whether a graph before has kept what the stage (of which tail, side and path are set) wrote for
// the batch so many batches ago.
using KeptStages = std::function<bool(const StagePlan& stage, int64_t ago)>;

// Whether there was a batch so many batches ago: a driver that was away leaves some out.
using HadBatch = std::function<bool(int64_t ago)>;

// What stages write: by operator and side.
using WrittenSide = std::pair<OperatorId, int>;

class StreamingGraph {
 public:
  // Far beyond what a job has of stages for one batch.
  static constexpr int kMostStages = 10'000;

  // REQUIRES: `parents` are operators of this graph.
  OperatorId Add(std::vector<OperatorId> parents, std::unique_ptr<StreamOperator> added);

  // The rows of this operator are made once in a batch, whatever reads them, and stay with workers
  // while windows reach them. Settings of the kind: they are not in the fingerprint.
  // The last that is said counts. An error of the plan's: a level that would do nothing.
  void Persist(OperatorId id, std::unique_ptr<RowKeeper> keeper, StorageLevel level);
  const RowKeeper* keeper(OperatorId id) const;  // null: there is none
  // REQUIRES: it has a keeper.
  StorageLevel storage_level(OperatorId id) const { return storage_levels_.at(id); }

  // In the order in which the job made them.
  using Accumulators = std::vector<std::shared_ptr<internal::AccumulatorCell>>;
  void AddAccumulator(std::shared_ptr<internal::AccumulatorCell> added);
  const Accumulators& accumulators() const { return accumulators_; }
  // A value of the plan that its functions share, by a text that tells it apart.
  void AddBroadcast(std::string description) { broadcasts_.push_back(std::move(description)); }

  // Told by the driver; not in the fingerprint.
  using Listeners = std::vector<std::shared_ptr<StreamingListener>>;
  void AddListener(std::shared_ptr<StreamingListener> added);
  const Listeners& listeners() const { return listeners_; }
  // A StreamingStatistics, encoded, that the driver sets; empty: it has not begun.
  internal::SharedText& statistics() const { return *statistics_; }

  size_t size() const { return operators_.size(); }
  // REQUIRES: contains(id).
  const StreamOperator& at(OperatorId id) const;
  bool contains(OperatorId id) const;
  const InputOperator& input(OperatorId id) const;
  const OutputOperator& output(OperatorId id) const;
  // In the order in which the job made them.
  const std::vector<OperatorId>& inputs() const { return inputs_; }
  const std::vector<OperatorId>& outputs() const { return outputs_; }
  const std::vector<OperatorId>& states() const { return states_; }  // operators with state

  // Keeps what the operator's state is durably no more often than that: `id` is an operator with
  // state, or gives on such a one's rows. kInvalidArgument: it is not.
  absl::Status KeepStateEvery(OperatorId id, absl::Duration interval);
  // How often that is, in batches: if nobody has said it, the least multiple of its slide that is
  // 10 s, as in Spark. Of the rows of another state at each batch: those of batches before cannot
  // be made again.
  int64_t StateIntervalOf(OperatorId state) const;

  // How often an operator has rows, in batches: at the multiples of that. 0: of the plan's own
  // rows, as often as they are asked for. REQUIRES: Validate() is OK.
  int64_t SlideOf(OperatorId id) const;
  bool IsDue(OperatorId output, int64_t batch) const {
    return batch % std::max<int64_t>(SlideOf(output), 1) == 0;
  }
  // How many batches ago the oldest input was that an output needs.
  int64_t LongestAgo() const;
  // Of what stages write for batches to come: how many batches ago the oldest of it was that a
  // batch needs, if all are kept.
  std::map<WrittenSide, int64_t> Reaches() const;

  // The inputs that an output's rows come from, in the order in which the job made them.
  std::vector<OperatorId> InputsOf(OperatorId output) const;
  // The stages that make these outputs, each behind those that it reads; what several read is made
  // once. An output's rows are those of the stages whose tail it is, in order. Where they are more
  // than kMostStages, some of them. Without a history, as before a batch with the most before it
  // that is in no state that is kept; without `kept`, as if nothing were; without `had`, as if none
  // was left out. REQUIRES: the windows and intervals are right (Validate).
  std::vector<StagePlan> StagesOf(const std::vector<OperatorId>& outputs,
                                  const StateHistory& history = nullptr,
                                  const KeptStages& kept = nullptr,
                                  const HadBatch& had = nullptr) const;

  // Whether each task of the stage must have rows of one batch alone, for something in it is told
  // which that is, or adds to accumulators, which it does once for each batch.
  bool TellsBatchesApart(const StagePlan& stage) const;

  // One line an operator: "2 FlatMap() of 1 gives string"; then accumulators and broadcasts. The
  // fingerprint is its hash: settings that may change between runs (intervals, directories of
  // checkpoints) are not in it.
  std::string Describe() const;
  std::string Fingerprint() const;

  // What it reads and writes in the store.
  std::vector<JobDirectory> Directories() const;

  // kInvalidArgument or kFailedPrecondition: what the job did wrong; the first thing only.
  absl::Status Validate() const;
  void AddError(absl::Status error);

  // Settings.
  absl::Duration batch_interval = absl::Seconds(1);
  // Empty: no checkpoint, and nothing survives the driver.
  std::string checkpoint_directory;
  // How long batches are kept after they ended, at the least.
  absl::Duration remember = absl::ZeroDuration();

 private:
  int64_t ToBatches(absl::Duration duration) const {
    return absl::ToInt64Milliseconds(duration) / absl::ToInt64Milliseconds(batch_interval);
  }
  std::vector<int64_t> Slides() const;
  // Whether its rows come of a state before it.
  bool IsBehindState(OperatorId id) const;
  absl::Status CheckWindows() const;
  absl::Status CheckStateIntervals() const;
  absl::Status CheckCheckpoint() const;
  absl::Status CheckReaders() const;
  absl::Status CheckSkipping() const;

  std::vector<std::unique_ptr<StreamOperator>> operators_;
  std::map<OperatorId, std::unique_ptr<RowKeeper>> keepers_;
  std::map<OperatorId, StorageLevel> storage_levels_;
  std::map<OperatorId, absl::Duration> state_intervals_;
  Accumulators accumulators_;
  std::vector<std::string> broadcasts_;
  Listeners listeners_;
  const std::unique_ptr<internal::SharedText> statistics_ =
      std::make_unique<internal::SharedText>("");
  std::vector<OperatorId> inputs_;
  std::vector<OperatorId> outputs_;
  std::vector<OperatorId> states_;
  absl::Status error_;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_GRAPH_H_
