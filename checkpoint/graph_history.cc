#include "checkpoint/graph_history.h"

#include <algorithm>
#include <utility>

#include "checkpoint/history_parts.h"
#include "platform/check.h"

namespace wavetank::checkpoint {

GraphHistory::GraphHistory(int64_t retained, int64_t reach_ms)
    : retained_(retained), reach_ms_(reach_ms) {
  WT_CHECK(retained >= 1, "the next batch time is told from the newest one");
}

void GraphHistory::Clear() {
  begun_ = false;
  metadata_.reset();
  ended_up_to_ms_ = INT64_MIN;
  batches_.clear();
  completed_ = 0;
  running_.clear();
  unallocated_.clear();
  allocated_.clear();
  seen_.clear();
  receivers_.clear();
  records_.clear();
  accumulators_.clear();
}

absl::Status GraphHistory::Add(const MetadataRecord& record) {
  const bool first = !std::exchange(begun_, true);
  const auto kind = record.kind_case();
  const bool after_metadata =
      kind == MetadataRecord::kInput || kind == MetadataRecord::kCompleted ||
      kind == MetadataRecord::kBlock || kind == MetadataRecord::kDropped ||
      kind == MetadataRecord::kSeen || kind == MetadataRecord::kForgotten ||
      kind == MetadataRecord::kReceiverStarted || kind == MetadataRecord::kReceiverEnded ||
      kind == MetadataRecord::kAccumulators;
  if (after_metadata && !metadata_.has_value()) {
    return LogHasLost("the graph's metadata is missing before it");
  }
  switch (kind) {
    case MetadataRecord::kGraph:
      if (!first) return LogHasLost("the graph's metadata is not the first record");
      metadata_ = record.graph();
      for (const StreamInput& old : metadata_->old_files()) {
        for (const InputFile& file : old.files()) seen_[old.stream()].See(file.path(), old.root());
      }
      return absl::OkStatus();
    case MetadataRecord::kDropped:
      if (!batches_.empty()) {
        return LogHasLost("says that batches up to ", record.dropped().ended_up_to_ms(),
                          " ms were dropped, and batches stand before it");
      }
      ended_up_to_ms_ = record.dropped().ended_up_to_ms();
      return absl::OkStatus();
    case MetadataRecord::kSeen:
      for (const std::string& path : record.seen().paths()) {
        seen_[record.seen().stream()].See(path, record.seen().root());
      }
      return absl::OkStatus();
    case MetadataRecord::kForgotten:
      for (const std::string& path : record.forgotten().paths()) {
        seen_[record.forgotten().stream()].Forget(path);
      }
      return absl::OkStatus();
    case MetadataRecord::kInput:
      return AddInput(record.input());
    case MetadataRecord::kCompleted:
      return AddCompleted(record.completed());
    case MetadataRecord::kBlock:
      AddBlock(record.block());
      return absl::OkStatus();
    case MetadataRecord::kReceiverStarted:
      return AddReceiver(record.receiver_started());
    case MetadataRecord::kReceiverEnded:
      return EndReceiver(record.receiver_ended());
    case MetadataRecord::kAccumulators:
      accumulators_.assign(record.accumulators().accumulators().begin(),
                           record.accumulators().accumulators().end());
      return absl::OkStatus();
    default:
      return OfAnotherEngine("a DStream graph");
  }
}

std::vector<GraphHistory::Receiver>::iterator GraphHistory::FindReceiver(int32_t stream,
                                                                         std::string_view run) {
  return std::ranges::find_if(receivers_, [&](const Receiver& receiver) {
    return receiver.stream == stream && receiver.run == run;
  });
}

absl::Status GraphHistory::AddReceiver(const ReceiverStarted& started) {
  if (FindReceiver(started.stream(), started.run()) != receivers_.end()) {
    return LogHasLost("receiver ", started.run(), " starts twice");
  }
  receivers_.push_back({started.stream(), started.run(), started.blocks_logged()});
  records_[started.stream()] += started.records_dropped();
  return absl::OkStatus();
}

absl::Status GraphHistory::EndReceiver(const ReceiverEnded& ended) {
  const auto receiver = FindReceiver(ended.stream(), ended.run());
  if (receiver == receivers_.end()) {
    return LogHasLost("receiver ", ended.run(), " ended, and never started");
  }
  receivers_.erase(receiver);
  return absl::OkStatus();
}

// Blocks of older versions name no run.
void GraphHistory::AddBlock(const BlockAdded& block) {
  unallocated_.push_back(block);
  records_[block.stream()] += block.records();
  const std::optional<BlockName> name = ParseBlockName(block.block_id());
  if (!name.has_value()) return;
  const auto receiver = FindReceiver(name->stream, name->run);
  if (receiver == receivers_.end()) return;
  receiver->blocks_logged = std::max(receiver->blocks_logged, name->number + 1);
}

bool GraphHistory::Awaits(const BlockName& block) const {
  return std::ranges::any_of(receivers_, [&](const Receiver& receiver) {
    return receiver.stream == block.stream && receiver.run == block.run &&
           receiver.blocks_logged <= block.number;
  });
}

absl::Status GraphHistory::AddInput(const BatchInput& input) {
  const int64_t time_ms = input.batch_time_ms();
  if (!batches_.empty() && time_ms <= batches_.rbegin()->first) {
    return LogHasLost("batch ", time_ms, " ms follows batch ", batches_.rbegin()->first, " ms");
  }
  for (const StreamInput& stream : input.streams()) {
    for (const BlockAdded& block : stream.blocks()) {
      const BlockId id(stream.stream(), block.block_id());
      if (allocated_.contains(id)) {
        return LogHasLost("block ", block.block_id(), " is in two batches");
      }
      const auto added = std::find_if(unallocated_.begin(), unallocated_.end(), [&](const auto& b) {
        return b.stream() == id.first && b.block_id() == id.second;
      });
      if (added == unallocated_.end()) {
        return LogHasLost("block ", block.block_id(), " was never added");
      }
      unallocated_.erase(added);
      allocated_.insert(id);
    }
    for (const InputFile& file : stream.files()) {
      seen_[stream.stream()].Hold(file.path(), stream.root());
    }
  }
  batches_[time_ms] = {input, false};
  running_.insert(time_ms);
  return absl::OkStatus();
}

absl::Status GraphHistory::AddCompleted(const BatchCompleted& completed) {
  const int64_t time_ms = completed.batch_time_ms();
  const auto batch = batches_.find(time_ms);
  if (batch == batches_.end()) {
    return LogHasLost("batch ", time_ms, " ms completed, and its input was never logged");
  }
  if (running_.erase(time_ms) > 0) ++completed_;
  batch->second.completed = true;
  batch->second.states.assign(completed.states().begin(), completed.states().end());
  if (!completed.accumulators().empty()) {
    accumulators_.assign(completed.accumulators().begin(), completed.accumulators().end());
  }
  DropOldBatches();
  return absl::OkStatus();
}

// The time of the oldest state that the batch goes on from: of each operator the mark of the newest
// that has ended before it names one, or there is none yet. INT64_MAX: there are no such operators.
int64_t GraphHistory::StateBefore(std::map<int64_t, Batch>::const_iterator batch) const {
  if (!metadata_.has_value() || metadata_->state_partitions().empty()) return INT64_MAX;
  while (batch != batches_.begin()) {
    --batch;
    if (!batch->second.completed) continue;
    std::map<int64_t, int64_t> kept;  // by operator
    for (const KeptState& state : batch->second.states) {
      kept[state.state().operator_id()] = state.batch_time_ms();
    }
    int64_t oldest = INT64_MAX;
    for (const auto& pinned : metadata_->state_partitions()) {
      const auto found = kept.find(pinned.operator_id());
      oldest = std::min(oldest, found == kept.end() ? INT64_MIN : found->second);
    }
    return oldest;
  }
  return INT64_MIN;
}

GraphHistory::Needs GraphHistory::NeedsOfBatchesToCome() const {
  const auto from = [this](int64_t by, int64_t state) {
    if (state == INT64_MIN) return state;
    return (state < by ? state + 1 : by) - reach_ms_;
  };
  Needs needs;
  for (const int64_t by : running_) {
    const auto batch = batches_.find(by);
    needs.emplace_back(from(by, StateBefore(batch)), by);
    if (batch != batches_.begin())
      needs.back().first = std::min(needs.back().first, std::prev(batch)->first);
  }
  // (What the next one's windows reach is as many as are retained.)
  const int64_t state = StateBefore(batches_.end());
  if (state != INT64_MAX) needs.emplace_back(from(INT64_MAX, state), INT64_MAX);
  return needs;
}

// Never the newest.
void GraphHistory::DropOldBatches() {
  if (completed_ <= retained_) return;
  const Needs needs = NeedsOfBatchesToCome();
  int64_t needed = 0;
  for (auto batch = batches_.begin();
       completed_ - needed > retained_ && batch != std::prev(batches_.end());) {
    const bool is_needed = std::ranges::any_of(needs, [&batch](const auto& need) {
      return need.first <= batch->first && batch->first < need.second;
    });
    if (!batch->second.completed || is_needed) {
      if (batch->second.completed) ++needed;
      ++batch;
      continue;
    }
    for (const StreamInput& stream : batch->second.input.streams()) {
      for (const InputFile& file : stream.files()) seen_[stream.stream()].Drop(file.path());
      for (const BlockAdded& block : stream.blocks()) {
        allocated_.erase({stream.stream(), block.block_id()});
      }
    }
    ended_up_to_ms_ = std::max(ended_up_to_ms_, batch->first);
    batch = batches_.erase(batch);
    --completed_;
  }
}

std::vector<BlockAdded> GraphHistory::unallocated_blocks() const { return unallocated_; }

// Of those that were logged, what no block has that is still named.
std::map<int32_t, int64_t> GraphHistory::RecordsDropped() const {
  std::map<int32_t, int64_t> dropped = records_;
  for (const auto& [time_ms, batch] : batches_) {
    for (const StreamInput& stream : batch.input.streams()) {
      for (const BlockAdded& block : stream.blocks()) dropped[stream.stream()] -= block.records();
    }
  }
  for (const BlockAdded& block : unallocated_) dropped[block.stream()] -= block.records();
  return dropped;
}

platform::Generator<MetadataRecord> GraphHistory::Base() const {
  if (metadata_.has_value()) {
    GraphMetadata metadata = *metadata_;
    metadata.clear_old_files();  // they are among those seen
    co_yield Record(std::move(metadata));
  }
  if (ended_up_to_ms_ != INT64_MIN) {
    Dropped dropped;
    dropped.set_ended_up_to_ms(ended_up_to_ms_);
    co_yield Record(std::move(dropped));
  }
  if (!accumulators_.empty()) {
    AccumulatorTotals totals;
    totals.mutable_accumulators()->Assign(accumulators_.begin(), accumulators_.end());
    co_yield Record(std::move(totals));
  }
  for (const auto& [stream, paths] : seen_) {
    SeenFiles seen;
    seen.set_stream(stream);
    platform::Generator<SeenFiles> parts = SeenInParts(std::move(seen), paths);
    while (std::optional<SeenFiles> part = parts.Next()) co_yield Record(*std::move(part));
  }
  std::map<int32_t, int64_t> dropped = RecordsDropped();
  for (const Receiver& receiver : receivers_) {
    ReceiverStarted started;
    started.set_stream(receiver.stream);
    started.set_run(receiver.run);
    started.set_blocks_logged(receiver.blocks_logged);
    started.set_records_dropped(std::exchange(dropped[receiver.stream], 0));
    co_yield Record(std::move(started));
  }
  for (const auto& [time_ms, batch] : batches_) {
    for (const StreamInput& stream : batch.input.streams()) {
      for (BlockAdded block : stream.blocks()) {
        block.set_stream(stream.stream());  // as it was added, whatever the input says
        co_yield Record(std::move(block));
      }
    }
    co_yield Record(batch.input);
    if (!batch.completed) continue;
    BatchCompleted completed;
    completed.set_batch_time_ms(time_ms);
    const auto next = batches_.upper_bound(time_ms);
    if (next == batches_.end() || !next->second.completed) {
      completed.mutable_states()->Assign(batch.states.begin(), batch.states.end());
    }
    co_yield Record(std::move(completed));
  }
  for (const BlockAdded& block : unallocated_) co_yield Record(block);
  for (const auto& [stream, paths] : seen_) {
    ForgottenFiles forgotten;
    forgotten.set_stream(stream);
    auto parts = PathsInParts(std::move(forgotten), paths.Forgotten());
    while (std::optional<ForgottenFiles> part = parts.Next()) co_yield Record(*std::move(part));
  }
}

absl::StatusOr<GraphHistory> ReadGraphHistory(std::string_view name,
                                              const std::vector<MetadataRecord>& records) {
  GraphHistory history;
  WT_RETURN_IF_ERROR(AddRecords(name, records, history));
  return history;
}

}  // namespace wavetank::checkpoint
