// SinkFormat: a kind of sink, by name: what WriteStream().Format(name) finds. It has two sides,
// `write` on workers and `open` on the driver (sink.h); or, for a sink that takes whole batches and
// says by their number which it has, one function (batch_function.h).
#ifndef WAVETANK_RUNTIME_CONNECTORS_SINK_FORMAT_H_
#define WAVETANK_RUNTIME_CONNECTORS_SINK_FORMAT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "checkpoint/store.h"
#include "platform/node.h"
#include "runtime/columnar/schema.h"
#include "runtime/connectors/batch_function.h"
#include "runtime/connectors/connector_option.h"
#include "runtime/connectors/sink.h"
#include "runtime/connectors/source_format.h"
#include "runtime/plan/output_mode.h"

namespace wavetank::runtime {

// What the driver's side of a sink may use and is told. It all outlives the sink.
struct SinkContext {
  platform::Node& node;
  checkpoint::Store& store;
  const OptionMap& options;
  std::string query_id;
  QueryOutputMode mode = QueryOutputMode::kAppend;
  SchemaPtr schema;
  // Of update mode: the columns by which a row replaces an earlier one.
  std::vector<int> keys = {};
  uint64_t log_segment_bytes = 0;
  // Of a batch's output; sinks that always need files take no notice.
  uint64_t inline_bytes = 0;
};

// The same of a writer's, while its task runs.
struct SinkWriterContext {
  platform::Node& node;
  checkpoint::Store& store;
  const OptionMap& options;
  int64_t batch = 0;
  std::string unique;  // no other attempt ever has it; safe in file names
  // The task's share of TransactionalSink::InlineBytes.
  uint64_t inline_bytes = 0;
};

// Of whom a sink is asked before its query writes anything.
struct SinkCheck {
  checkpoint::Store& store;
  OptionMap options;
  std::string query;           // its name
  std::string query_id;        // "": it has none yet
  bool has_committed = false;  // a batch at least
  QueryOutputMode mode = QueryOutputMode::kAppend;
};

struct SinkFormat {
  std::string name;
  std::string meaning;  // one line
  // What is listed in place of one that the program makes and registers, under the same name: how.
  std::string made_by = {};
  PathUse path = PathUse::kNone;
  std::vector<ConnectorOption> options = {};
  // kInvalidArgument: what an option says means nothing. Null: any text may be given.
  std::function<absl::Status(const OptionMap&)> check_options = nullptr;
  // kInvalidArgument: rows of such columns it cannot take. Null: it takes what has text in CSV.
  std::function<absl::Status(const Schema&)> check_rows = nullptr;

  std::function<absl::StatusOr<std::unique_ptr<TransactionalSink>>(SinkContext)> open = nullptr;
  std::function<absl::StatusOr<std::unique_ptr<SinkWriter>>(SinkWriterContext)> write = nullptr;
  // Whether the sink is of this query and may be gone on with, as Fence would find after it had
  // fenced another one. Nothing is written. Null: nobody can tell.
  std::function<Task<absl::Status>(SinkCheck)> check = nullptr;

  // Or, in place of `open` and `write`:
  BatchFunction apply = nullptr;
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_SINK_FORMAT_H_
