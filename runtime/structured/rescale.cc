#include "runtime/structured/rescale.h"

#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "checkpoint/metadata.h"
#include "checkpoint/named_files.h"
#include "checkpoint/paths.h"
#include "checkpoint/query_history.h"
#include "checkpoint/state_partitions.h"
#include "platform/planted.h"
#include "platform/status_macros.h"
#include "runtime/columnar/partition_of.h"
#include "runtime/columnar/row_key.h"
#include "runtime/steps.h"
#include "runtime/structured/fragment_task.h"
#include "runtime/structured/query_identity.h"
#include "runtime/structured/state_layout.h"

namespace wavetank::runtime {
namespace {

using checkpoint::OperatorLayout;
using checkpoint::OperatorState;
using checkpoint::QueryHistory;
using checkpoint::StateLayout;
using platform::Task;

// No more than the newest batches matter.
constexpr int64_t kBatches = 2;

std::string LogOf(const std::string& checkpoint) { return checkpoint::JoinPath(checkpoint, "log"); }

// What there is to do.
absl::StatusOr<Rescaled> Check(const QueryHistory& history, int partitions) {
  if (partitions < 1 || partitions > kMostShufflePartitions) {
    return absl::InvalidArgumentError(
        absl::StrCat(partitions, " partitions: from 1 to ", kMostShufflePartitions));
  }
  if (history.layout() == nullptr) {
    return absl::FailedPreconditionError(
        "it does not say how state is laid out: either the query keeps none, and runs "
        "with any number of partitions, or it was written by an older build: start its "
        "job once with this one, as it was, and stop it");
  }
  Rescaled rescaled{.before = history.layout()->partitions(),
                    .after = partitions,
                    .batches = history.newest_batch() + 1,
                    .operators = history.layout()->operators_size()};
  if (!history.bound()) return rescaled;
  const checkpoint::BatchHistory& newest = history.batches().back();
  if (!newest.commit) {
    return absl::FailedPreconditionError(
        absl::StrCat("batch ", newest.definition.batch_id(),
                     " is under way: start the job as it was, which finishes "
                     "it, stop it in good order (SIGTERM), and rescale "
                     "then"));
  }
  const int states = history.StatesAfter(newest).size();
  if (int64_t{states} != rescaled.before * rescaled.operators) {
    return absl::DataLossError(absl::StrCat("the newest batch names ", states, " states of ",
                                            rescaled.operators, " operators in ", rescaled.before,
                                            " partitions"));
  }
  return rescaled;
}

// A log that is not a query's says so itself.
Task<absl::Status> Read(platform::Node& node, checkpoint::Store& store, std::string checkpoint,
                        QueryHistory& history) {
  const absl::Status read = co_await checkpoint::ReadMetadataLog(node, store, LogOf(checkpoint),
                                                                 absl::ZeroDuration(), history);
  WT_CO_RETURN_IF_ERROR(read);
  if (!history.metadata()) {
    co_return absl::NotFoundError("there is no log of a query in it");
  }
  co_return absl::OkStatus();
}

class Rescaling {
 public:
  Rescaling(platform::Node& node, checkpoint::Store& store, std::string checkpoint,
            const QueryHistory& history)
      : node_(node), store_(store), checkpoint_(std::move(checkpoint)), history_(history) {}

  // The layout with all that it names durable.
  Task<absl::StatusOr<StateLayout>> Run(int partitions) {
    StateLayout layout = *history_.layout();
    layout.set_after_batch(history_.newest_batch());
    layout.set_partitions(partitions);
    layout.clear_states();
    if (!history_.bound()) co_return layout;  // there is no state yet
    for (int i = 0; i < layout.operators_size(); ++i) {
      WT_CO_RETURN_IF_ERROR(co_await RunOperator(layout.operators(i), layout));
    }
    co_return layout;
  }

