#include "runtime/dstream/batch_task.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "checkpoint/crc32c.h"
#include "platform/check.h"
#include "platform/status_macros.h"
#include "runtime/connectors/line_limit.h"
#include "runtime/connectors/source_directory.h"
#include "runtime/dstream/attempt_operator.h"
#include "runtime/dstream/input_operators.h"
#include "runtime/dstream/operator.h"
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

// One run of one task.
class BatchTaskRun {
 public:
  BatchTaskRun(const StreamingGraph& graph, TaskContext& context, BatchTask task)
      : graph_(graph), context_(context), task_(std::move(task)) {}

  Task<absl::StatusOr<std::string>> Run() {
    const std::vector<StagePlan> stages = graph_.StagesOf(Outputs());
    // Room is made for as many as a driver says.
    if (task_.default_parallelism < 1 || task_.default_parallelism > kMostTargets ||
        task_.stage < 0 || task_.stage >= static_cast<int64_t>(stages.size())) {
      co_return absl::InvalidArgumentError(absl::StrCat(
          "a DStream task of stage ", task_.stage, " for ", task_.default_parallelism,
          " partitions: its plan has ", stages.size(), " stages, of at most ", kMostTargets));
    }
    const StagePlan& stage = stages.at(static_cast<size_t>(task_.stage));
    Assemble(stage);
    if (const auto* input = dynamic_cast<const InputOperator*>(&graph_.at(stage.head))) {
      WT_CO_RETURN_IF_ERROR(co_await FeedSplit(*input));
    } else {
      WT_CO_RETURN_IF_ERROR(co_await MergeShuffle(stage));
    }
    if (shuffle_.take) {
      PutShuffle();
      co_return std::string();
    }
    std::string result = output_.take();
    if (task_.files_directory.empty()) co_return result;
    co_return co_await WriteFile(std::move(result));
  }

 private:
  std::vector<OperatorId> Outputs() const {
    std::vector<OperatorId> outputs;
    for (const int64_t id : task_.outputs) {
      const OperatorId output(id);
      const bool is_one = std::ranges::count(graph_.outputs(), output) > 0;
      if (is_one) outputs.push_back(output);
    }
    return outputs;
  }

  // The sinks of the stage, from its tail to its first narrow operator.
  void Assemble(const StagePlan& stage) {
    const StreamOperator& tail = graph_.at(stage.tail);
    if (const auto* shuffle = dynamic_cast<const ShuffleOperator*>(&tail)) {
      shuffle_ = shuffle->OpenTail(
          stage.side, shuffle->partitions().value_or(static_cast<int>(task_.default_parallelism)));
      first_ = shuffle_.sink.get();
    } else {
      output_ = dynamic_cast<const OutputOperator&>(tail).OpenTail();
      first_ = output_.sink.get();
    }
    for (auto id = stage.narrow.rbegin(); id != stage.narrow.rend(); ++id) {
      const auto& narrow = dynamic_cast<const NarrowOperator&>(graph_.at(*id));
      const auto* of_attempt = dynamic_cast<const AttemptOperator*>(&narrow);
      narrow_.push_back(of_attempt != nullptr
                            ? of_attempt->AttachFor(context_.id().Unique(), *first_)
                            : narrow.Attach(*first_));
      first_ = narrow_.back().get();
    }
  }

