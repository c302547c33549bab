// GraphHistory: what the log of a DStream graph says, in the graph's terms.
//
// The log's order: GraphMetadata first; then BatchInput with rising times, BatchCompleted after its
// input, BlockAdded before the one input that names the block, ReceiverStarted before the blocks of
// that run, ReceiverEnded after them. Batches that have not ended are all kept, of the others the
// newest; and every run of a receiver that has not ended.
#ifndef WAVETANK_CHECKPOINT_GRAPH_HISTORY_H_
#define WAVETANK_CHECKPOINT_GRAPH_HISTORY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/block_name.h"
#include "checkpoint/metadata.h"
#include "checkpoint/seen_paths.h"

namespace wavetank::checkpoint {

class GraphHistory final : public MetadataFold {
 public:
  static constexpr int64_t kAll = INT64_MAX;
  struct Batch {
    BatchInput input;
    bool completed = false;
    std::vector<KeptState> states = {};  // of one that is completed
  };

  // One run of a stream's receiver. The newest of a stream is at work, or may be; the others are
  // replaced, and may have stored a block that is not logged.
  struct Receiver {
    int32_t stream = 0;
    std::string run;
    int64_t blocks_logged = 0;  // of its numbers 0, 1, ...
  };

  // `retained`: how many batches that have ended are kept. At least 1: the next batch time is told
  // from the newest one. `reach_ms`: how far before a batch, or before what the state that it goes
  // on from does not have yet, others may lie whose input it needs: as long as it has not ended
  // they are kept, and the newest that ended before it, for its state. REQUIRES: `retained` are as
  // many as that, for what the next batch needs.
  explicit GraphHistory(int64_t retained = kAll, int64_t reach_ms = 0);

  void Clear() override;
  absl::Status Add(const MetadataRecord& record) override;
  platform::Generator<MetadataRecord> Base() const override;

  // Unset only when the log is empty.
  const std::optional<GraphMetadata>& metadata() const { return metadata_; }
  const std::map<int64_t, Batch>& batches() const { return batches_; }  // by batch time in ms
  // The newest batch that was dropped; INT64_MIN: none was.
  int64_t dropped_up_to_ms() const { return ended_up_to_ms_; }
  // In no batch's input, in order of arrival.
  std::vector<BlockAdded> unallocated_blocks() const;
  // Those that have not ended, in the order in which they started.
  const std::vector<Receiver>& receivers() const { return receivers_; }
  // How many records of the stream are in blocks that were ever logged.
  int64_t records_logged(int32_t stream) const {
    const auto records = records_.find(stream);
    return records == records_.end() ? 0 : records->second;
  }
  // What the accumulators have come to, as the last mark that was written says.
  const std::vector<AccumulatorTotal>& accumulators() const { return accumulators_; }
  // Whether a block that is there under this name is input, though no record names it yet.
  bool Awaits(const BlockName& block) const;
  // Stays where it is for the life of the history, unless that is cleared.
  SeenPaths& seen(int32_t stream) { return seen_[stream]; }

 private:
  using BlockId = std::pair<int32_t, std::string>;  // stream, id

  absl::Status AddInput(const BatchInput& input);
  absl::Status AddCompleted(const BatchCompleted& completed);
  absl::Status AddReceiver(const ReceiverStarted& started);
  absl::Status EndReceiver(const ReceiverEnded& ended);
  void AddBlock(const BlockAdded& block);
  void DropOldBatches();
  int64_t StateBefore(std::map<int64_t, Batch>::const_iterator batch) const;
  // Of batches to come: what each needs, from and up to.
  using Needs = std::vector<std::pair<int64_t, int64_t>>;
  Needs NeedsOfBatchesToCome() const;
  std::map<int32_t, int64_t> RecordsDropped() const;
  std::vector<Receiver>::iterator FindReceiver(int32_t stream, std::string_view run);

  int64_t retained_;
  int64_t reach_ms_;
  bool begun_ = false;  // there is a record
  std::optional<GraphMetadata> metadata_;
  int64_t ended_up_to_ms_ = INT64_MIN;  // of what was dropped
  std::map<int64_t, Batch> batches_;
  int64_t completed_ = 0;      // of them
  std::set<int64_t> running_;  // of the others, their times
  std::vector<BlockAdded> unallocated_;
  absl::btree_set<BlockId> allocated_;  // by batches_
  std::map<int32_t, SeenPaths> seen_;
  std::vector<Receiver> receivers_;
  std::map<int32_t, int64_t> records_;  // logged, by stream
  std::vector<AccumulatorTotal> accumulators_;
};

// Of a log named `name` in messages.
absl::StatusOr<GraphHistory> ReadGraphHistory(std::string_view name,
                                              const std::vector<MetadataRecord>& records);

}  // namespace wavetank::checkpoint

#endif  // WAVETANK_CHECKPOINT_GRAPH_HISTORY_H_
