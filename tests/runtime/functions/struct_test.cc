// Structs: their type, their columns, how they are made and taken apart, and where they may not be.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

#include "runtime/columnar/take.h"
#include "runtime/functions/function.h"
#include "runtime/plan/expression.h"
#include "tests/runtime/columnar/random_batch.h"
#include "tests/runtime/functions/calls.h"

namespace wavetank::runtime {
namespace {

const DataType kInner = DataType::Struct({"x", "ok"}, {DataType::kInt64, DataType::kBool});
const DataType kOuter = DataType::Struct({"name", "at"}, {DataType::kString, kInner});

Column RandomStructs(platform::Random& random, const DataType& type, int64_t rows) {
  std::vector<Column> fields;
  for (const DataType& field : type.children()) {
    fields.push_back(field.kind() == DataType::kStruct ? RandomStructs(random, field, rows)
                                                       : RandomColumn(random, field, rows, true));
  }
  return Column(type, rows, std::move(fields),
                RandomColumn(random, DataType::kBool, rows, true).validity_buffer());
}

std::vector<std::string> CellsOf(const Column& column) {
  std::vector<std::string> texts;
  for (int64_t row = 0; row < column.size(); ++row) texts.push_back(column.CellText(row));
  return texts;
}

TEST(DataType, OfStructsIsThatOfTheirFieldsAndNames) {
  EXPECT_EQ(DataTypeName(kOuter), "struct<name: string, at: struct<x: int64, ok: bool>>");
  EXPECT_EQ(kInner, DataType::Struct({"x", "ok"}, {DataType::kInt64, DataType::kBool}));
  EXPECT_FALSE(kInner == DataType::Struct({"y", "ok"}, {DataType::kInt64, DataType::kBool}));
  EXPECT_FALSE(kInner == DataType::Struct({"x", "ok"}, {DataType::kInt32, DataType::kBool}));
  EXPECT_FALSE(kInner.is_storable());
  EXPECT_EQ(kOuter.FieldOf("at"), 1);
  EXPECT_EQ(kOuter.FieldOf("x"), -1);
  EXPECT_EQ(kOuter.size(), 5);
  EXPECT_EQ(kOuter.depth(), 3);
}

TEST(StructColumn, IsShownAndComparedByItsFields) {
  ColumnBuilder builder(kOuter);
  builder.field(0).String("a");
  builder.field(1).field(0).Int64(7);
  builder.field(1).field(1).Null();
  builder.field(1).Struct();
  builder.Struct().Null();
  builder.field(0).Null();
  builder.field(1).Null();
  builder.Struct();
  const Column column = builder.Finish();
  EXPECT_EQ(CellsOf(column), (std::vector<std::string>{"{a, {7, null}}", "null", "{null, null}"}));
  EXPECT_EQ(column, column.Slice(0, 3));
  EXPECT_FALSE(column == Take(column, std::vector<uint32_t>{0, 2, 1}));
}

RC_GTEST_PROP(StructColumn, SliceTakeAndConcatenateHoldTheRows, (uint64_t seed)) {
  platform::Random random(seed);
  const Column a = RandomStructs(random, kOuter, random.Between(65, 200));
  const Column slice = a.Slice(64, random.Between(1, a.size() - 64));
  const Column both = Concatenate(kOuter, {&slice, &a});
  std::vector<uint32_t> rows;
  std::vector<std::string> expected;
  for (uint64_t count = random.Below(20); count > 0; --count) {
    rows.push_back(static_cast<uint32_t>(random.Below(static_cast<uint64_t>(both.size()))));
    const int64_t row = rows.back();
    expected.push_back(row < slice.size() ? a.CellText(64 + row) : a.CellText(row - slice.size()));
  }
  RC_ASSERT(CellsOf(Take(both, rows)) == expected);
}

TEST(Struct, IsMadeAndTakenApart) {
  ColumnBuilder names(DataType::kString), numbers(DataType::kInt64);
  names.String("a").Null().String("c");
  numbers.Int64(1).Int64(2).Null();
  const RecordBatch batch = BatchOf({names.Finish(), numbers.Finish()});
  const Expression whole =
      Struct({Col("c0").As("name"), Struct({Col("c1"), Literal(true).As("ok")}).As("at")});
  EXPECT_EQ(CellsOf(*Compute(whole, batch)),
            (std::vector<std::string>{"{a, {1, true}}", "{null, {2, true}}", "{c, {null, true}}"}));
  EXPECT_EQ(CellsOf(*Compute(whole.Field("at").Field("c1"), batch)),
            (std::vector<std::string>{"1", "2", "null"}));
  // A field of a struct that is null is null, whatever stands below.
  const Expression some = If(Col("c0").IsNotNull(), whole, Null());
  EXPECT_EQ(CellsOf(*Compute(some.Field("at").Field("ok"), batch)),
            (std::vector<std::string>{"true", "null", "true"}));
  EXPECT_EQ(CellsOf(*Compute(Cast(whole.Field("at"), DataType::kString), batch))[1], "{2, true}");
}

TEST(Struct, AndArrayWidenFieldByField) {
  const auto of = [](const Expression& value) { return Struct({value.As("a")}); };
  const auto typed = [](const Expression& expression) {
    const auto column = Compute(expression, OneRow());
    return column.ok() ? DataTypeName(column->type()) + " " + column->CellText(0)
                       : std::string(column.status().message());
  };
  EXPECT_EQ(typed(If(true, of(Cast(1, DataType::kInt8)), of(2))), "struct<a: int64> {1}");
  EXPECT_EQ(typed(Coalesce({of(Null()), of("x")})), "struct<a: string> {null}");
  EXPECT_NE(typed(If(true, of(1), of("x"))).find("cast it"), std::string::npos);
  EXPECT_NE(typed(If(true, of(1), Struct({Literal(1).As("b")}))).find("cast it"),
            std::string::npos);
  EXPECT_EQ(typed(Cast(Split("1,x", ","), DataType::Array(DataType::kInt32))),
            "array<int32> [1, null]");
}

TEST(Struct, IsRefusedByNameWhereItCannotBe) {
  const auto refusal = [](const Expression& expression) {
    return std::string(Compute(expression, OneRow()).status().message());
  };
  const Expression pair = Struct({Literal(1).As("one"), Literal("b").As("two")});
  EXPECT_EQ(refusal(pair.Field("tow")),
            "Select: get_field(named_struct('one', 1, 'two', 'b'), 'tow'): there is no field "
            "\"tow\": did you mean \"two\"?");
  EXPECT_EQ(refusal(Struct({Literal(1).As("a"), Literal(2).As("a")})),
            "Select: named_struct('a', 1, 'a', 2): two fields are called \"a\"");
  EXPECT_NE(refusal(Call("named_struct", {"a"})).find("2 arguments, or 2 more"), std::string::npos);
  EXPECT_NE(refusal(Call("named_struct", {"a", 1, "b"})).find("2 arguments, or 2 more"),
            std::string::npos);
  EXPECT_NE(refusal(Literal(1).Field("a")).find("1 is int64, not a struct"), std::string::npos);
  EXPECT_NE(refusal(Struct({Literal(absl::Seconds(1)).As("a")})).find("is an interval"),
            std::string::npos);
  EXPECT_NE(refusal(pair == pair).find("not a single value"), std::string::npos);
  Expression deep = pair;
  for (int i = 0; i < 48; ++i) deep = Struct({deep.As("in")});
  EXPECT_TRUE(Compute(deep, OneRow()).ok());
  deep = Struct({deep.As("in")});
  EXPECT_NE(refusal(deep).find("deeper than 50"), std::string::npos);
  Expression wide = pair;
  for (int i = 0; i < 10; ++i) wide = Struct({wide.As("a"), wide.As("b")});
  EXPECT_NE(refusal(wide).find("more than 1000 fields"), std::string::npos);
}

}  // namespace
}  // namespace wavetank::runtime
