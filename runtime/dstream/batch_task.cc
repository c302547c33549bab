#include "runtime/dstream/batch_task.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "checkpoint/crc32c.h"
#include "platform/check.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "runtime/connectors/line_limit.h"
#include "runtime/connectors/source_directory.h"
#include "runtime/dstream/accumulator_cell.h"
#include "runtime/dstream/between_threads.h"
#include "runtime/dstream/file_inputs.h"
#include "runtime/dstream/input_operators.h"
#include "runtime/dstream/log_input.h"
#include "runtime/dstream/log_split_reader.h"
#include "runtime/dstream/operator.h"
#include "runtime/dstream/state_operator.h"
#include "runtime/dstream/stream_steps.h"
#include "runtime/dstream/text_output.h"
#include "runtime/dstream/wire.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

namespace {

// Bytes read from the store at a time; also what a worker computes between two turns of its loop.
constexpr uint64_t kPieceBytes = 1 << 20;
// Partitions of a stage; far beyond any job's.
constexpr int64_t kMostTargets = 1 << 20;
// What a row of text is taken to measure when CPU work is charged.
constexpr int64_t kRowBytes = 16;

class PartitionAttachment final : public platform::Attachment {
 public:
  explicit PartitionAttachment(std::shared_ptr<const Partition> partition)
      : partition_(std::move(partition)) {}
  std::string Encode() const override { return partition_->Encode(); }
  size_t MemoryBytes() const override { return partition_->MemoryBytes(); }
  const Partition& partition() const { return *partition_; }

 private:
  const std::shared_ptr<const Partition> partition_;
};

BlockView ViewOf(const ShuffleBlock& block) {
  if (block.object == nullptr) return {.object = nullptr, .bytes = block.bytes};
  const auto* attachment = dynamic_cast<const PartitionAttachment*>(block.object.get());
  WT_CHECK(attachment != nullptr, "a shuffle block of another engine");
  return {.object = &attachment->partition(), .bytes = {}};
}

}  // namespace

// One run of one task.
class BatchTaskBody::Attempt {
 public:
  Attempt(BatchTaskBody& body, TaskContext& context, BatchTask task)
      : body_(body),
        graph_(body.graph_),
        context_(context),
        task_(std::move(task)),
        additions_(&graph_, graph_.accumulators().size()) {}

  Task<absl::StatusOr<std::string>> Run() {
    WT_CO_RETURN_IF_ERROR(Assemble());
    if (task_.head_is_kept) {
      WT_CO_RETURN_IF_ERROR(co_await GiveKept(*graph_.keeper(head_->id())));
    } else if (const auto* input = dynamic_cast<const InputOperator*>(head_)) {
      WT_CO_RETURN_IF_ERROR(co_await FeedSplits(*input));
    } else if (const auto* state = dynamic_cast<const StateOperator*>(head_)) {
      WT_CO_RETURN_IF_ERROR(co_await GoOn(*state));
    } else {
      WT_CO_RETURN_IF_ERROR(co_await MergeShuffle(dynamic_cast<const MergeOperator&>(*head_)));
    }
    std::string result;
    WT_CO_RETURN_IF_ERROR(Guarded([&] {
      result = TakeResult();  // calls partitioners
      return absl::OkStatus();
    }));
    if (!shuffle_.take && !task_.files_directory.empty()) {
      WT_CO_ASSIGN_OR_RETURN(result, co_await WriteFile(std::move(result)));
    }
    if (graph_.accumulators().empty()) co_return result;
    TaskOutcome outcome{.result = std::move(result), .additions = {}};
    additions_.ForEach([&outcome](int64_t op, size_t accumulator, const std::string& added) {
      outcome.additions.push_back({op, static_cast<int64_t>(accumulator), added});
    });
    co_return EncodeToString(outcome);
  }

 private:
  template <typename Operator>
  const Operator* At(int64_t id) const {
    const OperatorId at(id);
    return graph_.contains(at) ? dynamic_cast<const Operator*>(&graph_.at(at)) : nullptr;
  }

