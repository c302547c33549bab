// What a query has to say about each batch it has committed: a subset of Spark's
// StreamingQueryProgress, with its names.
#ifndef WAVETANK_RUNTIME_STRUCTURED_PROGRESS_H_
#define WAVETANK_RUNTIME_STRUCTURED_PROGRESS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace wavetank::runtime {

struct StreamingQueryProgress {
  std::string id;           // of the query, the same in every run
  std::string run_id = {};  // of this start; "": of none that has one
  std::string name;         // as the job calls it
  int64_t batch_id = 0;
  absl::Time timestamp;           // the batch's, from its definition
  absl::Duration batch_duration;  // from the definition's log entry to the commit's, by this driver
  // Event time: the watermark that the batch ran under (InfinitePast: none), and the next one's.
  absl::Time watermark;
  absl::Time next_watermark;
  // Of the time since the batch before, by this driver; 0: there was none.
  double input_rows_per_second = 0;
  // The source.
  int64_t start_offset = 0;  // files before the batch
  int64_t end_offset = 0;
  int64_t num_input_rows = 0;
  int64_t num_files_skipped = 0;  // lost, and skipped as the source was told
  // The stateful operator, if there is one.
  int64_t num_rows_total = 0;
  int64_t num_rows_updated = 0;
  int64_t num_rows_removed = 0;
  int64_t num_rows_dropped_by_watermark = 0;
  int64_t num_rows_without_time = 0;  // dropped, since they are in none of the windows
  // The sink.
  int64_t num_output_rows = 0;

  // One line for people.
  std::string ToText() const;
  // A JSON object, on one line, with Spark's names, of what is known.
  std::string ToJson() const;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_PROGRESS_H_
