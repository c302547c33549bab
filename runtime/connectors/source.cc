#include "runtime/connectors/source.h"

#include <memory>
#include <optional>
#include <utility>

#include "platform/check.h"
#include "platform/status_macros.h"
#include "runtime/connectors/source_format.h"

namespace wavetank::runtime {

namespace {

class RangeReader final : public SplitReader {
 public:
  explicit RangeReader(Task<absl::StatusOr<RecordBatch>> rows) : rows_(std::move(rows)) {}

  Task<absl::StatusOr<std::optional<RecordBatch>>> Next() override {
    if (std::exchange(done_, true)) co_return std::nullopt;
    WT_CO_ASSIGN_OR_RETURN(RecordBatch rows, co_await std::move(rows_));
    co_return rows;
  }

 private:
  Task<absl::StatusOr<RecordBatch>> rows_;
  bool done_ = false;
};

}  // namespace

OpenSplit ReadAtOnce(
    std::function<Task<absl::StatusOr<RecordBatch>>(checkpoint::SourceRange, SplitContext)> rows) {
  return [rows = std::move(rows)](
             const SourceDescription&, const std::string& split,
             SplitContext context) -> absl::StatusOr<std::unique_ptr<SplitReader>> {
    checkpoint::SourceRange range;
    if (!range.ParseFromString(split)) return absl::DataLossError("a split that is no range");
    return std::make_unique<RangeReader>(rows(std::move(range), context));
  };
}

Task<absl::StatusOr<std::string>> Source::Freeze() {
  co_return absl::UnimplementedError(
      "it cannot say what there is now: run the query without AvailableNow");
}

absl::Status Source::StopAt(const std::string&) {
  return absl::UnimplementedError("it gave nothing to stop at");
}

Task<absl::Status> Source::Committed(std::string) { co_return absl::OkStatus(); }

Task<void> Source::AwaitNews() { platform::CheckFailed(__FILE__, __LINE__, "tells_news()"); }

}  // namespace wavetank::runtime
