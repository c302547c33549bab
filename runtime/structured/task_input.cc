#include "runtime/structured/task_input.h"

#include <algorithm>
#include <utility>

#include "platform/planted.h"
#include "platform/status_macros.h"
#include "runtime/structured/tasks.pb.h"

namespace wavetank::runtime {
namespace {

// Rows that go through all operators together, so that what one gives is still in the cache for the
// next one, also where a line is exploded into words. A multiple of 64, as slices need.
constexpr int64_t kRowsAtOnce = 1024;

class SplitInput final : public TaskInput {
 public:
  SplitInput(platform::Node& node, std::unique_ptr<SplitReader> reader)
      : node_(node), reader_(std::move(reader)) {}

  Task<absl::StatusOr<bool>> Load() override {
    WT_CO_ASSIGN_OR_RETURN(std::optional<RecordBatch> rows, co_await reader_->Next());
    if (!rows) co_return false;
    co_await node_.Work(rows->num_rows());
    SetLoaded(*std::move(rows), kRowsAtOnce);
    co_return true;
  }

  Task<absl::Status> Check() override { return reader_->Check(); }
  std::vector<FileRead> Reads() const override { return reader_->Reads(); }

 private:
  platform::Node& node_;
  const std::unique_ptr<SplitReader> reader_;
};

class ExchangeInput final : public TaskInput {
 public:
  // `once`: nobody reads the blocks again, while the task runs.
  ExchangeInput(TaskContext& context, std::vector<ExchangeBlock>& blocks, bool once)
      : context_(context), blocks_(blocks), once_(once) {}

  Task<absl::StatusOr<bool>> Load() override {
    if (next_ == blocks_.size()) co_return false;
    ExchangeBlock& block = blocks_[next_++];
    if (once_) {
      SetLoaded(std::exchange(block.rows, RecordBatch()), Operator::kRowsAtOnce);
      context_.LetGoOfShuffle(block.stage, block.source);
    } else {
      SetLoaded(block.rows, Operator::kRowsAtOnce);
    }
    co_return true;
  }
  Task<absl::Status> Check() override { co_return absl::OkStatus(); }

 private:
  TaskContext& context_;
  std::vector<ExchangeBlock>& blocks_;
  const bool once_;
  size_t next_ = 0;
};

}  // namespace

std::optional<RecordBatch> TaskInput::Ready() {
  if (next_ == loaded_.num_rows()) return std::nullopt;
  const int64_t length = std::min(rows_at_once_, loaded_.num_rows() - next_);
  RecordBatch rows = loaded_.Slice(next_, length);
  next_ += length;
  return rows;
}

void TaskInput::SetLoaded(RecordBatch rows, int64_t rows_at_once) {
  loaded_ = std::move(rows);
  next_ = 0;
  rows_at_once_ = rows_at_once;
}

Task<absl::StatusOr<ExchangeBlocks>> FetchExchanges(TaskContext& context,
                                                    const structured::FragmentTask& task,
                                                    const FragmentPlan& fragment) {
  ExchangeBlocks fetched;
  for (int i = 0; i < static_cast<int>(fragment.inputs.size()); ++i) {
    using Of = FragmentPlan::Input::Of;
    if (fragment.inputs[static_cast<size_t>(i)].of == Of::kSource) continue;
    std::vector<ExchangeBlock>& input = fetched.by_input[i];
    for (const int stage : task.inputs(i).stages()) {
      WT_CO_ASSIGN_OR_RETURN(const std::vector<ShuffleBlock> blocks,
                             co_await context.FetchShuffle(stage));
      for (int source = 0; source < std::ssize(blocks); ++source) {
        const ShuffleBlock& block = blocks[static_cast<size_t>(source)];
        if (block.object == nullptr && block.bytes.empty()) continue;
        WT_CO_ASSIGN_OR_RETURN(RecordBatch received,
                               RecordBatch::Receive(block.object, block.bytes));
        fetched.rows += received.num_rows();
        fetched.bytes += ByteSize(received);
        input.push_back({.rows = std::move(received), .stage = stage, .source = source});
      }
      if (platform::Planted(context.node(), "exchange_read_of_one_writer")) break;
    }
  }
  co_return fetched;
}

absl::StatusOr<TaskInputs> MakeInputs(TaskContext& context, const StreamingQueryPlan& plan,
                                      const ConnectorRegistry& connectors,
                                      const structured::FragmentTask& task, ExchangeBlocks& blocks,
                                      const std::set<std::string>& skipped,
                                      std::optional<std::string>& lost) {
  const FragmentPlan& fragment = *plan.fragments[static_cast<size_t>(task.fragment())];
  TaskInputs inputs;
  for (int i = 0; i < static_cast<int>(fragment.inputs.size()); ++i) {
    const FragmentPlan::Input& input = fragment.inputs[static_cast<size_t>(i)];
    if (input.of == FragmentPlan::Input::Of::kSource) {
      const SourceDescription& source = plan.sources[static_cast<size_t>(input.number)].description;
      WT_ASSIGN_OR_RETURN(const SourceFormat* const format, connectors.Source(source.format));
      WT_ASSIGN_OR_RETURN(std::unique_ptr<SplitReader> reader,
                          format->read(source, task.inputs(i).split(),
                                       SplitContext{context.node(), context.store(), task.batch(),
                                                    skipped, lost, task.inputs(i).directory()}));
      inputs.push_back(std::make_unique<SplitInput>(context.node(), std::move(reader)));
    } else {
      inputs.push_back(std::make_unique<ExchangeInput>(context, blocks.by_input.at(i),
                                                       !fragment.reads_source()));
    }
  }
  return inputs;
}

}  // namespace wavetank::runtime