  // The sinks of the stage, from its tail to its first narrow operator.
  absl::Status Assemble() {
    head_ = At<StreamOperator>(task_.head);
    const bool has_head = task_.head_is_kept
                              ? head_ != nullptr && graph_.keeper(head_->id()) != nullptr
                              : dynamic_cast<const InputOperator*>(head_) != nullptr ||
                                    dynamic_cast<const ShuffleOperator*>(head_) != nullptr;
    // Room is made for as many as a driver says.
    if (!has_head || task_.targets < 1 || task_.targets > kMostTargets || task_.side < kOwnRows) {
      return NotOfThePlan();
    }
    if (task_.side == kOwnRows) {
      const auto* const of = At<StreamOperator>(task_.tail);
      if (of == nullptr || graph_.keeper(of->id()) == nullptr) return NotOfThePlan();
      shuffle_ = graph_.keeper(of->id())->OpenTail(*of);
      first_ = shuffle_.sink.get();
    } else if (const auto* shuffle = At<ShuffleOperator>(task_.tail)) {
      if (task_.side >= std::ssize(shuffle->parents())) return NotOfThePlan();
      shuffle_ = shuffle->OpenTail({.side = static_cast<int>(task_.side),
                                    .targets = static_cast<int>(task_.targets),
                                    .partition = context_.id().partition});
      first_ = shuffle_.sink.get();
    } else if (const auto* output = At<OutputOperator>(task_.tail)) {
      output_ = output->OpenTail(
          {.batch_time = absl::FromUnixMillis(task_.batch_time_ms),
           .partition = static_cast<int>(task_.first_part) + context_.id().partition,
           .attempt = context_.id().Unique()});
      first_ = output_.sink.get();
    } else {
      return NotOfThePlan();
    }
    const TaskRun run{.attempt = context_.id().Unique(),
                      .row_time = absl::FromUnixMillis(task_.row_time_ms)};
    for (auto id = task_.narrow.rbegin(); id != task_.narrow.rend(); ++id) {
      const auto* narrow = At<NarrowOperator>(*id);
      if (narrow == nullptr) return NotOfThePlan();
      narrow_.push_back(narrow->Attach(run, *first_));
      first_ = narrow_.back().get();
    }
    return absl::OkStatus();
  }
  absl::Status NotOfThePlan() const {
    return absl::InvalidArgumentError(
        absl::StrCat("a DStream task from operator ", task_.head, " to ", task_.tail, ", of side ",
                     task_.side, " for ", task_.targets, " partitions, is none of its plan"));
  }

  // `input` outlives the task.
  Task<absl::Status> FeedSplits(const InputOperator& input) {
    const std::unique_ptr<ByteFeed> feed = input.OpenFeed(*first_);
    if (const auto* log = dynamic_cast<const LogInput*>(&input)) {
      if (task_.splits.size() != 1) co_return NotOfThePlan();
      co_return co_await FeedLog(*log, dynamic_cast<internal::LogFeed&>(*feed));
    }
    const auto* const files = dynamic_cast<const FileInput*>(&input);
    for (const InputSplit& split : task_.splits) {
      if (split.path.empty()) {
        co_await Charge(split.inline_bytes.size());
        WT_CO_RETURN_IF_ERROR(Guarded([&] { return feed->Push(split.inline_bytes); }));
        continue;
      }
      WT_CO_RETURN_IF_ERROR(co_await FeedFile(split, files, *feed));
    }
    co_return Guarded([&] { return feed->Finish(); });
  }

  // A block if `files` is null. All outlive the task.
  Task<absl::Status> FeedFile(const InputSplit& split, const FileInput* files, ByteFeed& feed) {
    const bool may_skip = files != nullptr && files->options.files.lost == LostFiles::kSkip;
    if (may_skip && split.size_bytes > 0) {
      // Before any row of it is given on, for rows cannot be taken back.
      const auto last_byte = co_await Read(split, split.size_bytes - 1, 1);
      if (!last_byte.ok() || last_byte->empty()) {
        WT_CO_ASSIGN_OR_RETURN(std::string how,
                               co_await HowLost(split, last_byte.status(), split.size_bytes - 1));
        co_return co_await Skip(InputLost(split, std::move(how)));
      }
    }
    const bool is_last = split.begin > 0 && split.end == split.size_bytes;
    if (is_last && platform::Planted(context_.node(), "last_part_of_a_file_left_out")) {
      co_return absl::OkStatus();
    }
    LineLimit lines(files != nullptr ? files->line_bytes_max() : UINT64_MAX);
    uint32_t checksum = 0;
    const bool again = platform::Planted(context_.node(), "parts_of_files_begin_with_the_file");
    for (uint64_t offset = again ? 0 : split.begin; offset < split.end;) {
      const uint64_t wanted = std::min(kPieceBytes, split.end - offset);
      auto piece = co_await Read(split, offset, wanted);
      if (!piece.ok() || piece->empty()) {
        WT_CO_ASSIGN_OR_RETURN(std::string how, co_await HowLost(split, piece.status(), offset));
        absl::Status lost = InputLost(split, std::move(how));
        // It was whole just now: the next attempt skips it.
        if (may_skip) lost = absl::UnavailableError(lost.message());
        co_return lost;
      }
      if (!lines.Add(*piece)) {
        co_return LineTooLong(split.path, lines.begin(), lines.length(), files->options.files);
      }
      checksum = checkpoint::Crc32c(*piece, checksum);
      offset += piece->size();
      co_await Charge(piece->size());
      const absl::Status pushed = Guarded([&] { return feed.Push(*piece); });
      if (!pushed.ok()) co_return InFile(split, files, pushed);
    }
    if (split.has_checksum && checksum != split.crc32c) {
      co_return InputLost(split, "has a bad checksum");
    }
    if (files == nullptr) co_return absl::OkStatus();
    co_return InFile(split, files, Guarded([&] { return feed.EndFile(); }));
  }
  // Names the file that holds what its feed cannot read.
  absl::Status InFile(const InputSplit& split, const FileInput* files,
                      const absl::Status& status) const {
    if (files == nullptr || !absl::IsDataLoss(status)) return status;
    return absl::DataLossError(absl::StrCat("read the input of batch ", task_.batch_time_ms,
                                            " ms: ", split.path, ": ", status.message()));
  }

