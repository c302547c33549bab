// Resolving expressions against a schema: names exist, types fit, conversions are written out.
//
// Errors are kInvalidArgument, one line: in which call, what is wrong with what, and what to do.
#ifndef WAVETANK_RUNTIME_STRUCTURED_RESOLVE_H_
#define WAVETANK_RUNTIME_STRUCTURED_RESOLVE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "runtime/columnar/schema.h"
#include "runtime/structured/expression.h"

namespace wavetank::runtime {

struct Resolved {
  ExpressionPtr node;
  DataType type = DataType::kInt64;
};

class Resolver {
 public:
  // `call` is what the user called: "Select". `schema` outlives the resolver.
  Resolver(std::string call, const Schema& schema) : call_(std::move(call)), schema_(schema) {}

  // An expression of one row; aggregates, Split, Explode and Window are not.
  absl::StatusOr<Resolved> Row(const ExpressionPtr& expression) const;
  // An aggregate, or an alias of one.
  absl::StatusOr<Resolved> Aggregate(const ExpressionPtr& expression) const;
  absl::StatusOr<Resolved> Column(std::string_view name) const;

  absl::Status Error(std::string_view what) const;

 private:
  absl::StatusOr<Resolved> Operation(const ExpressionNode& node) const;

  const std::string call_;
  const Schema& schema_;
};

ExpressionPtr ColumnReference(std::string name);
ExpressionPtr Aliased(ExpressionPtr value, std::string name);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_STRUCTURED_RESOLVE_H_
