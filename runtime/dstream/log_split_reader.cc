#include "runtime/dstream/log_split_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "platform/planted.h"
#include "platform/status_macros.h"
#include "runtime/connectors/log/log_positions.h"
#include "runtime/connectors/log/log_range_reader.h"
#include "runtime/dstream/log_planner.h"

namespace wavetank::runtime {

LogSplitReader::LogSplitReader(platform::Node& node, const LogInput& input, LogSplit split)
    : node_(node), input_(input), split_(std::move(split)) {}

LogSplitReader::~LogSplitReader() = default;

platform::Task<absl::Status> LogSplitReader::Open() {
  if (platform::Planted(node_, "log_stream_reads_to_the_end")) {
    LogPositions positions(node_, SourceOptionsOf(input_.options));
    WT_CO_RETURN_IF_ERROR(co_await positions.Know(split_.log_id));
    WT_CO_ASSIGN_OR_RETURN(const LogOffsets newest, co_await positions.Newest({}));
    split_.end = std::max(split_.end, OffsetOf(newest, split_.partition));
  }
  range_ = std::make_unique<LogRangeReader>(node_, SourceOptionsOf(input_.options), split_.log_id,
                                            split_.partition, split_.begin, split_.end);
  co_return absl::OkStatus();
}

platform::Task<absl::StatusOr<std::vector<LogRecord>>> LogSplitReader::Next() {
  if (range_ == nullptr) WT_CO_RETURN_IF_ERROR(co_await Open());
  WT_CO_ASSIGN_OR_RETURN(std::optional<logs::FetchReply> fetched, co_await range_->Next());
  std::vector<LogRecord> records;
  if (!fetched.has_value()) co_return records;
  records.reserve(static_cast<size_t>(fetched->records_size()));
  for (logs::FetchedRecord& each : *fetched->mutable_records()) {
    logs::LogRecord& from = *each.mutable_record();
    LogRecord& record = records.emplace_back();
    if (from.has_key()) record.key = std::move(*from.mutable_key());
    if (from.has_value()) record.value = std::move(*from.mutable_value());
    record.partition = split_.partition;
    record.offset = each.offset();
    record.timestamp = absl::FromUnixMillis(from.timestamp_ms());
  }
  co_return records;
}

}  // namespace wavetank::runtime
