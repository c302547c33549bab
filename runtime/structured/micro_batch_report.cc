// What an execution says of its query: progress and errors.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/structured/batch_definition.h"
#include "runtime/structured/micro_batch.h"

namespace wavetank::runtime {

using checkpoint::BatchHistory;

std::string MicroBatchExecution::Title() const {
  const int64_t batch = has_taken_over() ? newest_batch() : -1;
  return absl::StrCat("query ", definition_.name, batch < 0 ? "" : absl::StrCat(", batch ", batch));
}

absl::Status MicroBatchExecution::Refusal(const checkpoint::QueryRow& row) const {
  const absl::Status why = checkpoint::Refusal(row, definition_.name, newest_batch());
  const auto path = definition_.options.find("path");
  return absl::Status(
      why.code(),
      absl::StrCat(why.message(), ": the checkpoint ", checkpoint_directory_, " and the sink",
                   path == definition_.options.end() ? "" : " ",
                   path == definition_.options.end() ? "" : path->second,
                   " are not of one moment; if one of them was put back as it once was, put the "
                   "other back too, or begin with a new checkpoint and a new sink"));
}

StreamingQueryProgress MicroBatchExecution::Progress() const {
  const BatchHistory& batch = newest();
  StreamingQueryProgress progress;
  progress.id = history().metadata()->query_id();
  progress.name = definition_.name;
  progress.batch_id = newest_batch();
  progress.timestamp = absl::FromUnixMillis(batch.definition.timestamp_ms());
  progress.batch_duration = node_.clock().Now() - batch_start_;
  progress.watermark = WatermarkOf(batch.definition);
  progress.next_watermark = NextWatermarkOf(batch);
  progress.end_offset = sources_->offset();
  progress.start_offset = progress.end_offset - FileCount(batch.definition);
  progress.num_rows_dropped_by_watermark = batch.prepared->dropped_rows();
  progress.num_rows_without_time = batch.prepared->rows_without_time();
  progress.num_files_skipped = batch.prepared->files_skipped();
  if (attempt_) {  // else another driver ran it
    const OperatorReport sum = attempt_->report.Sum();
    progress.num_input_rows = attempt_->report.source_rows(*plan_);
    progress.num_rows_total = sum.state_rows;
    progress.num_rows_updated = sum.rows_updated;
    progress.num_rows_removed = sum.rows_removed;
    progress.num_output_rows = attempt_->report.sink_rows(*plan_);
  }
  return progress;
}

void MicroBatchExecution::Report(const StreamingQueryProgress& progress) {
  if (options_.on_progress) {
    options_.on_progress(progress);
  } else {
    node_.Log(platform::LogLevel::kInfo, progress.ToText());
  }
  if (progress.num_rows_without_time > 0 && !std::exchange(said_without_time_, true)) {
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat(Title(), ": ", progress.num_rows_without_time,
                           " rows have no time, so that they are in none of the windows, and were "
                           "dropped; each batch's progress counts them, and this is said once"));
  }
  if (progress.num_rows_dropped_by_watermark > 0 && !std::exchange(said_late_, true)) {
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat(Title(), ": ", progress.num_rows_dropped_by_watermark,
                           " rows came later than the watermark allows, and were dropped; each "
                           "batch's progress counts them, and this is said once"));
  }
}

absl::Status MicroBatchExecution::Explain(const absl::Status& status,
                                          const std::string& act) const {
  const char* advice = "";
  switch (status.code()) {
    case absl::StatusCode::kAborted:
      advice = "; a newer driver owns the query: this one stops";
      break;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      advice = "; what was done is safe: its next start goes on from its checkpoint";
      break;
    default:
      break;
  }
  return absl::Status(status.code(),
                      absl::StrCat(Title(), ": failed to ", act, ": ", status.message(), advice));
}

}  // namespace wavetank::runtime
