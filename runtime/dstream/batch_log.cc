#include "runtime/dstream/batch_log.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "checkpoint/first_record.h"
#include "checkpoint/graph_history.h"
#include "checkpoint/history_parts.h"
#include "checkpoint/metadata.h"
#include "checkpoint/named_files.h"
#include "checkpoint/paths.h"
#include "checkpoint/recovery.h"
#include "checkpoint/unique.h"
#include "platform/status_macros.h"

namespace wavetank::runtime {

namespace {

checkpoint::BlockAdded ToRecord(const Block& block) {
  checkpoint::BlockAdded record;
  record.set_stream(static_cast<int32_t>(block.stream));
  record.set_block_id(checkpoint::NameInPath(block.path));
  record.set_records(block.records);
  record.set_size_bytes(block.size_bytes);
  record.set_crc32c(block.crc32c);
  return record;
}

Block FromRecord(const checkpoint::BlockAdded& record, const std::string& blocks) {
  return {.stream = record.stream(),
          .path = checkpoint::BlockPath(blocks, record),
          .size_bytes = record.size_bytes(),
          .crc32c = record.crc32c(),
          .records = record.records()};
}

void ToRecord(const StreamInput& input, checkpoint::StreamInput& record) {
  record.set_stream(static_cast<int32_t>(input.stream.value()));
  for (const SelectedFile& file : input.files) {
    checkpoint::InputFile& added = *record.add_files();
    added.set_path(file.path);
    added.set_size_bytes(file.size_bytes);
  }
  if (!input.files.empty()) record.set_root(input.root);
  for (const Block& block : input.blocks) *record.add_blocks() = ToRecord(block);
  if (!input.ranges.empty()) record.set_log_id(input.log_id);
  for (const LogRange& range : input.ranges) {
    checkpoint::OffsetRange& added = *record.add_ranges();
    added.set_partition(absl::StrCat(range.partition));
    added.set_begin(range.begin);
    added.set_end(range.end);
  }
}

// `blocks`: the directory that they stand in.
absl::StatusOr<StreamInput> FromRecord(const checkpoint::StreamInput& record,
                                       const std::string& blocks) {
  StreamInput input{.stream = OperatorId(record.stream()), .files = {}, .root = record.root()};
  for (const checkpoint::InputFile& file : record.files()) {
    input.files.push_back({.path = file.path(), .size_bytes = file.size_bytes()});
  }
  for (const checkpoint::BlockAdded& block : record.blocks()) {
    input.blocks.push_back(FromRecord(block, blocks));
  }
  input.log_id = record.log_id();
  for (const checkpoint::OffsetRange& range : record.ranges()) {
    LogRange& added = input.ranges.emplace_back();
    added.begin = range.begin();
    added.end = range.end();
    if (!absl::SimpleAtoi(range.partition(), &added.partition) || added.partition < 0 ||
        added.begin < 0 || added.end < added.begin) {
      return absl::DataLossError(absl::StrCat("the batch log names offsets [", range.begin(), ", ",
                                              range.end(), ") of a partition '", range.partition(),
                                              "', which are none"));
    }
  }
  return input;
}

checkpoint::KeptState ToRecord(OperatorId op, int partition, int64_t batch_time_ms,
                               const checkpoint::StateVersion& version) {
  checkpoint::KeptState record;
  record.set_batch_time_ms(batch_time_ms);
  checkpoint::OperatorState& state = *record.mutable_state();
  state.set_operator_id(static_cast<int32_t>(op.value()));
  state.set_partition(partition);
  state.set_version(version.version);
  for (const std::string& file : version.files) state.add_names(checkpoint::NameInPath(file));
  return record;
}

absl::Status CheckSamePlan(const checkpoint::GraphMetadata& logged, const StreamingGraph& graph,
                           const std::string& directory) {
  std::vector<std::string> changes;
  const absl::Duration interval = absl::Milliseconds(logged.batch_interval_ms());
  if (interval != graph.batch_interval) {
    changes.push_back(absl::StrCat("its batch interval was ", absl::FormatDuration(interval),
                                   ", and is ", absl::FormatDuration(graph.batch_interval)));
  }
  if (logged.plan_fingerprint() != graph.Fingerprint()) {
    changes.push_back(absl::StrCat(
        "it is of another plan: its operators, or the directories that they read and write, had "
        "the fingerprint ",
        logged.plan_fingerprint(), ", and have ", graph.Fingerprint(),
        " (if those directories have only been moved, move them back, or make links to them where "
        "they were)"));
  }
  if (changes.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "go on from checkpoint ", directory, ": this job is not the one that began it: ",
      absl::StrJoin(changes, "; "), "; run that job, or give this one a checkpoint of its own"));
}

class FencedBatchLog final : public BatchLog {
 public:
  FencedBatchLog(const StreamingGraph& graph, BatchLogOptions options)
      : interval_ms_(absl::ToInt64Milliseconds(graph.batch_interval)),
        fingerprint_(graph.Fingerprint()),
        history_(options.batches_retained, options.reach * interval_ms_) {}

