// The state of two operators under one log: whatever batch the log says was committed, both have
// what that batch has left, also when it was laid out in another number of partitions.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "checkpoint/local_store.h"
#include "checkpoint/metadata.h"
#include "checkpoint/named_files.h"
#include "checkpoint/paths.h"
#include "checkpoint/query_history.h"
#include "checkpoint/state_partitions.h"
#include "platform/check.h"
#include "platform/status_macros.h"
#include "tests/checkpoint/exhaustive/subjects.h"

namespace wavetank::checkpoint {
namespace {

using platform::Node;

constexpr int kOperators = 2;

// Snapshots are written by commits alone: a StateStore has its own subject.
StateStoreOptions OperatorOptions() {
  StateStoreOptions options;
  options.operator_fingerprint = "explored";
  options.lineage = {.snapshot_at = 100, .snapshot_at_latest = 100, .longest = 2};
  return options;
}

// Keys end with a digit: those of partition p of n have the p-th n-th of the ten.
std::optional<int> PartitionOfKey(std::string_view key, int partitions) {
  if (key.empty() || key.back() < '0' || key.back() > '9') return std::nullopt;
  return (key.back() - '0') * partitions / 10;
}

// What so many batches leave to an operator: the first gets a key each, the second changes one and
// takes another away.
std::map<std::string, std::string> ContentAfter(int op, int64_t batches) {
  std::map<std::string, std::string> content;
  for (int64_t i = 0; i < batches; ++i) {
    if (op == 0) content[absl::StrCat("key", i * 3 % 10)] = absl::StrCat(i);
    if (op == 1) content["count7"] = absl::StrCat(i + 1);
    if (op == 1) content[absl::StrCat("seen", i % 10)] = "";
    if (op == 1 && i > 0) content.erase(absl::StrCat("seen", (i - 1) % 10));
  }
  return content;
}

// A driver with its tasks, one after the other.
class Owner {
 public:
  Owner(Node& node, Store& store) : node_(node), store_(store) {}

  Task<absl::Status> TakeOver() {
    WT_CO_ASSIGN_OR_RETURN(log_, co_await MetadataLog::TakeOver(node_, store_, "log", history_));
    if (!history_.metadata()) {
      QueryMetadata metadata;
      metadata.set_query_id("explored");
      std::vector<MetadataRecord> begin = {Record(metadata), Record(Layout(1))};
      WT_CO_RETURN_IF_ERROR(co_await log_->Append(std::move(begin)));
    }
    co_return absl::OkStatus();
  }

  const QueryHistory& history() const { return history_; }
  int64_t committed() const {
    if (history_.batches().empty()) return 0;
    return history_.newest_batch() + (history_.batches().back().commit ? 1 : 0);
  }

  Task<absl::Status> RunBatch() {
    const int64_t batch = committed();
    if (history_.newest_batch() < batch) {
      BatchDefinition definition;
      definition.set_batch_id(batch);
      definition.set_hash(DefinitionHash(definition));
      WT_CO_RETURN_IF_ERROR(co_await log_->Append(Record(definition)));
    }
    Prepared prepared;
    prepared.set_batch_id(batch);
    prepared.set_attempt_id(absl::StrCat(log_->epoch().value()));
    for (int op = 0; op < kOperators; ++op) {
      for (int partition = 0; partition < history_.layout()->partitions(); ++partition) {
        WT_CO_ASSIGN_OR_RETURN(StateVersion made, co_await CutOf(op, partition, batch));
        *prepared.add_states() = StateOf(op, partition, made);
      }
    }
    WT_CO_RETURN_IF_ERROR(co_await log_->Append(Record(prepared)));
    Commit commit;
    commit.set_batch_id(batch);
    commit.set_attempt_id(prepared.attempt_id());
    co_return co_await log_->Append(Record(commit));
  }

  Task<absl::Status> Rescale(int partitions) {
    if (committed() == 0 || committed() != history_.newest_batch() + 1) co_return absl::OkStatus();
    StateLayout layout = Layout(partitions);
    layout.set_after_batch(history_.newest_batch());
    for (int op = 0; op < kOperators; ++op) {
      StateToRepartition state{
          .directory = [op](int partition) { return StateDirectory("", op, partition); },
          .options = OperatorOptions(),
          .from = {},
          .partitions = partitions,
          .partition_of = PartitionOfKey};
      for (int partition = 0; partition < history_.layout()->partitions(); ++partition) {
        state.from.push_back(Before(op, partition));
      }
      WT_CO_ASSIGN_OR_RETURN(const std::vector<StateVersion> made,
                             co_await Repartition(node_, store_, std::move(state)));
      for (int partition = 0; partition < partitions; ++partition) {
        *layout.add_states() = StateOf(op, partition, made[static_cast<size_t>(partition)]);
      }
    }
    co_return co_await log_->Append(Record(layout));
  }

