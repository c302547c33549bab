// Every function is explained, its examples are true, and docs/functions.md is the registry as it
// is now: WRITE_FUNCTIONS=docs/functions.md writes it.
#include "runtime/functions/reference.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"

#include "tests/runtime/functions/aggregation.h"
#include "tests/runtime/functions/calls.h"

namespace wavetank::runtime {
namespace {

TEST(FunctionReference, EachFunctionHasALineAndAnExampleOrAReasonForNone) {
  for (const FunctionPtr& function : FunctionRegistry::BuiltIn().All()) {
    EXPECT_FALSE(function->help.empty()) << function->name;
    EXPECT_FALSE(function->help.ends_with(".")) << function->name;
    EXPECT_EQ(function->examples.empty(), !function->no_example.empty()) << function->name;
    for (const Parameter& parameter : function->parameters) {
      EXPECT_FALSE(parameter.name.empty()) << function->name;
    }
  }
}

TEST(FunctionReference, ExamplesGiveWhatTheySay) {
  for (const FunctionPtr& function : FunctionRegistry::BuiltIn().All()) {
    if (function->is_aggregate()) continue;
    for (const Example& example : function->examples) {
      EXPECT_EQ(Result(ToExpression(ExampleTerm(function->name, example.arguments))), example.gives)
          << function->name;
    }
  }
}

// A column of an example's rows.
Column ColumnOf(const Example& example, size_t column) {
  DataType type = example.rows[0][column].type;
  for (const auto& row : example.rows) {
    const Value& value = row[column].value;
    if (!std::holds_alternative<std::monostate>(value)) type = TypeOf(value);
  }
  ColumnBuilder builder(type);
  for (const auto& row : example.rows) builder.Copy(LiteralColumn(row[column].value, type), 0);
  return builder.Finish();
}

TEST(FunctionReference, ExamplesOfAggregatesGiveWhatTheySayInAnyParts) {
  platform::Random random(1);
  for (const FunctionPtr& function : FunctionRegistry::BuiltIn().All()) {
    if (!function->is_aggregate()) continue;
    for (const Example& example : function->examples) {
      std::vector<Column> columns;
      std::vector<Expression> arguments;
      for (size_t i = 0; i < example.rows[0].size(); ++i) {
        columns.push_back(ColumnOf(example, i));
        arguments.push_back(Col("c" + std::to_string(i)));
      }
      for (const ExampleTerm& literal : example.arguments) {
        arguments.push_back(ToExpression(literal));
      }
      const auto rows = static_cast<int64_t>(example.rows.size());
      const RecordBatch batch = columns.empty()
                                    ? RecordBatch(std::make_shared<const Schema>(), {}, rows)
                                    : BatchOf(std::move(columns));
      const Aggregation aggregation(Call(function->name, arguments), batch,
                                    std::vector<uint32_t>(example.rows.size()), 1);
      EXPECT_EQ(aggregation.OfAllRows().CellText(0), example.gives) << function->name;
      for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(aggregation.OfParts(random).CellText(0), example.gives) << function->name;
      }
    }
  }
}

TEST(FunctionReference, StandsInTheDocument) {
  const std::string reference = FunctionReference();
  if (const char* target = std::getenv("WRITE_FUNCTIONS"); target != nullptr) {
    std::ofstream(target) << reference;
    return;
  }
  const std::filesystem::path path =
      std::filesystem::path(WAVETANK_SOURCES) / "docs" / "functions.md";
  std::ifstream file(path);
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(document, reference)
      << "write it anew: WRITE_FUNCTIONS=docs/functions.md build/release/bin/functions_test "
         "--gtest_filter=FunctionReference.*";
}

TEST(FunctionReference, SaysHowAFunctionIsCalled) {
  const std::string text = DescribeFunction(*FunctionRegistry::BuiltIn().Find("regexp_extract"));
  EXPECT_NE(text.find("`regexp_extract(text: string, pattern: string[, group: int64])`"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("`pattern` is a literal."), std::string::npos) << text;
  EXPECT_NE(text.find("regexp_extract('100-200', '(\\d+)-(\\d+)', 2) → 200"), std::string::npos)
      << text;
}

}  // namespace
}  // namespace wavetank::runtime
