// LogicalPlan: a query as data, a graph of immutable nodes without circles: a node that several
// read is one node. The same nodes in two forms:
//
//   unresolved   what a front end wrote: columns by name, functions by name, no types
//   analysed     columns are attributes: an id that is unique in the plan, a type, a name that is
//                for people; every node knows its output. The optimiser's input and output.
//
// Front ends write the first and know nothing else. plan_codec.h writes both as bytes.
#ifndef WAVETANK_RUNTIME_PLAN_LOGICAL_PLAN_H_
#define WAVETANK_RUNTIME_PLAN_LOGICAL_PLAN_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

#include "runtime/columnar/schema.h"
#include "runtime/plan/expression.h"
#include "runtime/plan/source_description.h"

namespace wavetank::runtime {

enum class PlanOperator : uint8_t {
  kSource = 1,
  kProject,         // expressions, one a column
  kWithColumn,      // unresolved: the columns there are, and expressions[0] as `name`
  kExplode,         // analysed: a row for each element of expressions[0], as made[0], beside
                    // expressions[1..], which are attributes of the input
  kFilter,          // keeps the rows for which expressions[0] is true
  kWatermark,       // event time in the column expressions[0], late by up to `delay`
  kAggregate,       // by the first `keys` expressions: these, then the others, which are aggregates
  kNamed,           // unresolved: the input's columns, also as "name.column"
  kJoin,            // of two inputs, where expressions[0] is true; none: every pair
  kUnion,           // the rows of all inputs; the columns by their place, as `made`
  kDropDuplicates,  // the first row of those alike in the expressions; none: in all columns
  kDropDuplicatesWithin,  // likewise, where they are alike up to `delay` after its event time
  kSort,                  // by the expressions, each in its order; rows alike as they come
  kLimit,                 // the first `limit` rows
};
std::string_view PlanOperatorName(PlanOperator op);

enum class JoinType : uint8_t { kInner = 1, kLeft, kRight, kFull, kLeftSemi, kLeftAnti };
// "inner", "left", "right", "full", "left semi", "left anti".
std::string_view JoinTypeName(JoinType type);

struct SortOrder {
  bool descending = false;
  bool nulls_last = false;

  friend bool operator==(const SortOrder&, const SortOrder&) = default;
};

// A column of a node's output.
struct Attribute {
  int id = 0;
  std::string name;
  DataType type = DataType::kInt64;
  bool nullable = true;
  std::string qualifier = {};  // of kNamed

  friend bool operator==(const Attribute&, const Attribute&) = default;
};

// A column by which rows become final: those with column + span at or below the watermark.
struct EventTime {
  int attribute = 0;
  absl::Duration span;  // of the start of a window: its size

  friend bool operator==(const EventTime&, const EventTime&) = default;
};

struct LogicalPlan;
using LogicalPlanPtr = std::shared_ptr<const LogicalPlan>;

struct LogicalPlan {
  PlanOperator op = PlanOperator::kSource;
  std::vector<LogicalPlanPtr> inputs;
  std::vector<ExpressionPtr> expressions;
  SourceDescription source;
  std::string name;
  absl::Duration delay;
  int keys = 0;
  JoinType join = JoinType::kInner;
  std::vector<SortOrder> orders;  // of a sort, by its expressions
  int64_t limit = 0;

  // Attributes that no expression defines: of a source, an explode, a union.
  std::vector<Attribute> made;
  // Set by the analyser, kept right by the optimiser. Watermarks and stateful operators are
  // numbered, each for themselves, from the sink on along the inputs.
  int operator_id = 0;
  std::vector<Attribute> output;
  std::vector<EventTime> event_times;

  const LogicalPlanPtr& input() const { return inputs.front(); }
};

// The key of an aggregate at which a session's start stands, its end behind it; -1: it has none.
int SessionKey(const LogicalPlan& aggregate);

// Aggregates, joins and what drops duplicates keep something from batch to batch.
bool IsStateful(PlanOperator op);

// Analysed nodes. REQUIRES: the inputs are analysed, expressions resolved; columns are kAttribute
// or kAlias.
LogicalPlanPtr MakeProject(LogicalPlanPtr input, std::vector<ExpressionPtr> columns);
LogicalPlanPtr MakeFilter(LogicalPlanPtr input, ExpressionPtr condition);
LogicalPlanPtr WithInputs(const LogicalPlan& node, std::vector<LogicalPlanPtr> inputs);
// `node` with its output and event times worked out from its inputs and expressions.
LogicalPlanPtr Finished(LogicalPlan node);

// nullptr: it has none of that id.
const Attribute* FindAttribute(const std::vector<Attribute>& attributes, int id);
ExpressionPtr Reference(const Attribute& attribute);
// What a column of a project, or a key, is in the node's output.
Attribute AttributeOf(const ExpressionNode& column);
// Names and types. REQUIRES: analysed.
SchemaPtr SchemaOf(const LogicalPlan& plan);

// Every node once, inputs before what reads them, from the left.
std::vector<LogicalPlanPtr> InOrder(const LogicalPlanPtr& root);
// The first of its kind on the way from `root` along first inputs; nullptr: there is none.
const LogicalPlan* FindOnWay(const LogicalPlan& root, PlanOperator op);

// `rewrite(node)` on every node once, inputs first; nodes that several read stay one. It gives the
// same pointer for what it leaves alone.
template <typename F>
LogicalPlanPtr Transform(const LogicalPlanPtr& root, F rewrite) {
  absl::flat_hash_map<const LogicalPlan*, LogicalPlanPtr> done;
  for (const LogicalPlanPtr& node : InOrder(root)) {
    std::vector<LogicalPlanPtr> inputs;
    for (const LogicalPlanPtr& input : node->inputs) inputs.push_back(done.at(input.get()));
    const bool same = inputs == node->inputs;
    done[node.get()] = rewrite(same ? node : WithInputs(*node, std::move(inputs)));
  }
  return done.at(root.get());
}

// One line a node, from the sink on, inputs indented when there are several; stable. With ids and
// types for people (`kNamesAndIds`), or canonical (`kIds`): two plans that compute the same in the
// same way, whatever they call it.
std::string ToText(const LogicalPlanPtr& plan, AttributeText attributes = AttributeText::kNames);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_LOGICAL_PLAN_H_