  Task<absl::Status> TakeOver(platform::Node& node, checkpoint::Store& store,
                              const StreamingGraph& graph, std::string directory,
                              uint64_t segment_bytes) {
    // Another job must not fence the checkpoint's own, which may be at work.
    const auto first = co_await checkpoint::FirstMetadata(store, directory);
    // Of what is damaged or missing the take-over tells more.
    if (!first.ok() && !absl::IsDataLoss(first.status()) && !absl::IsNotFound(first.status())) {
      co_return first.status();
    }
    if (first.ok() && first->has_value() && (*first)->has_graph()) {
      WT_CO_RETURN_IF_ERROR(CheckSamePlan((*first)->graph(), graph, directory));
    }
    WT_CO_ASSIGN_OR_RETURN(
        log_, co_await checkpoint::MetadataLog::TakeOver(node, store, directory, history_,
                                                         {.segment_bytes = segment_bytes}));
    if (!history_.metadata()) co_return absl::OkStatus();
    WT_CO_RETURN_IF_ERROR(CheckSamePlan(*history_.metadata(), graph, directory));
    start_ = StreamStart{.zero = absl::FromUnixMillis(history_.metadata()->zero_time_ms())};
    for (const checkpoint::StatePartitions& state : history_.metadata()->state_partitions()) {
      start_->state_partitions[OperatorId(state.operator_id())] = state.partitions();
    }
    const std::string blocks = checkpoint::JoinPath(directory, "blocks");
    for (const checkpoint::StreamInput& stream : history_.metadata()->log_begins()) {
      WT_CO_ASSIGN_OR_RETURN(StreamInput begin, FromRecord(stream, blocks));
      recovered_.log_positions[begin.stream] = std::move(begin);
    }
    for (const checkpoint::BlockAdded& block : history_.unallocated_blocks()) {
      recovered_.unallocated.push_back(FromRecord(block, blocks));
    }
    for (const checkpoint::AccumulatorTotal& accumulator : history_.accumulators()) {
      recovered_.totals[accumulator.name()] = accumulator.total();
    }
    recovered_.receivers = history_.receivers();
    for (const checkpoint::GraphHistory::Receiver& receiver : recovered_.receivers) {
      recovered_.records_logged[receiver.stream] = history_.records_logged(receiver.stream);
    }
    if (history_.dropped_up_to_ms() != INT64_MIN) {
      recovered_.dropped_up_to = NumberOf(history_.dropped_up_to_ms());
    }
    for (const auto& [time_ms, found] : history_.batches()) {
      BatchInput input{.batch = NumberOf(time_ms), .streams = {}};
      for (const checkpoint::StreamInput& stream : found.input.streams()) {
        WT_CO_ASSIGN_OR_RETURN(StreamInput given, FromRecord(stream, blocks));
        if (!given.ranges.empty()) recovered_.log_positions[given.stream] = given;
        input.streams.push_back(std::move(given));
      }
      recovered_.last = input.batch;
      if (found.completed) {
        WT_CO_ASSIGN_OR_RETURN(KeptStates states, StatesOf(found, directory));
        recovered_.states.Completed(input.batch, std::move(states));
      }
      (found.completed ? recovered_.completed : recovered_.unfinished).push_back(std::move(input));
    }
    co_return absl::OkStatus();
  }

  const StreamStart* start() const override { return start_ ? &*start_ : nullptr; }
  checkpoint::SeenPaths& seen(OperatorId stream) override {
    return history_.seen(static_cast<int32_t>(stream.value()));
  }
  const RecoveredStream& recovered() const override { return recovered_; }
  std::string driver_id() const override { return absl::StrCat(log_->epoch().value()); }
  Task<absl::Status> Look() override { return log_->Look(); }

