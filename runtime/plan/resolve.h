// Resolving expressions: names become attributes of the input, calls get the function that is meant
// and their type, conversions are written out.
//
// Errors are kInvalidArgument, one line: in which call, what is wrong with what, and what to do.
#ifndef WAVETANK_RUNTIME_PLAN_RESOLVE_H_
#define WAVETANK_RUNTIME_PLAN_RESOLVE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "runtime/functions/registry.h"
#include "runtime/plan/expression.h"
#include "runtime/plan/logical_plan.h"

namespace wavetank::runtime {

class Resolver {
 public:
  // `call` is what the user called: "Select". The others outlive the resolver. `failed`: is set to
  // the innermost of the given expressions that an error is of; null: nobody asks.
  Resolver(std::string call, const std::vector<Attribute>& input, const FunctionRegistry& functions,
           const ExpressionNode** failed = nullptr)
      : call_(std::move(call)), input_(input), functions_(functions), failed_(failed) {}

  // An expression of one row; aggregates, Explode and Window are not. An alias keeps its name and
  // has no id yet.
  absl::StatusOr<ExpressionPtr> Row(const ExpressionPtr& expression) const;
  // An aggregate, or an alias of one.
  absl::StatusOr<ExpressionPtr> Aggregate(const ExpressionPtr& expression) const;
  absl::StatusOr<ExpressionPtr> Column(std::string_view name) const;
  // "column.field" too: of a struct in the column, or in such a field.
  absl::StatusOr<ExpressionPtr> ColumnOrField(std::string_view name) const;
  // Row, of this type.
  absl::StatusOr<ExpressionPtr> RowOf(const ExpressionPtr& expression, const DataType& type,
                                      std::string_view advice) const;

  // Of resolved ones.
  absl::Status CheckNamesDiffer(const std::vector<ExpressionPtr>& columns) const;

  absl::Status Error(std::string_view what) const;
  // The same, of that expression.
  absl::Status ErrorIn(const ExpressionNode& expression, std::string_view what) const;

 private:
  absl::StatusOr<ExpressionPtr> RowAt(const ExpressionPtr& expression) const;
  void Failed(const ExpressionNode& expression) const;
  absl::StatusOr<ExpressionPtr> CallOf(const ExpressionNode& node) const;
  absl::StatusOr<ExpressionPtr> CastOf(const ExpressionNode& node) const;
  // To what the function takes.
  absl::Status ConvertArguments(ExpressionNode& call) const;
  // Makes those of each letter one type.
  absl::Status Unify(const ExpressionNode& call, std::vector<ExpressionPtr>& arguments) const;

  const std::string call_;
  const std::vector<Attribute>& input_;
  const FunctionRegistry& functions_;
  const ExpressionNode** const failed_;
};

// `value`, resolved, as a column `name` with the id `attribute`; a column of that name stays the
// column that it is.
ExpressionPtr Aliased(ExpressionPtr value, std::string name, int attribute);
ExpressionPtr CastTo(ExpressionPtr value, DataType type);
// A resolved call of a built-in function. REQUIRES: the operands have its types.
ExpressionPtr BuiltInCall(std::string name, std::vector<ExpressionPtr> operands);
// `node` of other operands; the same when they are the same.
ExpressionPtr WithOperands(const ExpressionPtr& node, std::vector<ExpressionPtr> operands);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_PLAN_RESOLVE_H_
