// What every function of a row promises, for random arguments: the declared type and size, null
// exactly as declared, each row as if it were alone, and a single value as if it were a column.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "runtime/columnar/split.h"
#include "runtime/columnar/take.h"
#include "runtime/functions/cast.h"
#include "runtime/functions/kernels.h"
#include "tests/runtime/columnar/random_batch.h"
#include "tests/runtime/functions/calls.h"

namespace wavetank::runtime {
namespace {

// One call, its arguments as columns c0, c1, ..., and again with some of them as single values.
struct RandomCall {
  FunctionPtr function;
  RecordBatch columns;
  Expression of_columns = Literal(false);
  Expression with_values = Literal(false);
  std::vector<int> null_arguments;  // a row
  int arguments = 0;
};

// The one that the example of get_field is of.
const DataType kStructs =
    DataType::Struct({"word", "count"}, {DataType::kString, DataType::kInt64});

Column RandomColumnOf(platform::Random& random, const DataType& type, int64_t rows, bool nulls) {
  if (type == kStructs) {
    std::vector<Column> fields;
    for (const DataType& field : type.children()) {
      fields.push_back(RandomColumn(random, field, rows, nulls));
    }
    const Column valid = RandomColumn(random, DataType::kBool, rows, nulls);
    return Column(type, rows, std::move(fields), valid.validity_buffer());
  }
  if (type.kind() != DataType::kArray) return RandomColumn(random, type, rows, nulls);
  return Split(RandomColumn(random, DataType::kString, rows, nulls), " ");
}

// As an expression that depends on no row.
Expression ValueOf(const Column& column, int64_t row) {
  if (column.IsNull(row) && column.type().kind() == DataType::kArray) {
    return Split(Null(DataType::kString), " ");
  }
  if (column.type() == kStructs) {
    const Expression fields = Struct(
        {ValueOf(column.field(0), row).As("word"), ValueOf(column.field(1), row).As("count")});
    return If(!column.IsNull(row), fields, Null());
  }
  if (column.IsNull(row)) return Null(column.type());
  if (column.type().kind() != DataType::kArray) {
    return ToExpression(ExampleTerm::Of(ValueAt(column, row)));
  }
  std::string text;
  const Column& elements = column.elements();
  for (int64_t i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
    if (i > column.offsets()[row]) text += " ";
    text += elements.StringAt(i);
  }
  return Split(text, " ");
}

DataType RandomTypeFor(platform::Random& random, Accepts accepts) {
  std::vector<DataType> types(std::begin(kStorableKinds), std::end(kStorableKinds));
  types.push_back(DataType::Array(DataType::kString));
  types.push_back(kStructs);
  types.push_back(DataType::kNull);
  std::erase_if(types, [&](const DataType& type) { return !Accepted(accepts, type); });
  return types[random.Below(types.size())];
}

RandomCall MakeCall(platform::Random& random, const FunctionPtr& function) {
  RandomCall call;
  call.function = function;
  const int64_t rows = random.Between(1, 130);
  size_t count = function->least_arguments();
  count += random.Below(function->parameters.size() - count + 1);
  if (function->repeats > 0) {
    count = function->parameters.size() +
            static_cast<size_t>(function->repeats) * static_cast<size_t>(random.Below(3));
  }
  std::map<char, DataType> same;
  std::vector<Column> columns;
  std::vector<Expression> of_columns, with_values;
  call.null_arguments.resize(static_cast<size_t>(rows));
  call.arguments = static_cast<int>(count);
  for (size_t i = 0; i < count; ++i) {
    const Parameter& parameter = function->parameter(i);
    if (parameter.literal) {
      const std::vector<ExampleTerm>& example = function->examples[0].arguments;
      of_columns.push_back(i < example.size() ? ToExpression(example[i])
                                              : Literal("literal " + std::to_string(i)));
      with_values.push_back(of_columns.back());
      continue;
    }
    DataType type = RandomTypeFor(random, parameter.accepts);
    if (parameter.same != '\0') type = same.emplace(parameter.same, type).first->second;
    const bool nulls = random.Below(2) == 0;
    Column column = RandomColumnOf(random, type, rows, nulls);
    of_columns.push_back(Col("c" + std::to_string(columns.size())));
    with_values.push_back(of_columns.back());
    if (random.Below(3) == 0) {
      with_values.back() = ValueOf(column, 0);
      column = Repeat(column, rows);
    }
    // As it is converted: a date may have no midnight.
    const Column given = CastColumn(column, *Accepted(parameter.accepts, type));
    for (int64_t row = 0; row < rows; ++row) {
      call.null_arguments[static_cast<size_t>(row)] += given.IsNull(row) ? 1 : 0;
    }
    columns.push_back(std::move(column));
  }
  call.columns = columns.empty() ? RecordBatch(std::make_shared<const Schema>(), {}, rows)
                                 : BatchOf(std::move(columns));
  call.of_columns = Call(function->name, of_columns);
  call.with_values = Call(function->name, with_values);
  return call;
}

template <typename Check>
void ForEachFunction(uint64_t seed, const Check& check) {
  platform::Random random(seed);
  for (const FunctionPtr& function : FunctionRegistry::BuiltIn().All()) {
    if (!function->is_aggregate()) check(MakeCall(random, function));
  }
}

bool MayBeNull(const RandomCall& call, size_t row, bool is_null) {
  const int nulls = call.null_arguments[row];
  switch (call.function->nulls) {
    case Nulls::kOfArguments:
      return is_null == (nulls > 0);
    case Nulls::kOfArgumentsToo:
      return is_null || nulls == 0;
    case Nulls::kOfArgumentsAtTimes:
      return !is_null || nulls > 0;
    case Nulls::kNever:
      return !is_null;
    case Nulls::kIfAllArguments:
      return is_null == (nulls == call.arguments);
    case Nulls::kAnyTime:
      return true;
  }
  return false;
}

RC_GTEST_PROP(FunctionCalls, AreNullExactlyAsDeclared, (uint64_t seed)) {
  ForEachFunction(seed, [](const RandomCall& call) {
    const Column result = Compute(call.of_columns, call.columns).value();
    const ExpressionPtr resolved = Resolve(call.of_columns, call.columns).value();
    RC_ASSERT(result.type() == resolved->type);
    RC_ASSERT(result.size() == call.columns.num_rows());
    RC_ASSERT(resolved->nullable || result.null_count() == 0);
    for (int64_t row = 0; row < result.size(); ++row) {
      if (!MayBeNull(call, static_cast<size_t>(row), result.IsNull(row))) {
        RC_FAIL(call.function->name + " of " + call.columns.RowText(row));
      }
    }
  });
}

RC_GTEST_PROP(FunctionCalls, GiveEachRowWhatTheyGiveForItAlone, (uint64_t seed)) {
  ForEachFunction(seed, [](const RandomCall& call) {
    const Column all = Compute(call.of_columns, call.columns).value();
    for (int64_t row = 0; row < all.size(); ++row) {
      const auto number = static_cast<uint32_t>(row);
      const Column alone = Compute(call.of_columns, Take(call.columns, {&number, 1})).value();
      if (alone != Take(all, {&number, 1})) {
        RC_FAIL(call.function->name + " of " + call.columns.RowText(row) + ": " +
                all.CellText(row) + ", alone " + alone.CellText(0));
      }
    }
  });
}

RC_GTEST_PROP(FunctionCalls, GiveForASingleValueWhatTheyGiveForAColumnOfIt, (uint64_t seed)) {
  ForEachFunction(seed, [](const RandomCall& call) {
    const Column of_columns = Compute(call.of_columns, call.columns).value();
    const Column with_values = Compute(call.with_values, call.columns).value();
    if (with_values != of_columns) {
      RC_FAIL(ToText(*call.with_values.node()) + " differs from " +
              ToText(*call.of_columns.node()));
    }
  });
}

}  // namespace
}  // namespace wavetank::runtime
