// Writers of each kind of durable thing, with one interface: what is written in units can be
// counted when it is read back.
#ifndef WAVETANK_TESTS_RUNTIME_DURABLE_WRITERS_H_
#define WAVETANK_TESTS_RUNTIME_DURABLE_WRITERS_H_

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "checkpoint/fenced_log.h"
#include "checkpoint/graph_history.h"
#include "checkpoint/metadata.h"
#include "checkpoint/query_history.h"
#include "checkpoint/state_store.h"
#include "checkpoint/store.h"
#include "platform/status_macros.h"
#include "runtime/connectors/file_sink.h"
#include "tests/runtime/connectors/stage_file_part.h"

namespace wavetank::runtime::durable_writers {

using checkpoint::MetadataLog;
using checkpoint::Store;
using platform::Node;

class Writer {
 public:
  virtual ~Writer() = default;
  // Of a log or a sink: takes it over.
  virtual Task<absl::Status> Open() = 0;
  virtual Task<absl::Status> Write(int unit) = 0;
  // What a reader finds.
  virtual Task<absl::StatusOr<std::set<int>>> Units() = 0;
};

class RecordLog final : public Writer {
 public:
  RecordLog(Node& node, Store& store) : node_(node), store_(store) {}

  Task<absl::Status> Open() override {
    log_ = nullptr;
    WT_CO_ASSIGN_OR_RETURN(
        log_, co_await checkpoint::FencedLog::TakeOver(node_, store_, "log", records_));
    co_return absl::OkStatus();
  }
  Task<absl::Status> Write(int unit) override {
    // Long enough to be lost in parts.
    std::vector<std::string> records = {std::to_string(unit), std::string(700, 'x')};
    return log_->Append(std::move(records));
  }
  Task<absl::StatusOr<std::set<int>>> Units() override {
    WT_CO_RETURN_IF_ERROR(co_await Open());
    std::set<int> units;
    for (const std::string& record : records_.records()) {
      if (record.size() == 1) units.insert(record[0] - '0');
    }
    co_return units;
  }

 private:
  Node& node_;
  Store& store_;
  checkpoint::RecordList records_;
  std::unique_ptr<checkpoint::FencedLog> log_;
};

// A unit is a whole batch.
class QueryLog final : public Writer {
 public:
  QueryLog(Node& node, Store& store) : node_(node), store_(store) {}

  Task<absl::Status> Open() override {
    log_ = nullptr;
    WT_CO_ASSIGN_OR_RETURN(log_, co_await MetadataLog::TakeOver(node_, store_, "log", history_));
    if (history_.metadata()) co_return absl::OkStatus();
    checkpoint::QueryMetadata metadata;
    metadata.set_query_id("q");
    co_return co_await log_->Append(checkpoint::Record(metadata));
  }
  Task<absl::Status> Write(int unit) override {
    checkpoint::BatchDefinition definition;
    definition.set_batch_id(unit - 1);
    definition.set_hash(checkpoint::DefinitionHash(definition));
    checkpoint::Prepared prepared;
    prepared.set_batch_id(unit - 1);
    prepared.set_sink_committable(std::string(700, 'x'));
    checkpoint::Commit commit;
    commit.set_batch_id(unit - 1);
    std::vector<checkpoint::MetadataRecord> records = {
        checkpoint::Record(definition), checkpoint::Record(prepared), checkpoint::Record(commit)};
    return log_->Append(std::move(records));
  }
  Task<absl::StatusOr<std::set<int>>> Units() override {
    WT_CO_RETURN_IF_ERROR(co_await Open());
    std::set<int> units;
    for (const checkpoint::BatchHistory& batch : history_.batches()) {
      if (batch.commit.has_value()) units.insert(static_cast<int>(batch.definition.batch_id()) + 1);
    }
    co_return units;
  }

 private:
  Node& node_;
  Store& store_;
  checkpoint::QueryHistory history_;
  std::unique_ptr<MetadataLog> log_;
};

class GraphLog final : public Writer {
 public:
  GraphLog(Node& node, Store& store) : node_(node), store_(store) {}

  Task<absl::Status> Open() override {
    log_ = nullptr;
    WT_CO_ASSIGN_OR_RETURN(log_, co_await MetadataLog::TakeOver(node_, store_, "log", history_));
    if (history_.metadata()) co_return absl::OkStatus();
    co_return co_await log_->Append(checkpoint::Record(checkpoint::GraphMetadata()));
  }
  Task<absl::Status> Write(int unit) override {
    checkpoint::BatchInput input;
    input.set_batch_time_ms(unit);
    input.add_streams()->add_files()->set_path(std::string(700, 'x'));
    checkpoint::BatchCompleted completed;
    completed.set_batch_time_ms(unit);
    std::vector<checkpoint::MetadataRecord> records = {checkpoint::Record(input),
                                                       checkpoint::Record(completed)};
    return log_->Append(std::move(records));
  }
  Task<absl::StatusOr<std::set<int>>> Units() override {
    WT_CO_RETURN_IF_ERROR(co_await Open());
    std::set<int> units;
    for (const auto& [time, batch] : history_.batches()) {
      if (batch.completed) units.insert(static_cast<int>(time));
    }
    co_return units;
  }

 private:
  Node& node_;
  Store& store_;
  checkpoint::GraphHistory history_;
  std::unique_ptr<MetadataLog> log_;
};

// A unit is a version. What counts is the version that was acknowledged last: in a query, its log
// keeps it.
class State final : public Writer {
 public:
  State(Node& node, Store& store, checkpoint::StateVersion& counts)
      : node_(node), store_(store), counts_(counts) {}

