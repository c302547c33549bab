#include "scenarios/log_view.h"

#include <algorithm>

#include "platform/status_macros.h"
#include "scenarios/fakes/log_journal.pb.h"

namespace wavetank::scenarios {

absl::StatusOr<const LogView*> LogViewReader::Read(const properties::DurableFiles& files) {
  WT_ASSIGN_OR_RETURN(const auto records, log_.Read(files));
  if (!records) return &view_;
  const bool grown =
      records->size() >= read_.size() && std::equal(read_.begin(), read_.end(), records->begin());
  if (!grown) {
    read_.clear();
    view_ = LogView();
    open_.clear();
  }
  for (size_t i = read_.size(); i < records->size(); ++i) {
    WT_RETURN_IF_ERROR(Add(*(*records)[i]));
    read_.push_back((*records)[i]);
  }
  return &view_;
}

int LogViewReader::TransactionOf(int64_t producer) {
  const auto [found, is_new] = open_.emplace(producer, static_cast<int>(view_.transactions.size()));
  if (is_new) view_.transactions.emplace_back();
  return found->second;
}

absl::Status LogViewReader::Add(const std::string& bytes) {
  fakes::JournalEntry entry;
  if (!entry.ParseFromString(bytes)) {
    return absl::DataLossError("the journal of the log has an entry that cannot be read");
  }
  if (entry.has_topic()) {
    auto& partitions = view_.topics[entry.topic().topic()];
    const auto wanted = static_cast<size_t>(entry.topic().partitions());
    if (partitions.size() < wanted) partitions.resize(wanted);
  } else if (entry.has_appended()) {
    const fakes::Appended& appended = entry.appended();
    const int transaction = appended.transactional() ? TransactionOf(appended.producer_id()) : -1;
    LogView::Partition& partition =
        view_.topics[appended.topic()].at(static_cast<size_t>(appended.partition()));
    for (const auto& record : appended.records()) {
      LogRow row = {record.has_key() ? record.key() : "\\N",
                    record.has_value() ? record.value() : "\\N"};
      if (transaction >= 0) {
        view_.transactions[static_cast<size_t>(transaction)].rows[appended.topic()].push_back(row);
      }
      partition.entries.push_back({.row = std::move(row),
                                   .timestamp_ms = record.timestamp_ms(),
                                   .transaction = transaction});
    }
    view_.supplied = std::max(view_.supplied, appended.supplied());
  } else if (entry.has_offset()) {
    const int transaction = TransactionOf(entry.offset().producer_id());
    const auto& offset = entry.offset().offset();
    view_.transactions[static_cast<size_t>(transaction)].offsets.push_back(
        {entry.offset().group(), offset.offset(), offset.metadata()});
  } else if (entry.has_ended()) {
    const auto found = open_.find(entry.ended().producer_id());
    if (found == open_.end()) return absl::OkStatus();
    const int number = found->second;
    open_.erase(found);
    view_.transactions[static_cast<size_t>(number)].committed = entry.ended().commit();
    if (entry.ended().commit()) view_.committed.push_back(number);
    for (auto& [topic, partitions] : view_.topics) {
      for (LogView::Partition& partition : partitions) {
        const bool has = std::ranges::any_of(
            partition.entries, [number](const auto& each) { return each.transaction == number; });
        if (has) partition.entries.push_back({.row = {}, .transaction = number, .is_marker = true});
      }
    }
  } else if (entry.has_trimmed()) {
    LogView::Partition& partition =
        view_.topics[entry.trimmed().topic()].at(static_cast<size_t>(entry.trimmed().partition()));
    partition.start = std::max(partition.start, entry.trimmed().start());
  }
  return absl::OkStatus();
}

}  // namespace wavetank::scenarios
