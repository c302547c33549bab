#include "runtime/structured/task_input.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/planted.h"
#include "platform/status_macros.h"
#include "runtime/columnar/text_lines.h"
#include "runtime/connectors/file_source.h"
#include "runtime/structured/query_check.h"
#include "runtime/structured/tasks.pb.h"

namespace wavetank::runtime {
namespace {

constexpr int64_t kReadChunkBytes = 1 << 20;
// Rows that go through all operators together, so that what one gives is still in the cache for the
// next one, also where a line is exploded into words. A multiple of 64, as slices need.
constexpr int64_t kLinesAtOnce = 1024;

class SourceInput final : public TaskInput {
 public:
  SourceInput(TaskContext& context, const structured::TaskInput& input, int64_t batch,
              LostFiles when_lost, const std::set<std::string>& skipped,
              std::optional<std::string>& lost)
      : context_(context), batch_(batch), when_lost_(when_lost), lost_(lost) {
    for (const structured::SourceFileRange& file : input.files()) {
      if (skipped.contains(file.path())) continue;
      files_.push_back({file.path(), file.size_bytes(), file.crc32c()});
    }
  }

  Task<absl::StatusOr<bool>> Load() override {
    while (true) {
      if (reader_ == nullptr) {
        if (next_ == files_.size()) co_return false;
        reader_ =
            std::make_unique<SourceFileReader>(context_.store(), files_[next_], kReadChunkBytes);
      }
      const absl::StatusOr<std::optional<std::string>> lines = co_await reader_->Next();
      if (!lines.ok()) {
        NoteLost(lines.status());
        co_return lines.status();
      }
      if (!*lines) {
        reader_ = nullptr;
        ++next_;
        continue;
      }
      RecordBatch rows = TextLines(**lines);
      co_await context_.node().Work(rows.num_rows());
      SetLoaded(std::move(rows), kLinesAtOnce);
      co_return true;
    }
  }

  // Damage shows at a file's end.
  Task<absl::Status> Check() override {
    while (reader_ != nullptr) {
      const absl::StatusOr<std::optional<std::string>> lines = co_await reader_->Next();
      if (!lines.ok()) {
        NoteLost(lines.status());
        co_return lines.status();
      }
      if (!*lines) reader_ = nullptr;
    }
    co_return absl::OkStatus();
  }

 private:
  void NoteLost(const absl::Status& status) {
    if (reader_->lost() && when_lost_ == LostFiles::kSkip) {
      context_.node().Log(platform::LogLevel::kWarning,
                          absl::StrCat("batch ", batch_, ": ", status.message(),
                                       ": it is skipped, as lostFiles says"));
      lost_ = files_[next_].path;
    }
  }

  TaskContext& context_;
  const int64_t batch_;
  const LostFiles when_lost_;
  std::optional<std::string>& lost_;
  std::vector<SourceFile> files_;
  size_t next_ = 0;
  std::unique_ptr<SourceFileReader> reader_;  // of files_[next_]
};

class ExchangeInput final : public TaskInput {
 public:
  explicit ExchangeInput(const std::vector<RecordBatch>& blocks) : blocks_(blocks) {}

  Task<absl::StatusOr<bool>> Load() override {
    if (next_ == blocks_.size()) co_return false;
    SetLoaded(blocks_[next_++], Operator::kRowsAtOnce);
    co_return true;
  }
  Task<absl::Status> Check() override { co_return absl::OkStatus(); }

 private:
  const std::vector<RecordBatch>& blocks_;
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
    std::vector<RecordBatch>& rows = fetched.by_input[i];
    for (const int stage : task.inputs(i).stages()) {
      WT_CO_ASSIGN_OR_RETURN(const std::vector<ShuffleBlock> blocks,
                             co_await context.FetchShuffle(stage));
      for (const ShuffleBlock& block : blocks) {
        if (block.object == nullptr && block.bytes.empty()) continue;
        WT_CO_ASSIGN_OR_RETURN(RecordBatch received,
                               RecordBatch::Receive(block.object, block.bytes));
        fetched.rows += received.num_rows();
        fetched.bytes += ByteSize(received);
        rows.push_back(std::move(received));
      }
      if (platform::Planted(context.node(), "exchange_read_of_one_writer")) break;
    }
  }
  co_return fetched;
}

absl::StatusOr<TaskInputs> MakeInputs(TaskContext& context, const StreamingQueryPlan& plan,
                                      const structured::FragmentTask& task,
                                      const ExchangeBlocks& blocks,
                                      const std::set<std::string>& skipped,
                                      std::optional<std::string>& lost) {
  const FragmentPlan& fragment = *plan.fragments[static_cast<size_t>(task.fragment())];
  TaskInputs inputs;
  for (int i = 0; i < static_cast<int>(fragment.inputs.size()); ++i) {
    const FragmentPlan::Input& input = fragment.inputs[static_cast<size_t>(i)];
    if (input.of == FragmentPlan::Input::Of::kSource) {
      WT_ASSIGN_OR_RETURN(
          const FileSourceOptions options,
          SourceOptions(plan.sources[static_cast<size_t>(input.number)].description));
      inputs.push_back(std::make_unique<SourceInput>(context, task.inputs(i), task.batch(),
                                                     options.files.lost, skipped, lost));
    } else {
      inputs.push_back(std::make_unique<ExchangeInput>(blocks.by_input.at(i)));
    }
  }
  return inputs;
}

}  // namespace wavetank::runtime
