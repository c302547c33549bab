#include "runtime/connectors/log/log_source.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/connectors/log/log_client.h"
#include "runtime/connectors/log/log_offsets.h"
#include "runtime/connectors/log/log_options.h"
#include "runtime/connectors/log/log_positions.h"
#include "runtime/connectors/log/log_range_reader.h"

namespace wavetank::runtime {
namespace {

using checkpoint::SourceRange;

constexpr int64_t kMicrosPerMilli = 1'000;

class LogSourceDriver final : public Source {
 public:
  LogSourceDriver(platform::Node& node, LogSourceOptions options)
      : positions_(node, std::move(options)), options_(positions_.options()) {}

  Task<absl::StatusOr<std::string>> Begin() override {
    WT_CO_ASSIGN_OR_RETURN(const LogPosition position, co_await positions_.Begin());
    co_return ToText(position);
  }

  Task<absl::StatusOr<SourceInput>> Define(std::string after) override {
    WT_CO_ASSIGN_OR_RETURN(const LogPosition position, ParseLogPosition(after));
    const LogOffsets& from = position.offsets;
    if (!position.topic.empty() && position.topic != options_.topic) {
      co_return absl::FailedPreconditionError(absl::StrCat(
          "its checkpoint was begun with topic '", position.topic, "', this job reads '",
          options_.topic, "', of which it knows no offset: run the job as it was, or ",
          options_.words.else_do));
    }
    WT_CO_RETURN_IF_ERROR(co_await positions_.Know(position.log_id));
    WT_CO_ASSIGN_OR_RETURN(LogOffsets to, co_await positions_.Newest(from));
    SourceInput input;
    input.range.set_start_offset(after);
    if (stop_at_) {
      for (auto& [partition, offset] : to) {
        offset =
            std::max(OffsetOf(from, partition), std::min(offset, OffsetOf(*stop_at_, partition)));
      }
    }
    to = Advance(from, to, options_.max_offsets);
    WT_CO_ASSIGN_OR_RETURN(to, co_await WithinBytes(from, std::move(to)));
    // A new one of which nothing is read yet is not there yet.
    std::erase_if(
        to, [&from](const auto& each) { return each.second == 0 && !from.contains(each.first); });
    // Where nothing is new it ends as it starts, also if that says no log.
    input.range.set_end_offset(
        to == from ? after
                   : ToText(LogPosition{positions_.log_id(), std::move(to), options_.topic}));
    co_return input;
  }

  Task<absl::StatusOr<std::string>> Freeze() override {
    WT_CO_ASSIGN_OR_RETURN(const LogOffsets newest, co_await positions_.Newest({}));
    if (newest.empty()) {
      co_return absl::FailedPreconditionError(
          absl::StrCat("topic ", options_.topic, " of the log at ", options_.address,
                       " is not there: look at its name; if the query has read of it, its records "
                       "are lost with it"));
    }
    co_return ToText(newest);
  }

  absl::Status StopAt(const std::string& frozen) override {
    WT_ASSIGN_OR_RETURN(LogPosition position, ParseLogPosition(frozen));
    stop_at_ = std::move(position.offsets);
    return absl::OkStatus();
  }

 private:
  // As much of it as a batch may have bytes: only the log can tell.
  Task<absl::StatusOr<LogOffsets>> WithinBytes(LogOffsets from, LogOffsets to) {
    logs::MeasureRequest request;
    request.set_topic(options_.topic);
    request.set_max_bytes(options_.max_bytes);
    for (const auto& [partition, end] : to) {
      const int64_t first = OffsetOf(from, partition);
      if (first == end) continue;
      logs::OffsetRange& range = *request.add_ranges();
      range.set_partition(partition);
      range.set_begin(first);
      range.set_end(end);
    }
    if (request.ranges().empty()) co_return to;
    const std::vector<logs::OffsetRange> ranges(request.ranges().begin(), request.ranges().end());
    WT_CO_ASSIGN_OR_RETURN(const logs::MeasureReply reply,
                           co_await positions_.client().Measure(std::move(request)));
    if (reply.ends_size() != std::ssize(ranges)) {
      co_return absl::DataLossError("what a partitioned log has measured is not what it was asked");
    }
    for (size_t i = 0; i < ranges.size(); ++i) {
      const int64_t end = reply.ends(static_cast<int>(i));
      to[ranges[i].partition()] = std::clamp(end, ranges[i].begin(), ranges[i].end());
    }
    co_return to;
  }