  // Of a file, the listing that it was selected by has shown it, so it is durable.
  Task<absl::StatusOr<std::string>> Read(const InputSplit& split, uint64_t offset,
                                         uint64_t length) {
    if (split.has_checksum) co_return co_await context_.store().Read(split.path, offset, length);
    WT_CO_ASSIGN_OR_RETURN(checkpoint::ShownBytes shown,
                           co_await context_.store().ReadShown(split.path, offset, length));
    co_return std::move(shown.bytes);
  }

  // Both outlive the task.
  Task<absl::Status> FeedLog(const LogInput& input, internal::LogFeed& feed) {
    LogSplitReader reader(context_.node(), input, task_.splits.front().log);
    while (true) {
      auto records = co_await reader.Next();
      if (absl::IsDataLoss(records.status())) {
        co_return absl::DataLossError(absl::StrCat("read the input of batch ", task_.batch_time_ms,
                                                   " ms: ", records.status().message()));
      }
      WT_CO_RETURN_IF_ERROR(records.status());
      if (records->empty()) break;
      co_await context_.node().Work(std::ssize(*records));
      WT_CO_RETURN_IF_ERROR(Guarded([&] {
        feed.Take(*records);
        return absl::OkStatus();
      }));
    }
    co_return Guarded([&] { return feed.Finish(); });
  }

  using Sides = std::vector<std::vector<BlockView>>;

  // What the task reads of one batch: views of blocks that stay where they are.
  Task<absl::StatusOr<Sides>> Fetch(const TaskRead& read) {
    if (read.sides.size() != head_->parents().size()) co_return NotOfThePlan();
    Sides sides;
    size_t bytes = 0;
    for (const std::vector<int32_t>& stages : read.sides) {
      std::vector<BlockView>& views = sides.emplace_back();
      for (const int32_t stage : stages) {
        if (!views.empty() && platform::Planted(context_.node(), "shuffle_read_of_one_stage"))
          break;
        if (!fetched_.contains(stage)) {
          WT_CO_ASSIGN_OR_RETURN(fetched_[stage], co_await context_.FetchShuffle(stage));
        }
        for (const ShuffleBlock& block : fetched_[stage]) {
          views.push_back(ViewOf(block));
          bytes += block.bytes.size();
        }
      }
    }
    co_await Charge(bytes);
    co_return sides;
  }

  // `keeper` outlives the task.
  Task<absl::Status> GiveKept(const RowKeeper& keeper) {
    WT_CO_ASSIGN_OR_RETURN(const std::vector<ShuffleBlock> blocks,
                           co_await context_.FetchOutputs());
    std::vector<BlockView> views;
    size_t bytes = 0;
    for (const ShuffleBlock& block : blocks) {
      views.push_back(ViewOf(block));
      bytes += block.bytes.size();
    }
    co_await Charge(bytes);
    co_return Guarded([&] { return keeper.Give(views, *first_); });
  }

