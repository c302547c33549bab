#include "runtime/connectors/log/log_source.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "platform/planted.h"
#include "platform/status_macros.h"
#include "platform/wait_notice.h"
#include "runtime/connectors/log/log_client.h"
#include "runtime/connectors/log/log_offsets.h"
#include "runtime/connectors/log/log_options.h"

namespace wavetank::runtime {
namespace {

using checkpoint::SourceRange;

constexpr int64_t kFetchBytes = int64_t{512} << 10;
constexpr int64_t kMicrosPerMilli = 1'000;
constexpr char kElseDo[] = "start the query with a new checkpoint";

std::string Where(const std::string& topic, int32_t partition) {
  return absl::StrCat("partition ", partition, " of topic ", topic);
}

// What is to be read is not there.
absl::Status Gone(const std::string& topic, int32_t partition, int64_t from, int64_t to,
                  const std::string& why) {
  return absl::DataLossError(absl::StrCat(
      Where(topic, partition), ": offsets [", from, ", ", to, ") were not read and ", why,
      ": keep records for longer than the query may stand still; with the option "
      "failOnDataLoss=false it goes on without them"));
}

class LogSourceDriver final : public Source {
 public:
  LogSourceDriver(platform::Node& node, LogSourceOptions options)
      : node_(node), options_(std::move(options)), client_(node, options_.address) {}

  Task<absl::StatusOr<std::string>> Begin() override {
    WT_CO_RETURN_IF_ERROR(co_await Know(""));
    WT_CO_ASSIGN_OR_RETURN(const logs::OffsetsReply reply,
                           co_await client_.Offsets(options_.topic));
    const bool latest = options_.start == LogSourceOptions::Start::kLatest;
    LogPosition position{.log_id = log_id_, .offsets = {}, .topic = options_.topic};
    LogOffsets& begin = position.offsets;
    for (int32_t partition = 0; partition < reply.partitions_size(); ++partition) {
      const logs::PartitionOffsets& offsets = reply.partitions(partition);
      const auto given = options_.given.find(partition);
      if (given != options_.given.end() && given->second > offsets.end()) {
        co_return BeginsBeyond(partition, given->second, offsets.end());
      }
      begin[partition] = latest                          ? EndOf(offsets)
                         : given != options_.given.end() ? given->second
                                                         : offsets.start();
    }
    // Of partitions that are to come as well.
    for (const auto& [partition, offset] : options_.given) {
      if (partition < reply.partitions_size()) continue;
      node_.Log(platform::LogLevel::kWarning,
                absl::StrCat(Where(options_.topic, partition),
                             " is not there yet: once it is, it is read from offset ", offset,
                             " on, as startingOffsets says"));
    }
    begin.insert(options_.given.begin(), options_.given.end());
    co_return ToText(position);
  }

  Task<absl::StatusOr<SourceInput>> Define(std::string after) override {
    WT_CO_ASSIGN_OR_RETURN(const LogPosition position, ParseLogPosition(after));
    const LogOffsets& from = position.offsets;
    if (!position.topic.empty() && position.topic != options_.topic) {
      co_return absl::FailedPreconditionError(absl::StrCat(
          "its checkpoint was begun with topic '", position.topic, "', this job reads '",
          options_.topic, "', of which it knows no offset: run the job as it was, or ", kElseDo));
    }
    WT_CO_RETURN_IF_ERROR(co_await Know(position.log_id));
    WT_CO_ASSIGN_OR_RETURN(LogOffsets to, co_await Newest(from));
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
        to == from ? after : ToText(LogPosition{log_id_, std::move(to), options_.topic}));
    co_return input;
  }

  Task<absl::StatusOr<std::string>> Freeze() override {
    WT_CO_ASSIGN_OR_RETURN(const LogOffsets newest, co_await Newest({}));
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
  int64_t EndOf(const logs::PartitionOffsets& offsets) const {
    return options_.read_committed ? offsets.last_stable() : offsets.end();
  }

  // Which log it is of: the one of which the query has read, or, before it has, the one there is.
  Task<absl::Status> Know(std::string log_id) {
    if (log_id.empty() && log_id_.empty()) {
      WT_CO_ASSIGN_OR_RETURN(const logs::MetadataReply log, co_await client_.Metadata());
      log_id = log.log_id();
    }
    if (!log_id.empty()) log_id_ = std::move(log_id);
    client_.Expect(log_id_, kElseDo);
    co_return absl::OkStatus();
  }

  absl::Status BeginsBeyond(int32_t partition, int64_t begin, int64_t end) const {
    return absl::FailedPreconditionError(
        absl::StrCat("startingOffsets is to begin ", Where(options_.topic, partition), " at ",
                     begin, ", and it ends at ", end, ": say an offset up to that"));
  }

  void SayWhetherItIsThere(bool there) {
    const platform::MonotonicTime now = node_.clock().Now();
    if (there) {
      away_.reset();
      return;
    }
    if (!away_) away_.emplace(now);
    if (!away_->Due(now)) return;
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat("waiting for topic ", options_.topic, " of the log at ",
                           options_.address, " for ", away_->Waited(now), ": there is none"));
  }

