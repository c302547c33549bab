// The analyser's parts, for its own files alone: what it is outside stands in analyser.h.
#ifndef WAVETANK_RUNTIME_PLAN_ANALYSIS_H_
#define WAVETANK_RUNTIME_PLAN_ANALYSIS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

#include "runtime/plan/analyser.h"
#include "runtime/plan/resolve.h"

namespace wavetank::runtime {

// A node, and its columns as those above may name them.
struct Analysed {
  LogicalPlanPtr plan;
  std::vector<Attribute> scope;
};

inline Analysed OfOutput(LogicalPlanPtr plan) {
  std::vector<Attribute> scope = plan->output;
  return {std::move(plan), std::move(scope)};
}

inline LogicalPlan Over(LogicalPlanPtr input, PlanOperator op) {
  LogicalPlan node;
  node.op = op;
  node.inputs = {std::move(input)};
  return node;
}

// Of the column that `written` gives: "a.id" is the column id, or the field of a struct.
std::string NameOf(const ExpressionNode& written, const ExpressionNode& value);

class Analyser {
 public:
  Analyser(const FunctionRegistry& functions, const SourceColumns& columns, FailurePlace& place)
      : functions_(functions), columns_(columns), place_(place) {}

  absl::StatusOr<Analysed> Node(const LogicalPlanPtr& plan);

 private:
  absl::StatusOr<Analysed> Operator(const LogicalPlan& plan, std::vector<Analysed> inputs);

  Resolver In(std::string call, const Analysed& input) const;
  Attribute Made(std::string name, DataType type, bool nullable);
  // As a column of its own under its name.
  ExpressionPtr Named(const ExpressionPtr& value, std::string name);

  absl::StatusOr<Analysed> Source(const LogicalPlan& plan);

  // An Explode node over `input` for the only Explode among the columns, if there is one, and the
  // column that it makes.
  absl::StatusOr<LogicalPlanPtr> Explode(const Resolver& resolver, const Analysed& input,
                                         const std::vector<ExpressionPtr>& columns,
                                         ExpressionPtr* element);

  enum class Names : bool { kAreAsTheyAre, kDiffer };

  absl::StatusOr<Analysed> Project(std::string call, Analysed input,
                                   const std::vector<ExpressionPtr>& written, Names names);

  absl::StatusOr<Analysed> WithColumn(const LogicalPlan& plan, Analysed input);

  absl::StatusOr<Analysed> Filter(const LogicalPlan& plan, Analysed input);

  absl::StatusOr<Analysed> Watermark(const LogicalPlan& plan, Analysed input);

  // `below`: what is grouped, which may be put on another operator.
  absl::StatusOr<ExpressionPtr> SlidingWindow(const Resolver& resolver,
                                              const ExpressionNode& window, const std::string& name,
                                              LogicalPlanPtr& below);
  absl::StatusOr<std::vector<ExpressionPtr>> Key(const Resolver& resolver, const ExpressionPtr& key,
                                                 LogicalPlanPtr& below);

  absl::StatusOr<Analysed> Aggregate(const LogicalPlan& plan, Analysed input);

  // The same columns under ids of their own, so that a plan may be joined with itself.
  Analysed Renumbered(Analysed input);

  absl::StatusOr<Analysed> Join(const LogicalPlan& plan, Analysed left, Analysed right);

  absl::StatusOr<Analysed> Union(const std::vector<Analysed>& inputs);

  // The longest of the watermarks below.
  static absl::Duration DelayBelow(const LogicalPlanPtr& plan);

  absl::StatusOr<Analysed> DropDuplicates(const LogicalPlan& plan, Analysed input);

  absl::StatusOr<Analysed> Sort(const LogicalPlan& plan, Analysed input);

  absl::StatusOr<Analysed> Limit(const LogicalPlan& plan, Analysed input);

  const FunctionRegistry& functions_;
  const SourceColumns& columns_;
  FailurePlace& place_;
  int next_id_ = 0;
  absl::flat_hash_map<const LogicalPlan*, Analysed> done_;
  absl::flat_hash_map<std::string, Analysed> sources_;  // by name
};

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_ANALYSIS_H_
