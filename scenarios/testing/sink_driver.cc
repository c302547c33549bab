#include "scenarios/testing/sink_driver.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "platform/status_macros.h"
#include "runtime/connectors/committable_found.h"
#include "runtime/connectors/staged_rows.h"

namespace wavetank::testing {

using checkpoint::CommitFound;
using checkpoint::CommittableIs;
using checkpoint::DefinitionFound;
using checkpoint::PreparedFound;
using checkpoint::RecoveryDecision;
using checkpoint::SinkShows;
using runtime::CommittableState;
using runtime::CommittedBatch;
using runtime::FencingToken;
using runtime::RecordBatch;

namespace {

constexpr int kParts = 3;  // the last has no rows
constexpr int kRowsOfPart = 4;
constexpr uint64_t kInlineBytes = 4096;
constexpr char kStagedDirectory[] = "checkpoint/prepared";
constexpr char kOwnDirectory[] = "checkpoint/sink";
constexpr char kZombie[] = "a newer driver owns the query's log";
// A worker that says nothing for so long is given up.
constexpr absl::Duration kWorkerPatience = absl::Seconds(60);
constexpr int kMaxWorkers = 5;
constexpr int kMaxUnsure = 4;
constexpr uint64_t kHash = 1000;  // of the first batch's definition

// The first column of text says which row it is; the others hold its number, which counts on from
// `first`, or nothing.
RecordBatch RowsOf(const runtime::SchemaPtr& schema, const std::vector<std::string>& texts,
                   int64_t first) {
  std::vector<runtime::Column> columns;
  bool told = false;
  for (const runtime::Field& field : schema->fields()) {
    runtime::ColumnBuilder column(field.type);
    const bool tells = !told && field.type == runtime::DataType::kString;
    told = told || tells;
    for (size_t row = 0; row < texts.size(); ++row) {
      if (tells) {
        column.String(texts[row]);
      } else if (field.type == runtime::DataType::kInt64) {
        column.Int64(first + static_cast<int64_t>(row));
      } else {
        column.Null();
      }
    }
    columns.push_back(column.Finish());
  }
  return {schema, std::move(columns), static_cast<int64_t>(texts.size())};
}

std::vector<std::string> RowTexts(int64_t batch, int64_t attempt, int part) {
  std::vector<std::string> texts;
  for (int row = 0; row < kRowsOfPart; ++row) {
    texts.push_back(absl::StrCat("b", batch, "-a", attempt, "-p", part, "-r", row));
  }
  return texts;
}

// In update mode rows of one number replace one another.
std::vector<int> KeysOf(const SinkRun& run) {
  std::vector<int> keys;
  if (run.mode != runtime::QueryOutputMode::kUpdate) return keys;
  for (size_t i = 0; i < run.schema->fields().size(); ++i) {
    if (run.schema->fields()[i].type == runtime::DataType::kInt64) {
      keys.push_back(static_cast<int>(i));
    }
  }
  return keys;
}

struct Staging {
  int64_t batch = 0;
  bool done = false;
  absl::Status status = {};
  std::vector<std::string> parts = {};
  std::vector<std::string> rows = {};
};

class Worker {
 public:
  Worker(platform::Node& node, SinkRun& run, const std::string& name)
      : node_(node), run_(run), store_(run.host.StoreFor(node, name)) {}

  Task<absl::Status> Stage(std::shared_ptr<Staging> staging) {
    // One that dies in the middle, and a part of an attempt that nobody will hear of.
    {
      WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<runtime::SinkWriter> dropped,
                             Open(staging->batch, ++run_.attempts));
      WT_CO_RETURN_IF_ERROR(co_await dropped->Write(
          RowsOf(run_.schema, RowTexts(staging->batch, run_.attempts, 0), /*first=*/0)));
    }
    const int64_t unheard = ++run_.attempts;
    WT_CO_RETURN_IF_ERROR(
        (co_await Part(staging->batch, unheard, 1, RowTexts(staging->batch, unheard, 1))).status());
    for (int part = 0; part < kParts; ++part) {
      const int64_t attempt = ++run_.attempts;
      std::vector<std::string> rows;
      if (part + 1 < kParts) rows = RowTexts(staging->batch, attempt, part);
      WT_CO_ASSIGN_OR_RETURN(std::string staged,
                             co_await Part(staging->batch, attempt, part, rows));
      staging->parts.push_back(std::move(staged));
      staging->rows.insert(staging->rows.end(), rows.begin(), rows.end());
    }
    co_return absl::OkStatus();
  }

