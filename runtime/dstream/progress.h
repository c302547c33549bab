// What a stream has to say about each batch with input that it has completed. Batches without any
// come at every interval, and nothing is said of them.
#ifndef WAVETANK_RUNTIME_DSTREAM_PROGRESS_H_
#define WAVETANK_RUNTIME_DSTREAM_PROGRESS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace wavetank::runtime {

struct BatchInput;

struct StreamProgress {
  int64_t batch_id = 0;
  absl::Time batch_time;
  absl::Duration batch_duration;  // from its durable input to its durable completion
  int64_t num_files = 0;
  int64_t num_blocks = 0;
  int64_t num_block_records = 0;
  int64_t num_queued_partitions = 0;
  int64_t num_log_offsets = 0;  // of partitioned logs: of their records, and what gives no rows
  int64_t num_input_bytes = 0;  // of files and blocks

  // One line for people.
  std::string ToText() const;
};

StreamProgress ProgressOf(const BatchInput& input, absl::Time batch_time, absl::Duration took);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_DSTREAM_PROGRESS_H_
