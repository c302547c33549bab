#include "runtime/connectors/log/log_range_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/planted.h"
#include "platform/status_macros.h"

namespace wavetank::runtime {
namespace {

constexpr int64_t kFetchBytes = int64_t{512} << 10;

}  // namespace

std::string WhereInLog(const std::string& topic, int32_t partition) {
  return absl::StrCat("partition ", partition, " of topic ", topic);
}

absl::Status LogOffsetsGone(const LogSourceOptions& options, int32_t partition, int64_t from,
                            int64_t to, const std::string& why) {
  return absl::DataLossError(absl::StrCat(
      WhereInLog(options.topic, partition), ": offsets [", from, ", ", to, ") were not read and ",
      why, ": keep records for longer than the ", options.words.reader, " may stand still; with ",
      options.words.or_skip, " it goes on without them"));
}

Task<absl::StatusOr<std::optional<logs::FetchReply>>> LogRangeReader::Next() {
  while (next_ < end_) {
    logs::FetchRequest request;
    request.set_topic(options_.topic);
    request.set_partition(partition_);
    request.set_offset(next_);
    request.set_end(end_);
    request.set_read_uncommitted(!options_.read_committed);
    request.set_max_bytes(kFetchBytes);
    auto fetched = co_await client_.Fetch(std::move(request));
    if (absl::IsOutOfRange(fetched.status())) {
      WT_CO_RETURN_IF_ERROR(co_await Skip());
      continue;
    }
    if (platform::Planted(node_, "log_busy_is_the_end") && absl::IsUnavailable(fetched.status())) {
      co_return std::nullopt;
    }
    WT_CO_RETURN_IF_ERROR(fetched.status());
    if (fetched->next_offset() <= next_) {
      co_return absl::UnavailableError(absl::StrCat(WhereInLog(options_.topic, partition_),
                                                    " gives nothing at offset ", next_,
                                                    ", where the batch has records"));
    }
    next_ = fetched->next_offset();
    if (fetched->records_size() == 0) continue;
    co_return *std::move(fetched);
  }
  co_return std::nullopt;
}

Task<absl::Status> LogRangeReader::Skip() {
  WT_CO_ASSIGN_OR_RETURN(const logs::OffsetsReply reply, co_await client_.Offsets(options_.topic));
  const int64_t start =
      partition_ < reply.partitions_size() ? reply.partitions(partition_).start() : next_;
  if (start <= next_) {
    co_return LogOffsetsGone(options_, partition_, next_, end_, "are not there any more");
  }
  const int64_t to = std::min(start, end_);
  if (options_.fail_on_data_loss) {
    co_return LogOffsetsGone(options_, partition_, next_, to, "are gone");
  }
  node_.Log(platform::LogLevel::kWarning,
            absl::StrCat(WhereInLog(options_.topic, partition_), ": offsets [", next_, ", ", to,
                         ") are gone and are left out"));
  next_ = to;
  co_return absl::OkStatus();
}

}  // namespace wavetank::runtime