  // `merge` outlives the task.
  Task<absl::Status> MergeShuffle(const MergeOperator& merge) {
    if (task_.reads.size() != 1) co_return NotOfThePlan();
    WT_CO_ASSIGN_OR_RETURN(const Sides sides, co_await Fetch(task_.reads.front()));
    co_return Guarded([&] { return merge.Merge(sides, *first_); });
  }

  // The state takes in each batch that it reads; the rows are those of the last. `op` outlives the
  // task.
  Task<absl::Status> GoOn(const StateOperator& op) {
    if (task_.reads.empty() || task_.sources < 1 || task_.sources > kMostTargets) {
      co_return NotOfThePlan();
    }
    std::unique_ptr<checkpoint::StateStore> state;
    if (task_.state.goes_on) state = body_.TakeState(context_.node(), task_.state);
    const bool was_here = state != nullptr;
    if (!was_here) {
      WT_CO_ASSIGN_OR_RETURN(state, co_await OpenState(op));
    }
    checkpoint::StateTable& table = state->table();
    const int64_t keys = static_cast<int64_t>(table.size());
    if (was_here && !task_.state.newest.empty() &&
        !platform::Planted(context_.node(), "batches_taken_in_twice")) {
      WT_CO_RETURN_IF_ERROR(co_await TakeIn(op, task_.state.read, table, first_));
    } else if (!was_here && task_.reads.size() > 1 &&
               platform::Planted(context_.node(), "state_made_again_of_the_last_batch")) {
      WT_CO_RETURN_IF_ERROR(co_await TakeIn(op, task_.reads.back(), table, first_));
    } else {
      for (size_t i = 0; i < task_.reads.size(); ++i) {
        RowSink* const rows = i + 1 == task_.reads.size() ? first_ : nullptr;
        WT_CO_RETURN_IF_ERROR(co_await TakeIn(op, task_.reads[i], table, rows));
      }
    }
    co_await context_.node().Work(1 + keys);
    if (!task_.state.goes_on) co_return absl::OkStatus();
    checkpoint::StateVersion version = state->version();
    if (task_.state.kept) {
      WT_CO_ASSIGN_OR_RETURN(version, co_await state->Commit());
      co_await context_.node().Step(steps::kStreamStateKept,
                                    {{"operator", task_.head},
                                     {"partition", context_.id().partition},
                                     {"version", version.version}});
    }
    state_result_ = EncodeToString(TaskStateResult{version.version, version.files});
    body_.states_.insert_or_assign(
        task_.state.directory, LeftState{std::move(state), context_.id().Unique(), task_.state.kept,
                                         ++body_.states_left_});
    if (const int64_t gone = body_.MakeRoomForStates(context_); gone > 0) {
      co_await context_.node().Step(steps::kStreamStateLetGo, {{"partitions", gone}});
    }
    co_return absl::OkStatus();
  }

  // What is read outlives the task; null: nobody asks for the rows, for the batch has run before.
  Task<absl::Status> TakeIn(const StateOperator& op, const TaskRead& read,
                            checkpoint::StateTable& table, RowSink* rows) {
    WT_CO_ASSIGN_OR_RETURN(Sides sides, co_await Fetch(read));
    int64_t time_ms = read.batch_time_ms;
    if (platform::Planted(context_.node(), "state_made_again_at_the_newest_time")) {
      time_ms = task_.batch_time_ms;
    }
    if (platform::Planted(context_.node(), "nothing_leaves_a_window") && op.window().has_value()) {
      sides.back().clear();
    }
    co_return Guarded([&] { return op.Apply(absl::FromUnixMillis(time_ms), sides, table, rows); },
                      rows != nullptr ? &additions_ : nullptr);
  }

  Task<absl::StatusOr<std::unique_ptr<checkpoint::StateStore>>> OpenState(const StateOperator& op) {
    checkpoint::StateVersion version{task_.state.version, task_.state.files};
    const bool first =
        version.version == 0 || platform::Planted(context_.node(), "initial_states_given_again");
    checkpoint::StateStoreOptions options{.operator_fingerprint = StateNameOf(op)};
    // One that is let go after its batch, or is made twice in it, never takes in what is written in
    // the background: its commits do it, before there are many files to open.
    options.lineage.longest = options.lineage.snapshot_at_latest;
    WT_CO_ASSIGN_OR_RETURN(std::unique_ptr<checkpoint::StateStore> state,
                           co_await checkpoint::StateStore::Open(
                               context_.node(), context_.store(), task_.state.directory,
                               std::move(version), std::move(options)));
    if (first) {
      const auto begin = [&] {
        op.Begin(absl::FromUnixMillis(task_.reads.front().batch_time_ms),
                 {.side = 0,
                  .targets = static_cast<int>(task_.sources),
                  .partition = context_.id().partition},
                 state->table());
        return absl::OkStatus();
      };
      WT_CO_RETURN_IF_ERROR(Guarded(begin, nullptr));
    }
    co_return state;
  }