  // What the operator has after the newest batch that is committed.
  Task<absl::StatusOr<std::map<std::string, std::string>>> Content(int op) {
    std::map<std::string, std::string> content;
    for (int partition = 0; partition < history_.layout()->partitions(); ++partition) {
      WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<StateStore> state, co_await Open(op, partition));
      state->ForEach(
          [&](std::string_view key, std::string_view value) { content.emplace(key, value); });
    }
    co_return content;
  }

 private:
  static StateLayout Layout(int partitions) {
    StateLayout layout;
    layout.set_after_batch(-1);
    layout.set_partitions(partitions);
    for (int op = 0; op < kOperators; ++op) layout.add_operators()->set_operator_id(op);
    return layout;
  }

  static OperatorState StateOf(int op, int partition, const StateVersion& version) {
    OperatorState state;
    state.set_operator_id(op);
    state.set_partition(partition);
    state.set_version(version.version);
    for (const std::string& file : version.files) state.add_names(NameInPath(file));
    return state;
  }

  // Of the newest batch that is committed.
  StateVersion Before(int op, int partition) const {
    if (committed() == 0) return {};
    const size_t open = history_.newest_batch() + 1 - committed();
    const BatchHistory& batch = history_.batches().rbegin()[static_cast<ptrdiff_t>(open)];
    for (const OperatorState& state : history_.StatesAfter(batch)) {
      if (state.operator_id() != op || state.partition() != partition) continue;
      return {.version = state.version(), .files = StateFiles("", state)};
    }
    WT_CHECK(false, "a committed batch names each state");
  }

  Task<absl::StatusOr<std::unique_ptr<StateStore>>> Open(int op, int partition) {
    co_return co_await StateStore::Open(node_, store_, StateDirectory("", op, partition),
                                        Before(op, partition), OperatorOptions());
  }

  Task<absl::StatusOr<StateVersion>> CutOf(int op, int partition, int64_t batch) {
    WT_CO_ASSIGN_OR_RETURN(const std::unique_ptr<StateStore> state, co_await Open(op, partition));
    const auto now = ContentAfter(op, batch + 1);
    for (const auto& [key, value] : now) {
      if (PartitionOfKey(key, history_.layout()->partitions()) != partition) continue;
      std::string_view held;
      if (!state->Get(key, &held) || held != value) state->Put(key, value);
    }
    for (const auto& [key, value] : ContentAfter(op, batch)) {
      if (!now.contains(key)) state->Remove(key);
    }
    co_return co_await state->Commit();
  }

  Node& node_;
  Store& store_;
  QueryHistory history_;
  std::unique_ptr<MetadataLog> log_;
};

class OperatorsSubject final : public CrashSubject {
 public:
  std::string name() const override { return "state of two operators"; }
  std::vector<std::string> operations() const override {
    return {"run a batch", "lay state out in 2 partitions, or in 1", "take over"};
  }

  Task<void> Run(Node& node, std::vector<int> script, Promises& promises) override {
    LocalStore store(node, "root");
    auto owner = std::make_unique<Owner>(node, store);
    WT_CHECK((co_await owner->TakeOver()).ok());
    for (const int operation : script) {
      absl::Status done;
      if (operation == 0) {
        done = co_await owner->RunBatch();
      } else if (operation == 1) {
        done = co_await owner->Rescale(owner->history().layout()->partitions() == 1 ? 2 : 1);
      } else {
        owner = std::make_unique<Owner>(node, store);
        done = co_await owner->TakeOver();
      }
      WT_CHECK(done.ok(), std::string(done.message()));
      promises["committed"] = absl::StrCat(owner->committed());
    }
  }

  Task<void> Recover(Node& node, Promises& promises, std::string& broken) override {
    LocalStore store(node, "root");
    Owner owner(node, store);
    const absl::Status taken = co_await owner.TakeOver();
    if (!taken.ok()) {
      broken = taken.ToString();
      co_return;
    }
    int64_t promised = 0;
    const auto acknowledged = promises.find("committed");
    if (acknowledged != promises.end()) {
      WT_CHECK(absl::SimpleAtoi(acknowledged->second, &promised));
    }
    if (owner.committed() < promised) {
      broken = absl::StrCat(promised, " batches were committed, ", owner.committed(), " are");
      co_return;
    }
    promises["committed"] = absl::StrCat(owner.committed());
    for (int op = 0; op < kOperators; ++op) {
      const auto content = co_await owner.Content(op);
      if (!content.ok()) {
        broken = absl::StrCat("operator ", op, ": ", content.status().ToString());
      } else if (*content != ContentAfter(op, owner.committed())) {
        broken = absl::StrCat("operator ", op, " has not what batch ", owner.committed() - 1,
                              " has left");
      }
      if (!broken.empty()) co_return;
    }
  }
};

}  // namespace

std::unique_ptr<CrashSubject> TwoOperatorsSubject() { return std::make_unique<OperatorsSubject>(); }

}  // namespace wavetank::checkpoint
