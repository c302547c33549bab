#include "runtime/dstream/batch_graph.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "runtime/dstream/wire.h"

namespace wavetank::runtime {

namespace {

std::vector<InputSplit> SplitsOf(const StreamInput& input) {
  std::vector<InputSplit> splits;
  splits.reserve(input.files.size() + input.blocks.size());
  for (const SelectedFile& file : input.files) {
    splits.push_back({.inline_bytes = "", .path = file.path, .size_bytes = file.size_bytes});
  }
  for (const Block& block : input.blocks) {
    splits.push_back({.inline_bytes = "",
                      .path = block.path,
                      .size_bytes = block.size_bytes,
                      .has_checksum = true,
                      .crc32c = block.crc32c});
  }
  for (const std::string& partition : input.partitions) {
    splits.push_back({.inline_bytes = partition, .path = ""});
  }
  return splits;
}

}  // namespace

StageGraph BatchGraph(const StreamingGraph& graph, OperatorId output, BatchNumber batch,
                      const StreamInput& input, const BatchGraphOptions& options) {
  StageGraph stages;
  stages.name = absl::StrCat("batch ", batch.value(), ", ", graph.at(output).Title());
  stages.batch = batch.value();
  const size_t count = graph.StagesOf(output).size();
  for (size_t i = 0; i < count; ++i) {
    BatchTask task{.batch_time_ms = absl::ToUnixMillis(options.batch_time),
                   .output = output.value(),
                   .stage = static_cast<int64_t>(i),
                   .targets = options.default_parallelism,
                   .split = {},
                   .files_directory = i + 1 == count ? options.files_directory : ""};
    Stage stage;
    stage.kind = kBatchTaskKind;
    if (i == 0) {
      for (InputSplit& split : SplitsOf(input)) {
        task.split = std::move(split);
        stage.payloads.push_back(EncodeToString(task));
      }
    } else {
      stage.payloads.assign(static_cast<size_t>(options.default_parallelism), EncodeToString(task));
      stage.reads_shuffle_of = {static_cast<int>(i) - 1};
    }
    stages.stages.push_back(std::move(stage));
  }
  return stages;
}

}  // namespace wavetank::runtime
