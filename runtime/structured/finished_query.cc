#include "runtime/structured/finished_query.h"

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "checkpoint/seen_paths.h"
#include "platform/status_macros.h"
#include "runtime/connectors/connector_registry.h"
#include "runtime/fragment/replay_runner.h"
#include "runtime/structured/compile_query.h"

namespace wavetank::runtime {
namespace {

using platform::Node;
using platform::Task;

// All splits of one source, in order.
class ReadAll {
 public:
  ReadAll(Node& node, checkpoint::Store& store, const ConnectorRegistry& connectors,
          int64_t max_bytes)
      : node_(node), store_(store), connectors_(connectors), max_bytes_(max_bytes) {}

  Task<absl::StatusOr<ReplayRunner::Splits>> Read(SourceDescription description) {
    if (description.format == kOneRowFormat) {
      co_return ReplayRunner::Splits{{RecordBatch(std::make_shared<const Schema>(), {}, 1)}};
    }
    WT_CO_ASSIGN_OR_RETURN(const SourceFormat* const format,
                           connectors_.Source(description.format));
    for (const ConnectorOption& option : format->options) {
      if (!option.no_limit.empty()) description.options[option.name] = option.no_limit;
    }
    checkpoint::SeenPaths seen;
    WT_CO_ASSIGN_OR_RETURN(
        const std::unique_ptr<Source> source,
        format->open(description,
                     SourceContext{.node = node_,
                                   .store = store_,
                                   .seen = seen,
                                   .batch_bytes = std::numeric_limits<int64_t>::max()}));
    WT_CO_ASSIGN_OR_RETURN(std::string begin, co_await source->Begin());
    WT_CO_ASSIGN_OR_RETURN(const std::string end, co_await source->Freeze());
    WT_CO_RETURN_IF_ERROR(source->StopAt(end));
    WT_CO_ASSIGN_OR_RETURN(SourceInput input, co_await source->Define(begin));
    input.range.set_source(description.Name());
    input.range.set_start_offset(std::move(begin));
    ReplayRunner::Splits splits;
    if (!input.any()) co_return splits;
    for (const std::string& split : format->SplitsOf(description, input.range)) {
      std::vector<RecordBatch>& rows = splits.emplace_back();
      const std::set<std::string> skipped;
      std::optional<std::string> lost;
      WT_CO_ASSIGN_OR_RETURN(
          const std::unique_ptr<SplitReader> reader,
          format->read(
              description, split,
              SplitContext{.node = node_, .store = store_, .skipped = skipped, .lost = lost}));
      while (true) {
        WT_CO_ASSIGN_OR_RETURN(std::optional<RecordBatch> next, co_await reader->Next());
        if (!next) break;
        bytes_ += ByteSize(*next);
        if (bytes_ > max_bytes_) {
          co_return absl::ResourceExhaustedError(
              absl::StrCat("what the query reads is more than ", max_bytes_,
                           " bytes, which is read at once: INSERT INTO a table what it gives"));
        }
        rows.push_back(*std::move(next));
      }
    }
    co_return splits;
  }

 private:
  Node& node_;
  checkpoint::Store& store_;
  const ConnectorRegistry& connectors_;
  const int64_t max_bytes_;
  int64_t bytes_ = 0;
};

}  // namespace

Task<absl::StatusOr<FinishedRows>> RunFinished(Node& node, checkpoint::Store& store,
                                               StreamingQueryDefinition definition,
                                               int64_t max_bytes) {
  WT_CO_ASSIGN_OR_RETURN(const std::shared_ptr<const StreamingQueryPlan> plan,
                         CompileFinished(definition));
  ReadAll reader(node, store, definition.Connectors(), max_bytes);
  std::vector<ReplayRunner::Splits> sources;
  for (const StreamingQueryPlan::Source& source : plan->sources) {
    WT_CO_ASSIGN_OR_RETURN(sources.emplace_back(), co_await reader.Read(source.description));
  }
  ReplayRunner runner(plan);
  WT_CO_ASSIGN_OR_RETURN(ReplayRunner::Output output,
                         runner.Run({.timestamp = node.clock().WallNow()}, sources));
  FinishedRows finished{.schema = plan->output_schema, .rows = {}};
  for (std::vector<RecordBatch>& task : output.rows) {
    for (RecordBatch& rows : task) finished.rows.push_back(std::move(rows));
  }
  co_return finished;
}

}  // namespace wavetank::runtime
