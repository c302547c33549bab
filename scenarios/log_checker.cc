#include "scenarios/log_checker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "properties/definition_hash.h"
#include "scenarios/input_places.h"

namespace wavetank::scenarios {

namespace kinds = properties::violation_kinds;
using properties::Violation;

namespace {

std::string TextOf(const LogRow& row) { return absl::StrCat(row.first, ",", row.second); }

}  // namespace

LogChecker::LogChecker(JobPaths paths, LogShape shape, const LogOracle* oracle)
    : paths_(std::move(paths)),
      shape_(std::move(shape)),
      oracle_(oracle),
      log_(paths_.checkpoint + "/log"),
      reader_(DirectoryOfLog(shape_.address) + "/journal") {}

std::vector<std::string> LogChecker::WatchesOutside() const {
  return {DirectoryOfLog(shape_.address) + "/"};
}

void LogChecker::Arrives(const ArrivingFile& piece) {
  if (piece.place.server == shape_.address && !piece.removed) ++arrived_;
}

void LogChecker::Wrong(const char* kind, std::string what) {
  if (told_.insert(what).second) found_.push_back({kind, std::move(what), now_ns_, {}, ""});
}

std::vector<Violation> LogChecker::Observe(int64_t now_ns,
                                           const properties::ObservedFiles& observed,
                                           int64_t /*failures*/) {
  now_ns_ = now_ns;
  ReadLog(observed.files);
  return Judge(now_ns);
}

std::vector<Violation> LogChecker::ObserveOutside(int64_t now_ns,
                                                  const properties::ObservedFiles& observed) {
  now_ns_ = now_ns;
  const auto view = reader_.Read(observed.files);
  if (view.ok()) {
    view_ = *view;
  } else {
    Wrong(kinds::kUnreadable, std::string(view.status().message()));
  }
  return Judge(now_ns);
}

void LogChecker::ReadLog(const properties::DurableFiles& files) {
  const auto records = log_.Read(files);
  if (!records.ok()) return Wrong(kinds::kUnreadable, std::string(records.status().message()));
  if (!records->has_value()) return;
  const std::optional<checkpoint::SourceBegin> known = std::exchange(begin_, std::nullopt);
  for (const properties::LogRecord& record : **records) ReadDefinition(*record);
  // A log without the first batches does not say it any more.
  if (!begin_) begin_ = known;
}

void LogChecker::ReadDefinition(const std::string& bytes) {
  checkpoint::MetadataRecord record;
  if (!record.ParseFromString(bytes)) {
    return Wrong(kinds::kUnreadable, "a record of the query's log cannot be read");
  }
  if (record.has_commit()) commits_.insert(record.commit().batch_id());
  for (const checkpoint::SourceBegin& begin : record.begins().begins()) {
    const bool told_the_same = begin_ && begin_->description_hash() == begin.description_hash();
    if (told_the_same && begin_->offset() != begin.offset()) {
      Wrong(kinds::kLost, absl::StrCat("the query, which had begun at ", begin_->offset(),
                                       ", begins at ", begin.offset()));
    }
    begin_ = begin;
  }
  if (!record.has_definition()) return;
  const checkpoint::BatchDefinition& definition = record.definition();
  const int64_t number = definition.batch_id();
  if (definition.hash() != properties::HashOfDefinition(definition)) {
    Wrong(kinds::kDefinition, absl::StrCat("batch ", number, " is logged with another hash"));
  }
  if (definition.sources_size() != 1) {
    return Wrong(kinds::kDefinition, absl::StrCat("batch ", number, " is not of one source"));
  }
  Batch batch{definition.hash(), definition.sources(0).start_offset(),
              definition.sources(0).end_offset()};
  const auto [known, is_new] = batches_.emplace(number, batch);
  if (!is_new && known->second.hash != batch.hash) {
    Wrong(kinds::kDefinition, absl::StrCat("batch ", number, " is defined anew"));
  }
  const std::string begin = begin_ ? begin_->offset() : "nothing";
  if (number == 0 && batch.start != begin) {
    Wrong(kinds::kDefinition, absl::StrCat("batch 0 begins at ", batch.start, ", and the log says ",
                                           begin, " before it"));
  }
  const auto before = batches_.find(number - 1);
  if (before != batches_.end() && before->second.end != batch.start) {
    Wrong(kinds::kDefinition, absl::StrCat("batch ", number, " begins at ", batch.start,
                                           ", and the one before ends at ", before->second.end));
  }
}

LogChecker::Offsets LogChecker::ParseOffsets(const std::string& text) {
  Offsets offsets;
  for (const absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    const std::vector<std::string> sides = absl::StrSplit(part, ':');
    int partition = 0;
    int64_t offset = 0;
    if (sides.size() == 2 && absl::SimpleAtoi(sides[0], &partition) &&
        absl::SimpleAtoi(sides[1], &offset)) {
      offsets[partition] = offset;
    }
  }
  return offsets;
}

void LogChecker::AddExpected(const Batch& batch, Expected& expected) {
  Offsets start = ParseOffsets(batch.start);
  const auto found = view_->topics.find(shape_.from);
  for (const auto& [partition, end] : ParseOffsets(batch.end)) {
    const bool there = found != view_->topics.end() && partition < std::ssize(found->second) &&
                       end <= std::ssize(found->second[static_cast<size_t>(partition)].entries);
    if (!there && start[partition] < end) {
      Wrong(kinds::kInputDurable, absl::StrCat("a batch reads partition ", partition, " up to ",
                                               end, ", which is not durable"));
      continue;
    }
    for (int64_t offset = start[partition]; offset < end; ++offset) {
      const LogView::Partition& source = found->second[static_cast<size_t>(partition)];
      const LogView::Entry& entry = source.entries[static_cast<size_t>(offset)];
      if (shape_.read_committed && view_->IsOpen(entry)) {
        Wrong(kinds::kInputDurable, absl::StrCat("a batch reads offset ", offset, " of partition ",
                                                 partition, ", of an open transaction"));
      }
      if (entry.is_marker || (shape_.read_committed && !view_->IsRecord(entry))) continue;
      const bool may_be_gone = !shape_.fails_on_data_loss && offset < source.start;
      for (const LogRow& row : (*oracle_).rows(entry.row)) {
        Times& times = expected[row];
        ++times.may;
        if (!may_be_gone) ++times.must;
      }
    }
  }
}

void LogChecker::JudgeRows(const std::string& whose, const Expected& expected,
                           const std::vector<LogRow>& rows, bool once) {
  std::map<LogRow, int64_t> shown;
  for (const LogRow& row : rows) ++shown[row];
  for (const auto& [row, times] : expected) {
    const int64_t there = shown[row];
    if (there < times.must) {
      Wrong(kinds::kLost, absl::StrCat(whose, " lacks the row ", TextOf(row)));
    } else if (once && there > times.may) {
      Wrong(kinds::kDuplicated, absl::StrCat(whose, " has the row ", TextOf(row), " ", there,
                                             " times, and should have it ", times.may));
    }
  }
  for (const auto& [row, there] : shown) {
    if (there == 0 || expected.contains(row)) continue;
    Wrong(kinds::kPhantom,
          absl::StrCat(whose, " has the row ", TextOf(row), ", which it must not"));
  }
}

void LogChecker::JudgeBatch(const LogView::Transaction& transaction) {
  const auto rows = transaction.rows.find(shape_.to);
  static const std::vector<LogRow> kNone;
  const std::vector<LogRow>& there = rows == transaction.rows.end() ? kNone : rows->second;
  if (transaction.offsets.empty()) {
    if (there.empty()) return;
    return Wrong(kinds::kWrongAnswer,
                 absl::StrCat("a transaction of ", there.size(),
                              " rows is committed that does not say of which batch they are"));
  }
  const LogView::Offset& offset = transaction.offsets.front();
  const int64_t number = offset.offset;
  if (number < shown_) {
    Wrong(kinds::kDuplicated, absl::StrCat("batch ", number, " is shown a second time"));
  } else if (number > shown_) {
    Wrong(kinds::kLost, absl::StrCat("batch ", number, " is shown, and not batch ", shown_));
  }
  shown_ = std::max(shown_, number + 1);
  const auto batch = batches_.find(number);
  if (batch == batches_.end()) {
    return Wrong(kinds::kCommitOrder,
                 absl::StrCat("batch ", number, " is shown, and is not in the query's log"));
  }
  if (offset.metadata != absl::StrCat(absl::Hex(batch->second.hash))) {
    Wrong(kinds::kWrongAnswer,
          absl::StrCat("batch ", number, " is shown with the hash of another definition"));
  }
  Expected expected;
  AddExpected(batch->second, expected);
  JudgeRows(absl::StrCat("batch ", number), expected, there, /*once=*/true);
}

void LogChecker::JudgeTransactions() {
  if (view_->committed.size() < judged_) {
    return Wrong(kinds::kVisibility, "a transaction that was committed is not any more");
  }
  for (; judged_ < view_->committed.size(); ++judged_) {
    const LogView::Transaction& transaction =
        view_->transactions[static_cast<size_t>(view_->committed[judged_])];
    if (transaction.rows.contains(shape_.to) || !transaction.offsets.empty()) {
      JudgeBatch(transaction);
    }
  }
  const auto to = view_->topics.find(shape_.to);
  if (to == view_->topics.end()) return;
  for (const LogView::Partition& partition : to->second) {
    for (const LogView::Entry& entry : partition.entries) {
      if (entry.transaction >= 0) continue;
      Wrong(kinds::kPhantom,
            absl::StrCat("the row ", TextOf(entry.row), " is there without a transaction"));
    }
  }
}

void LogChecker::JudgeCommits() {
  const auto commits = static_cast<int64_t>(commits_.size());
  if (std::exchange(commits_seen_, commits) == commits) return;
  for (const int64_t commit : commits_) {
    if (!shape_.exactly_once || commit < shown_) continue;
    Wrong(kinds::kCommitOrder,
          absl::StrCat("batch ", commit, " is committed, and no reader sees it"));
  }
  if (shape_.exactly_once) return;
  Expected expected;
  for (const auto& [number, batch] : batches_) {
    if (commits_.contains(number)) AddExpected(batch, expected);
  }
  // What is of batches under way may be there too.
  std::vector<LogRow> shown = Shown();
  std::erase_if(shown, [&expected](const LogRow& row) { return !expected.contains(row); });
  JudgeRows("what is committed", expected, shown, /*once=*/false);
}

std::vector<Violation> LogChecker::Judge(int64_t /*now_ns*/) {
  if (view_ != nullptr && oracle_ != nullptr) {
    if (shape_.exactly_once) JudgeTransactions();
    JudgeCommits();
  }
  return std::exchange(found_, {});
}

bool LogChecker::Done() const {
  if (oracle_ == nullptr) return true;
  if (view_ == nullptr || view_->supplied < arrived_) return arrived_ == 0;
  const auto defined = static_cast<int64_t>(batches_.size());
  if (defined != static_cast<int64_t>(commits_.size())) return false;
  if (shape_.exactly_once && shown_ != (batches_.empty() ? 0 : batches_.rbegin()->first + 1)) {
    return false;
  }
  const auto source = view_->topics.find(shape_.from);
  if (source == view_->topics.end()) return true;
  if (!begin_) return false;
  Offsets read = ParseOffsets(batches_.empty() ? begin_->offset() : batches_.rbegin()->second.end);
  for (int partition = 0; partition < std::ssize(source->second); ++partition) {
    const auto& entries = source->second[static_cast<size_t>(partition)].entries;
    for (auto offset = read[partition]; offset < std::ssize(entries); ++offset) {
      const LogView::Entry& entry = entries[static_cast<size_t>(offset)];
      const bool wanted =
          shape_.read_committed ? view_->IsRecord(entry) || view_->IsOpen(entry) : !entry.is_marker;
      if (wanted) return false;
    }
  }
  return true;
}

uint64_t LogChecker::Progress() const {
  return static_cast<uint64_t>(shown_ + std::ssize(batches_) + std::ssize(commits_) +
                               (view_ == nullptr ? 0 : view_->supplied));
}

std::vector<Violation> LogChecker::Finish(int64_t now_ns) {
  now_ns_ = now_ns;
  if (oracle_ == nullptr || view_ == nullptr) return {};
  if (!Done()) Wrong(kinds::kLost, "some of the input is in no batch that is committed");
  Expected expected;
  for (const auto& [number, batch] : batches_) AddExpected(batch, expected);
  JudgeRows("the topic", expected, Shown(), shape_.exactly_once);
  return std::exchange(found_, {});
}

std::vector<LogRow> LogChecker::Shown() const {
  std::vector<LogRow> rows;
  if (view_ == nullptr) return rows;
  const auto to = view_->topics.find(shape_.to);
  if (to == view_->topics.end()) return rows;
  for (const LogView::Partition& partition : to->second) {
    for (const LogView::Entry& entry : partition.entries) {
      if (view_->IsRecord(entry)) rows.push_back(entry.row);
    }
  }
  return rows;
}

properties::RecordCounts LogChecker::Counts() const {
  if (oracle_ == nullptr || view_ == nullptr) return {.told_apart = false};
  std::map<std::string, int64_t> given;
  std::map<std::string, int64_t> came_out;
  const auto source = view_->topics.find(shape_.from);
  if (source != view_->topics.end()) {
    Offsets begins = ParseOffsets(begin_ ? begin_->offset() : "");
    for (int partition = 0; partition < std::ssize(source->second); ++partition) {
      const auto& entries = source->second[static_cast<size_t>(partition)].entries;
      for (auto offset = begins[partition]; offset < std::ssize(entries); ++offset) {
        const LogView::Entry& entry = entries[static_cast<size_t>(offset)];
        if (entry.is_marker || (shape_.read_committed && !view_->IsRecord(entry))) continue;
        for (const LogRow& row : oracle_->rows(entry.row)) {
          for (const std::string& id : RecordIds({row.second})) ++given[id];
        }
      }
    }
  }
  for (const LogRow& row : Shown()) {
    for (const std::string& id : RecordIds({row.second})) ++came_out[id];
  }
  properties::RecordCounts counts = properties::CountRecords(given, came_out);
  counts.phantom = std::count_if(came_out.begin(), came_out.end(), [&given](const auto& entry) {
    return !given.contains(entry.first);
  });
  return counts;
}

std::string LogChecker::Unjudged() const {
  return oracle_ != nullptr ? "" : "no oracle says what a record of the log must become";
}

std::vector<std::string> LogChecker::Rows() const {
  std::vector<std::string> lines;
  for (const LogRow& row : Shown()) lines.push_back(TextOf(row));
  std::ranges::sort(lines);
  return lines;
}

}  // namespace wavetank::scenarios
