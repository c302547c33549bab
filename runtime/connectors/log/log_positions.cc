#include "runtime/connectors/log/log_positions.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/connectors/log/log_range_reader.h"

namespace wavetank::runtime {

Task<absl::StatusOr<LogPosition>> LogPositions::Begin() {
  WT_CO_RETURN_IF_ERROR(co_await Know(""));
  WT_CO_ASSIGN_OR_RETURN(const logs::OffsetsReply reply, co_await client_.Offsets(options_.topic));
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
              absl::StrCat(WhereInLog(options_.topic, partition),
                           " is not there yet: once it is, it is read from offset ", offset,
                           " on, as ", options_.words.begins, " says"));
  }
  begin.insert(options_.given.begin(), options_.given.end());
  co_return position;
}

Task<absl::Status> LogPositions::Know(std::string log_id) {
  if (log_id.empty() && log_id_.empty()) {
    WT_CO_ASSIGN_OR_RETURN(const logs::MetadataReply log, co_await client_.Metadata());
    log_id = log.log_id();
  }
  if (!log_id.empty()) log_id_ = std::move(log_id);
  client_.Expect(log_id_, options_.words.else_do, options_.words.reader);
  co_return absl::OkStatus();
}

absl::Status LogPositions::BeginsBeyond(int32_t partition, int64_t begin, int64_t end) const {
  return absl::FailedPreconditionError(
      absl::StrCat(options_.words.begins, " is to begin ", WhereInLog(options_.topic, partition),
                   " at ", begin, ", and it ends at ", end, ": say an offset up to that"));
}

void LogPositions::SayWhetherItIsThere(bool there) {
  const platform::MonotonicTime now = node_.clock().Now();
  if (there) {
    away_.reset();
    return;
  }
  if (!away_) away_.emplace(now);
  if (!away_->Due(now)) return;
  node_.Log(platform::LogLevel::kWarning,
            absl::StrCat("waiting for topic ", options_.topic, " of the log at ", options_.address,
                         " for ", away_->Waited(now), ": there is none"));
}

Task<absl::StatusOr<LogOffsets>> LogPositions::Newest(LogOffsets from) {
  WT_CO_ASSIGN_OR_RETURN(const logs::OffsetsReply reply, co_await client_.Offsets(options_.topic));
  SayWhetherItIsThere(reply.partitions_size() > 0);
  LogOffsets to = from;
  for (int32_t partition = 0; partition < reply.partitions_size(); ++partition) {
    const logs::PartitionOffsets& offsets = reply.partitions(partition);
    const int64_t begin = OffsetOf(from, partition);
    if (begin > offsets.end() && OffsetOf(options_.given, partition) == begin) {
      co_return BeginsBeyond(partition, begin, offsets.end());
    }
    if (begin > offsets.end()) {
      co_return absl::DataLossError(absl::StrCat(WhereInLog(options_.topic, partition), " ends at ",
                                                 offsets.end(), ", and was read up to ", begin,
                                                 ": it is not the log that the ",
                                                 options_.words.reader, " has read"));
    }
    if (!from.empty() && begin < offsets.start() && options_.fail_on_data_loss) {
      co_return LogOffsetsGone(options_, partition, begin, offsets.start(), "are gone");
    }
    to[partition] = std::max(begin, EndOf(offsets));
  }
  for (const auto& [partition, offset] : from) {
    if (partition < reply.partitions_size() || offset == 0) continue;
    // One that is to come, if the reader was told where it is to begin there.
    if (OffsetOf(options_.given, partition) == offset) continue;
    co_return absl::DataLossError(absl::StrCat(WhereInLog(options_.topic, partition),
                                               " is not there, and was read up to ", offset));
  }
  co_return to;
}

Task<absl::StatusOr<std::string>> LogPositions::Missing(LogOffsets begins, LogOffsets ends) {
  WT_CO_ASSIGN_OR_RETURN(const logs::OffsetsReply reply, co_await client_.Offsets(options_.topic));
  for (const auto& [partition, end] : ends) {
    const int64_t begin = OffsetOf(begins, partition);
    if (begin == end) continue;
    const std::string range =
        absl::StrCat(WhereInLog(options_.topic, partition), ", offsets [", begin, ", ", end, ")");
    if (partition >= reply.partitions_size()) co_return absl::StrCat(range, ": it is not there");
    const logs::PartitionOffsets& offsets = reply.partitions(partition);
    if (end > offsets.end()) co_return absl::StrCat(range, ": it ends at ", offsets.end());
    if (begin < offsets.start() && options_.fail_on_data_loss) {
      co_return absl::StrCat(range, ": it begins at ", offsets.start());
    }
  }
  co_return std::string();
}

}  // namespace wavetank::runtime
