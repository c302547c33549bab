#include "runtime/dstream/stream_inputs.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/planted.h"
#include "platform/status_macros.h"
#include "runtime/dstream/batch_outputs.h"
#include "runtime/dstream/file_inputs.h"
#include "runtime/dstream/file_selector.h"
#include "runtime/dstream/input_operators.h"
#include "runtime/dstream/log_input.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

void StreamInputs::Open(BatchLog& log) {
  for (const OperatorId input : graph_.inputs()) {
    if (const auto* files = dynamic_cast<const FileInput*>(&graph_.at(input))) {
      files_.emplace(input, FileSelector(node_, store_, log.seen(input), *files));
      if (platform::Planted(node_, "newest_files_forgotten") &&
          !log.recovered().completed.empty()) {
        for (const StreamInput& stream : log.recovered().completed.back().streams) {
          if (stream.stream != input) continue;
          for (const SelectedFile& file : stream.files) log.seen(input).Forget(file.path);
        }
      }
    } else if (const auto* topic = dynamic_cast<const LogInput*>(&graph_.at(input))) {
      logs_.emplace(input, std::make_unique<LogPlanner>(node_, *topic, graph_.batch_interval));
    }
  }
}

Task<absl::Status> StreamInputs::Begin(absl::Time now, StreamStart& start) {
  for (auto& [stream, source] : files_) {
    const auto& input = dynamic_cast<const FileInput&>(graph_.at(stream));
    if (!input.options.new_files_only) continue;
    WT_CO_ASSIGN_OR_RETURN(SelectedFiles old, co_await source.SelectOld(now));
    if (old.files.empty()) continue;
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat(old.files.size(), " files were in ", input.directory,
                           " before the stream began and are not input: move files there while "
                           "it runs, under names that are new there, or have the job read what "
                           "is there too (FileStreamOptions::new_files_only = false)"));
    start.old_files.push_back(
        {.stream = stream, .files = std::move(old.files), .root = std::move(old.root)});
  }
  for (const auto& [stream, planner] : logs_) {
    WT_CO_ASSIGN_OR_RETURN(StreamInput begin, co_await planner->Begin());
    start.log_begins.push_back(std::move(begin));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> StreamInputs::GoOn(const RecoveredStream& recovered) {
  for (const auto& [stream, planner] : logs_) {
    const auto position = recovered.log_positions.find(stream);
    if (position == recovered.log_positions.end()) {
      co_return absl::DataLossError(
          absl::StrCat("the batch log does not say where ", graph_.at(stream).Title(), " goes on"));
    }
    if (platform::Planted(node_, "log_stream_asks_for_latest_again") &&
        recovered.last == BatchNumber()) {
      WT_CO_RETURN_IF_ERROR((co_await planner->Begin()).status());
      continue;
    }
    WT_CO_RETURN_IF_ERROR(co_await planner->GoOn(position->second));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> StreamInputs::PlanFiles(FileSelector& source, StreamInput& planned,
                                           BatchInput& batch) {
  auto selected = co_await source.Select();
  if (selected.ok()) {
    planned.files = std::move(selected->files);
    planned.root = std::move(selected->root);
    if (!selected->forgotten.empty()) {
      batch.forgotten.push_back({planned.stream, std::move(selected->forgotten)});
    }
  } else if (!IsTransient(selected.status())) {
    co_return selected.status();
  } else {
    // The files stay where they are, and the next listing shows them.
    const StreamOperator& input = graph_.at(planned.stream);
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat("list ", input.detail(), " for ", input.Title(), ": ",
                           std::string(selected.status().message()), "; trying again"));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> StreamInputs::Plan(OperatorId stream, platform::MonotonicTime due,
                                      const BlockQueue& blocks, BatchInput& batch) {
  StreamInput planned{.stream = stream};
  const StreamOperator& input = graph_.at(stream);
  if (const auto* queue = dynamic_cast<const QueueInput*>(&input)) {
    planned.partitions = queue->Pop();
  } else if (const auto source = files_.find(stream); source != files_.end()) {
    WT_CO_RETURN_IF_ERROR(co_await PlanFiles(source->second, planned, batch));
  } else if (const auto log = logs_.find(stream); log != logs_.end()) {
    WT_CO_ASSIGN_OR_RETURN(planned, co_await log->second->Plan(rates_.RateOf(stream)));
  } else if (dynamic_cast<const ConstantInput*>(&input) == nullptr) {
    for (Block& block : blocks.ArrivedBy(due)) {
      if (block.stream == stream.value()) planned.blocks.push_back(std::move(block));
    }
  }
  if (!planned.empty()) batch.streams.push_back(std::move(planned));
  co_return absl::OkStatus();
}

void StreamInputs::Logged(const BatchInput& batch, BlockQueue& blocks) {
  for (const StreamInput& stream : batch.streams) {
    blocks.Remove(stream.blocks);
    if (const auto log = logs_.find(stream.stream); log != logs_.end()) log->second->Logged(stream);
  }
}

Task<absl::StatusOr<std::string>> StreamInputs::Missing(BatchInput batch) {
  WT_CO_ASSIGN_OR_RETURN(std::string missing, co_await MissingInput(store_, batch, files_));
  for (size_t i = 0; missing.empty() && i < batch.streams.size(); ++i) {
    const auto log = logs_.find(batch.streams[i].stream);
    if (log == logs_.end()) continue;
    WT_CO_ASSIGN_OR_RETURN(missing, co_await log->second->Missing(batch.streams[i]));
  }
  co_return missing;
}

}  // namespace wavetank::runtime
