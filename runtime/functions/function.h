// Function: everything that is known of one function of expressions: how it is called, what it
// gives, how it treats null, whether it is deterministic, how it is computed, and what to tell
// people of it. Neither the analyser nor the optimiser nor the evaluation knows any function by
// name (but `and`, `or`, `window` and the aggregates' place): a new one is one entry of a table.
//
// Semantics are Spark SQL's without ANSI mode: where numbers of several types meet all become the
// widest (CommonType), a date beside a timestamp becomes one, and nothing else is converted by
// itself; arithmetic of integers wraps around; what cannot be computed is null.
#ifndef WAVETANK_RUNTIME_FUNCTIONS_FUNCTION_H_
#define WAVETANK_RUNTIME_FUNCTIONS_FUNCTION_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "runtime/columnar/column.h"
#include "runtime/types/data_type.h"
#include "runtime/types/value.h"

namespace wavetank::runtime {

// A column with the call's number of rows, or a single row that stands for all of them.
struct Operand {
  Column column;
  bool scalar = false;

  int64_t stride() const { return scalar ? 0 : 1; }
};

// One call of a kernel. Operands have the types that the signature asks for.
struct KernelCall {
  std::span<const Operand> operands;
  int64_t rows = 0;
  DataType type = DataType::kInt64;  // of the result
  absl::Time timestamp;              // of the batch
};
// A column of call.rows rows.
using Kernel = std::function<Column(const KernelCall& call)>;

enum class Accepts : uint8_t {
  kAnything,
  // One type, and what widens to it, which is converted.
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFloat,
  kDouble,  // any number
  kString,
  kBinary,
  kDate,
  kTimestamp,
  kInterval,
  // Several.
  kNumber,
  kTotal,    // a number; integers are converted to int64, others to double
  kOrdered,  // what has an order that extremes go by
  kArray,
  kStruct,
  kComparable,  // anything but an array or struct
  kStorable,    // anything but an array, struct or interval
};

struct Parameter {
  std::string name;
  Accepts accepts = Accepts::kAnything;
  // Arguments of parameters with the same letter become of one type (CommonType). '\0': of its own.
  char same = '\0';
  // Only a literal: it is known before the first row.
  bool literal = false;
};

// When the result is null.
enum class Nulls : uint8_t {
  kOfArguments,         // if an argument is, and only then
  kOfArgumentsToo,      // if an argument is, and for other reasons
  kOfArgumentsAtTimes,  // only if an argument is, and not always then
  kNever,
  kIfAllArguments,  // if all are, and only then
  kAnyTime,
};

// What `+` and `-` are beside an interval: analysed, they are these.
inline constexpr char kAddInterval[] = "add_interval";
inline constexpr char kSubtractInterval[] = "subtract_interval";

// What is known of a call before its first row.
struct CallArguments {
  std::span<const DataType> types;
  std::span<const Value> literals;  // null where an argument is none; of an aggregate: not told
};

// What a call gives. REQUIRES of its arguments: the function takes them (TakesTypes), and does not
// refuse them.
struct ResultType {
  std::function<DataType(const CallArguments& arguments)> of = {};
  std::string text = {};  // for people; "": its name is that of argument `as`
  size_t as = 0;