  Task<absl::Status> Open() override {
    WT_CO_ASSIGN_OR_RETURN(state_,
                           co_await checkpoint::StateStore::Open(node_, store_, "state", counts_));
    co_return absl::OkStatus();
  }
  Task<absl::Status> Write(int unit) override {
    state_->Put(std::to_string(unit), std::string(700, 'x'));
    WT_CO_ASSIGN_OR_RETURN(counts_, co_await state_->Commit());
    co_return absl::OkStatus();
  }
  Task<absl::StatusOr<std::set<int>>> Units() override {
    WT_CO_RETURN_IF_ERROR(co_await Open());
    std::set<int> units;
    state_->ForEach([&](std::string_view key, std::string_view) { units.insert(key[0] - '0'); });
    co_return units;
  }

 private:
  Node& node_;
  Store& store_;
  checkpoint::StateVersion& counts_;
  std::unique_ptr<checkpoint::StateStore> state_;
};

// A unit is a batch. Whoever is unsure fences, and commits what is missing.
class Sink final : public Writer {
 public:
  Sink(Node& node, Store& store, int64_t epoch)
      : node_(node),
        store_(store),
        sink_(node, store,
              {.directory = "out", .query_id = "q", .mode = MANIFEST_MODE_APPEND, .columns = {}}),
        epoch_(epoch) {}

  Task<absl::Status> Open() override {
    const FencingToken token{epoch_, ++fences_};
    WT_CO_ASSIGN_OR_RETURN(const std::optional<CommittedBatch> last, co_await sink_.Fence(token));
    committed_ = last ? static_cast<int>(last->batch) + 1 : 0;
    co_return absl::OkStatus();
  }
  Task<absl::Status> Write(int unit) override {
    if (unsure_) WT_CO_RETURN_IF_ERROR(co_await Open());
    unsure_ = true;
    while (committed_ < unit) WT_CO_RETURN_IF_ERROR(co_await CommitNext());
    unsure_ = false;
    co_return absl::OkStatus();
  }
  Task<absl::StatusOr<std::set<int>>> Units() override {
    // Until the next owner, a reader waits where one died between its epoch and its seal.
    WT_CO_RETURN_IF_ERROR(co_await Open());
    WT_CO_ASSIGN_OR_RETURN(const SinkTable table,
                           co_await ReadFileSink(node_, store_, "out", absl::Seconds(2)));
    std::set<int> units;
    for (const TextRow& row : table.rows) units.insert((*row[0])[0] - '0');
    co_return units;
  }

 private:
  Task<absl::Status> CommitNext() {
    const int unit = committed_ + 1;
    SinkBatch batch{unit - 1, static_cast<uint64_t>(unit), {}};
    std::string text = absl::StrCat(unit, ",", std::string(700, 'x'), "\n");
    WT_CO_ASSIGN_OR_RETURN(
        std::string part,
        co_await StageFilePart(store_, "out", unit - 1, absl::StrCat("u", unit, "-", fences_),
                               std::move(text), 1, unit % 2 == 0 ? 300 : 1000));
    batch.parts.push_back(std::move(part));
    WT_CO_ASSIGN_OR_RETURN(std::string committable, co_await sink_.Prepare(std::move(batch)));
    WT_CO_RETURN_IF_ERROR(co_await sink_.Commit(std::move(committable)));
    // What it does beside the batches comes at the same place in every run.
    co_await sink_.Settle(absl::Seconds(10));
    committed_ = unit;
    co_return absl::OkStatus();
  }

  Node& node_;
  Store& store_;
  FileSink sink_;
  const int64_t epoch_;
  int64_t fences_ = 0;
  int committed_ = 0;
  bool unsure_ = false;
};

// A unit is a stretch of one file; of another file, once an append to the first has failed.
class Files final : public Writer {
 public:
  explicit Files(Store& store) : store_(store) {}

  Task<absl::Status> Open() override { co_return absl::OkStatus(); }
  Task<absl::Status> Write(int unit) override {
    std::string stretch = absl::StrCat(unit, std::string(699, 'x'));
    if (unit == 1 || unsure_) {
      co_return co_await store_.CreateIfAbsent(absl::StrCat("files/", unit), std::move(stretch));
    }
    unsure_ = true;
    WT_CO_RETURN_IF_ERROR(co_await store_.Append("files/1", size_, std::move(stretch)));
    unsure_ = false;
    size_ += 700;
    co_return absl::OkStatus();
  }
  Task<absl::StatusOr<std::set<int>>> Units() override {
    WT_CO_ASSIGN_OR_RETURN(const std::vector<checkpoint::StoredFile> files,
                           co_await store_.List("files"));
    std::set<int> units;
    for (const checkpoint::StoredFile& file : files) {
      WT_CO_ASSIGN_OR_RETURN(const std::string content,
                             co_await store_.ReadAll(absl::StrCat("files/", file.name)));
      for (size_t at = 0; at + 700 <= content.size(); at += 700) {
        if (content.substr(at + 1, 699) == std::string(699, 'x')) units.insert(content[at] - '0');
      }
    }
    co_return units;
  }

 private:
  Store& store_;
  uint64_t size_ = 700;
  bool unsure_ = false;
};

}  // namespace wavetank::runtime::durable_writers

#endif  // WAVETANK_TESTS_RUNTIME_DURABLE_WRITERS_H_