 private:
  Task<absl::Status> RunOperator(OperatorLayout op, StateLayout& layout) {
    const int id = op.operator_id();
    checkpoint::StateToRepartition state;
    state.directory = [this, id](int partition) {
      return checkpoint::StateDirectory(checkpoint_, id, partition);
    };
    state.options = StateOptionsOf(history_.metadata()->plan_fingerprint());
    state.options.stores.clear();
    for (const checkpoint::StoreLayout& store : op.stores()) {
      state.options.stores.push_back({.name = store.name(), .schema_fingerprint = store.schema()});
    }
    state.from = From(id);
    if (platform::Planted(node_, "last_operator_rescaled_alone") && id > 0) {
      for (checkpoint::StateVersion& version : state.from) version.files.clear();
    }
    state.partitions = layout.partitions();
    const std::vector<uint8_t> widths(op.partition_widths().begin(), op.partition_widths().end());
    state.partition_of = [widths](std::string_view key, int partitions) -> std::optional<int> {
      const std::optional<uint64_t> hash = HashOfRowKey(key, widths);
      if (!hash) return std::nullopt;
      return PartitionOf(*hash, partitions);
    };
    WT_CO_ASSIGN_OR_RETURN(const std::vector<checkpoint::StateVersion> made,
                           co_await checkpoint::Repartition(node_, store_, std::move(state)));
    for (size_t partition = 0; partition < made.size(); ++partition) {
      OperatorState& to = *layout.add_states();
      to.set_operator_id(id);
      to.set_partition(static_cast<int>(partition));
      to.set_version(made[partition].version);
      for (const std::string& file : made[partition].files) {
        to.add_names(checkpoint::NameInPath(file));
      }
    }
    co_return absl::OkStatus();
  }

  // Of an operator, by partition.
  std::vector<checkpoint::StateVersion> From(int operator_id) const {
    std::map<int, checkpoint::StateVersion> by_partition;
    auto newest = history_.batches().end() - 1;
    if (platform::Planted(node_, "rescaled_from_the_batch_before") &&
        newest != history_.batches().begin()) {
      --newest;
    }
    for (const OperatorState& state : history_.StatesAfter(*newest)) {
      if (state.operator_id() != operator_id) continue;
      by_partition[state.partition()] = {.version = state.version(),
                                         .files = checkpoint::StateFiles(checkpoint_, state)};
    }
    std::vector<checkpoint::StateVersion> from;
    for (auto& [partition, version] : by_partition) from.push_back(std::move(version));
    return from;
  }

  platform::Node& node_;
  checkpoint::Store& store_;
  const std::string checkpoint_;
  const QueryHistory& history_;
};

}  // namespace

Task<absl::StatusOr<Rescaled>> CheckRescale(platform::Node& node, checkpoint::Store& store,
                                            std::string checkpoint, int partitions) {
  QueryHistory history(kBatches);
  WT_CO_RETURN_IF_ERROR(co_await Read(node, store, checkpoint, history));
  co_return Check(history, partitions);
}

Task<absl::StatusOr<Rescaled>> RescaleCheckpoint(platform::Node& node, checkpoint::Store& store,
                                                 std::string checkpoint, int partitions) {
  absl::StatusOr<Rescaled> would = co_await CheckRescale(node, store, checkpoint, partitions);
  // Somebody was at work, or died at it: it can be told once the log is this one's.
  const bool not_told = absl::IsUnavailable(would.status());
  if (!not_told && (!would.ok() || would->before == would->after)) co_return would;
  QueryHistory history;
  WT_CO_ASSIGN_OR_RETURN(
      const std::unique_ptr<checkpoint::MetadataLog> log,
      co_await checkpoint::MetadataLog::TakeOver(node, store, LogOf(checkpoint), history));
  // It may have gone on until it was this one's.
  WT_CO_ASSIGN_OR_RETURN(const Rescaled rescaled, Check(history, partitions));
  if (rescaled.before == rescaled.after) co_return rescaled;
  Rescaling rescaling(node, store, checkpoint, history);
  WT_CO_ASSIGN_OR_RETURN(StateLayout layout, co_await rescaling.Run(partitions));
  WT_CO_RETURN_IF_ERROR(co_await log->Append(checkpoint::Record(std::move(layout))));
  co_await node.Step(steps::kQueryRescaled, {{"epoch", log->epoch().value()},
                                             {"batch", history.newest_batch()},
                                             {"partitions", partitions}});
  co_return rescaled;
}

}  // namespace wavetank::runtime
