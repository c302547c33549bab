#include "runtime/dstream/stream_events.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/dstream/codec.h"

namespace wavetank::runtime {
namespace {

StreamInputInfo InfoOfInput(const StreamInput& input, const StreamingGraph& graph) {
  StreamInputInfo info{.stream = input.stream.value(), .name = graph.at(input.stream).Title()};
  const bool is_counted = !input.blocks.empty() || !input.ranges.empty();
  if (is_counted) info.records = input.offsets();
  if (!input.files.empty() || !input.blocks.empty()) info.bytes = 0;
  for (const SelectedFile& file : input.files) *info.bytes += static_cast<int64_t>(file.size_bytes);
  for (const Block& block : input.blocks) {
    *info.records += block.records;
    *info.bytes += static_cast<int64_t>(block.size_bytes);
  }
  return info;
}

}  // namespace

absl::Time StreamEvents::Now() const { return schedule_->TimeAt(node_.clock().Now()); }

template <typename Call>
void StreamEvents::Tell(const char* what, const Call& tell) {
  for (const auto& listener : graph_.listeners()) {
    const auto failed = [&](const char* why) {
      node_.Log(platform::LogLevel::kWarning,
                absl::StrCat("a streaming listener threw in ", what, ": ", why));
    };
    try {
      tell(*listener);
    } catch (const std::exception& error) {
      failed(error.what());
    } catch (...) {
      failed("what is no std::exception");
    }
  }
}

void StreamEvents::Started(const BatchSchedule& schedule) {
  schedule_ = &schedule;
  started_ = Now();
  Show();
  Tell("OnStreamingStarted", [&](auto& listener) { listener.OnStreamingStarted(started_); });
}

void StreamEvents::BatchSubmitted(const BatchInput& input, bool runs_again) {
  batch_ = {.batch_id = input.batch.value(),
            .batch_time = schedule_->TimeOf(input.batch),
            .runs_again = runs_again,
            .submission_time = std::max(schedule_->TimeAt(schedule_->Due(input.batch)), started_)};
  for (const StreamInput& stream : input.streams) {
    if (stream.has_rows()) batch_.inputs.push_back(InfoOfInput(stream, graph_));
  }
  Tell("OnBatchSubmitted", [&](auto& listener) { listener.OnBatchSubmitted(batch_); });
}

void StreamEvents::BatchStarted(const std::vector<OperatorId>& outputs) {
  batch_.processing_start_time = Now();
  for (const OperatorId output : outputs) {
    batch_.outputs.push_back({.batch_time = batch_.batch_time,
                              .output = output.value(),
                              .name = graph_.at(output).Title(),
                              .start_time = *batch_.processing_start_time});
  }
  Tell("OnBatchStarted", [&](auto& listener) { listener.OnBatchStarted(batch_); });
  for (const OutputOperationInfo& output : batch_.outputs) {
    Tell("OnOutputOperationStarted",
         [&](auto& listener) { listener.OnOutputOperationStarted(output); });
  }
}

void StreamEvents::OutputEnded(OperatorId output, const absl::Status& status) {
  const auto ended =
      std::ranges::find(batch_.outputs, output.value(), &OutputOperationInfo::output);
  if (ended == batch_.outputs.end()) return;
  ended->end_time = Now();
  ended->status = status;
  Tell("OnOutputOperationCompleted",
       [&](auto& listener) { listener.OnOutputOperationCompleted(*ended); });
}

void StreamEvents::BatchCompleted() {
  batch_.processing_end_time = Now();
  measured_.Completed(batch_);
  Show();
  Tell("OnBatchCompleted", [&](auto& listener) { listener.OnBatchCompleted(batch_); });
}

void StreamEvents::BatchFailed(const absl::Status& status) {
  batch_.processing_end_time = Now();
  batch_.status = status;
  measured_.Failed();
  Show();
  Tell("OnBatchFailed", [&](auto& listener) { listener.OnBatchFailed(batch_); });
}

void StreamEvents::Show() { graph_.statistics().Set(EncodeToString(measured_.Statistics())); }

ReceiverInfo StreamEvents::InfoOf(OperatorId stream, std::string error) const {
  return {.stream = stream.value(),
          .name = graph_.contains(stream) ? graph_.at(stream).Title() : "",
          .last_error = std::move(error)};
}
void StreamEvents::ReceiverStarted(OperatorId stream) {
  const ReceiverInfo info = InfoOf(stream, "");
  Tell("OnReceiverStarted", [&](auto& listener) { listener.OnReceiverStarted(info); });
}
void StreamEvents::ReceiverError(OperatorId stream, std::string error) {
  const ReceiverInfo info = InfoOf(stream, std::move(error));
  Tell("OnReceiverError", [&](auto& listener) { listener.OnReceiverError(info); });
}
void StreamEvents::ReceiverStopped(OperatorId stream, std::string error) {
  const ReceiverInfo info = InfoOf(stream, std::move(error));
  Tell("OnReceiverStopped", [&](auto& listener) { listener.OnReceiverStopped(info); });
}

}  // namespace wavetank::runtime