 private:
  absl::StatusOr<std::unique_ptr<runtime::SinkWriter>> Open(int64_t batch, int64_t attempt) {
    const std::string unique = absl::StrCat("attempt", attempt);
    if (run_.format.apply != nullptr) {
      return runtime::StageRows(*store_, kStagedDirectory, batch, unique);
    }
    // Every other part may come without a file of its own, if the sink has such.
    const uint64_t inline_bytes = attempt % 2 == 0 ? kInlineBytes : 0;
    return run_.format.write({node_, *store_, run_.options, batch, unique, inline_bytes});
  }

  Task<absl::StatusOr<std::string>> Part(int64_t batch, int64_t attempt, int part,
                                         std::vector<std::string> rows) {
    WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<runtime::SinkWriter> writer, Open(batch, attempt));
    const size_t half = rows.size() / 2;
    const std::vector<std::string> first(rows.begin(), rows.begin() + static_cast<int64_t>(half));
    const std::vector<std::string> rest(rows.begin() + static_cast<int64_t>(half), rows.end());
    int64_t number = int64_t{part} * kRowsOfPart;
    for (const std::vector<std::string>& some : {first, rest}) {
      if (some.empty()) continue;
      WT_CO_RETURN_IF_ERROR(co_await writer->Write(RowsOf(run_.schema, some, number)));
      number += std::ssize(some);
    }
    co_return co_await writer->Finish();
  }

  platform::Node& node_;
  SinkRun& run_;
  const std::unique_ptr<checkpoint::Store> store_;
};

Task<void> Work(platform::Node& node, SinkRun* run, std::string name,
                std::shared_ptr<Staging> staging) {
  Worker worker(node, *run, name);
  staging->status = co_await worker.Stage(staging);
  staging->done = true;
}

bool IsUnsure(const absl::Status& status) {
  return !absl::IsFailedPrecondition(status) && !absl::IsDataLoss(status) &&
         !absl::IsInvalidArgument(status);
}

class SinkDriver {
 public:
  SinkDriver(platform::Node& node, SinkRun& run, int64_t epoch, std::string worker)
      : node_(node),
        run_(run),
        epoch_(epoch),
        worker_(std::move(worker)),
        store_(run.host.StoreFor(node, NameOfDriver(epoch))) {}

  Task<absl::Status> Run() {
    run_.log.epoch = epoch_;
    known_ = run_.log.batches;
    WT_CO_RETURN_IF_ERROR(Open());
    WhatLogSays();
    while (true) {
      const checkpoint::QueryRow& row = checkpoint::DecideQuery(found_);
      switch (row.decision) {
        case RecoveryDecision::kFenceSink:
          WT_CO_RETURN_IF_ERROR(co_await Fence());
          break;
        case RecoveryDecision::kAskSink: {
          WT_CO_ASSIGN_OR_RETURN(const CommittableState state,
                                 co_await sink_->Ask(*newest().committable));
          found_.committable = ToCommittableIs(state);
          co_await Hold(kOnceAsked);
          break;
        }
        case RecoveryDecision::kDefineNext:
          if (batch() + 1 == run_.batches) co_return absl::OkStatus();
          known_.push_back({.hash = kHash + known_.size()});
          WT_CO_RETURN_IF_ERROR(Append());
          unsure_ = 0;
          WhatLogSays();
          found_.sink = SinkShows::kAllBefore;
          break;
        case RecoveryDecision::kRunBatch:
          WT_CO_RETURN_IF_ERROR(co_await RunBatch());
          break;
        case RecoveryDecision::kSendCommit:
          WT_CO_RETURN_IF_ERROR(co_await Commit());
          break;
        case RecoveryDecision::kLogCommit:
          newest().committed = true;
          WT_CO_RETURN_IF_ERROR(Append());
          found_.commit = CommitFound::kNewest;
          co_await node_.Step(sink_steps::kLogged, {{"batch", batch()}});
          co_await Hold(batch() + 1);
          break;
        case RecoveryDecision::kRefuse:
          co_return checkpoint::Refusal(row, "conformance", batch());
      }
    }
  }

