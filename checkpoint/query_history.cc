#include "checkpoint/query_history.h"

#include <algorithm>
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
  first_batch_ = 0;
  starts_.clear();
  batches_.clear();
  seen_.clear();
}

absl::Status QueryHistory::Add(const MetadataRecord& record) {
  const bool first = !std::exchange(begun_, true);
  const auto kind = record.kind_case();
  const bool after_metadata = kind == MetadataRecord::kPlan ||
                              kind == MetadataRecord::kDefinition ||
                              kind == MetadataRecord::kPrepared ||
                              kind == MetadataRecord::kCommit || kind == MetadataRecord::kDropped ||
                              kind == MetadataRecord::kSeen || kind == MetadataRecord::kForgotten;
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
      return absl::OkStatus();
    case MetadataRecord::kPlan:
      plan_ = record.plan();
      return absl::OkStatus();
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
  }
}

std::string QueryHistory::EndOffset(const std::string& source) const {
  for (auto batch = batches_.rbegin(); batch != batches_.rend(); ++batch) {
    for (const SourceRange& range : batch->definition.sources()) {
      if (range.source() == source) return range.end_offset();
    }
  }
  const auto start = starts_.find(source);
  return start == starts_.end() ? "" : start->second;
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
  }
  for (const auto& [source, paths] : seen_) {
    SeenFiles seen;
    seen.set_source(source);
    platform::Generator<SeenFiles> parts = SeenInParts(std::move(seen), paths);
    while (std::optional<SeenFiles> part = parts.Next()) co_yield Record(*std::move(part));
  }
  for (const BatchHistory& batch : batches_) {
    co_yield Record(batch.definition);
    if (batch.prepared.has_value()) co_yield Record(*batch.prepared);
    if (batch.commit.has_value()) co_yield Record(*batch.commit);
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
