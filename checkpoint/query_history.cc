#include "checkpoint/query_history.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "checkpoint/history_parts.h"
#include "platform/check.h"

namespace wavetank::checkpoint {
QueryHistory::QueryHistory(int64_t retained) : retained_(retained) {
  WT_CHECK(retained >= 2, "a batch needs the one before");
}

void QueryHistory::Clear() {
  begun_ = false;
  metadata_.reset();
  plan_.reset();
  layouts_.clear();
  first_batch_ = 0;
  starts_.clear();
  begins_.clear();
  batches_.clear();
  seen_.clear();
}

absl::Status QueryHistory::Add(const MetadataRecord& record) {
  const bool first = !std::exchange(begun_, true);
  const auto kind = record.kind_case();
  const bool after_metadata = kind == MetadataRecord::kPlan || kind == MetadataRecord::kLayout ||
                              kind == MetadataRecord::kDefinition ||
                              kind == MetadataRecord::kPrepared ||
                              kind == MetadataRecord::kCommit || kind == MetadataRecord::kDropped ||
                              kind == MetadataRecord::kSeen || kind == MetadataRecord::kForgotten ||
                              kind == MetadataRecord::kBegins;
  if (after_metadata && !metadata_.has_value()) {
    return LogHasLost("the query's metadata is missing before it");
  }
  switch (kind) {
    case MetadataRecord::kQuery:
      if (first) {
        metadata_ = record.query();
        return absl::OkStatus();
      }
      // Begun anew, before there was a batch.
      if (!metadata_ || bound()) {
        return LogHasLost(
            "the query's metadata is neither the first record nor before all batches");
      }
      if (metadata_->query_id() != record.query().query_id()) {
        return LogHasLost("the query is another than before");
      }
      metadata_ = record.query();
      layouts_.clear();
      return absl::OkStatus();
    case MetadataRecord::kPlan:
      plan_ = record.plan();
      return absl::OkStatus();
    case MetadataRecord::kLayout:
      return AddLayout(record.layout());
    case MetadataRecord::kBegins:
      return AddBegins(record.begins());
    case MetadataRecord::kDropped:
      return AddDropped(record.dropped());
    case MetadataRecord::kSeen:
      for (const std::string& path : record.seen().paths()) {
        seen_[record.seen().source()].See(path, record.seen().root());
      }
      return absl::OkStatus();
    case MetadataRecord::kForgotten:
      for (const std::string& path : record.forgotten().paths()) {
        seen_[record.forgotten().source()].Forget(path);
      }
      return absl::OkStatus();
    case MetadataRecord::kDefinition:
      return AddDefinition(record.definition());
    case MetadataRecord::kPrepared: {
      WT_ASSIGN_OR_RETURN(BatchHistory* const batch, OpenBatch(record.prepared().batch_id()));
      batch->prepared = record.prepared();
      return absl::OkStatus();
    }
    case MetadataRecord::kCommit: {
      const Commit& commit = record.commit();
      WT_ASSIGN_OR_RETURN(BatchHistory* const batch, OpenBatch(commit.batch_id()));
      if (!batch->prepared.has_value() || batch->prepared->attempt_id() != commit.attempt_id()) {
        return LogHasLost("attempt ", commit.attempt_id(), " of batch ", commit.batch_id(),
                          " was not the one prepared last");
      }
      batch->commit = commit;
      DropOldBatches();
      return absl::OkStatus();
    }
    default:
      return OfAnotherEngine("a structured query");
  }
}

absl::Status QueryHistory::AddDropped(const Dropped& dropped) {
  if (newest_batch() >= 0 || dropped.first_batch() <= 0) {
    return LogHasLost("says that batches before ", dropped.first_batch(),
                      " were dropped, and the newest before it is ", newest_batch());
  }
  first_batch_ = dropped.first_batch();
  for (const SourceOffset& start : dropped.starts()) starts_[start.source()] = start.offset();
  return absl::OkStatus();
}

absl::Status QueryHistory::AddBegins(const SourceBegins& begins) {
  if (bound()) {
    return LogHasLost("says where sources begin, and the newest batch is ", newest_batch());
  }
  for (const SourceBegin& begin : begins.begins()) begins_[begin.source()] = begin;
  return absl::OkStatus();
}

absl::Status QueryHistory::AddLayout(const StateLayout& layout) {
  // Before the batches that are left there may be that of some that are dropped.
  const bool of_dropped = batches_.empty() && layouts_.empty() && layout.after_batch() >= -1 &&
                          layout.after_batch() < newest_batch();
  const bool open = !batches_.empty() && !batches_.back().commit.has_value();
  const int64_t committed = newest_batch() - (open ? 1 : 0);
  if (!of_dropped && layout.after_batch() != committed) {
    return LogHasLost("lays state out after batch ", layout.after_batch(),
                      ", the newest committed is ", committed);
  }
  if (open && (!layout.states().empty() || !layouts_.empty())) {
    return LogHasLost("lays state out anew, and batch ", newest_batch(), " is not committed");
  }
  if (layout.partitions() < 1) {
    return LogHasLost("lays state out in ", layout.partitions(), " partitions");
  }
  // States name what is there in place of a prepared record's.
  const auto states = static_cast<int64_t>(layout.states_size());
  if (states != 0 && states != int64_t{layout.partitions()} * layout.operators_size()) {
    return LogHasLost("lays state out in ", layout.partitions(), " partitions of ",
                      layout.operators_size(), " operators, and names ", states, " states");
  }
  layouts_.push_back(layout);
  DropOldLayouts();
  return absl::OkStatus();
}

// Of those that lay out what is dropped only the last counts: it is that of the first batch left.
void QueryHistory::DropOldLayouts() {
  while (layouts_.size() > 1 && layouts_[1].after_batch() < first_batch_) layouts_.pop_front();
}

const google::protobuf::RepeatedPtrField<OperatorState>& QueryHistory::StatesAfter(
    const BatchHistory& before) const {
  for (const StateLayout& layout : std::views::reverse(layouts_)) {
    const bool after = layout.after_batch() == before.definition.batch_id();
    if (after && !layout.states().empty()) return layout.states();
  }
  return before.prepared->states();
}

absl::Status QueryHistory::AddDefinition(const BatchDefinition& definition) {
  const int64_t next = newest_batch() + 1;
  if (definition.batch_id() != next) {
    return LogHasLost("defines batch ", definition.batch_id(), ", the next is ", next);
  }
  if (!batches_.empty() && !batches_.back().commit.has_value()) {
    return LogHasLost("defines batch ", next, ", and batch ", next - 1, " is not committed");
  }
  if (definition.hash() != DefinitionHash(definition)) {
    return LogHasLost("the definition of batch ", next, " does not have the hash of its content");
  }
  for (const SourceRange& range : definition.sources()) {
    for (const InputFile& file : range.files()) {
      seen_[range.source()].Hold(file.path(), range.root());
    }
  }
  batches_.push_back({definition, std::nullopt, std::nullopt});
  DropOldBatches();
  return absl::OkStatus();
}

absl::StatusOr<BatchHistory*> QueryHistory::OpenBatch(int64_t batch_id) {
  if (batches_.empty() || batch_id != newest_batch()) {
    return LogHasLost("is of batch ", batch_id, ", the newest definition is of ", newest_batch());
  }
  BatchHistory& batch = batches_.back();
  if (batch.commit.has_value()) return LogHasLost("batch ", batch_id, " was committed");
  return &batch;
}

void QueryHistory::DropOldBatches() {
  const auto committed = static_cast<int64_t>(batches_.size()) - (batches_.back().commit ? 0 : 1);
  for (int64_t too_many = committed - retained_; too_many > 0; --too_many) {
    for (const SourceRange& range : batches_.front().definition.sources()) {
      starts_[range.source()] = range.end_offset();
      for (const InputFile& file : range.files()) seen_[range.source()].Drop(file.path());
    }
    batches_.pop_front();
    ++first_batch_;
    DropOldLayouts();
  }
}

std::string QueryHistory::EndOffset(const std::string& source) const {
  for (auto batch = batches_.rbegin(); batch != batches_.rend(); ++batch) {
    for (const SourceRange& range : batch->definition.sources()) {
      if (range.source() == source) return range.end_offset();
    }
  }
  const auto start = starts_.find(source);
  if (start != starts_.end()) return start->second;
  const auto begin = begins_.find(source);
  return begin == begins_.end() ? "" : begin->second.offset();
}

platform::Generator<MetadataRecord> QueryHistory::Base() const {
  if (metadata_.has_value()) co_yield Record(*metadata_);
  if (first_batch_ > 0) {
    Dropped dropped;
    dropped.set_first_batch(first_batch_);
    for (const auto& [source, offset] : starts_) {
      SourceOffset& start = *dropped.add_starts();
      start.set_source(source);
      start.set_offset(offset);
    }
    co_yield Record(std::move(dropped));
  } else if (!begins_.empty()) {
    SourceBegins begins;
    for (const auto& [source, begin] : begins_) *begins.add_begins() = begin;
    co_yield Record(std::move(begins));
  }
  for (const auto& [source, paths] : seen_) {
    SeenFiles seen;
    seen.set_source(source);
    platform::Generator<SeenFiles> parts = SeenInParts(std::move(seen), paths);
    while (std::optional<SeenFiles> part = parts.Next()) co_yield Record(*std::move(part));
  }
  auto layout = layouts_.begin();
  for (; layout != layouts_.end() && layout->after_batch() < first_batch_; ++layout) {
    co_yield Record(*layout);
  }
  for (const BatchHistory& batch : batches_) {
    co_yield Record(batch.definition);
    if (batch.prepared.has_value()) {
      Prepared prepared = *batch.prepared;
      // Nobody asks the sink again, and output may stand in it.
      if (batch.commit.has_value()) prepared.clear_sink_committable();
      co_yield Record(std::move(prepared));
    }
    if (batch.commit.has_value()) co_yield Record(*batch.commit);
    for (; layout != layouts_.end() && layout->after_batch() == batch.definition.batch_id();
         ++layout) {
      co_yield Record(*layout);
    }
  }
  for (const auto& [source, paths] : seen_) {
    ForgottenFiles forgotten;
    forgotten.set_source(source);
    auto parts = PathsInParts(std::move(forgotten), paths.Forgotten());
    while (std::optional<ForgottenFiles> part = parts.Next()) co_yield Record(*std::move(part));
  }
  // Behind the batches, which may have been run under others.
  if (plan_.has_value()) co_yield Record(*plan_);
}

absl::StatusOr<QueryHistory> ReadQueryHistory(std::string_view name,
                                              const std::vector<MetadataRecord>& records) {
  QueryHistory history;
  WT_RETURN_IF_ERROR(AddRecords(name, records, history));
  return history;
}

}  // namespace wavetank::checkpoint