  // Whoever finds that it is not the owner, and is unsure, would fence the sink once more.
  Task<void> FenceAsZombie() {
    if (sink_ != nullptr) (co_await FenceAnew()).status().IgnoreError();
  }

 private:
  int64_t batch() const { return static_cast<int64_t>(known_.size()) - 1; }
  SinkLog::Batch& newest() { return known_.back(); }

  // What this driver knows is what the log says, unless somebody else owns that by now.
  absl::Status Append() {
    if (run_.log.epoch != epoch_) return absl::AbortedError(kZombie);
    run_.log.batches = known_;
    return absl::OkStatus();
  }

  absl::Status Open() {
    if (run_.format.apply != nullptr) {
      sink_ = runtime::BatchFunctionSink(
          *store_, kStagedDirectory, [this](runtime::StagedBatch staged) {
            return runtime::ApplyStagedBatch(node_, *store_, kStagedDirectory, std::move(staged),
                                             run_.options, run_.format.apply,
                                             {.id = "conformance",
                                              .mode = run_.mode,
                                              .keys = KeysOf(run_),
                                              .directory = kOwnDirectory});
          });
    } else {
      WT_ASSIGN_OR_RETURN(sink_, run_.format.open({.node = node_,
                                                   .store = *store_,
                                                   .options = run_.options,
                                                   .query_id = "conformance",
                                                   .mode = run_.mode,
                                                   .schema = run_.schema,
                                                   .keys = KeysOf(run_),
                                                   .log_segment_bytes = uint64_t{4} << 20}));
    }
    run_.remembers = sink_->remembers();
    return absl::OkStatus();
  }

  void WhatLogSays() {
    found_ = {};
    if (known_.empty()) return;
    found_.definition = DefinitionFound::kNewest;
    if (newest().committable) found_.prepared = PreparedFound::kNewest;
    if (newest().committed) found_.commit = CommitFound::kNewest;
  }

  // As the log has it.
  std::optional<CommittedBatch> LastCommitted() {
    if (known_.empty()) return std::nullopt;
    if (newest().committed) return CommittedBatch{batch(), newest().hash};
    return batch() == 0 ? std::nullopt : std::optional(CommittedBatch{.batch = batch() - 1});
  }

  SinkShows WhatSinkShows(const std::optional<CommittedBatch>& last) {
    const int64_t now = known_.empty() ? 0 : batch();
    const int64_t shown = last ? last->batch : -1;
    if (shown < now - 1) return SinkShows::kBehind;
    if (shown == now - 1) return SinkShows::kAllBefore;
    if (shown > now) return SinkShows::kAhead;
    const bool same = !known_.empty() && newest().hash == last->definition_hash;
    return same ? SinkShows::kNewest : SinkShows::kOtherOfBatch;
  }

  Task<absl::StatusOr<std::optional<CommittedBatch>>> FenceAnew() {
    const bool older = run_.newest_fence > epoch_;
    auto fenced = co_await sink_->Fence({epoch_, ++fences_});
    if (!fenced.ok()) co_return fenced;
    if (older) run_.older_token_taken = true;
    run_.newest_fence = std::max(run_.newest_fence, epoch_);
    co_return fenced;
  }