  DataType operator()(const CallArguments& arguments) const { return of(arguments); }
};
// Always this one.
ResultType Gives(DataType type);
ResultType GivesTypeOf(size_t argument);

// All groups' running values of one aggregate. Group numbers are dense, from 0.
class AggregateState {
 public:
  virtual ~AggregateState() = default;
  // Makes room for new groups.
  virtual void Resize(uint32_t groups) = 0;
  // Row i of the arguments' columns belongs to groups[i].
  virtual void Update(std::span<const Column> arguments, std::span<const uint32_t> groups) = 0;
  // The same, of columns that Partials gave.
  virtual void Merge(std::span<const Column> partials, std::span<const uint32_t> groups) = 0;
  // Of partials of rows that came before all that were seen: for aggregates to which that matters.
  virtual void MergeEarlier(std::span<const Column> partials, std::span<const uint32_t> groups) {
    Merge(partials, groups);
  }
  virtual std::vector<Column> Partials(std::span<const uint32_t> groups) const = 0;
  // About how many bytes it holds besides one value for each intermediate column of a group: of
  // aggregates whose groups grow.
  virtual int64_t bytes() const { return 0; }
};

// Of an aggregate whose partials are single values of a fixed width that merge in any order: how
// they are merged into values that stand elsewhere, and into which one first.
struct MergeInPlace {
  // The bytes of a value that changes none that it is merged with.
  std::string neutral;
  // Merges row i into the value that stands at values[i] + offset. REQUIRES: no nulls.
  void (*merge)(const Column& partials, std::span<char* const> values, size_t offset);
};

// An aggregate is computed in parts that are merged in any grouping: what stands between, and in
// state, are its intermediate columns.
struct AggregateParts {
  std::function<std::vector<DataType>(std::span<const DataType> arguments)> intermediate;
  std::function<std::unique_ptr<AggregateState>(std::span<const DataType> arguments)> make;
  // From intermediate columns to the result; empty: the only one is the result.
  std::function<Column(std::span<const Column> intermediate)> result;
  // Empty, or nothing of these arguments: only as above.
  std::function<std::optional<MergeInPlace>(std::span<const DataType> arguments)> in_place;
};

// "substring('Spark', 2, 3)": a call, or a value, of an example.
struct ExampleTerm {
  ExampleTerm(bool v) : value(v) {}                      // NOLINT: values are terms
  ExampleTerm(int v) : value(int64_t{v}) {}              // NOLINT
  ExampleTerm(double v) : value(v) {}                    // NOLINT
  ExampleTerm(const char* v) : value(std::string(v)) {}  // NOLINT
  ExampleTerm(Timestamp v) : value(v) {}                 // NOLINT
  ExampleTerm(Interval v) : value(v) {}                  // NOLINT
  ExampleTerm(Date v) : value(v) {}                      // NOLINT
  // Not a constructor: an int of C++ is an int64 elsewhere.
  static ExampleTerm Of(Value v) {
    ExampleTerm term(false);
    term.value = std::move(v);
    return term;
  }
  // Not a constructor: a kind of type is a number, too.
  static ExampleTerm Null(DataType type) {
    ExampleTerm term(false);
    term.value = std::monostate();
    term.type = std::move(type);
    return term;
  }
  ExampleTerm(std::string name, std::vector<ExampleTerm> arguments)
      : function(std::move(name)), operands(std::move(arguments)) {}
  Value value;
  DataType type = DataType::kInt64;  // of a null
  std::string function;              // empty: a value
  std::vector<ExampleTerm> operands;
};

// Shown in the documentation, and a test. Of an aggregate: its arguments' values, row by row, and
// in `arguments` those behind them that are literals.
struct Example {
  std::vector<ExampleTerm> arguments = {};
  std::vector<std::vector<ExampleTerm>> rows = {};  // of an aggregate
  std::string gives = {};                           // Column::CellText
};

struct Function {
  std::string name = {};
  // User functions alone: what is logged is (name, version).
  int version = 0;
  std::vector<Parameter> parameters = {};
  int optional = 0;  // how many of the last parameters may be left out
  int repeats = 0;   // any number of further arguments like the last ones, as many at a time
  ResultType result = {};
  // What is wrong with the arguments, or "": told when the query is analysed. REQUIRES: TakesTypes.
  std::function<std::string(const CallArguments& arguments)> refuses = {};
  Nulls nulls = Nulls::kOfArguments;
  bool deterministic = true;
  // "+": written between its two arguments.
  std::string sign = {};
  // Of a function of a row: its kernel, or what makes one for each call in a plan. REQUIRES: the
  // arguments are not refused.
  Kernel kernel = {};
  std::function<Kernel(const CallArguments& arguments)> prepare = {};
  std::shared_ptr<const AggregateParts> parts = {};  // of an aggregate
  std::string help = {};                             // one line, for people
  std::vector<Example> examples = {};
  std::string no_example = {};  // why there is none

  bool is_aggregate() const { return parts != nullptr; }
  // Of the argument of this number; of further ones, that which repeats. REQUIRES: it takes as
  // many.
  const Parameter& parameter(size_t argument) const {
    const size_t size = parameters.size();
    if (argument < size) return parameters[argument];
    const auto each = static_cast<size_t>(repeats);
    return parameters[size - each + (argument - size) % each];
  }
  size_t least_arguments() const { return parameters.size() - static_cast<size_t>(optional); }
  bool TakesThisMany(size_t arguments) const {
    if (arguments <= parameters.size()) return arguments >= least_arguments();
    return repeats > 0 && (arguments - parameters.size()) % static_cast<size_t>(repeats) == 0;
  }
  // Whether these are an analysed call's arguments: as many, of the types that it takes once all
  // conversions are made.
  bool TakesTypes(std::span<const DataType> arguments) const;
  // "substring(text: string, position: int64, length: int64)"
  std::string SignatureText() const;
};
using FunctionPtr = std::shared_ptr<const Function>;

// "a number": for errors and documentation.
std::string AcceptsText(Accepts accepts);
// What an argument of this type becomes; nullopt: it is refused. A bare NULL becomes of the type
// that is wanted: double, as in Spark, where that is any number.
std::optional<DataType> Accepted(Accepts accepts, const DataType& type);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_FUNCTIONS_FUNCTION_H_
