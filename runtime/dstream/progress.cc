#include "runtime/dstream/progress.h"

#include "absl/strings/str_cat.h"

#include "runtime/dstream/batch_log.h"

namespace wavetank::runtime {

std::string StreamProgress::ToText() const {
  std::string text =
      absl::StrCat("stream batch ", batch_id, " (", absl::ToUnixMillis(batch_time), " ms):");
  const char* separator = " ";
  const auto add = [&](int64_t number, const char* what) {
    if (number == 0) return;
    absl::StrAppend(&text, separator, number, what);
    separator = ", ";
  };
  add(num_files, " files");
  add(num_blocks, " blocks");
  add(num_block_records, " records");
  add(num_queued_partitions, " queued partitions");
  add(num_log_offsets, " offsets");
  add(num_input_bytes, " bytes");
  absl::StrAppend(&text, " in, in ", absl::FormatDuration(batch_duration));
  return text;
}

StreamProgress ProgressOf(const BatchInput& input, absl::Time batch_time, absl::Duration took) {
  StreamProgress progress{
      .batch_id = input.batch.value(), .batch_time = batch_time, .batch_duration = took};
  for (const StreamInput& stream : input.streams) {
    progress.num_files += static_cast<int64_t>(stream.files.size());
    progress.num_blocks += static_cast<int64_t>(stream.blocks.size());
    progress.num_log_offsets += stream.offsets();
    progress.num_queued_partitions += static_cast<int64_t>(stream.partitions.size());
    for (const SelectedFile& file : stream.files) {
      progress.num_input_bytes += static_cast<int64_t>(file.size_bytes);
    }
    for (const Block& block : stream.blocks) {
      progress.num_block_records += block.records;
      progress.num_input_bytes += static_cast<int64_t>(block.size_bytes);
    }
  }
  return progress;
}

}  // namespace wavetank::runtime
