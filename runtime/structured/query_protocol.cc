#include "runtime/structured/query_protocol.h"

#include <utility>

#include "platform/planted.h"
#include "platform/status_macros.h"
#include "runtime/connectors/committable_found.h"
#include "runtime/steps.h"

namespace wavetank::runtime {

using checkpoint::BatchHistory;
using checkpoint::CommitFound;
using checkpoint::CommittableIs;
using checkpoint::MetadataRecord;
using checkpoint::PreparedFound;

namespace {

checkpoint::SinkShows WhatSinkShows(const std::optional<CommittedBatch>& last,
                                    const checkpoint::QueryHistory& history) {
  const bool defined = !history.batches().empty();
  const int64_t newest = defined ? history.newest_batch() : 0;
  const int64_t shown = last ? last->batch : -1;
  if (shown < newest - 1) return checkpoint::SinkShows::kBehind;
  if (shown == newest - 1) return checkpoint::SinkShows::kAllBefore;
  if (shown > newest) return checkpoint::SinkShows::kAhead;
  const bool same = defined && history.batches().back().definition.hash() == last->definition_hash;
  return same ? checkpoint::SinkShows::kNewest : checkpoint::SinkShows::kOtherOfBatch;
}

void AddRecords(const NextBatch& next, std::vector<MetadataRecord>& records) {
  records.insert(records.end(), next.forgotten.begin(), next.forgotten.end());
  records.push_back(checkpoint::Record(next.definition));
}

}  // namespace

std::optional<CommittedBatch> LastCommitted(const checkpoint::QueryHistory& history) {
  const int64_t newest = history.newest_batch();
  if (newest < 0) return std::nullopt;
  const BatchHistory& batch = history.batches().back();
  if (batch.commit) return CommittedBatch{newest, batch.definition.hash()};
  return newest == 0 ? std::nullopt : std::optional(CommittedBatch{.batch = newest - 1});
}

QueryProtocol::QueryProtocol(platform::Node& node, checkpoint::Store& store, std::string query,
                             std::string directory, int64_t batches_retained)
    : node_(node),
      store_(store),
      query_(std::move(query)),
      directory_(std::move(directory)),
      history_(batches_retained) {}

Task<absl::Status> QueryProtocol::TakeOver(uint64_t segment_bytes) {
  WT_CO_ASSIGN_OR_RETURN(
      log_, co_await checkpoint::MetadataLog::TakeOver(node_, store_, directory_, history_,
                                                       {.segment_bytes = segment_bytes}));
  found_ = checkpoint::WhatQueryLogSays(history_);
  co_await node_.Step(
      steps::kQueryTakenOver,
      {{"epoch", log_->epoch().value()}, {"batch", newest_batch()}, {"query", query_}});
  co_return absl::OkStatus();
}

Task<absl::Status> QueryProtocol::Append(std::vector<MetadataRecord> records) {
  return log_->Append(std::move(records));
}

FencingToken QueryProtocol::NextToken() { return {epoch(), ++fences_}; }

void QueryProtocol::SinkShows(const std::optional<CommittedBatch>& last) {
  found_.sink = WhatSinkShows(last, history_);
  found_.committable = CommittableIs::kNotAsked;
  if (platform::Planted(node_, "sink_not_asked_after_take_over")) {
    found_.committable = CommittableIs::kPending;
  }
  if (platform::Planted(node_, "prepared_attempt_forgotten")) {
    found_.prepared =
        found_.commit == CommitFound::kNewest ? found_.prepared : PreparedFound::kNone;
  }
}

void QueryProtocol::SinkSays(CommittableState state) {
  found_.committable = ToCommittableIs(state);
}

void QueryProtocol::SinkCommitted() {
  found_.sink = checkpoint::SinkShows::kNewest;
  found_.committable = CommittableIs::kVisible;
}

void QueryProtocol::SinkUnsure() {
  found_.sink = checkpoint::SinkShows::kNotFenced;
  found_.committable = CommittableIs::kNotAsked;
}

void QueryProtocol::BeginBatch() {
  found_ = checkpoint::WhatQueryLogSays(history_);
  // This driver has fenced the sink, and the batches before are committed there.
  found_.sink = checkpoint::SinkShows::kAllBefore;
}

Task<absl::Status> QueryProtocol::Define(const NextBatch& next) {
  std::vector<MetadataRecord> records;
  AddRecords(next, records);
  WT_CO_RETURN_IF_ERROR(co_await log_->Append(std::move(records)));
  BeginBatch();
  co_return absl::OkStatus();
}

Task<absl::Status> QueryProtocol::Prepare(checkpoint::Prepared prepared) {
  WT_CO_RETURN_IF_ERROR(co_await log_->Append(checkpoint::Record(std::move(prepared))));
  found_.prepared = PreparedFound::kNewest;
  found_.committable = CommittableIs::kPending;
  co_return absl::OkStatus();
}

MetadataRecord QueryProtocol::NewestCommit() const {
  checkpoint::Commit commit;
  commit.set_batch_id(newest_batch());
  commit.set_attempt_id(newest().prepared->attempt_id());
  if (newest().prepared->has_next_watermark_ms()) {
    commit.set_next_watermark_ms(newest().prepared->next_watermark_ms());
  }
  return checkpoint::Record(std::move(commit));
}

Task<absl::Status> QueryProtocol::Commit(const std::optional<NextBatch>& next) {
  std::vector<MetadataRecord> records;
  if (!newest().commit) records.push_back(NewestCommit());
  if (next) AddRecords(*next, records);
  if (!records.empty()) WT_CO_RETURN_IF_ERROR(co_await log_->Append(std::move(records)));
  found_.commit = CommitFound::kNewest;
  if (next) BeginBatch();
  co_return absl::OkStatus();
}

}  // namespace wavetank::runtime