  std::string TakeResult() {
    if (!shuffle_.take) return output_.take();
    PutShuffle();
    return std::move(state_result_);
  }
  void PutShuffle() {
    std::vector<std::shared_ptr<const Partition>> partitions = shuffle_.take();
    for (size_t target = 0; target < partitions.size(); ++target) {
      if (partitions[target] == nullptr) continue;
      context_.PutShuffle(static_cast<int>(target), std::make_shared<const PartitionAttachment>(
                                                        std::move(partitions[target])));
    }
  }

  // Under a name of this attempt's own, so that one which was taken for lost, or ran before it on
  // other shuffle blocks, never stands for it. Gives the name: the driver's mark holds those that
  // count.
  Task<absl::StatusOr<std::string>> WriteFile(std::string text) {
    std::string name = PartName(context_.id(), task_.first_part);
    if (platform::Planted(context_.node(), "part_named_by_its_partition")) {
      name = absl::StrFormat("part-%05d", task_.first_part + context_.id().partition);
    }
    const absl::Status created = co_await context_.store().CreateIfAbsent(
        absl::StrCat(task_.files_directory, "/", name), std::move(text));
    if (!created.ok() && !absl::IsAlreadyExists(created)) co_return created;
    co_return name;
  }

  // Runs what may call user functions.
  template <typename Body>
  absl::Status Guarded(const Body& body) {
    return Guarded(body, &additions_);
  }
  // `additions`: as in AdditionsScope.
  template <typename Body>
  absl::Status Guarded(const Body& body, internal::Additions* additions) {
    const internal::AdditionsScope scope(additions);
    try {
      return body();
    } catch (const std::exception& error) {
      return absl::InternalError(absl::StrCat("batch ", task_.batch_time_ms, " ms, partition ",
                                              context_.id().partition, ", ", error.what()));
    }
  }

  // Of a read at `offset`, before the split's end, that gave nothing. An error: of the store, or
  // kUnavailable, since the file may be back with its directory.
  Task<absl::StatusOr<std::string>> HowLost(const InputSplit& split, absl::Status read,
                                            uint64_t offset) {
    if (read.ok()) co_return absl::StrCat("now ends at ", offset, " or before");
    if (!absl::IsNotFound(read)) co_return read;
    const bool is_block = split.has_checksum;
    const bool away = !is_block && co_await DirectoryIsAway(context_.store(), split.path);
    if (away) co_return absl::UnavailableError(InputLost(split, "is gone").message());
    co_return std::string("is gone");
  }

  Task<absl::Status> Skip(absl::Status lost) {
    context_.node().Log(platform::LogLevel::kWarning,
                        absl::StrCat(lost.message(), ": it is skipped, its records are lost"));
    co_await context_.node().Step(steps::kInputFileSkipped);
    co_return absl::OkStatus();
  }

  absl::Status InputLost(const InputSplit& split, std::string how) const {
    return absl::DataLossError(absl::StrCat("read the input of batch ", task_.batch_time_ms,
                                            " ms: ", split.path, ", logged with ", split.size_bytes,
                                            " bytes, ", how));
  }

  Task<void> Charge(size_t bytes) {
    return context_.node().Work(1 + static_cast<int64_t>(bytes) / kRowBytes);
  }

  BatchTaskBody& body_;
  const StreamingGraph& graph_;
  TaskContext& context_;
  const BatchTask task_;
  const StreamOperator* head_ = nullptr;
  std::map<int32_t, std::vector<ShuffleBlock>> fetched_;  // by stage
  std::string state_result_;
  internal::Additions additions_;
  ShuffleTail shuffle_;
  OutputTail output_;
  std::vector<std::unique_ptr<RowSink>> narrow_;  // the last operator's first
  RowSink* first_ = nullptr;
};

Task<absl::StatusOr<std::string>> BatchTaskBody::Run(TaskContext& context, std::string payload) {
  BatchTask task;
  WT_CO_RETURN_IF_ERROR(DecodeFromString(payload, task));
  Attempt attempt(*this, context, std::move(task));
  co_return co_await attempt.Run();
}

}  // namespace wavetank::runtime