  Task<absl::Status> LogStart(StreamStart start) override {
    checkpoint::GraphMetadata record;
    record.set_zero_time_ms(absl::ToUnixMillis(start.zero));
    record.set_batch_interval_ms(interval_ms_);
    record.set_plan_fingerprint(fingerprint_);
    for (const StreamInput& old : start.old_files) ToRecord(old, *record.add_old_files());
    for (const StreamInput& begin : start.log_begins) ToRecord(begin, *record.add_log_begins());
    for (const auto& [op, partitions] : start.state_partitions) {
      checkpoint::StatePartitions& state = *record.add_state_partitions();
      state.set_operator_id(static_cast<int32_t>(op.value()));
      state.set_partitions(partitions);
    }
    start_ = std::move(start);
    return log_->Append(checkpoint::Record(std::move(record)));
  }
  Task<absl::Status> LogInput(BatchInput input) override {
    std::vector<checkpoint::MetadataRecord> records;
    checkpoint::BatchInput record;
    record.set_batch_time_ms(TimeMsOf(input.batch));
    for (const StreamInput& stream : input.streams) ToRecord(stream, *record.add_streams());
    for (const ForgottenPaths& gone : input.forgotten) {
      checkpoint::ForgottenFiles forgotten;
      forgotten.set_stream(static_cast<int32_t>(gone.stream.value()));
      checkpoint::AppendPaths(std::move(forgotten), gone.paths, records);
    }
    records.push_back(checkpoint::Record(std::move(record)));
    return log_->Append(std::move(records));
  }
  Task<absl::Status> LogCompleted(BatchNumber batch, KeptStates states,
                                  AccumulatorTotals totals) override {
    checkpoint::BatchCompleted record;
    record.set_batch_time_ms(TimeMsOf(batch));
    for (const auto& [op, state] : states) {
      int partition = 0;
      for (const checkpoint::StateVersion& version : state.partitions) {
        *record.add_states() = ToRecord(op, partition++, TimeMsOf(state.batch), version);
      }
    }
    for (auto& [name, total] : totals) {
      checkpoint::AccumulatorTotal& added = *record.add_accumulators();
      added.set_name(name);
      added.set_total(std::move(total));
    }
    return log_->Append(checkpoint::Record(std::move(record)));
  }
  Task<absl::Status> LogBlock(Block block) override {
    return log_->Append(checkpoint::Record(ToRecord(block)));
  }
  Task<absl::Status> LogReceiverStarted(ReceiverRun receiver) override {
    checkpoint::ReceiverStarted record;
    record.set_stream(static_cast<int32_t>(receiver.stream));
    record.set_run(receiver.run);
    return log_->Append(checkpoint::Record(std::move(record)));
  }
  Task<absl::Status> LogReceiverEnded(ReceiverRun receiver, std::vector<Block> stored) override {
    std::vector<checkpoint::MetadataRecord> records;
    for (const Block& block : stored) records.push_back(checkpoint::Record(ToRecord(block)));
    checkpoint::ReceiverEnded record;
    record.set_stream(static_cast<int32_t>(receiver.stream));
    record.set_run(receiver.run);
    records.push_back(checkpoint::Record(std::move(record)));
    return log_->Append(std::move(records));
  }

 private:
  // kDataLoss: they are not those of each partition.
  absl::StatusOr<KeptStates> StatesOf(const checkpoint::GraphHistory::Batch& batch,
                                      const std::string& directory) const {
    KeptStates states;
    for (const checkpoint::KeptState& record : batch.states) {
      const checkpoint::OperatorState& state = record.state();
      KeptState& kept = states[OperatorId(state.operator_id())];
      kept.batch = NumberOf(record.batch_time_ms());
      if (state.partition() != std::ssize(kept.partitions)) return OtherPartitions(batch);
      kept.partitions.push_back(
          {.version = state.version(), .files = checkpoint::StateFiles(directory, state)});
    }
    for (const auto& [op, kept] : states) {
      const auto pinned = start_->state_partitions.find(op);
      const bool all =
          pinned != start_->state_partitions.end() && pinned->second == std::ssize(kept.partitions);
      if (!all) return OtherPartitions(batch);
    }
    return states;
  }
  static absl::Status OtherPartitions(const checkpoint::GraphHistory::Batch& batch) {
    return absl::DataLossError(
        absl::StrCat("batch ", batch.input.batch_time_ms(),
                     " ms is complete with states that are not of each partition, in order"));
  }

