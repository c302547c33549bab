#include "runtime/structured/progress.h"

#include "absl/strings/str_cat.h"

namespace wavetank::runtime {

std::string StreamingQueryProgress::ToText() const {
  std::string text = absl::StrCat(
      "query ", name, " batch ", batch_id, ": ",
      end_offset == 0 ? "" : absl::StrCat("files [", start_offset, ", ", end_offset, "), "),
      num_input_rows, " rows in, ", num_output_rows, " out, in ",
      absl::FormatDuration(batch_duration));
  if (watermark != absl::InfinitePast()) {
    absl::StrAppend(&text, ", watermark ", absl::FormatTime(watermark, absl::UTCTimeZone()));
  }
  if (num_rows_total > 0 || num_rows_removed > 0) {
    absl::StrAppend(&text, ", state ", num_rows_total, " rows (", num_rows_updated, " updated, ",
                    num_rows_removed, " removed)");
  }
  if (num_rows_dropped_by_watermark > 0) {
    absl::StrAppend(&text, ", ", num_rows_dropped_by_watermark, " dropped as late");
  }
  if (num_rows_without_time > 0) {
    absl::StrAppend(&text, ", ", num_rows_without_time, " dropped without a time");
  }
  if (num_files_skipped > 0) {
    absl::StrAppend(&text, ", ", num_files_skipped, " lost input files skipped");
  }
  return text;
}

}  // namespace wavetank::runtime
