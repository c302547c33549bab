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

std::string StreamingQueryProgress::ToJson() const {
  const auto quoted = [](const std::string& text) {
    std::string json = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') json.push_back('\\');
      if (static_cast<unsigned char>(c) < 0x20) {
        absl::StrAppend(&json, "\\u", absl::Hex(c, absl::kZeroPad4));
      } else {
        json.push_back(c);
      }
    }
    return json + "\"";
  };
  const auto instant = [&quoted](absl::Time at) {
    return quoted(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", at, absl::UTCTimeZone()));
  };
  const double seconds = absl::ToDoubleSeconds(batch_duration);
  const double processed = seconds > 0 ? static_cast<double>(num_input_rows) / seconds : 0;
  std::string json = absl::StrCat("{\"id\": ", quoted(id));
  if (!run_id.empty()) absl::StrAppend(&json, ", \"runId\": ", quoted(run_id));
  absl::StrAppend(&json, ", \"name\": ", quoted(name), ", \"timestamp\": ", instant(timestamp),
                  ", \"batchId\": ", batch_id,
                  ", \"batchDuration\": ", absl::ToInt64Milliseconds(batch_duration),
                  ", \"numInputRows\": ", num_input_rows,
                  ", \"inputRowsPerSecond\": ", input_rows_per_second,
                  ", \"processedRowsPerSecond\": ", processed);
  if (watermark != absl::InfinitePast()) {
    absl::StrAppend(&json, ", \"eventTime\": {\"watermark\": ", instant(watermark), "}");
  }
  absl::StrAppend(&json, ", \"stateOperators\": [{\"numRowsTotal\": ", num_rows_total,
                  ", \"numRowsUpdated\": ", num_rows_updated,
                  ", \"numRowsRemoved\": ", num_rows_removed,
                  ", \"numRowsDroppedByWatermark\": ", num_rows_dropped_by_watermark,
                  "}], \"sources\": [{\"startOffset\": ", start_offset,
                  ", \"endOffset\": ", end_offset, ", \"numInputRows\": ", num_input_rows,
                  "}], \"sink\": {\"numOutputRows\": ", num_output_rows, "}}");
  return json;
}

}  // namespace wavetank::runtime
