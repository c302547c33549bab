#include "scenarios/log_pieces.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/check.h"
#include "scenarios/input_places.h"

namespace wavetank::scenarios {

namespace kinds = properties::violation_kinds;
using properties::LoggedOffsets;
using properties::Violation;
using runtime::LogStart;

LogPieces::LogPieces(runtime::LogStreamOptions options)
    : options_(std::move(options)), reader_(DirectoryOfLog(options_.address) + "/journal") {}

std::vector<std::string> LogPieces::WatchesOutside() const {
  return {DirectoryOfLog(options_.address) + "/"};
}

void LogPieces::Arrives(const ArrivingFile& piece) {
  if (piece.place.server == options_.address && !piece.removed) ++arrived_;
}

void LogPieces::Wrong(const char* kind, std::string what) {
  std::string text = absl::StrCat("topic ", options_.topic, ": ", what);
  if (told_.insert(text).second) found_.push_back({kind, std::move(text), now_ns_, {}, ""});
}

std::vector<Violation> LogPieces::ObserveOutside(int64_t now_ns,
                                                 const properties::ObservedFiles& observed) {
  now_ns_ = now_ns;
  const auto view = reader_.Read(observed.files);
  if (view.ok()) {
    view_ = *view;
  } else {
    Wrong(kinds::kUnreadable, std::string(view.status().message()));
  }
  return std::exchange(found_, {});
}

const std::vector<LogView::Partition>& LogPieces::Partitions() const {
  static const std::vector<LogView::Partition> kNone;
  if (view_ == nullptr) return kNone;
  const auto topic = view_->topics.find(options_.topic);
  return topic == view_->topics.end() ? kNone : topic->second;
}

bool LogPieces::IsWanted(const LogView::Entry& entry) const {
  return options_.read_committed ? view_->IsRecord(entry) : !entry.is_marker;
}

std::string LogPieces::Encoded(int64_t partition, int64_t offset,
                               const LogView::Entry& entry) const {
  const auto text = [](const std::string& told) {
    return told == "\\N" ? std::nullopt : std::optional(told);
  };
  return runtime::EncodeToString(
      std::vector<runtime::LogRecord>{{.key = text(entry.row.first),
                                       .value = text(entry.row.second),
                                       .partition = static_cast<int32_t>(partition),
                                       .offset = offset,
                                       .timestamp = absl::FromUnixMillis(entry.timestamp_ms)}});
}

std::string LogPieces::TextOf(const std::string& line) const {
  std::vector<runtime::LogRecord> records;
  WT_CHECK(runtime::DecodeFromString(line, records).ok() && records.size() == 1);
  return records.front().value.value_or("");
}

// What the log says of it stays so.
void LogPieces::Begin(const std::vector<LoggedOffsets>& begins) {
  Offsets said;
  for (const LoggedOffsets& begin : begins) {
    said[begin.partition] = begin.end;
    log_id_ = begin.log_id;
  }
  if (begins_.has_value()) {
    if (said != *begins_) Wrong(kinds::kDefinition, "where the stream begins has changed");
    return;
  }
  begins_ = said;
  next_ = said;
  const auto& partitions = Partitions();
  for (const auto& [partition, begin] : said) {
    const auto given = options_.offsets.find(static_cast<int32_t>(partition));
    const bool is_given = options_.start == LogStart::kGiven && given != options_.offsets.end();
    if (is_given && given->second != begin) {
      Wrong(kinds::kDefinition, absl::StrCat("partition ", partition, " begins at ", begin,
                                             ", and is to begin at ", given->second));
    }
    if (is_given || options_.start == LogStart::kLatest) continue;
    if (partition < std::ssize(partitions) &&
        begin > partitions[static_cast<size_t>(partition)].start) {
      Wrong(kinds::kLost, absl::StrCat("partition ", partition, " begins at ", begin,
                                       ", and has earlier records"));
    }
  }
}

void LogPieces::Take(const LoggedOffsets& range) {
  const std::string where = absl::StrCat("batch ", range.time_ms, " ms: ", NameOf(range));
  int64_t& next = next_[range.partition];
  if (range.begin > next) {
    Wrong(kinds::kLost, absl::StrCat(where, " follows on ", next,
                                     ", and leaves out what is "
                                     "between"));
  } else if (range.begin < next) {
    Wrong(kinds::kDuplicated, absl::StrCat(where, " follows on ", next));
  }
  if (range.end < range.begin) Wrong(kinds::kDefinition, absl::StrCat(where, " goes back"));
  if (range.log_id != log_id_) {
    Wrong(kinds::kDefinition, absl::StrCat(where, " is of another log"));
  }
  next = std::max(next, range.end);
  if (range.begin >= range.end) return;
  std::vector<std::string>& records = records_[NameOf(range)];
  records.clear();
  const auto& partitions = Partitions();
  const bool there =
      range.partition >= 0 && range.partition < std::ssize(partitions) &&
      range.end <= std::ssize(partitions[static_cast<size_t>(range.partition)].entries);
  if (!there) return Wrong(kinds::kInputDurable, absl::StrCat(where, " is not durable"));
  const LogView::Partition& partition = partitions[static_cast<size_t>(range.partition)];
  for (int64_t offset = range.begin; offset < range.end; ++offset) {
    const LogView::Entry& entry = partition.entries[static_cast<size_t>(offset)];
    if (options_.read_committed && view_->IsOpen(entry)) {
      Wrong(kinds::kInputDurable,
            absl::StrCat(where, " has offset ", offset, ", of an open transaction"));
    }
    if (offset < partition.start || !IsWanted(entry)) continue;
    records.push_back(Encoded(range.partition, offset, entry));
  }
}

void LogPieces::EndBatch(int64_t time_ms, const std::set<int64_t>& named) {
  for (const auto& [partition, next] : next_) {
    if (named.contains(partition)) continue;
    Wrong(kinds::kDefinition,
          absl::StrCat("batch ", time_ms, " ms does not say where partition ", partition, " is"));
  }
}

std::vector<Violation> LogPieces::Observe(int64_t now_ns, const properties::DurableFiles&,
                                          const properties::BatchLogView& log) {
  now_ns_ = now_ns;
  const bool begun = log.zero_ms != 0 || !log.inputs.empty();
  if (begun) Begin(log.log_begins);
  for (size_t i = 0; i < log.offsets.size();) {
    const int64_t time_ms = log.offsets[i].time_ms;
    std::set<int64_t> named;
    const bool is_new = time_ms > judged_up_to_ms_;
    for (; i < log.offsets.size() && log.offsets[i].time_ms == time_ms; ++i) {
      named.insert(log.offsets[i].partition);
      if (is_new) Take(log.offsets[i]);
    }
    if (is_new) EndBatch(time_ms, named);
    judged_up_to_ms_ = std::max(judged_up_to_ms_, time_ms);
  }
  return std::exchange(found_, {});
}

std::vector<std::string> LogPieces::Lines(const std::string& piece) const {
  const auto records = records_.find(piece);
  return records == records_.end() ? std::vector<std::string>() : records->second;
}

std::vector<std::string> LogPieces::Owed() const {
  std::vector<std::string> owed;
  if (!begins_.has_value()) return owed;
  const auto& partitions = Partitions();
  for (int64_t at = 0; at < std::ssize(partitions); ++at) {
    const LogView::Partition& partition = partitions[static_cast<size_t>(at)];
    const auto next = next_.find(at);
    int64_t offset = next == next_.end() ? 0 : next->second;
    if (options_.lost == runtime::LostRecords::kSkip) offset = std::max(offset, partition.start);
    for (; offset < std::ssize(partition.entries); ++offset) {
      const LogView::Entry& entry = partition.entries[static_cast<size_t>(offset)];
      const bool owes = IsWanted(entry) || (options_.read_committed && view_->IsOpen(entry));
      if (owes) owed.push_back(absl::StrCat("partition ", at, " offset ", offset));
    }
  }
  return owed;
}

bool LogPieces::Complete() const {
  if (arrived_ == 0) return true;
  return begins_.has_value() && view_ != nullptr && view_->supplied >= arrived_;
}

std::vector<std::string> LogPieces::Given(
    const std::function<int64_t(const std::string& piece)>&) const {
  std::vector<std::string> given;
  const auto& partitions = Partitions();
  for (int64_t at = 0; at < std::ssize(partitions); ++at) {
    const LogView::Partition& partition = partitions[static_cast<size_t>(at)];
    const auto begin = begins_.has_value() ? begins_->find(at) : Offsets::const_iterator();
    int64_t offset = begins_.has_value() && begin != begins_->end() ? begin->second : 0;
    if (options_.lost == runtime::LostRecords::kSkip) offset = std::max(offset, partition.start);
    for (; offset < std::ssize(partition.entries); ++offset) {
      const LogView::Entry& entry = partition.entries[static_cast<size_t>(offset)];
      if (IsWanted(entry)) given.push_back(entry.row.second);
    }
  }
  return given;
}

}  // namespace wavetank::scenarios