  Task<absl::Status> Fence() {
    WT_CO_ASSIGN_OR_RETURN(std::optional<CommittedBatch> last, co_await FenceAnew());
    if (!sink_->remembers()) last = LastCommitted();
    found_.sink = WhatSinkShows(last);
    found_.committable = CommittableIs::kNotAsked;
    co_await Hold(kOnceFenced);
    if (run_.commit_again_first && batch() >= 0 && newest().acknowledged) {
      run_.committed_again = co_await sink_->Commit(*newest().committable);
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> RunBatch() {
    std::shared_ptr<Staging> staging;
    for (int i = 0; i < kMaxWorkers && (staging == nullptr || !staging->done); ++i) {
      staging = std::make_shared<Staging>(Staging{.batch = batch()});
      co_await AwaitWorker(staging);
    }
    if (!staging->done) co_return absl::UnavailableError("no worker ends its work");
    WT_CO_RETURN_IF_ERROR(staging->status);
    co_await node_.Step(sink_steps::kStaged, {{"batch", batch()}});
    WT_CO_ASSIGN_OR_RETURN(
        std::string committable,
        co_await sink_->Prepare(
            {.batch = batch(), .definition_hash = newest().hash, .parts = staging->parts}));
    newest().committable = std::move(committable);
    newest().rows = staging->rows;
    WT_CO_RETURN_IF_ERROR(Append());
    found_.prepared = PreparedFound::kNewest;
    found_.committable = CommittableIs::kPending;
    co_await node_.Step(sink_steps::kPrepared, {{"batch", batch()}});
    co_return absl::OkStatus();
  }

  Task<void> AwaitWorker(std::shared_ptr<Staging> staging) {
    const auto work = [run = &run_, name = worker_, staging](platform::Node& node) {
      return Work(node, run, name, staging);
    };
    const std::function<bool()> goes_on = run_.host.StartWorker(worker_, work);
    const platform::MonotonicTime end = node_.clock().Now() + kWorkerPatience;
    while (!staging->done && goes_on() && node_.clock().Now() < end) {
      co_await node_.clock().Sleep(absl::Milliseconds(1));
    }
  }

  Task<absl::Status> Commit() {
    absl::Status status = co_await sink_->Commit(*newest().committable);
    if (!status.ok()) {
      if (!IsUnsure(status) || ++unsure_ > kMaxUnsure) co_return status;
      found_.sink = SinkShows::kNotFenced;
      found_.committable = CommittableIs::kNotAsked;
      co_return absl::OkStatus();
    }
    newest().acknowledged = true;
    if (run_.log.epoch == epoch_) run_.log.batches.back().acknowledged = true;
    if (run_.commit_twice) run_.committed_again = co_await sink_->Commit(*newest().committable);
    found_.sink = SinkShows::kNewest;
    found_.committable = CommittableIs::kVisible;
    co_await node_.Step(sink_steps::kCommitted, {{"batch", batch()}});
    co_return absl::OkStatus();
  }

  Task<void> Hold(int64_t at) {
    if (run_.held_epoch != epoch_ || run_.held_at != at) co_return;
    run_.is_held = true;
    while (run_.held_at == at) co_await node_.clock().Sleep(absl::Milliseconds(10));
    run_.is_held = false;
  }

  platform::Node& node_;
  SinkRun& run_;
  const int64_t epoch_;
  const std::string worker_;
  const std::unique_ptr<checkpoint::Store> store_;
  std::unique_ptr<runtime::TransactionalSink> sink_;
  std::vector<SinkLog::Batch> known_;
  checkpoint::QueryFound found_;
  int64_t fences_ = 0;
  int unsure_ = 0;
};

}  // namespace

std::string NameOfDriver(int64_t epoch) { return absl::StrCat("driver ", epoch); }

Task<void> DriveSink(platform::Node& node, SinkRun* run, int64_t epoch, std::string worker) {
  SinkDriver driver(node, *run, epoch, std::move(worker));
  const absl::Status status = co_await driver.Run();
  if (run->log.epoch != epoch) {
    co_await driver.FenceAsZombie();
  } else {
    run->ended = status;
  }
}

}  // namespace wavetank::testing