  Task<absl::Status> FeedSplit(const InputOperator& input) {
    const std::unique_ptr<ByteFeed> feed = input.OpenFeed(*first_);
    const InputSplit& split = task_.split;
    if (split.path.empty()) {
      co_await Charge(split.inline_bytes.size());
      WT_CO_RETURN_IF_ERROR(Guarded([&] { return feed->Push(split.inline_bytes); }));
    }
    const bool may_skip = MaySkip(input);
    if (may_skip && split.size_bytes > 0) {
      // Before any row is given on, for rows cannot be taken back.
      const auto last_byte = co_await context_.store().Read(split.path, split.size_bytes - 1, 1);
      if (!last_byte.ok() || last_byte->empty()) {
        WT_CO_ASSIGN_OR_RETURN(std::string how,
                               co_await HowLost(last_byte.status(), split.size_bytes - 1));
        co_return co_await Skip(InputLost(std::move(how)), *feed);
      }
    }
    const auto* const files = dynamic_cast<const TextFileInput*>(&input);
    LineLimit lines(files != nullptr ? files->options.files.max_line_bytes : UINT64_MAX);
    uint32_t checksum = 0;
    for (uint64_t offset = 0; offset < split.size_bytes;) {
      const uint64_t wanted = std::min(kPieceBytes, split.size_bytes - offset);
      auto piece = co_await context_.store().Read(split.path, offset, wanted);
      if (!piece.ok() || piece->empty()) {
        WT_CO_ASSIGN_OR_RETURN(std::string how, co_await HowLost(piece.status(), offset));
        absl::Status lost = InputLost(std::move(how));
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
      WT_CO_RETURN_IF_ERROR(Guarded([&] { return feed->Push(*piece); }));
    }
    if (split.has_checksum && checksum != split.crc32c) co_return InputLost("has a bad checksum");
    co_return Guarded([&] { return feed->Finish(); });
  }

  // `stage` outlives the task.
  Task<absl::Status> MergeShuffle(const StagePlan& stage) {
    std::map<int, std::vector<ShuffleBlock>> fetched;
    std::vector<std::vector<BlockView>> sides;
    size_t bytes = 0;
    for (const std::vector<int>& reads : stage.reads) {
      std::vector<BlockView>& views = sides.emplace_back();
      for (const int read : reads) {
        if (!fetched.contains(read)) {
          WT_CO_ASSIGN_OR_RETURN(fetched[read], co_await context_.FetchShuffle(read));
        }
        for (const ShuffleBlock& block : fetched[read]) {
          views.push_back(ViewOf(block));
          bytes += block.bytes.size();
        }
      }
    }
    co_await Charge(bytes);
    const auto& shuffle = dynamic_cast<const ShuffleOperator&>(graph_.at(stage.head));
    co_return Guarded([&] { return shuffle.Merge(sides, *first_); });
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
    const absl::Status created = co_await context_.store().CreateIfAbsent(
        absl::StrCat(task_.files_directory, "/", name), std::move(text));
    if (!created.ok() && !absl::IsAlreadyExists(created)) co_return created;
    co_return name;
  }

  // Runs what may call user functions.
  template <typename Body>
  absl::Status Guarded(const Body& body) {
    try {
      return body();
    } catch (const std::exception& error) {
      return absl::InternalError(absl::StrCat("batch ", task_.batch_time_ms, " ms, partition ",
                                              context_.id().partition, ", ", error.what()));
    }
  }

  static bool MaySkip(const InputOperator& input) {
    const auto* files = dynamic_cast<const TextFileInput*>(&input);
    return files != nullptr && files->options.files.lost == LostFiles::kSkip;
  }

  // Of a read at `offset`, before the split's end, that gave nothing. An error: of the store, or
  // kUnavailable, since the file may be back with its directory.
  Task<absl::StatusOr<std::string>> HowLost(absl::Status read, uint64_t offset) {
    if (read.ok()) co_return absl::StrCat("now ends at ", offset, " or before");
    if (!absl::IsNotFound(read)) co_return read;
    const bool is_block = task_.split.has_checksum;
    const bool away = !is_block && co_await DirectoryIsAway(context_.store(), task_.split.path);
    if (away) co_return absl::UnavailableError(InputLost("is gone").message());
    co_return std::string("is gone");
  }

  // `feed` outlives the task.
  Task<absl::Status> Skip(absl::Status lost, ByteFeed& feed) {
    context_.node().Log(platform::LogLevel::kWarning,
                        absl::StrCat(lost.message(), ": it is skipped, its records are lost"));
    co_await context_.node().Step(steps::kInputFileSkipped);
    co_return Guarded([&] { return feed.Finish(); });
  }

  absl::Status InputLost(std::string how) {
    return absl::DataLossError(absl::StrCat("read the input of batch ", task_.batch_time_ms,
                                            " ms: ", task_.split.path, ", logged with ",
                                            task_.split.size_bytes, " bytes, ", how));
  }

  Task<void> Charge(size_t bytes) {
    return context_.node().Work(1 + static_cast<int64_t>(bytes) / kRowBytes);
  }

  const StreamingGraph& graph_;
  TaskContext& context_;
  const BatchTask task_;
  ShuffleTail shuffle_;
  OutputTail output_;
  std::vector<std::unique_ptr<RowSink>> narrow_;  // the last operator's first
  RowSink* first_ = nullptr;
};

}  // namespace

Task<absl::StatusOr<std::string>> BatchTaskBody::Run(TaskContext& context, std::string payload) {
  BatchTask task;
  WT_CO_RETURN_IF_ERROR(DecodeFromString(payload, task));
  BatchTaskRun run(graph_, context, std::move(task));
  co_return co_await run.Run();
}

}  // namespace wavetank::runtime