  LogPositions positions_;
  const LogSourceOptions& options_;
  std::optional<LogOffsets> stop_at_;
};

// One partition's part of a range each.
std::vector<std::string> LogSplits(const SourceDescription&, const SourceRange& range) {
  const auto from = ParseLogPosition(range.start_offset());
  const auto to = ParseLogPosition(range.end_offset());
  // The task that reads the range says what is wrong with it.
  if (!from.ok() || !to.ok()) return {range.SerializeAsString()};
  std::vector<std::string> splits;
  for (const auto& [partition, end] : to->offsets) {
    const int64_t begin = OffsetOf(from->offsets, partition);
    if (begin == end) continue;
    SourceRange split;
    split.set_start_offset(ToText(LogOffsets{{partition, begin}}));
    split.set_end_offset(ToText(LogPosition{to->log_id, {{partition, end}}, {}}));
    splits.push_back(split.SerializeAsString());
  }
  return splits;
}

SchemaPtr LogSchema() {
  static const auto* const schema = new SchemaPtr(
      std::make_shared<const Schema>(std::vector<Field>{{"key", DataType::kString},
                                                        {"value", DataType::kString},
                                                        {"topic", DataType::kString},
                                                        {"partition", DataType::kInt64},
                                                        {"offset", DataType::kInt64},
                                                        {"timestamp", DataType::kTimestamp}}));
  return *schema;
}

RecordBatch ToRows(const logs::FetchReply& fetched, const std::string& topic, int32_t partition) {
  ColumnBuilder keys(DataType::kString), values(DataType::kString), topics(DataType::kString),
      partitions(DataType::kInt64), offsets(DataType::kInt64), times(DataType::kTimestamp);
  for (const logs::FetchedRecord& each : fetched.records()) {
    const logs::LogRecord& record = each.record();
    record.has_key() ? keys.String(record.key()) : keys.Null();
    record.has_value() ? values.String(record.value()) : values.Null();
    topics.String(topic);
    partitions.Int64(partition);
    offsets.Int64(each.offset());
    times.Int64(record.timestamp_ms() * kMicrosPerMilli);
  }
  return RecordBatch(LogSchema(),
                     {keys.Finish(), values.Finish(), topics.Finish(), partitions.Finish(),
                      offsets.Finish(), times.Finish()},
                     fetched.records_size());
}

class LogReader final : public SplitReader {
 public:
  LogReader(platform::Node& node, LogSourceOptions options, const std::string& log_id,
            int32_t partition, int64_t begin, int64_t end)
      : topic_(options.topic),
        partition_(partition),
        range_(node, std::move(options), log_id, partition, begin, end) {}

  Task<absl::StatusOr<std::optional<RecordBatch>>> Next() override {
    WT_CO_ASSIGN_OR_RETURN(const std::optional<logs::FetchReply> fetched, co_await range_.Next());
    if (!fetched.has_value()) co_return std::nullopt;
    co_return ToRows(*fetched, topic_, partition_);
  }

 private:
  const std::string topic_;
  const int32_t partition_;
  LogRangeReader range_;
};

absl::StatusOr<std::unique_ptr<SplitReader>> ReadLog(const SourceDescription& source,
                                                     const std::string& split,
                                                     SplitContext context) {
  SourceRange range;
  if (!range.ParseFromString(split))
    return absl::DataLossError("no split of a source of format log");
  WT_ASSIGN_OR_RETURN(const LogOffsets from, ParseLogOffsets(range.start_offset()));
  WT_ASSIGN_OR_RETURN(const LogPosition until, ParseLogPosition(range.end_offset()));
  const LogOffsets& to = until.offsets;
  if (from.size() != 1 || to.size() != 1 || from.begin()->first != to.begin()->first) {
    return absl::DataLossError("a split of a source of format log is of one partition");
  }
  WT_ASSIGN_OR_RETURN(LogSourceOptions options, LogSourceOptionsOf(source.options));
  return std::make_unique<LogReader>(context.node, std::move(options), until.log_id,
                                     from.begin()->first, from.begin()->second, to.begin()->second);
}

}  // namespace

SourceFormat LogSource() {
  return {.name = "log",
          .meaning = "the records of a topic of a partitioned log",
          .options = LogSourceOptionTable(),
          .schema = [](const SourceDescription& source) -> absl::StatusOr<SchemaPtr> {
            WT_RETURN_IF_ERROR(LogSourceOptionsOf(source.options).status());
            return LogSchema();
          },
          .open = [](const SourceDescription& source,
                     SourceContext context) -> absl::StatusOr<std::unique_ptr<Source>> {
            WT_ASSIGN_OR_RETURN(LogSourceOptions options, LogSourceOptionsOf(source.options));
            if (options.max_bytes == 0) options.max_bytes = context.batch_bytes;
            return std::make_unique<LogSourceDriver>(context.node, std::move(options));
          },
          .splits = LogSplits,
          .read = ReadLog};
}

}  // namespace wavetank::runtime