  int64_t zero_ms() const { return absl::ToUnixMillis(start_->zero); }
  int64_t TimeMsOf(BatchNumber batch) const { return zero_ms() + batch.value() * interval_ms_; }
  BatchNumber NumberOf(int64_t time_ms) const {
    return BatchNumber((time_ms - zero_ms()) / interval_ms_);
  }

  const int64_t interval_ms_;
  const std::string fingerprint_;
  checkpoint::GraphHistory history_;
  std::unique_ptr<checkpoint::MetadataLog> log_;  // keeps history_ up to date
  std::optional<StreamStart> start_;
  RecoveredStream recovered_;
};

class NoBatchLog final : public BatchLog {
 public:
  explicit NoBatchLog(platform::Node& node) : driver_id_(checkpoint::UniqueId(node)) {}
  const StreamStart* start() const override { return start_ ? &*start_ : nullptr; }
  const RecoveredStream& recovered() const override { return recovered_; }
  std::string driver_id() const override { return driver_id_; }
  checkpoint::SeenPaths& seen(OperatorId stream) override { return seen_[stream]; }
  Task<absl::Status> Look() override { co_return absl::OkStatus(); }
  Task<absl::Status> LogStart(StreamStart start) override {
    for (const StreamInput& old : start.old_files) See(old);
    start_ = std::move(start);
    co_return absl::OkStatus();
  }
  Task<absl::Status> LogInput(BatchInput input) override {
    for (const ForgottenPaths& gone : input.forgotten) {
      for (const std::string& path : gone.paths) seen_[gone.stream].Forget(path);
    }
    for (const StreamInput& stream : input.streams) See(stream);
    co_return absl::OkStatus();
  }
  Task<absl::Status> LogCompleted(BatchNumber, KeptStates, AccumulatorTotals) override {
    co_return absl::OkStatus();
  }
  Task<absl::Status> LogBlock(Block) override { co_return absl::OkStatus(); }
  Task<absl::Status> LogReceiverStarted(ReceiverRun) override { co_return absl::OkStatus(); }
  Task<absl::Status> LogReceiverEnded(ReceiverRun, std::vector<Block>) override {
    co_return absl::OkStatus();
  }

 private:
  void See(const StreamInput& input) {
    for (const SelectedFile& file : input.files) seen_[input.stream].See(file.path, input.root);
  }

  const std::string driver_id_;
  std::optional<StreamStart> start_;
  std::map<OperatorId, checkpoint::SeenPaths> seen_;
  const RecoveredStream recovered_;
};

}  // namespace

Task<absl::StatusOr<StreamAge>> BatchLog::Compare(platform::Node& node, checkpoint::Store& store,
                                                  const StreamingGraph& graph,
                                                  std::string directory, BatchLogOptions options) {
  checkpoint::GraphHistory history(options.batches_retained,
                                   options.reach * absl::ToInt64Milliseconds(graph.batch_interval));
  const absl::Status read =
      co_await checkpoint::ReadMetadataLog(node, store, directory, absl::ZeroDuration(), history);
  if (absl::IsFailedPrecondition(read)) co_return read;
  if (!read.ok()) co_return StreamAge::kUnknown;
  if (!history.metadata()) co_return StreamAge::kNew;
  WT_CO_RETURN_IF_ERROR(CheckSamePlan(*history.metadata(), graph, directory));
  co_return StreamAge::kBegun;
}

Task<absl::StatusOr<std::unique_ptr<BatchLog>>> BatchLog::TakeOver(platform::Node& node,
                                                                   checkpoint::Store& store,
                                                                   const StreamingGraph& graph,
                                                                   std::string directory,
                                                                   BatchLogOptions options) {
  auto log = std::make_unique<FencedBatchLog>(graph, options);
  WT_CO_RETURN_IF_ERROR(
      co_await log->TakeOver(node, store, graph, directory, options.segment_bytes));
  co_return log;
}

std::unique_ptr<BatchLog> BatchLog::None(platform::Node& node) {
  return std::make_unique<NoBatchLog>(node);
}

}  // namespace wavetank::runtime