  // Where each partition ends, and none before `from`.
  Task<absl::StatusOr<LogOffsets>> Newest(LogOffsets from) {
    WT_CO_ASSIGN_OR_RETURN(const logs::OffsetsReply reply,
                           co_await client_.Offsets(options_.topic));
    SayWhetherItIsThere(reply.partitions_size() > 0);
    LogOffsets to = from;
    for (int32_t partition = 0; partition < reply.partitions_size(); ++partition) {
      const logs::PartitionOffsets& offsets = reply.partitions(partition);
      const int64_t begin = OffsetOf(from, partition);
      if (begin > offsets.end() && OffsetOf(options_.given, partition) == begin) {
        co_return BeginsBeyond(partition, begin, offsets.end());
      }
      if (begin > offsets.end()) {
        co_return absl::DataLossError(absl::StrCat(Where(options_.topic, partition), " ends at ",
                                                   offsets.end(), ", and was read up to ", begin,
                                                   ": it is not the log that the query has read"));
      }
      if (!from.empty() && begin < offsets.start() && options_.fail_on_data_loss) {
        co_return Gone(options_.topic, partition, begin, offsets.start(), "are gone");
      }
      to[partition] = std::max(begin, EndOf(offsets));
    }
    for (const auto& [partition, offset] : from) {
      if (partition < reply.partitions_size() || offset == 0) continue;
      // One that is to come, if the query was told where it is to begin there.
      if (OffsetOf(options_.given, partition) == offset) continue;
      co_return absl::DataLossError(absl::StrCat(Where(options_.topic, partition),
                                                 " is not there, and was read up to ", offset));
    }
    co_return to;
  }

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
                           co_await client_.Measure(std::move(request)));
    if (reply.ends_size() != std::ssize(ranges)) {
      co_return absl::DataLossError("what a partitioned log has measured is not what it was asked");
    }
    for (size_t i = 0; i < ranges.size(); ++i) {
      const int64_t end = reply.ends(static_cast<int>(i));
      to[ranges[i].partition()] = std::clamp(end, ranges[i].begin(), ranges[i].end());
    }
    co_return to;
  }

  platform::Node& node_;
  const LogSourceOptions options_;
  LogClient client_;
  std::optional<platform::WaitNotice> away_;  // since the topic was seen not to be there
  std::string log_id_;
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
      : node_(node),
        options_(std::move(options)),
        client_(node, options_.address),
        partition_(partition),
        next_(begin),
        end_(end) {
    client_.Expect(log_id, kElseDo);
  }

  Task<absl::StatusOr<std::optional<RecordBatch>>> Next() override {
    while (next_ < end_) {
      logs::FetchRequest request;
      request.set_topic(options_.topic);
      request.set_partition(partition_);
      request.set_offset(next_);
      request.set_end(end_);
      request.set_read_uncommitted(!options_.read_committed);
      request.set_max_bytes(kFetchBytes);
      const auto fetched = co_await client_.Fetch(std::move(request));
      if (absl::IsOutOfRange(fetched.status())) {
        WT_CO_RETURN_IF_ERROR(co_await Skip());
        continue;
      }
      if (platform::Planted(node_, "log_busy_is_the_end") &&
          absl::IsUnavailable(fetched.status())) {
        co_return std::nullopt;
      }
      WT_CO_RETURN_IF_ERROR(fetched.status());
      if (fetched->next_offset() <= next_) {
        co_return absl::UnavailableError(absl::StrCat(Where(options_.topic, partition_),
                                                      " gives nothing at offset ", next_,
                                                      ", where the batch has records"));
      }
      next_ = fetched->next_offset();
      if (fetched->records_size() == 0) continue;
      co_return ToRows(*fetched, options_.topic, partition_);
    }
    co_return std::nullopt;
  }

 private:
  // What is gone, where that is allowed.
  Task<absl::Status> Skip() {
    WT_CO_ASSIGN_OR_RETURN(const logs::OffsetsReply reply,
                           co_await client_.Offsets(options_.topic));
    const int64_t start =
        partition_ < reply.partitions_size() ? reply.partitions(partition_).start() : next_;
    if (start <= next_) {
      co_return Gone(options_.topic, partition_, next_, end_, "are not there any more");
    }
    const int64_t to = std::min(start, end_);
    if (options_.fail_on_data_loss) {
      co_return Gone(options_.topic, partition_, next_, to, "are gone");
    }
    node_.Log(platform::LogLevel::kWarning,
              absl::StrCat(Where(options_.topic, partition_), ": offsets [", next_, ", ", to,
                           ") are gone and are left out"));
    next_ = to;
    co_return absl::OkStatus();
  }

  platform::Node& node_;
  const LogSourceOptions options_;
  LogClient client_;
  const int32_t partition_;
  int64_t next_;
  const int64_t end_;
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
