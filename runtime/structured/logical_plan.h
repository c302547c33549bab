// LogicalPlan: a query as the user wrote it, a tree of immutable nodes (here a chain, since there
// are no joins yet).
#ifndef WAVETANK_RUNTIME_STRUCTURED_LOGICAL_PLAN_H_
#define WAVETANK_RUNTIME_STRUCTURED_LOGICAL_PLAN_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "runtime/columnar/schema.h"
#include "runtime/structured/expression.h"

namespace wavetank::runtime {

// Where rows come from: ReadStream().Format(format).Option(...).Load(path).
struct SourceDescription {
  std::string format;  // "text"
  std::string path;
  std::map<std::string, std::string> options;

  friend bool operator==(const SourceDescription&, const SourceDescription&) = default;
};

enum class LogicalOperator : uint8_t {
  kSource,
  kProject,     // expressions, one a column
  kWithColumn,  // the columns there are, and expressions[0] as `name`; the analyser makes a project
  kExplode,     // expressions[1..], and the parts of the text expressions[0] as `name`
  kFilter,      // keeps the rows for which expressions[0] is true
  kWatermark,   // event time in the column `name`, late by up to `delay`
  kAggregate,   // by the first `keys` expressions: these, then the others, which are aggregates
};

// A column by which rows become final: those with column + span at or below the watermark.
struct EventTime {
  std::string column;
  absl::Duration span;  // of the start of a window: its size

  friend bool operator==(const EventTime&, const EventTime&) = default;
};

struct LogicalPlan;
using LogicalPlanPtr = std::shared_ptr<const LogicalPlan>;

struct LogicalPlan {
  LogicalOperator op = LogicalOperator::kSource;
  LogicalPlanPtr input;  // null for a source
  std::vector<ExpressionPtr> expressions;
  SourceDescription source;
  std::string name;
  std::string separator;
  absl::Duration delay;
  int keys = 0;

  // Set by the analyser, kept right by the optimiser.
  SchemaPtr schema;
  std::vector<EventTime> event_times;
  int operator_id = 0;  // of a watermark or an aggregate
};

// One line a node, the source last; stable.
std::string ToText(const LogicalPlan& plan);

// Nodes of analysed plans: with schema and event times. REQUIRES: `input` is analysed, and the
// expressions are resolved against its schema and named (kAlias or kColumn).
LogicalPlanPtr MakeProject(LogicalPlanPtr input, std::vector<ExpressionPtr> columns);
// `node` on another input of the same or, for what passes columns through, fewer columns.
LogicalPlanPtr WithInput(const LogicalPlan& node, LogicalPlanPtr input);
// `node` with its schema and event times worked out from its input and expressions.
LogicalPlanPtr Finished(LogicalPlan node);

// The type of an expression that the analyser has resolved against `schema`.
DataType TypeOf(const ExpressionNode& node, const Schema& schema);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_LOGICAL_PLAN_H_
